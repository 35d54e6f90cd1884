"""Databases with something in every table: rows that mean nothing, and an account with mail that means something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.codec.search_document import Document, columns, pack
from stalwart.codec.search_terms import question
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.directory import account_records
from stalwart.store.blob_files import BlobFiles, DiskBlobFiles
from stalwart.store.mail_rows import NewEmail
from stalwart.store.mail_text import IndexedText
from stalwart.store.moving.tables import Table, tables_of
from stalwart.store.sql.session import Session
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.sqlite.bulk import SqliteBulk

ACCOUNT, NOW = 5, 1_800_000_000
LARGE = bytes(range(256)) * 400
MESSAGES = (b"Subject: One\r\n\r\nApples \xc3\xa4", b"Subject: Two\r\n\r\n" + LARGE)

_VALUES: dict[str, Any] = {
    "BIGINT": -(1 << 62),
    "SMALLINT": 7,
    "TEXT": "\u00e4 'quoted' \U0001f600",
    "BYTEA": b"\x00\xff",
}
_DATA = '{"\u00e4": "\U0001f600"}'


def fill(session: Session, files: BlobFiles) -> None:
    """An account with two e-mails, one of which is large, and their words; in the open transaction."""
    tx = SqlTransaction(session, files)
    domain = registry.create(tx, Domain, {"name": "example.test"}, now=NOW)
    members = {"@type": "User", "name": "one", "domainId": encode_id(domain.id)}
    account_records.insert(tx, members, NOW, id=ACCOUNT)
    inbox = tx.mail.mailboxes.create(ACCOUNT, "Inbox", "inbox", now=NOW, role="inbox")
    for number, message in enumerate(MESSAGES):
        blob = tx.blobs.put(message, NOW)
        new = NewEmail(
            blob=blob.hash, size=len(message), received_at=NOW, mailboxes=frozenset({inbox.id}), references={number}
        )
        added = tx.mail.add_email(ACCOUNT, new, now=NOW)
        document = Document(subject=f"Message {number}", body="apples and pears")
        tx.mail_text.queue(ACCOUNT, added.id)
        tx.mail_text.index([(ACCOUNT, added.id, IndexedText(pack(document), columns(document)))])


def found(session: Session, files: BlobFiles, word: str = "apples") -> int:
    """How many e-mails of the account have a word, by the index."""
    return len(SqlTransaction(session, files).mail_text.match(ACCOUNT, question(word)))


def waiting(session: Session, files: BlobFiles) -> int:
    """How many e-mails wait to be indexed."""
    return SqlTransaction(session, files).mail_text.waiting()


def odd_row(table: Table, number: int = 0) -> tuple[Any, ...]:
    """A row of values that are easily damaged; what steps of the schema read as JSON is JSON."""
    return tuple(
        number if type in ("BIGINT", "SMALLINT") and number else _DATA if name == "data" else _VALUES[type]
        for name, type in table.columns
    )


def filled(path: Path, schema: int | None = None) -> tuple[SqliteBulk, DiskBlobFiles]:
    """A database of files that means something; of an older schema, only rows that mean nothing."""
    made, files = SqliteBulk(path), DiskBlobFiles(path.with_name(f"{path.name}.blobs"))
    made.prepare(schema)
    made.open(writes=True)
    if schema is None:
        fill(made.session, files)
    else:
        for table in tables_of(schema):
            made.add(table, [odd_row(table)])
    made.commit()
    made.close()
    return made, files


def silent(step: str, count: int) -> None:
    """Nobody hears of progress."""
