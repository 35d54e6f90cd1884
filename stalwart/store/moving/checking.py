"""Whether a database is as it should be: counters, links and blobs. What follows from other rows is put right on
request.

Each check is a pair of statements: how many rows are wrong, and what puts them right. Where nothing does, because
something is lost, the second is empty and the finding stays.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import frozen

from stalwart.errors import StalwartError
from stalwart.store.blob_files import BlobFiles
from stalwart.store.moving.blobs import FiledBlob, filed_blobs, is_held
from stalwart.store.moving.bulk import Bulk
from stalwart.store.moving.copying import Report
from stalwart.store.object_types import EMAIL
from stalwart.store.sql.mail_recount import Recount
from stalwart.store.sql.session import Session

_NAMED = 5


@frozen
class Check:
    """``what`` is wrong where ``count`` is not 0; ``repair`` may be empty. Both have ``?`` for each of ``values``."""

    what: str
    count: str
    repair: str = ""
    values: tuple[Any, ...] = ()
    repair_values: tuple[Any, ...] | None = None


@frozen
class Finding:
    """What is wrong, how often, and whether it has been put right."""

    what: str
    count: int
    repaired: bool = False


_USED = "(SELECT COALESCE(SUM(o.size), 0) FROM obj AS o WHERE o.account_id = account.id AND o.dead = 0)"
_LAST = "(SELECT COALESCE(MAX(o.id), 0) FROM obj AS o WHERE o.account_id = account.id)"
_SEQ = "(SELECT COALESCE(MAX(o.seq), 0) FROM obj AS o WHERE o.account_id = account.id)"
_STATE = "(SELECT MAX(o.seq) FROM obj AS o WHERE o.account_id = type_state.account_id AND o.type = type_state.type)"
_WAITING = "(SELECT COUNT(*) FROM queue_recipient AS r WHERE r.lane = queue_lane.id AND r.state = 0)"
_LINKED = "EXISTS (SELECT 1 FROM blob_link AS l WHERE l.hash = blob.hash)"
_HAS_EMAIL = "EXISTS (SELECT 1 FROM email AS e WHERE e.account_id = {0}.account_id AND e.id = {0}.{1})"
_HOLDS = (
    "EXISTS (SELECT 1 FROM blob_link AS l WHERE l.hash = email.blob AND l.account_id = email.account_id"
    " AND l.owner_id = email.id)"
)
_HAS_BLOB = "EXISTS (SELECT 1 FROM blob AS b WHERE b.hash = {0})"
_OBJECT = "EXISTS (SELECT 1 FROM registry AS r WHERE r.type = {0}.type AND r.id = {0}.id)"

CHECKS = (
    Check(
        "accounts whose used octets are another sum",
        f"SELECT COUNT(*) FROM account WHERE used_octets <> {_USED}",
        f"UPDATE account SET used_octets = {_USED} WHERE used_octets <> {_USED}",
    ),
    Check(
        "accounts that would give numbers away twice",
        f"SELECT COUNT(*) FROM account WHERE last_id < {_LAST} OR seq < {_SEQ}",
        f"UPDATE account SET last_id = CASE WHEN last_id < {_LAST} THEN {_LAST} ELSE last_id END,"
        f" seq = CASE WHEN seq < {_SEQ} THEN {_SEQ} ELSE seq END WHERE last_id < {_LAST} OR seq < {_SEQ}",
    ),
    Check(
        "states that are older than what has changed",
        f"SELECT COUNT(*) FROM type_state WHERE seq < {_STATE}",
        f"UPDATE type_state SET seq = {_STATE} WHERE seq < {_STATE}",
    ),
    Check(
        "destinations whose waiting recipients are miscounted",
        f"SELECT COUNT(*) FROM queue_lane WHERE waiting <> {_WAITING}",
        f"UPDATE queue_lane SET waiting = {_WAITING} WHERE waiting <> {_WAITING}",
    ),
    Check(
        "blobs that something holds and that are to go",
        f"SELECT COUNT(*) FROM blob WHERE unref_at IS NOT NULL AND {_LINKED}",
        f"UPDATE blob SET unref_at = NULL WHERE unref_at IS NOT NULL AND {_LINKED}",
    ),
    Check(
        "blobs that nothing holds and that would stay",
        f"SELECT COUNT(*) FROM blob WHERE unref_at IS NULL AND NOT {_LINKED}",
        f"UPDATE blob SET unref_at = ? WHERE unref_at IS NULL AND NOT {_LINKED}",
        repair_values=("now",),
    ),
    Check(
        "octets of no blob",
        f"SELECT COUNT(*) FROM blob_bytes WHERE NOT {_HAS_BLOB.format('blob_bytes.hash')}",
        f"DELETE FROM blob_bytes WHERE NOT {_HAS_BLOB.format('blob_bytes.hash')}",
    ),
    Check(
        "blobs in the database whose octets are missing, or of another length",
        "SELECT COUNT(*) FROM blob LEFT JOIN blob_bytes AS o ON o.hash = blob.hash"
        " WHERE blob.store = 'db' AND (o.hash IS NULL OR length(o.bytes) <> blob.size)",
    ),
    Check(
        "links to blobs that are not there",
        f"SELECT COUNT(*) FROM blob_link WHERE NOT {_HAS_BLOB.format('blob_link.hash')}",
    ),
    Check(
        "e-mails that do not hold their message",
        f"SELECT COUNT(*) FROM email WHERE NOT {_HOLDS}",
        "INSERT INTO blob_link(hash, account_id, owner_id) SELECT blob, account_id, id FROM email"
        f" WHERE NOT {_HOLDS} AND {_HAS_BLOB.format('email.blob')}",
    ),
    Check(
        "e-mails that are no objects",
        "SELECT COUNT(*) FROM email WHERE NOT EXISTS (SELECT 1 FROM obj AS o WHERE o.account_id = email.account_id"
        " AND o.id = email.id AND o.type = ? AND o.dead = 0)",
        values=(EMAIL,),
    ),
    Check(
        "objects that should be e-mails",
        f"SELECT COUNT(*) FROM obj WHERE type = ? AND dead = 0 AND NOT {_HAS_EMAIL.format('obj', 'id')}",
        values=(EMAIL,),
    ),
    Check(
        "e-mails in no mailbox",
        "SELECT COUNT(*) FROM email WHERE NOT EXISTS (SELECT 1 FROM member AS m WHERE m.account_id = email.account_id"
        " AND m.item_id = email.id AND m.dead = 0)",
    ),
    Check(
        "keywords of e-mails that are gone",
        f"SELECT COUNT(*) FROM keyword WHERE NOT {_HAS_EMAIL.format('keyword', 'email_id')}",
        f"DELETE FROM keyword WHERE NOT {_HAS_EMAIL.format('keyword', 'email_id')}",
    ),
    Check(
        "letters in the queue without recipients",
        "SELECT COUNT(*) FROM queue_letter WHERE NOT EXISTS"
        " (SELECT 1 FROM queue_recipient AS r WHERE r.letter_id = queue_letter.id)",
    ),
    Check(
        "recipients in the queue without a letter",
        "SELECT COUNT(*) FROM queue_recipient WHERE NOT EXISTS"
        " (SELECT 1 FROM queue_letter AS l WHERE l.id = queue_recipient.letter_id)",
    ),
    Check(
        "letters in the queue without their message",
        f"SELECT COUNT(*) FROM queue_letter WHERE NOT {_HAS_BLOB.format('queue_letter.blob')}",
    ),
    Check(
        "unique values of settings objects that are gone",
        f"SELECT COUNT(*) FROM registry_key WHERE NOT {_OBJECT.format('registry_key')}",
        f"DELETE FROM registry_key WHERE NOT {_OBJECT.format('registry_key')}",
    ),
    Check(
        "indexed values of settings objects that are gone",
        f"SELECT COUNT(*) FROM registry_index WHERE NOT {_OBJECT.format('registry_index')}",
        f"DELETE FROM registry_index WHERE NOT {_OBJECT.format('registry_index')}",
    ),
    Check(
        "references of settings objects that are gone",
        f"SELECT COUNT(*) FROM registry_link WHERE NOT {_OBJECT.format('registry_link')}",
        f"DELETE FROM registry_link WHERE NOT {_OBJECT.format('registry_link')}",
    ),
    Check(
        "references to settings objects that are gone",
        "SELECT COUNT(*) FROM registry_link WHERE NOT EXISTS (SELECT 1 FROM registry AS r"
        " WHERE r.type = registry_link.target_type AND r.id = registry_link.target_id)",
    ),
)


def check_rows(database: Bulk, report: Report, *, repair: bool = False) -> Iterator[Finding]:
    """What is wrong in the rows of ``database``, which is open, for writing if it is to be repaired."""
    session, now = database.session, int(time.time())
    for number, check in enumerate(CHECKS):
        report("checks", number + 1)
        count = session.one(check.count, *check.values)[0]
        repaired = bool(count and repair and check.repair)
        if repaired:
            named = check.repair_values if check.repair_values is not None else check.values
            session.run(check.repair, *(now if value == "now" else value for value in named))
            repaired = session.one(check.count, *check.values)[0] == 0
        if count:
            yield Finding(check.what, count, repaired)
    yield from _mailboxes(session, now, report, repair)


def _mailboxes(session: Session, now: int, report: Report, repair: bool) -> Iterator[Finding]:
    recount = Recount(session)
    threads = mailboxes = 0
    for number, (account_id,) in enumerate(session.all("SELECT id FROM account ORDER BY id")):
        report("accounts", number + 1)
        threads += recount.wrong_threads(account_id)
        mailboxes += len(recount.wrong_mailboxes(account_id))
        if repair:
            recount.everything(account_id, now)
    if threads:
        yield Finding("places of threads in mailboxes that are miscounted", threads, repair)
    if mailboxes:
        yield Finding("mailboxes with a counter that is another sum", mailboxes, repair)


def check_blobs(database: Bulk, files: BlobFiles, report: Report, *, contents: bool = False) -> Iterator[Finding]:
    """Large values that something holds and that are not where they should be; of those that are, what they hold is
    looked at if ``contents`` says so.
    """
    missing: list[bytes] = []
    damaged: list[bytes] = []
    for number, blob in enumerate(filed_blobs(database.session)):
        report("large values", number + 1)
        if not files.exists(blob.hash):
            if is_held(database.session, blob.hash):
                missing.append(blob.hash)
        elif contents and not _is_whole(blob, files):
            damaged.append(blob.hash)
    for what, hashes in (("large values that are missing", missing), ("large values that are damaged", damaged)):
        if hashes:
            yield Finding(f"{what}: {_named(hashes)}", len(hashes))


def _is_whole(blob: FiledBlob, files: BlobFiles) -> bool:
    digest = hashlib.sha256()
    try:
        for chunk in files.chunks(blob.hash):
            digest.update(chunk)
    except StalwartError:
        return False
    return digest.digest() == blob.hash


def _named(hashes: Sequence[bytes]) -> str:
    some = ", ".join(hash.hex() for hash in hashes[:_NAMED])
    return some if len(hashes) <= _NAMED else f"{some} ..."
