"""Whether those whose letters wait may send still: asked when a letter is taken up, however long ago it came.

Who has signed in needs the rights that a submission needs now, so nobody whom they are taken from goes on sending what
he has put by for later (RFC 4865). What an account that is gone has left behind does not leave at all. Letters that an
account only sends on are others' mail, and go their way.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from stalwart.config.identity.authentication import Authentication
from stalwart.config.settings import Settings
from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.directory.identity import find_by_id
from stalwart.store import Transaction
from stalwart.store.queue_rows import OWN_SOURCES, QueuedLetter

JUST_CAME: Final = 2.0
"""Seconds for which a letter is as good as when it came, when its sender was asked about."""
REMEMBERED: Final = 5.0
"""Seconds for which nobody is asked about who may send, so that many letters of one account cost one look."""
_MOST: Final = 10_000
_RIGHTS: Final = frozenset(("authenticate", "emailSend"))


class Standing(Enum):
    """What becomes of a letter: it leaves, the sender hears that it must not, or it is removed."""

    GOOD = "good"
    BARRED = "barred"
    GONE = "gone"


class Senders:
    """Looks. ``clock`` tells the time."""

    def __init__(self, settings: Settings, clock: Any) -> None:
        self._settings = settings
        self._clock = clock
        self._good: dict[tuple[int, int | None, str], float] = {}

    def standing(self, tx: Transaction, letter: QueuedLetter) -> Standing:
        """That of whoever sends a letter. Called in threads."""
        account_id = letter.account_id
        if account_id is None or account_id == RECOVERY_ACCOUNT or letter.source not in OWN_SOURCES:
            return Standing.GOOD
        key = account_id, letter.sent_by, letter.source
        now = self._clock.seconds()
        if now - letter.created_at < JUST_CAME or self._good.get(key, 0) > now:
            return Standing.GOOD
        found = self._look(tx, letter, account_id)
        if found is Standing.GOOD:
            if len(self._good) >= _MOST:
                self._good.clear()
            self._good[key] = now + REMEMBERED
        return found

    def _look(self, tx: Transaction, letter: QueuedLetter, account_id: int) -> Standing:
        if tx.registry.get("Account", account_id) is None:
            return Standing.GONE
        sender_id = account_id if letter.sent_by is None else letter.sent_by
        if letter.source != "authenticated" or sender_id == RECOVERY_ACCOUNT:
            return Standing.GOOD
        identity = find_by_id(tx, sender_id, self._settings.of(Authentication))
        if identity is None or not identity.may_sign_in or not identity.permissions >= _RIGHTS:
            return Standing.BARRED
        return Standing.GOOD
