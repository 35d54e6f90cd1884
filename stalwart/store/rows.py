"""The values that the repositories hand out: one frozen struct per kind of row.

Times are whole seconds since the epoch. ``data`` is decoded JSON; whoever wants to change it makes a new one
and writes it back through the repository.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from msgspec import Struct

LARGEST_ID = (1 << 63) - 1

Comparison = Literal["=", "<", "<=", ">", ">="]


class Term(NamedTuple):
    """One condition of a search: the index has, for ``property``, a value that compares so with ``value``.

    Values compare as text by code points; ``""`` stands for "none", which is neither less nor greater than
    anything.
    """

    property: str
    comparison: Comparison
    value: str


class Row(Struct, frozen=True):
    """A settings object: ``revision`` starts at 1 and rises by one with every update."""

    id: int
    revision: int
    data: dict[str, Any]


class Ban(Struct, frozen=True):
    """A banned ``network`` (an address or a CIDR text); ``expires_at`` None is for ever."""

    network: str
    reason: str
    created_at: int
    expires_at: int | None


class SignIn(Struct, frozen=True):
    """A person signed in to an application: ``client`` is its client_id, ``generation`` counts refreshed tokens.

    ``presenter_id`` is who proved himself, where he entered the account of somebody else.
    """

    id: int
    account_id: int
    presenter_id: int | None
    client: str
    generation: int
    created_at: int
    used_at: int
    expires_at: int
    data: dict[str, Any]


class Factor(Struct, frozen=True):
    """A further proof of a person: ``kind`` is ``passkey`` or ``recovery-code``; ``key`` is unique within the kind."""

    account_id: int
    id: int
    kind: str
    key: str
    created_at: int
    data: dict[str, Any]


class MetricSample(Struct, frozen=True):
    """A figure at one moment: ``id`` grows with time, ``kind`` is ``Counter``, ``Gauge`` or ``Histogram``."""

    id: int
    metric: str
    kind: str
    count: int
    sum: int = 0


class TraceRow(Struct, frozen=True):
    """What happened in one span, whose number ``id`` is.

    ``kinds`` are the ids of its events, and marks of what it is about, with a blank around each, ``words`` what is
    searched, in lower case, ``events`` what the writer made of them.
    """

    id: int
    sender: str | None
    recipients: str | None
    size: int | None
    kinds: str
    words: str
    events: bytes


class MetricSearch(NamedTuple):
    """Samples from id ``first`` to ``last``, both included, of one metric and kind if given; sorted by id, or by metric
    first.
    """

    first: int = 0
    last: int = LARGEST_ID
    metric: str | None = None
    kind: str | None = None
    by_metric: bool = False


class TraceSearch(NamedTuple):
    """Traces from id ``first`` to ``last``, both included, with events of all ``kinds`` and all ``texts`` (lower case)
    somewhere in what they say.
    """

    first: int = 0
    last: int = LARGEST_ID
    kinds: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


class AccountName(Struct, frozen=True):
    """What an account is called, which hardly ever changes: ``kind`` is ``user`` or ``group``."""

    id: int
    login: str
    kind: str


class AccountRow(Struct, frozen=True):
    """An account as the object store knows it: ``kind`` is ``user`` or ``group``, ``seq`` its last change number."""

    id: int
    login: str
    kind: str
    seq: int
    last_id: int
    used_octets: int


class Object(Struct, frozen=True):
    """An object of an account: three change numbers (``prop_seq`` leaves out mere counter changes), ``blob`` a hash."""

    account_id: int
    id: int
    type: int
    created_seq: int
    seq: int
    prop_seq: int
    uid: str | None
    etag: str | None
    blob: bytes | None
    size: int
    created_at: int
    modified_at: int
    data: dict[str, Any] | None


class Changes(Struct, frozen=True):
    """What ``/changes`` answers (RFC 8620 5.2).

    ``new_state`` is the number to go on from; while ``has_more`` it is an intermediate one, to be passed back
    together with ``origin``. ``only_counts``: every updated object changed in its counters only (RFC 8621
    2.2).
    """

    created: tuple[int, ...]
    updated: tuple[int, ...]
    destroyed: tuple[int, ...]
    old_state: int
    new_state: int
    has_more: bool
    only_counts: bool
    origin: int


class Blob(Struct, frozen=True):
    """Stored bytes: their SHA-256, their size, and ``store``: ``db`` or ``file``."""

    hash: bytes
    size: int
    store: str


class BlobLink(Struct, frozen=True):
    """Who holds a blob: an object (``owner_id`` > 0) or an upload (< 0); ``type`` is the media type of an upload,
    ``used`` says that something was made of it.
    """

    account_id: int
    owner_id: int
    expires_at: int | None
    type: str | None
    used: bool = False


class PendingUploads(Struct, frozen=True):
    """How many uploads wait to be used, their octets, and when the first of them expires (None if there is none)."""

    count: int
    size: int
    next_expiry: int | None


class Swept(Struct, frozen=True):
    """How much a sweep removed: expired links, and blobs that nothing had held for the time of grace."""

    links: int
    blobs: int
