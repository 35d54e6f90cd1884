"""DNS messages: the query that a stub sends and the reply that it reads (RFC 1035 4.1, RFC 6891, RFC 3225).

Pure: octets in, values out. A reply is taken only if id and question are those of the query; the letters of
the question are sent in random case, so a reply that repeats them was not guessed. Sections are read strictly
and with bounded work; record data are decoded on demand. Leaves out everything that a server or a zone
transfer would need.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, IntEnum
from struct import Struct
from typing import Any

from attrs import frozen

from stalwart.codec.dns_names import MalformedName, NameReader, name_to_wire
from stalwart.codec.dns_records import OPT, decode_record

PAYLOAD = 1232  # octets of a datagram that no path fragments (DNS flag day 2020)

_HEADER = Struct("!6H")
_QUESTION_TAIL = Struct("!2H")
_RECORD_HEAD = Struct("!HHIH")
_OPT_RECORD = Struct("!BHHIH")
_IN = 1
_RESPONSE, _OPCODE, _TRUNCATED = 0x8000, 0x7800, 0x0200
_RECURSION_DESIRED, _RECURSION_AVAILABLE, _AUTHORITATIVE = 0x0100, 0x0080, 0x0400
_AUTHENTIC, _CHECKING_DISABLED = 0x0020, 0x0010
_DNSSEC_OK = 0x8000


class Rcode(IntEnum):
    """Response codes that matter to a stub (RFC 1035 4.1.1, RFC 6891 9)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16


class Match(Enum):
    """How far a reply belongs to a query: not at all, but for the case of the letters, or fully."""

    NO = 0
    CASE_DIFFERS = 1
    FULL = 2


class MalformedMessage(ValueError):
    """The octets are not a DNS reply."""


@frozen
class Query:
    """A query as it is sent; ``question`` is the part that a reply must repeat."""

    wire: bytes
    question: bytes

    def match(self, reply: bytes) -> Match:
        """Whether ``reply`` answers this query; its source is for the caller to check (RFC 5452 9.1)."""
        if len(reply) < _HEADER.size or reply[:2] != self.wire[:2]:
            return Match.NO
        _id, flags, questions = _HEADER.unpack_from(reply)[:3]
        if not flags & _RESPONSE or flags & _OPCODE:
            return Match.NO
        if questions == 0 and flags & 0xF in (Rcode.FORMERR, Rcode.NOTIMP):
            return Match.FULL  # servers that do not know EDNS may answer with nothing but the header
        repeated = reply[_HEADER.size : _HEADER.size + len(self.question)]
        if questions != 1 or len(repeated) < len(self.question):
            return Match.NO
        if repeated == self.question:
            return Match.FULL
        return Match.CASE_DIFFERS if repeated.lower() == self.question.lower() else Match.NO


def make_query(
    name: str, rtype: int, bits: Callable[[int], int], *, edns: bool = True, checking_disabled: bool = False
) -> Query:
    """The query for an absolute name; ``bits(n)`` gives n unpredictable bits for the id and the case of
    letters.

    With ``edns`` it asks for signatures (DO); always for the judgement of the resolver (AD, RFC 6840 5.7).

    :raises InvalidName: DNS cannot hold the name.
    """
    question = _mixed_case(name_to_wire(name), bits) + _QUESTION_TAIL.pack(rtype, _IN)
    flags = _RECURSION_DESIRED | _AUTHENTIC | (_CHECKING_DISABLED if checking_disabled else 0)
    wire = _HEADER.pack(bits(16), flags, 1, 0, 0, 1 if edns else 0) + question
    if edns:
        wire += _OPT_RECORD.pack(0, OPT, PAYLOAD, _DNSSEC_OK, 0)
    return Query(wire, question)


@frozen
class Resource:
    """One record of a reply: owner in presentation form and where its data are."""

    owner: str
    rtype: int
    ttl: int
    start: int
    end: int


