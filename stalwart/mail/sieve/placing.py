"""Finds the mailbox that a script names, makes it where it may, and takes the usual one where there is none."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from stalwart.codec.ids import decode_id
from stalwart.codec.sieve.actions import Filing
from stalwart.config.collaboration.email import Email
from stalwart.config.settings import Settings
from stalwart.errors import StalwartError
from stalwart.mail.messages.folders import INBOX, Folders, mailbox_data, name_key
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Transaction

_LEAST_NAME: Final = 100  # RFC 8621 1.3.1
_QUOTA: Final = "maxMailboxes"


@frozen
class Placing:
    """Answers from what is there in a write transaction."""

    settings: Settings
    folders: Folders
    quotas: Quotas

    def mailbox(self, tx: Transaction, account_id: int, filing: Filing, folder: str, now: int) -> int:
        """The mailbox for a message: by id, by special use, by name; ``folder`` is the role of the usual one.

        Raises NotFound (account).
        """
        usual = self.folders.place(tx, account_id, folder, now)
        if filing.is_inbox:
            return usual
        named = (
            self._by_id(tx, account_id, filing.mailbox_id)
            or self._by_use(tx, account_id, filing.special_use)
            or self._by_name(tx, account_id, filing.mailbox)
        )
        if named is None and filing.create:
            try:
                with tx.savepoint():
                    named = self._made(tx, account_id, filing, now)
            except StalwartError:
                named = None
        return usual if named is None else named

    def _by_id(self, tx: Transaction, account_id: int, id: str) -> int | None:
        try:
            found = tx.mail.mailboxes.get(account_id, decode_id(id)) if id else None
        except ValueError:
            return None
        return found.id if found is not None else None

    def _by_use(self, tx: Transaction, account_id: int, use: str) -> int | None:
        found = tx.mail.mailboxes.by_role(account_id, use) if use else None
        return found.id if found is not None else None

    def _by_name(self, tx: Transaction, account_id: int, name: str) -> int | None:
        at: int | None = None
        for index, part in enumerate(_parts(name)):
            found = tx.mail.mailboxes.by_name(account_id, at, name_key(part))
            if found is None and index == 0 and part.lower() == INBOX:
                found = tx.mail.mailboxes.by_role(account_id, INBOX)
            if found is None:
                return None
            at = found.id
        return at

    def _made(self, tx: Transaction, account_id: int, filing: Filing, now: int) -> int | None:
        """RFC 5490 3.2: the mailbox with all that it is in; None if it may not be."""
        email, parts = self.settings.of(Email), _parts(filing.mailbox)
        longest = max(email.max_mailbox_name_length, _LEAST_NAME)
        limit = self.quotas.limits(tx, account_id).quotas.get(_QUOTA, email.max_mailboxes)
        if len(parts) > email.max_mailbox_depth or any(not part or len(part.encode()) > longest for part in parts):
            return None
        if any(not part.isprintable() for part in parts):
            return None
        at: int | None = None
        for index, part in enumerate(parts):
            found = tx.mail.mailboxes.by_name(account_id, at, name_key(part))
            if found is None and index == 0 and part.lower() == INBOX:
                found = tx.mail.mailboxes.by_role(account_id, INBOX)
            if found is None:
                if limit is not None and tx.mail.mailboxes.count(account_id) >= limit:
                    return None
                found = tx.mail.mailboxes.create(
                    account_id, part, name_key(part), now=now, parent_id=at, data=mailbox_data(True)
                )
            at = found.id
        return at


def _parts(name: str) -> list[str]:
    return [part.strip() for part in name.strip().strip("/").split("/")]
