"""Blobs and who holds them: first what is held, then what nothing holds."""

from __future__ import annotations

from stalwart.store.checks.check import Check
from stalwart.store.sql.queue import HOLDER

_HOLDERS = (
    ("e-mails that do not hold their message", "email", "account_id", "id", ""),
    ("objects that do not hold their blob", "obj", "account_id", "id", " AND obj.dead = 0 AND obj.blob IS NOT NULL"),
    ("letters in the queue that do not hold their message", "queue_letter", str(HOLDER), "id", ""),
    (
        "deleted files that do not hold their content",
        "archived_item",
        "account_id",
        "archived_id",
        " AND archived_item.blob IS NOT NULL",
    ),
)
_HAS_BLOB = "EXISTS (SELECT 1 FROM blob AS b WHERE b.hash = {0})"
_LINKED = "EXISTS (SELECT 1 FROM blob_link AS l WHERE l.hash = {0}.hash)"
_BYTES_ALONE = f"NOT {_HAS_BLOB.format('blob_bytes.hash')}"
_OWNED = "account_id = blob_link.account_id AND {0} = blob_link.owner_id"
_FREE = (
    "blob_link.owner_id > 0 AND blob_link.account_id >= 0 AND"
    " (blob_link.account_id = 0 OR EXISTS (SELECT 1 FROM account AS a WHERE a.id = blob_link.account_id)) AND NOT ("
    + " OR ".join(
        f"EXISTS (SELECT 1 FROM {rows})"
        for rows in (
            f"obj WHERE obj.{_OWNED.format('obj.id')} AND obj.dead = 0",
            f"archived WHERE archived.{_OWNED.format('archived.id')}",
            f"email WHERE email.{_OWNED.format('email.id')}",
            f"archived_item WHERE archived_item.{_OWNED.format('archived_item.archived_id')}",
            f"queue_letter WHERE blob_link.account_id = {HOLDER} AND queue_letter.id = blob_link.owner_id",
        )
    )
    + ")"
)


def _held(what: str, table: str, account: str, owner: str, only: str) -> Check:
    account = account if account.isdigit() else f"{table}.{account}"
    rows = (
        f"FROM {table} WHERE NOT EXISTS (SELECT 1 FROM blob_link AS l WHERE l.hash = {table}.blob"
        f" AND l.account_id = {account} AND l.owner_id = {table}.{owner}){only}"
    )
    return Check(
        what,
        rows,
        (
            f"INSERT INTO blob_link(hash, account_id, owner_id) SELECT DISTINCT {table}.blob,"
            f" CAST({account} AS BIGINT), {table}.{owner} {rows} AND {_HAS_BLOB.format(f'{table}.blob')}",
        ),
        key=f"{account} AS account_id, {table}.{owner}, {table}.blob",
        advice="the content is in the last backup, what is left can be destroyed",
    )


BLOBS = (
    Check(
        "blobs in the database that have lost their row",
        f"FROM blob_bytes WHERE {_BYTES_ALONE} AND {_LINKED.format('blob_bytes')}",
        (
            "INSERT INTO blob(hash, size, stored_at, store) SELECT hash, length(bytes), {now}, 'db' FROM blob_bytes"
            f" WHERE {_BYTES_ALONE} AND {_LINKED.format('blob_bytes')}",
        ),
        key="hash",
    ),
    *(_held(*holder) for holder in _HOLDERS),
    Check(
        "blobs that are held for what is gone",
        f"FROM blob_link WHERE {_FREE}",
        (f"DELETE FROM blob_link WHERE {_FREE}",),
        key="account_id, owner_id, hash",
    ),
    Check(
        "links to blobs that are not there",
        f"FROM blob_link WHERE NOT {_HAS_BLOB.format('blob_link.hash')}",
        (f"DELETE FROM blob_link WHERE owner_id < 0 AND NOT {_HAS_BLOB.format('blob_link.hash')}",),
        key="account_id, owner_id, hash",
        advice="the content is in the last backup, what is left can be destroyed",
    ),
    Check(
        "blobs that something holds and that are to go",
        f"FROM blob WHERE unref_at IS NOT NULL AND {_LINKED.format('blob')}",
        (f"UPDATE blob SET unref_at = NULL WHERE unref_at IS NOT NULL AND {_LINKED.format('blob')}",),
        key="hash",
    ),
    Check(
        "blobs that nothing holds and that would stay",
        f"FROM blob WHERE unref_at IS NULL AND NOT {_LINKED.format('blob')}",
        (f"UPDATE blob SET unref_at = {{now}} WHERE unref_at IS NULL AND NOT {_LINKED.format('blob')}",),
        key="hash",
    ),
    Check(
        "octets of no blob",
        f"FROM blob_bytes WHERE {_BYTES_ALONE} AND NOT {_LINKED.format('blob_bytes')}",
        (f"DELETE FROM blob_bytes WHERE {_BYTES_ALONE} AND NOT {_LINKED.format('blob_bytes')}",),
        key="hash",
    ),
    Check(
        "blobs in the database whose octets are missing, or of another length",
        "FROM blob LEFT JOIN blob_bytes AS o ON o.hash = blob.hash"
        " WHERE blob.store = 'db' AND (o.hash IS NULL OR length(o.bytes) <> blob.size)",
        key="blob.hash",
    ),
    Check("blobs that are in no place that there is", "FROM blob WHERE store <> 'db' AND store <> 'file'", key="hash"),
)
