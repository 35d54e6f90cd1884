"""Whether a database is as it should be: everything in it that follows from something else, or leads to it. What can be
derived is put right on request; what is lost is named.

``store.checks`` says what has to be true. The order matters: what others are derived from comes first, and after a
repair all is looked at again, because what was put right may show what else is wrong.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence

from attrs import frozen

from stalwart.errors import NotFound, StalwartError
from stalwart.store.blob_files import BlobFiles
from stalwart.store.checks.accounts import ACCOUNTS, SHARES, STATES
from stalwart.store.checks.blobs import BLOBS
from stalwart.store.checks.check import LOST, NAMED, Check, Found, Look
from stalwart.store.checks.collections import COLLECTIONS
from stalwart.store.checks.mail import AFTER, BEFORE
from stalwart.store.checks.mail_pages import check_mail
from stalwart.store.checks.queue import QUEUE, check_used
from stalwart.store.checks.registry import REGISTRY
from stalwart.store.moving.beginning_anew import forget_states
from stalwart.store.moving.blobs import FiledBlob, filed_blobs, is_held
from stalwart.store.moving.bulk import Bulk
from stalwart.store.moving.copying import Report
from stalwart.store.sql.mail_recount import Recount
from stalwart.store.sql.session import Session

NOT_YET = 3
"""The exit code of a look at what only the next start of a server makes, or brings up to date."""
_PASSES = 4
_PAGE = 500


@frozen
class Finding:
    """What is wrong, how often, whether it has been put right; some of it by name, and what to do where it was not."""

    what: str
    count: int
    repaired: bool = False
    named: tuple[str, ...] = ()
    advice: str = ""


def _recount(session: Session, now: int, repair: bool) -> Iterator[Found]:
    recount = Recount(session)
    threads = 0
    mailboxes: list[str] = []
    for (account_id,) in session.all("SELECT id FROM account ORDER BY id"):
        threads += recount.wrong_threads(account_id)
        mailboxes += (f"account_id {account_id} id {row[0]}" for row in recount.wrong_mailboxes(account_id))
        if repair:
            try:
                recount.everything(account_id, now)
            except NotFound:
                continue  # a mailbox that is no object, which is another finding
    if threads:
        yield Found("places of threads in mailboxes that are miscounted", threads)
    if mailboxes:
        yield Found("mailboxes with a counter that is another sum", len(mailboxes), tuple(mailboxes[:NAMED]))


_ORDER: tuple[Check | Look, ...] = (
    *REGISTRY,
    *ACCOUNTS,
    *BEFORE,
    check_mail,
    *AFTER,
    *COLLECTIONS,
    _recount,
    *SHARES,
    *STATES,
    *BLOBS,
    *QUEUE,
    check_used,
)
"""Everything but settings, what others are derived from first."""
CHECKS = tuple(each for each in _ORDER if isinstance(each, Check))
"""Those that are statements."""


def _looks(settings: Look | None) -> list[Look]:
    """Everything; what follows from settings comes before all else."""
    others = [each.look if isinstance(each, Check) else each for each in _ORDER]
    return others if settings is None else [settings, *others]


def check_rows(
    database: Bulk, report: Report, *, repair: bool = False, settings: Look | None = None
) -> Iterator[Finding]:
    """What is wrong in the rows of ``database``, which is open, for writing if it is to be repaired. ``settings`` looks
    at what follows from settings objects. Clients of accounts in which something that they have seen was put right
    are made to read all of it again.
    """
    session, now = database.session, int(time.time())
    found: dict[str, Found] = {}
    left: dict[str, Found] = {}
    accounts: set[int] = set()
    looks = _looks(settings)
    for turn in range(_PASSES if repair else 1):
        before, left = left, {}
        for number, look in enumerate(looks):
            report("checks", turn * len(looks) + number + 1)
            for each in look(session, now, repair):
                left[each.what] = each
                found.setdefault(each.what, each)
                accounts |= each.accounts
        if not left or left == before:
            break
    if repair:
        forget_states(session, accounts)
    for what, each in found.items():
        is_left = not repair or what in left
        last = left.get(what, each)
        yield Finding(what, each.count, not is_left, last.named, last.advice if is_left else "")


def check_blobs(
    database: Bulk, files: BlobFiles, report: Report, *, contents: bool = False, repair: bool = False
) -> Iterator[Finding]:
    """Large values that something holds and that are not where they should be; of those that are, and of small ones,
    what they hold is looked at if ``contents`` says so.
    """
    yield from _rowless(database.session, files, repair)
    missing: list[bytes] = []
    damaged: list[bytes] = []
    for number, blob in enumerate(filed_blobs(database.session)):
        report("large values", number + 1)
        if not files.exists(blob.hash):
            if is_held(database.session, blob.hash):
                missing.append(blob.hash)
        elif contents and not _is_whole(blob, files):
            damaged.append(blob.hash)
    small = list(_damaged(database.session)) if contents else []
    for what, hashes in (
        ("large values that are missing", missing),
        ("large values that are damaged", damaged),
        ("small values that are damaged", small),
    ):
        if hashes:
            yield Finding(f"{what}: {_named(hashes)}", len(hashes), advice=LOST)


def _rowless(session: Session, files: BlobFiles, repair: bool) -> Iterator[Finding]:
    """Values that are held and are in files, of which no row says so."""
    found: list[bytes] = []
    rows = session.all(
        "SELECT DISTINCT hash FROM blob_link WHERE NOT EXISTS (SELECT 1 FROM blob AS b WHERE b.hash = blob_link.hash)"
    )
    for hash in (bytes(row[0]) for row in rows):
        if not files.exists(hash):
            continue
        found.append(hash)
        if repair:
            size = sum(len(chunk) for chunk in files.chunks(hash))
            session.later(
                "INSERT INTO blob(hash, size, stored_at, store) VALUES (?, ?, ?, 'file') ON CONFLICT DO NOTHING",
                *(hash, size, int(time.time())),
            )
    if found:
        yield Finding(f"large values that have lost their row: {_named(found)}", len(found), repair)


def _damaged(session: Session) -> Iterator[bytes]:
    after = b""
    while rows := session.all("SELECT hash, bytes FROM blob_bytes WHERE hash > ? ORDER BY hash LIMIT ?", after, _PAGE):
        yield from (bytes(hash) for hash, octets in rows if hashlib.sha256(octets).digest() != bytes(hash))
        after = bytes(rows[-1][0])


def _is_whole(blob: FiledBlob, files: BlobFiles) -> bool:
    digest = hashlib.sha256()
    try:
        for chunk in files.chunks(blob.hash):
            digest.update(chunk)
    except StalwartError:
        return False
    return digest.digest() == blob.hash


def _named(hashes: Sequence[bytes]) -> str:
    some = ", ".join(hash.hex() for hash in hashes[:NAMED])
    return some if len(hashes) <= NAMED else f"{some} ..."
