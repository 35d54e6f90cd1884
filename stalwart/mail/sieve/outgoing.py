"""What leaves because of a script: redirected messages, vacation responses, notes about what was refused.

A message that was redirected from here before is kept instead, so that two accounts that redirect to each other send
nothing in a circle.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import evolve, field, frozen

from stalwart.codec.sieve.actions import Filing, Verdict
from stalwart.codec.sieve.answering import Person, Stamp, answer_to, memory_key, refused, silence
from stalwart.codec.sieve.message import Message
from stalwart.codec.sieve.world import REDIRECTED_BY

LEAST_SECONDS: Final = 60
MOST_SECONDS: Final = 90 * 86_400
"""For how long somebody may be remembered as answered (RFC 5230 4.1)."""

_RETURN_PATH = re.compile(rb"(?im)^return-path[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*")


@frozen
class Response:
    """A vacation response, for whom it is, and for how long there is no second one."""

    content: bytes
    sender: str
    author: str
    key: bytes
    seconds: int


@frozen
class Redirected:
    """What goes on to ``addresses``: ``front``, then ``content``, or else the message that came but for its first
    ``skip`` octets.
    """

    addresses: tuple[str, ...]
    front: bytes
    is_ascii: bool
    content: bytes | None = None
    skip: int = 0


@frozen
class Written:
    """``redirected`` are messages that go on; ``refusal`` tells the sender of a refused one, if he can be told."""

    redirected: tuple[Redirected, ...] = ()
    response: Response | None = None
    refusal: bytes | None = field(default=None)
    author: str = ""


def written(
    message: Message, verdict: Verdict, person: Person, stamp: Stamp, usual: tuple[str, str], remembered: int
) -> tuple[Verdict, Written]:
    """What is to be sent, and the verdict without what cannot be. ``usual`` is as in ``answering.answer_to``;
    ``remembered`` are the seconds for which somebody who was answered gets no second response, if nothing says it.
    """
    if not person.addresses:
        return evolve(verdict, redirections=(), answer=None, filings=verdict.filings or _instead(verdict)), Written()
    author = person.addresses[0]
    away = tuple(each for each in verdict.redirections if not _is_own(each.address, person))
    if len(away) < len(verdict.redirections):  # to oneself is to keep it
        verdict = evolve(verdict, redirections=away, filings=verdict.filings or (Filing(),))
    if verdict.redirections and _is_back(message, person):
        verdict = evolve(verdict, redirections=(), filings=verdict.filings or (Filing(),))
    refusal = None
    if verdict.refusal is not None and silence(message, _own(message, person)) is None:
        refusal = refused(message, verdict.refusal.reason, person, stamp)
    response = _response(message, verdict, person, stamp, usual, remembered)
    return verdict, Written(_redirected(message, verdict, author), response, refusal, author)


def _instead(verdict: Verdict) -> tuple[Filing, ...]:
    return (Filing(),) if verdict.redirections else ()


def _is_back(message: Message, person: Person) -> bool:
    """Whether one of the own addresses has redirected it already."""
    own = {address.lower() for address in person.addresses}
    return any(each.lower() in own for each in message.texts([REDIRECTED_BY]))


def _own(message: Message, person: Person) -> tuple[str, ...]:
    """The own addresses, with the one of the envelope if it is one of them with a detail (RFC 5233)."""
    recipient = message.envelope.recipient
    return (*person.addresses, recipient) if _is_own(recipient, person) else person.addresses


def _is_own(address: str, person: Person) -> bool:
    """Whether it is one of theirs, with a detail or without."""
    local, _, domain = address.lower().rpartition("@")
    names = (f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}")
    return any(each.lower() in names for each in person.addresses)


def _redirected(message: Message, verdict: Verdict, author: str) -> tuple[Redirected, ...]:
    """Each header once, with all who get it so. The Return-Path is left out: the last server writes it, which is
    another one now (RFC 5321 4.4).
    """
    by_version: dict[int, list[str]] = {}
    for each in verdict.redirections:
        by_version.setdefault(each.version, []).append(each.address)
    mark = f"{REDIRECTED_BY}: {author}\r\n".encode()
    found = []
    for version, addresses in by_version.items():
        if version == 0:
            begin = _RETURN_PATH.match(message.data)
            skip = begin.end() if begin is not None else 0
            found.append(Redirected(tuple(addresses), mark, message.data.isascii(), skip=skip))
        else:
            content = message.with_head(_RETURN_PATH.sub(b"", verdict.heads[version - 1]))
            found.append(Redirected(tuple(addresses), mark, content.isascii(), content))
    return tuple(found)


def _response(
    message: Message, verdict: Verdict, person: Person, stamp: Stamp, usual: tuple[str, str], remembered: int
) -> Response | None:
    answer = verdict.answer
    if answer is None or silence(message, (*_own(message, person), *answer.addresses)) is not None:
        return None
    try:
        content = answer_to(message, answer, person, stamp, usual)
    except ValueError:
        return None
    sender = message.envelope.sender
    seconds = remembered if answer.seconds is None else answer.seconds
    seconds = min(max(seconds, LEAST_SECONDS), MOST_SECONDS)
    author = next((each for each in person.addresses if answer.sender and each in answer.sender), person.addresses[0])
    return Response(content, sender, author, memory_key(answer, sender), seconds)
