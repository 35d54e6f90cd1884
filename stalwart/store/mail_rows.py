"""The values of the mail repository: mailboxes, e-mails, pages of lists, and the conditions of searches.

Times are whole seconds since the epoch, ids are numbers. Keywords come in the lower case that they are kept in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct

SEEN: Final = 1
FLAGGED: Final = 2
DRAFT: Final = 4
ANSWERED: Final = 8

FLAGS: Final[Mapping[str, int]] = {"$seen": SEEN, "$flagged": FLAGGED, "$draft": DRAFT, "$answered": ANSWERED}
"""The keywords that are bits as well, so that lists are filtered by an index."""

TRASH: Final = "trash"
"""The role whose mailbox is left out of, and apart in, the counts of unread threads (RFC 8621 2)."""

Shown = Literal["unread", "flagged"]
"""What a list may be narrowed to: e-mails without ``$seen``, e-mails with ``$flagged``."""


class MailboxRow(Struct, frozen=True):
    """A mailbox: ``name_key`` is what siblings must differ in, ``seq`` the last change number of what is in it."""

    id: int
    parent_id: int | None
    name: str
    name_key: str
    role: str | None
    sort_order: int
    uidvalidity: int
    uidnext: int
    seq: int
    total: int
    unread: int
    total_threads: int
    unread_threads: int
    data: dict[str, Any] | None


class NewEmail(Struct, frozen=True, kw_only=True):
    """An e-mail to be stored, all that is known of its message included.

    ``references`` are hashes of its own message id and of those that it answers, ``subject_hash`` that of its subject
    without decoration, 63 bits each. ``fragment`` is a JSON object of properties that never change; ``parts`` says
    where the parts of the message are, in a form that is the caller's. The caller limits them all.
    """

    blob: bytes
    size: int
    received_at: int
    mailboxes: frozenset[int]
    keywords: frozenset[str] = frozenset()
    sent_at: int | None = None
    has_attachment: bool = False
    from_key: str = ""
    to_key: str = ""
    subject_key: str = ""
    subject_hash: int = 0
    references: frozenset[int] = frozenset()
    fragment: bytes = b"{}"
    parts: bytes = b""


class AddedEmail(Struct, frozen=True):
    """Where an e-mail went. ``moved`` are e-mails of other threads that now belong to its thread: (old id, new id).

    ``duplicate``: it was there before, and nothing was added.
    """

    id: int
    thread_id: int
    moved: tuple[tuple[int, int], ...] = ()
    duplicate: bool = False


class EmailRow(Struct, frozen=True):
    """What lists show of an e-mail: ``mailboxes``, ``keywords`` and ``fragment`` are JSON objects, ready to be sent.

    ``parts`` is None where it was not asked for.
    """

    id: int
    thread_id: int
    blob: bytes
    size: int
    received_at: int
    flags: int
    mailboxes: str
    keywords: str
    fragment: bytes
    parts: bytes | None


class EmailPage(Struct, frozen=True):
    """A piece of a list: the ids from ``position`` on; ``total`` is None where it was not asked for."""

    ids: tuple[int, ...]
    position: int
    total: int | None


class ListChanges(Struct, frozen=True):
    """How the list of a mailbox changed (RFC 8620 5.6): ids that left it, (index, id) that came, lowest index first.

    ``too_many`` says that there are more than were asked for; the rest is empty then.
    """

    removed: tuple[int, ...]
    added: tuple[tuple[int, int], ...]
    new_state: int
    total: int
    too_many: bool = False


class Miscount(NamedTuple):
    """A counter of a mailbox that was not what it should have been."""

    mailbox_id: int
    counter: str
    stored: int
    counted: int


class Recounted(Struct, frozen=True):
    """What was put right: counters of mailboxes, and how many rows about threads in mailboxes."""

    mailboxes: tuple[Miscount, ...]
    threads: int


Test = Literal[
    "in_mailbox",
    "in_mailbox_other_than",
    "before",
    "after",
    "min_size",
    "max_size",
    "has_keyword",
    "not_keyword",
    "all_in_thread_have_keyword",
    "some_in_thread_have_keyword",
    "none_in_thread_have_keyword",
    "has_attachment",
    "among",
]


class Condition(NamedTuple):
    """One condition of RFC 8621 4.4.1. ``among`` takes the ids that another search has found."""

    test: Test
    value: int | str | bool | frozenset[int]


class Combined(NamedTuple):
    """Conditions for all of which (AND), one of which (OR) or none of which (NOT) must hold."""

    operator: Literal["AND", "OR", "NOT"]
    filters: tuple[Filter, ...]


Filter: TypeAlias = Condition | Combined

SortKey = Literal[
    "received_at",
    "sent_at",
    "size",
    "from",
    "to",
    "subject",
    "has_keyword",
    "all_in_thread_have_keyword",
    "some_in_thread_have_keyword",
]


class Sort(NamedTuple):
    """One key to sort by (RFC 8621 4.4.2); ``keyword`` for those that are about one."""

    key: SortKey
    ascending: bool = False
    keyword: str = ""
