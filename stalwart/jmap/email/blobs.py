"""What holds a blob among mail: e-mails, their threads and their mailboxes (RFC 9404 4.3).

A message is held by its e-mail; so is whatever part of it a section names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access
from stalwart.jmap.blobs.holders import BlobHolder, Find
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.mail.sight import Sight
from stalwart.store import Transaction
from stalwart.store.mail_rows import EmailRow

_mailbox_ids = msgspec.json.Decoder(dict[str, bool]).decode


def _of_emails(ids_of: Callable[[EmailRow], Iterable[str]]) -> Find:
    def find(tx: Transaction, access: Access, account_id: int, blob: BlobId, now: int) -> Iterable[str]:
        owners = [link.owner_id for link in tx.blobs.links(blob.hash, account_id, now) if link.owner_id > 0]
        rows = Sight.of(tx, access, account_id).rows(tx.mail.list_rows(account_id, owners)).values()
        return {id for row in rows for id in ids_of(row)}

    return find


EMAIL = BlobHolder("Email", _of_emails(lambda row: (encode_id(row.id),)), MAIL)
THREAD = BlobHolder("Thread", _of_emails(lambda row: (encode_id(row.thread_id),)), MAIL)
MAILBOX = BlobHolder("Mailbox", _of_emails(lambda row: _mailbox_ids(row.mailboxes)), MAIL)
