"""Looks into the data folder of a daemon that has ended: what mail is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.postgresql.address import address_of
from stalwart.store.postgresql.engine import PostgreSqlEngine
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.sqlite.engine import SqliteEngine


class StoredEmail(NamedTuple):
    """An e-mail as the store has it."""

    account: str
    octets: bytes
    size: int


def stored_emails(data: Path) -> Iterator[StoredEmail]:
    """All e-mails of all accounts; raises AssertionError for one whose content is not what it should be."""
    config = json.loads((data / "config.json").read_bytes())
    (blobs,) = [each for each in data.iterdir() if each.name.endswith("blobs")] or [data / "none"]
    on_file = config["@type"] == "Sqlite"
    engine = SqliteEngine(data / config["path"]) if on_file else PostgreSqlEngine(address_of(config))
    session = engine.open_reader()
    try:
        tx = SqlTransaction(session, DiskBlobFiles(blobs))
        for account_id in tx.accounts.ids(-1, 1000):
            login = tx.accounts.get(account_id)
            ids = tx.mail.matching(account_id, None, limit=1_000_000)
            for row in tx.mail.list_rows(account_id, ids).values():
                octets = tx.blobs.get(row.blob)
                assert login is not None and octets is not None, (account_id, row.id)
                assert hashlib.sha256(octets).digest() == row.blob and len(octets) == row.size, (login, row.id)
                yield StoredEmail(login.login, octets, row.size)
    finally:
        session.close()
