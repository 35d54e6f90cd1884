"""The store as the rest of the server sees it: a few Protocols, no engine and no SQL.

A caller hands ``read`` or ``write`` a plain function; it runs in a thread of the store with a ``Transaction``
and must not keep it. A function that raises leaves nothing behind. Engines: ``sqlite``, ``memory``. Mail
has a repository of its own (``mail``) beside ``objects``; calendars, address books and files have ``collections``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from msgspec import UNSET, UnsetType
from twisted.internet.defer import Deferred

from stalwart.store.blob_files import BlobFiles, Stored
from stalwart.store.collections import Archive, Collections, Locks, Preferences, Shares
from stalwart.store.known_states import KnownStates
from stalwart.store.mail import Mail
from stalwart.store.mail_reports import MailReports, TlsCounts
from stalwart.store.mail_text import MailText
from stalwart.store.neighbours import Neighbours
from stalwart.store.push_subscriptions import PushSubscriptions
from stalwart.store.queue import Queue
from stalwart.store.registry import Ids, Registry
from stalwart.store.rows import (
    AccountName,
    AccountRow,
    Ban,
    Blob,
    BlobLink,
    Changes,
    Factor,
    MetricSample,
    MetricSearch,
    Object,
    PendingUploads,
    SignIn,
    Swept,
    TraceRow,
    TraceSearch,
)
from stalwart.store.seen import Seen
from stalwart.store.watch import Observer

T = TypeVar("T")


class Tokens(Protocol):
    """Short-lived secrets by (kind, id). Callers pass a digest as ``id`` where the token itself must not be stored."""

    def put(self, id: str, kind: str, data: Mapping[str, Any], expires_at: int) -> None:
        """Store a token, in place of one with the same id and kind."""

    def get(self, id: str, kind: str, now: int) -> dict[str, Any] | None:
        """The data of an unexpired token."""

    def take(self, id: str, kind: str, now: int) -> dict[str, Any] | None:
        """As ``get``, and remove it: of several takers exactly one gets it."""

    def purge(self, now: int) -> int:
        """Remove expired tokens; answers how many."""


class Bans(Protocol):
    """Networks that are refused for a time."""

    def list(self, now: int) -> list[Ban]:
        """Bans in force."""

    def add(self, network: str, reason: str, created_at: int, expires_at: int | None) -> None:
        """Ban ``network``, in place of an earlier ban of it."""

    def remove(self, network: str) -> bool:
        """Lift a ban; False if there was none."""

    def purge(self, now: int) -> int:
        """Remove bans that are over; answers how many."""


class Counters(Protocol):
    """Counters that expire: rate limits, failed sign-ins. The first increment sets the end of the window."""

    def increment(self, bucket: str, expires_at: int, by: int = 1, now: int | None = None) -> int:
        """Add ``by`` and answer the sum; with ``now`` a bucket whose window is over starts anew."""

    def value(self, bucket: str, now: int | None = None) -> int:
        """The sum; 0 if there is none, or with ``now`` if its window is over."""

    def purge(self, now: int) -> int:
        """Remove expired buckets; answers how many."""


class Secrets(Protocol):
    """The server's own keys, by name."""

    def get(self, name: str) -> bytes | None:
        """The key, or None."""

    def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The key; ``make`` is called once, by the first who asks (in a write)."""

    def put(self, name: str, value: bytes) -> None:
        """Another key in place of the one that there may be."""


class Accounts(Protocol):
    """The anchor of all user data: login, change number, object ids, used octets."""

    def create(self, id: int, login: str, kind: str) -> AccountRow:
        """A new account. Raises Conflict with ``property`` ``id`` or ``login``."""

    def get(self, id: int) -> AccountRow | None:
        """By id."""

    def name(self, id: int) -> AccountName | None:
        """As ``get``, without what every change of an account's objects changes; to ask again costs nothing."""

    def many(self, ids: Iterable[int]) -> dict[int, AccountRow]:
        """Those of the accounts that there are, by id, in the order of ``ids``."""

    def by_login(self, login: str) -> AccountRow | None:
        """By login, exact."""

    def rename(self, id: int, login: str) -> None:
        """Change the login. Raises NotFound, Conflict."""

    def delete(self, id: int, now: int) -> None:
        """Remove the account and all its data; blobs go with the next sweeps. Raises NotFound."""

    def erase(self, id: int, now: int, limit: int) -> bool:
        """As ``delete``, at most ``limit`` rows of each kind of data; whether that was all. Raises NotFound."""

    def ids(self, after: int, limit: int) -> Ids:
        """The ids of accounts above ``after``, ascending."""

    def recount(self, id: int) -> int:
        """Set the used octets to the sum of the sizes of the live objects, and answer it. Raises NotFound."""

    def new_ids(self, id: int, count: int = 1) -> range:
        """Fresh object ids in a row, never given out twice; on the wire they begin with letters. Raises NotFound."""