@frozen(eq=False)
class Reply:
    """A decoded reply. ``rcode`` includes the upper bits of the OPT record."""

    wire: bytes
    flags: int
    rcode: int
    answers: tuple[Resource, ...]
    authority: tuple[Resource, ...]
    _names: NameReader

    @property
    def authentic(self) -> bool:
        """The AD bit: the answering server says that it validated everything (RFC 4035 3.2.3)."""
        return bool(self.flags & _AUTHENTIC)

    @property
    def recursive(self) -> bool:
        """Whether the server looks names up for others."""
        return bool(self.flags & _RECURSION_AVAILABLE)

    @property
    def authoritative(self) -> bool:
        """Whether the server speaks for the zone itself."""
        return bool(self.flags & _AUTHORITATIVE)

    def value(self, resource: Resource) -> Any:
        """The decoded data of one of the records.

        :raises MalformedRecord: they are not what the type wants.
        """
        return decode_record(resource.rtype, self._names, self.wire, resource.start, resource.end)


def is_truncated(wire: bytes) -> bool:
    """Whether the TC bit is set in a message that has a header."""
    return bool(wire[2] << 8 & _TRUNCATED)


def read_reply(wire: bytes) -> Reply:
    """The reply in ``wire``, which has been matched with its query already.

    :raises MalformedMessage: cut off, loops, or counts that the octets do not bear out.
    """
    if len(wire) < _HEADER.size:
        raise MalformedMessage("shorter than a header")
    _id, flags, questions, answers, authority, additional = _HEADER.unpack_from(wire)
    sections = _Sections(wire)
    try:
        sections.skip_questions(questions)
        found = sections.records(answers)
        denied = sections.records(authority)
        extended = sections.extended_rcode(additional)
    except (MalformedName, IndexError) as problem:
        raise MalformedMessage(str(problem)) from problem
    return Reply(wire, flags, (flags & 0xF) | extended << 4, found, denied, sections.names)


class _Sections:
    """Walks the sections of a message in order."""

    def __init__(self, wire: bytes) -> None:
        self.names = NameReader(wire)
        self._wire = wire
        self._position = _HEADER.size

    def skip_questions(self, count: int) -> None:
        if count > 1:
            raise MalformedMessage("more than one question")
        for _ in range(count):
            _name, self._position = self.names.read(self._position)
            self._position += _QUESTION_TAIL.size

    def records(self, count: int) -> tuple[Resource, ...]:
        """The records of class IN of the next section."""
        found = []
        for _ in range(count):
            rclass, resource = self._next()
            if rclass == _IN:
                found.append(resource)
        return tuple(found)

    def extended_rcode(self, count: int) -> int:
        """The upper eight bits of the response code in the OPT record of the last section, 0 without one."""
        options = []
        for _ in range(count):
            _rclass, resource = self._next(bound_ttl=False)
            if resource.rtype == OPT:
                options.append(resource)
        if len(options) > 1:
            raise MalformedMessage("more than one OPT record")  # RFC 6891 6.1.1
        return options[0].ttl >> 24 if options else 0

    def _next(self, bound_ttl: bool = True) -> tuple[int, Resource]:
        owner, position = self.names.read(self._position)
        start = position + _RECORD_HEAD.size
        if start > len(self._wire):
            raise MalformedMessage("a record is cut off")
        rtype, rclass, ttl, length = _RECORD_HEAD.unpack_from(self._wire, position)
        self._position = start + length
        if self._position > len(self._wire):
            raise MalformedMessage("a record is cut off")
        if bound_ttl and ttl > 0x7FFFFFFF:
            ttl = 0  # RFC 2181 8
        return rclass, Resource(owner, rtype, ttl, start, start + length)


def _mixed_case(name: bytes, bits: Callable[[int], int]) -> bytes:
    """``name`` with each letter in random case; length octets (63 at most) are no letters, so they stay."""
    noise = bits(len(name))
    return bytes(
        octet ^ 0x20 if noise >> place & 1 and 65 <= octet & 0xDF <= 90 else octet for place, octet in enumerate(name)
    )
