"""Invitations that come by mail: calendars take them in with the transaction that stores the message (RFC 6047,
spec/dav.md 8.6).

Only the message of a sender who is proved counts. Whatever is wrong with it, the mail is delivered as any other.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from attrs import evolve
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure

from stalwart.codec.itip.mail_part import MailedMessage, has_calendar, mailed_message
from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.config.settings import Settings
from stalwart.errors import StalwartError
from stalwart.groupware.scheduling.receiving import Receiving
from stalwart.groupware.scheduling.scheduling import Scheduling
from stalwart.mail.messages.arriving import Prepared
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import BlobFiles
from stalwart.telemetry import Telemetry
from stalwart.telemetry.faults import tell_fault

LARGEST_MAIL: Final = 25 << 20
"""Octets of a mail that is looked into."""


class IncomingInvitations:
    """``mail.messages.delivering.Calendars`` of this server."""

    def __init__(
        self, store: Store, settings: Settings, receiving: Receiving, scheduling: Scheduling, telemetry: Telemetry
    ) -> None:
        self._store = store
        self._settings = settings
        self._receiving = receiving
        self._scheduling = scheduling
        self._telemetry = telemetry

    async def look(self, prepared: Prepared) -> MailedMessage | None:
        """The scheduling message in a mail, if there is one that is to be looked at."""
        rules = self._settings.of(CalendarScheduling)
        if not rules.enable or prepared.size > LARGEST_MAIL or not has_calendar(prepared.parsed.root):
            return None
        try:
            if prepared.content is None and prepared.stored is None:
                found = await self._store.read(lambda tx: tx.blobs.get(prepared.hash))
                prepared = evolve(prepared, content=found)
            found_in: MailedMessage | None = await self._store.blob_work(partial(_read, prepared, rules.itip_max_size))
        except (StalwartError, CancelledError):
            raise
        except Exception:  # a fault of ours: the message comes first
            tell_fault(self._telemetry, Failure())
            return None
        return found_in

    def take(self, tx: Transaction, account_id: int, message: MailedMessage, now: int) -> None:
        """Have an account that has got the mail take in what it says."""
        received = self._receiving.receive(tx, account_id, message.calendar, message.sender, now)
        self._scheduling.note(account_id, received, message.sender)
        if received.messages:
            self._scheduling.send(tx, account_id, received.messages, now)

    def told(self) -> None:
        """The transaction is durable."""
        self._scheduling.tell()


def _read(prepared: Prepared, most: int, files: BlobFiles) -> Any:
    data = prepared.content if prepared.content is not None else files.read(prepared.hash)
    return mailed_message(data, prepared.parsed.root, most)