class SignIns(Protocol):
    """People signed in to applications; an account need not be a row of ``accounts`` (the recovery administrator)."""

    def insert(
        self,
        account_id: int,
        client: str,
        data: Mapping[str, Any],
        *,
        now: int,
        expires_at: int,
        presenter_id: int | None = None,
    ) -> SignIn:
        """A new sign-in of generation 0, with a random id."""

    def get(self, id: int, now: int) -> SignIn | None:
        """By id, unless it is over."""

    def update(
        self,
        id: int,
        *,
        generation: int | UnsetType = UNSET,
        used_at: int | UnsetType = UNSET,
        expires_at: int | UnsetType = UNSET,
        data: Mapping[str, Any] | UnsetType = UNSET,
    ) -> bool:
        """Change what is given; False if there is no such sign-in."""

    def of_account(self, account_id: int, now: int) -> list[SignIn]:
        """Those that are not over, the oldest first."""

    def delete(self, id: int) -> bool:
        """End one; False if there was none."""

    def delete_of_account(self, account_id: int, *, client: str | None = None, spare: int | None = None) -> int:
        """End those of an account (with ``client``), and those of it in other accounts, except the one with the id
        ``spare``; answers how many.
        """

    def delete_of_client(self, client: str) -> int:
        """End everybody's sign-ins to an application; answers how many."""

    def purge(self, now: int) -> int:
        """Remove those that are over; answers how many."""


class Factors(Protocol):
    """What proves people besides their passwords: passkeys, recovery codes."""

    def insert(self, account_id: int, kind: str, key: str, data: Mapping[str, Any], *, now: int) -> Factor:
        """A new one with a random id. Raises Conflict with ``property`` ``key``."""

    def find(self, kind: str, key: str) -> Factor | None:
        """By its key, whoever it belongs to."""

    def get(self, account_id: int, id: int) -> Factor | None:
        """By id."""

    def of_account(self, account_id: int, kind: str) -> list[Factor]:
        """All of a kind, the oldest first."""

    def update(self, account_id: int, id: int, data: Mapping[str, Any]) -> bool:
        """Replace the data; False if there is none."""

    def delete(self, account_id: int, id: int) -> bool:
        """Remove one; False if there was none: of several takers exactly one removes it."""

    def delete_of_account(self, account_id: int, kind: str) -> int:
        """Remove all of a kind; answers how many."""


class MetricSamples(Protocol):
    """Figures over time; their ids grow with it."""

    def add(self, samples: Sequence[MetricSample]) -> None:
        """Store samples; those with the id of one that is there are left out."""

    def many(self, ids: Iterable[int]) -> dict[int, MetricSample]:
        """Those of the samples that there are, by id, in the order of ``ids``."""

    def search(self, search: MetricSearch, *, descending: bool, offset: int, limit: int) -> Ids:
        """The ids of what is found, in their order, from ``offset`` on."""

    def count(self, search: MetricSearch) -> int:
        """How many are found."""

    def position(self, search: MetricSearch, id: int, *, descending: bool) -> int | None:
        """The place of ``id`` in what is found, the first being 0; None if it is not there."""

    def trim(self, keep: int, before: int, limit: int) -> int:
        """Remove the oldest, all but ``keep`` and all below the id ``before``, at most ``limit``; answers how many."""


class Traces(Protocol):
    """What happened on connections and in deliveries; ids are spans and grow with time."""

    def put(self, trace: TraceRow) -> None:
        """Store a trace, in place of one with the same id."""

    def many(self, ids: Iterable[int]) -> dict[int, TraceRow]:
        """Those of the traces that there are, by id, in the order of ``ids``."""

    def search(self, search: TraceSearch, *, descending: bool, offset: int, limit: int) -> Ids:
        """The ids of what is found, in their order, from ``offset`` on."""

    def count(self, search: TraceSearch) -> int:
        """How many are found."""

    def position(self, search: TraceSearch, id: int, *, descending: bool) -> int | None:
        """The place of ``id`` in what is found, the first being 0; None if it is not there."""

    def trim(self, keep: int, limit: int) -> int:
        """Remove the oldest, all but ``keep``, at most ``limit``; answers how many."""


