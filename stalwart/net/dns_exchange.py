"""One question put to one name server, with the ways round what a server cannot do.

A query without EDNS follows where EDNS is not known (RFC 6891 7), a stream where a reply does not fit a
datagram (RFC 7766 5) or may be forged, and the same question with checking disabled where validation fails
(RFC 4035 5.5). Choosing and timing servers is the business of ``net.dns``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from stalwart.codec.dns_records import MalformedRecord
from stalwart.net.dns_answers import (
    QUERY_REFUSED,
    SERVER_FAILURE,
    VALIDATION_FAILED,
    Denied,
    Elsewhere,
    Found,
    Kind,
    Lame,
    LookupFailed,
    read_answer,
)
from stalwart.net.dns_message import (
    MalformedMessage,
    Match,
    Query,
    Rcode,
    Reply,
    is_truncated,
    make_query,
    read_reply,
)
from stalwart.net.dns_transport import NameServer, Unreachable

_LAME = "DNS resolution error: the name server neither answers nor looks names up for others"
_RCODE_TEXTS: dict[int, str] = {
    Rcode.FORMERR: "Form Error",
    Rcode.NOTIMP: "Not Implemented",
    Rcode.BADVERS: "Bad OPT Version",
}


@frozen
class Answered:
    """What a server said, and the reading of it: a failure if it is final, whatever other servers say."""

    reply: Reply
    reading: Found | Elsewhere | Denied | LookupFailed
    trusted: bool


@frozen
class Question:
    """What is asked: an absolute name, a type number, the CD bit, and the names that aliases led through."""

    name: str
    rtype: int
    checking_disabled: bool
    seen: frozenset[str]


class Unanswered(Exception):
    """This server, this time, gave nothing that can be used. ``settled``: asking it again is pointless."""

    def __init__(self, kind: Kind, reason: str, settled: bool = False) -> None:
        super().__init__(reason)
        self.kind: Kind = kind
        self.reason = reason
        self.settled = settled


class Exchanges:
    """Asks servers over ``transport``; ``bits`` makes queries unpredictable.

    ``tcp_on_error``: a reply that cannot be read is fetched again over TCP.
    """

    def __init__(self, transport: Any, bits: Callable[[int], int], *, edns: bool, tcp_on_error: bool) -> None:
        self._transport = transport
        self._bits = bits
        self._edns = edns
        self._tcp_on_error = tcp_on_error

    async def ask(self, server: NameServer, question: Question, stream: bool) -> Answered:
        """What ``server`` says, asked over a stream if ``stream``.

        :raises Unanswered: nothing of use. There is no time-out in here.
        """
        try:
            reply = await self._exchange(server, question, stream)
            if reply.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):
                return Answered(reply, _read(reply, question), server.trusted)
            if reply.rcode == Rcode.SERVFAIL and server.trusted and not question.checking_disabled:
                return await self._suspect(server, question, stream, reply)
        except Unreachable as problem:
            raise Unanswered("error", f"DNS resolution error: {problem}") from problem
        except (MalformedMessage, MalformedRecord) as problem:
            raise Unanswered("malformed", f"DNS resolution error: malformed answer: {problem}") from problem
        except Lame as problem:
            raise Unanswered("error", _LAME, settled=True) from problem
        raise _refusal(reply.rcode)

    async def _suspect(self, server: NameServer, question: Question, stream: bool, failed: Reply) -> Answered:
        """RFC 4035 3.2.2 and 5.5: a validating server fails for what it can find but not believe."""
        unchecked = Question(question.name, question.rtype, True, question.seen)
        try:
            found = await self._exchange(server, unchecked, stream)
        except (Unreachable, MalformedMessage) as problem:
            raise _refusal(failed.rcode) from problem
        if found.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):
            return Answered(failed, LookupFailed("bogus", VALIDATION_FAILED), True)
        raise _refusal(failed.rcode)

    async def _exchange(self, server: NameServer, question: Question, stream: bool) -> Reply:
        reply = await self._send(server, question, stream, self._edns)
        if self._edns and reply.rcode in (Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS):
            return await self._send(server, question, stream, False)  # RFC 6891 7
        return reply

    async def _send(self, server: NameServer, question: Question, stream: bool, edns: bool) -> Reply:
        query = make_query(
            question.name, question.rtype, self._bits, edns=edns, checking_disabled=question.checking_disabled
        )
        if not stream:
            reply = await self._from_datagram(server, query)
            if reply is not None:
                return reply
        return read_reply(await self._transport.stream(server, query))

    async def _from_datagram(self, server: NameServer, query: Query) -> Reply | None:
        """The reply in a datagram; ``None`` if a stream has to bring it: cut off (RFC 7766 5), or perhaps
        forged.
        """
        wire = await self._transport.datagram(server, query)
        if is_truncated(wire) or query.match(wire) is not Match.FULL:
            return None
        try:
            return read_reply(wire)
        except MalformedMessage:
            if self._tcp_on_error:
                return None
            raise


def _read(reply: Reply, question: Question) -> Found | Elsewhere | Denied | LookupFailed:
    try:
        return read_answer(reply, question.name, question.rtype, question.seen)
    except LookupFailed as failure:
        return failure


def _refusal(rcode: int) -> Unanswered:
    if rcode == Rcode.SERVFAIL:
        return Unanswered("servfail", SERVER_FAILURE, settled=True)
    if rcode == Rcode.REFUSED:
        return Unanswered("refused", QUERY_REFUSED, settled=True)
    text = _RCODE_TEXTS.get(rcode, f"Unknown response code {rcode}")
    return Unanswered("error", f"DNS resolution error: DNS error: error response: {text}", settled=True)
