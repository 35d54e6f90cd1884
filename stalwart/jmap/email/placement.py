"""Where an e-mail is put and how it is marked: ``mailboxIds``, ``keywords`` and ``receivedAt`` (RFC 8621 4.1.1).

Email/set, import and copy read the three alike. Whether the mailboxes exist is for the store to say; ``placing``
translates what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.errors import DanglingReference
from stalwart.jmap.email.keywords import check_number, read_keyword
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.dates import UTCDate
from stalwart.jmap.standard.patch import pointer_of
from stalwart.jmap.standard.scalars import Unfit
from stalwart.store.store import Transaction

CreatedIds = Mapping[str, str]

_MOST_MEMBERS = 10_000  # of a map, be they true or not


@frozen
class Placement:
    """``keywords`` and ``received_at`` (seconds) are None where the client leaves them to the server."""

    mailboxes: frozenset[int]
    keywords: frozenset[str] | None = None
    received_at: int | None = None


def read_placement(given: Mapping[str, Any], created_ids: CreatedIds) -> Placement:
    """From the members of an object; raises ``SetRefused``."""
    keywords = given.get("keywords")
    received_at = given.get("receivedAt")
    return Placement(
        read_mailboxes(given.get("mailboxIds"), created_ids),
        None if keywords is None else read_keywords(keywords),
        None if received_at is None else read_received_at(received_at),
    )


def read_mailboxes(value: Any, created_ids: CreatedIds) -> frozenset[int]:
    """A whole ``mailboxIds``; raises ``SetRefused``."""
    if not isinstance(value, dict):
        missing = "must be given" if value is None else "must be an object"
        raise refused("mailboxIds", missing)
    if len(value) > _MOST_MEMBERS:
        raise SetRefused("tooManyMailboxes", f"At most {_MOST_MEMBERS} mailboxes can be named.")
    found = frozenset(read_mailbox(key, created_ids) for key, there in value.items() if _flag("mailboxIds", key, there))
    if not found:
        raise refused("mailboxIds", "must name at least one mailbox")
    return found


def read_mailbox(key: str, created_ids: CreatedIds) -> int:
    """The number of the mailbox that a key of ``mailboxIds`` names; raises ``SetRefused``."""
    id = created_ids.get(key[1:]) if key.startswith("#") else key
    number = number_of(id) if id is not None else None
    if number is None:
        raise refused(pointer_of(("mailboxIds", key)), "names no mailbox of this account")
    return number


def read_keywords(value: Any) -> frozenset[str]:
    """A whole ``keywords``; raises ``SetRefused``."""
    if not isinstance(value, dict):
        raise refused("keywords", "must be an object")
    if len(value) > _MOST_MEMBERS:
        check_number(value)
    found = frozenset(read_mark(key) for key, there in value.items() if _flag("keywords", key, there))
    check_number(found)
    return found


def read_mark(key: str) -> str:
    """A key of ``keywords``; raises ``SetRefused``."""
    try:
        return read_keyword(key)
    except Unfit as problem:
        raise refused(pointer_of(("keywords", key)), problem.rule) from None


def read_received_at(value: Any) -> int:
    """``receivedAt`` in seconds; raises ``SetRefused``."""
    try:
        text = UTCDate().read(value)
    except Unfit as problem:
        raise refused("receivedAt", problem.rule) from None
    return int(datetime.fromisoformat(text).timestamp())


def _flag(name: str, key: str, value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        raise refused(pointer_of((name, key)), "must be true")
    return bool(value)


def refused(path: str, rule: str) -> SetRefused:
    """``invalidProperties`` for one property or a place in one."""
    return SetRefused("invalidProperties", f'"{path[:255]}" {rule}.', (path,))


def missing_mailboxes(tx: Transaction, account_id: int, sight: Sight, wanted: Iterable[Placement]) -> frozenset[int]:
    """Those that placements name and an account does not have, as far as who asks may know."""
    named = frozenset[int]().union(*(each.mailboxes for each in wanted))
    return named - sight.known(tx.mail.mailboxes.many(account_id, named))


@contextmanager
def placing() -> Iterator[None]:
    """Around what puts an e-mail into mailboxes: one that does not exist is ``invalidProperties``."""
    try:
        yield
    except DanglingReference as problem:
        raise no_mailbox(problem.target[1]) from None


def no_mailbox(number: int) -> SetRefused:
    """What is said of a mailbox that does not exist."""
    text = f'There is no mailbox with the id "{encode_id(number)}".'
    return SetRefused("invalidProperties", text, ("mailboxIds",))