class Objects(Protocol):
    """Objects of accounts and their one log of changes: JMAP states, DAV sync tokens and push all come from it."""

    def allocate(self, account_id: int, count: int = 1) -> range:
        """Change numbers, one for each object about to change; call just before writing. Raises NotFound."""

    def insert(
        self,
        account_id: int,
        type: int,
        *,
        now: int,
        id: int | None = None,
        seq: int | None = None,
        uid: str | None = None,
        etag: str | None = None,
        blob: bytes | None = None,
        size: int = 0,
        data: Mapping[str, Any] | None = None,
    ) -> Object:
        """A new object; ``id`` and ``seq`` are allocated where not given. Raises NotFound (account)."""

    def update(
        self,
        account_id: int,
        id: int,
        *,
        now: int,
        seq: int | None = None,
        counts_only: bool = False,
        uid: str | UnsetType | None = UNSET,
        etag: str | UnsetType | None = UNSET,
        blob: bytes | UnsetType | None = UNSET,
        size: int | UnsetType = UNSET,
        data: Mapping[str, Any] | UnsetType | None = UNSET,
    ) -> Object:
        """Change the members that are given; ``counts_only`` leaves ``prop_seq`` alone. Raises NotFound."""

    def kill(self, account_id: int, id: int, *, now: int, seq: int | None = None) -> None:
        """Leave a tombstone without data. Raises NotFound."""

    def get(self, account_id: int, id: int) -> Object | None:
        """The live object."""

    def by_uid(self, account_id: int, type: int, uid: str) -> Object | None:
        """The live object with this uid, the oldest if there are several."""

    def with_member(self, account_id: int, type: int, name: str, value: str, limit: int) -> list[Object]:
        """Live objects whose data have ``value`` for ``name`` somewhere, ascending; they are looked through."""

    def list(self, account_id: int, type: int, after: int = -1, limit: int | None = None) -> list[Object]:
        """Live objects with an id above ``after``, ascending."""

    def count(self, account_id: int, type: int) -> int:
        """How many live objects there are; for types of which an account has few."""

    def state(self, account_id: int, type: int) -> int:
        """The number of the last change to objects of ``type``; 0 before the first."""

    def touch(self, account_id: int, type: int) -> None:
        """Give ``type``, which has no objects, the last change number of the account for its state."""

    def follow(self, account_id: int, type: int, seq: int) -> None:
        """Have the state of ``type``, if there is one, be the change ``seq``, which was made to something else."""

    def states(self, account_id: int) -> dict[int, int]:
        """``state`` by type, of all types that have one."""

    def changes(
        self, account_id: int, type: int, since: int, limit: int | None = None, origin: int | None = None
    ) -> Changes | None:
        """Changes after ``since``, at most ``limit`` objects; None means cannotCalculateChanges (RFC 8620
        5.2).

        Who goes on from an intermediate state passes the ``origin`` that came with it, so that an object made
        since then and changed later is still called created.
        """

    def purge(self, account_id: int, type: int, before: int) -> int:
        """Forget tombstones older than ``before`` (time); older states then cannot be calculated from."""

    def trim(self, account_id: int, keep: int, limit: int) -> int:
        """Forget tombstones of all types but those among the last ``keep`` changes of the account.

        States before the changes that are kept then cannot be calculated from. At most ``limit`` objects are looked at;
        answers how many that were.
        """


