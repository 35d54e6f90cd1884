"""The values of the queue: letters, their recipients, lanes. Times are whole seconds since 1970."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

WAITING: Final = 0
DELIVERED: Final = 1
FAILED: Final = 2


class Answer(Struct, frozen=True, omit_defaults=True):
    """What came of the last attempt: the reply of a host, or ``error`` (one of x:QueuedMessage's ``DeliveryErrorType``)
    and words about it. All empty: not tried yet.
    """

    error: str = ""
    message: str = ""
    hostname: str = ""
    code: int | None = None
    enhanced: str | None = None
    text: str = ""
    command: str = ""


class QueuedRecipient(Struct, frozen=True):
    """Somebody who is to get a letter. ``number`` tells the recipients of a letter apart; ``state`` is WAITING,
    DELIVERED or FAILED. ``notice_at`` is when the sender hears of a delay next; ``attempts_left`` None is any number.
    """

    letter_id: int
    number: int
    address: str
    lane: int
    queue: str
    destination: str
    state: int
    due: int
    attempts: int
    notice_at: int | None
    notices: int
    expires_at: int
    attempts_left: int | None
    orcpt: str | None
    notify: tuple[str, ...]
    answer: Answer


class QueuedLetter(Struct, frozen=True):
    """A letter in the queue; see ``mail.queue.letter``. ``blob`` is the hash of its content; ``tried``: it cannot be
    taken back any more.
    """

    id: int
    created_at: int
    blob: bytes
    size: int
    return_path: str
    source: str
    account_id: int | None
    tenant_id: int | None
    submission_id: int | None
    priority: int
    env_id: str | None
    ret: str | None
    received_ip: str
    received_port: int
    role: str
    smtputf8: bool
    body: str
    require_tls: bool
    dmarc_pass: bool
    reports_failure: bool
    counted: tuple[str, ...]
    tried: bool = False
    recipients: tuple[QueuedRecipient, ...] = ()


class NewRecipient(Struct, frozen=True):
    """A recipient to be added; ``queue`` and ``destination`` name its lane."""

    address: str
    queue: str
    destination: str
    due: int
    expires_at: int
    notice_at: int | None = None
    attempts_left: int | None = None
    orcpt: str | None = None
    notify: tuple[str, ...] = ()


class Settled(Struct, frozen=True):
    """What a recipient is from now on; ``queue`` None leaves it where it is."""

    number: int
    state: int
    due: int
    attempts: int
    answer: Answer
    notice_at: int | None
    notices: int
    expires_at: int
    attempts_left: int | None
    queue: str | None = None


class LaneRow(Struct, frozen=True):
    """What waits for one destination in one part of the queue. It rests until ``rests_until``, after ``failures``
    attempts in a row that did not reach it, the last of which gave ``answer``. Nothing is due before ``due``.
    """

    id: int
    queue: str
    destination: str
    due: int
    waiting: int
    rests_until: int
    failures: int
    answer: Answer


class LetterSearch(Struct, frozen=True):
    """Which letters: all conditions hold. ``due`` are pairs of comparison and time; ``tenant_id`` None: of all."""

    text: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    return_path: str | None = None
    queue: str | None = None
    due: tuple[tuple[str, int], ...] = ()
    tenant_id: int | None = None


def answer_of(data: Any) -> Answer:
    """An answer as it was stored."""
    return Answer(**data)