class Blobs(Protocol):
    """Bytes by SHA-256, each content once, held by links. Small ones are rows, large ones files."""

    def put(self, content: bytes, now: int) -> Blob:
        """Store bytes. Content of 64 KiB and more better goes through ``Store.blob_files`` and ``adopt``."""

    def adopt(self, stored: Stored, now: int) -> Blob:
        """Make a written file known. Raises Unavailable if it is gone meanwhile: write it again."""

    def discard(self, stored: Stored) -> bool:
        """Remove a written file that no row has come to need, unless others are about to use it; True if it is gone."""

    def find(self, hash: bytes) -> Blob | None:
        """Size and place, without the bytes."""

    def get(self, hash: bytes, offset: int = 0, length: int | None = None) -> bytes | None:
        """The bytes, or a section of them; None if there is no such blob."""

    def link(
        self,
        hash: bytes,
        account_id: int,
        owner_id: int,
        *,
        type: str | None = None,
        expires_at: int | None = None,
    ) -> None:
        """Hold the blob for an owner, until ``expires_at`` if given; an upload is unused then. Raises NotFound."""

    def use(self, hash: bytes, account_id: int) -> None:
        """Something was made of the blob: uploads of it into the account are not pending any more, whatever becomes of
        that. They stay until they expire.
        """

    def unlink(self, account_id: int, owner_id: int, now: int, hash: bytes | None = None) -> int:
        """Let go of one blob of the owner, or of all; answers how many."""

    def links(self, hash: bytes, account_id: int, now: int) -> list[BlobLink]:
        """The unexpired links of one account: what decides whether it may read the blob."""

    def pending(self, account_id: int, owner_id: int, now: int) -> PendingUploads:
        """What one uploader (``owner_id`` < 0) holds in the account that nothing there was made of yet."""

    def sweep(self, now: int, grace: int = 86_400, limit: int = 1000) -> Swept:
        """Drop expired links, then blobs that nothing has held for ``grace`` seconds; at most ``limit`` of each."""

    def strays(self, hashes: Iterable[bytes]) -> list[bytes]:
        """Those of which no row needs a file."""

    def sweep_files(self, hashes: Iterable[bytes], now: int, grace: int = 86_400) -> int:
        """Remove those files that no row needs: left by a crash or a client that went. Answers how many."""


class Transaction(Protocol):
    """One consistent view of everything; valid inside the function that was given it."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A block of which all is kept or, if it raises, nothing; may be nested.

        Who catches what it raises catches the closed family only (``StalwartError``): anything else may mean
        that the database has dropped the whole transaction, and has to reach the store.
        """

    @property
    def registry(self) -> Registry: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def bans(self) -> Bans: ...
    @property
    def counters(self) -> Counters: ...
    @property
    def secrets(self) -> Secrets: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def sign_ins(self) -> SignIns: ...
    @property
    def factors(self) -> Factors: ...
    @property
    def metric_samples(self) -> MetricSamples: ...
    @property
    def traces(self) -> Traces: ...
    @property
    def objects(self) -> Objects: ...
    @property
    def blobs(self) -> Blobs: ...
    @property
    def mail(self) -> Mail: ...
    @property
    def mail_text(self) -> MailText: ...
    @property
    def mail_reports(self) -> MailReports: ...
    @property
    def tls_counts(self) -> TlsCounts: ...
    @property
    def push_subscriptions(self) -> PushSubscriptions: ...
    @property
    def seen(self) -> Seen: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def collections(self) -> Collections: ...
    @property
    def locks(self) -> Locks: ...
    @property
    def shares(self) -> Shares: ...
    @property
    def preferences(self) -> Preferences: ...
    @property
    def archive(self) -> Archive: ...


class Store(Protocol):
    """Everything the server remembers. All methods are for the reactor thread."""

    @property
    def blob_files(self) -> BlobFiles:
        """Where large blobs are written and read; blocking, so for threads."""

    @property
    def neighbours(self) -> Neighbours | None:
        """The other nodes, where the database is one that several use."""

    @property
    def states(self) -> KnownStates:
        """What this process has written; it is told before the write is answered."""

    def start(self) -> Deferred[None]:
        """Open and migrate. Fails with Invalid or Unavailable, in a sentence for the administrator."""

    def close(self) -> Deferred[None]:
        """Finish what was accepted, then refuse everything; never fails, and ends within a time-out."""

    def read(self, work: Callable[[Transaction], T]) -> Deferred[T]:
        """Run ``work`` on a snapshot that sees every write acknowledged before; writing in it is refused."""

    def write(self, work: Callable[[Transaction], T]) -> Deferred[T]:
        """Run ``work`` alone; fires when what it wrote is durable. Cancelling drops a work that has not begun.

        Unavailable because of a time-out or a close leaves open whether it was written.
        """

    def blob_work(self, work: Callable[[BlobFiles], T], *, writes: bool = False) -> Deferred[T]:
        """Run ``work``, which may wait for the disk or reckon for a while, in one of the few threads for files.
        ``writes`` says what it is measured as.

        Works run side by side and in no order: whoever writes a blob asks for one after the other. Cancelling drops
        a work that has not begun.
        """

    def watch(self, observer: Observer, *, ahead: bool = False) -> Callable[[], None]:
        """Call ``observer`` after each write that has changed objects, when it is durable and was answered, or before
        the answer with ``ahead``; the result ends that. It hears of states that may have changed, and must not take
        long.
        """

    def ping(self) -> Deferred[None]:
        """Fires when reads and writes come through, to the disk every few seconds, or writes wait behind one that gets
        on; else fails soon with Unavailable.
        """
