"""Values of DNS records, decoded from the octets of a message (RFC 1035 3.3, RFC 2782, RFC 3596, RFC 6698 2.1,
RFC 8659 4.1).

A type without a line in the table at the end keeps its octets: that is how DNSKEY, DS and RRSIG reach the
validator, and where SVCB and HTTPS will find their place. Trust anchors are read here too, from master file
text.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable
from struct import Struct
from typing import Any

from attrs import frozen

from stalwart.codec.dns_names import InvalidName, MalformedName, NameReader, absolute, name_to_wire

TYPES = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "DS": 43,
    "RRSIG": 46,
    "DNSKEY": 48,
    "TLSA": 52,
    "CAA": 257,
}
OPT = 41

IANA_ANCHORS = (
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
"""The keys of the DNS root that IANA publishes: KSK-2017 and KSK-2024."""

_U16 = Struct("!H").unpack_from
_SRV_NUMBERS = Struct("!3H").unpack_from
_SOA_NUMBERS = Struct("!5I").unpack_from
_DS_HEAD = Struct("!HBB").pack


class MalformedRecord(ValueError):
    """The octets are not a record of their type."""


@frozen
class MX:
    """A mail exchange (RFC 1035 3.3.9); ``exchange`` is in lower case with a trailing dot, ``.`` for none."""

    preference: int
    exchange: str


@frozen
class SRV:
    """A host of a service (RFC 2782); ``target`` is in lower case with a trailing dot, ``.`` for none."""

    priority: int
    weight: int
    port: int
    target: str


@frozen
class TLSA:
    """A certificate association (RFC 6698 2.1); the numbers are not checked for being known ones."""

    usage: int
    selector: int
    matching: int
    data: bytes


@frozen
class CAA:
    """Who may issue certificates (RFC 8659 4.1); ``tag`` is in lower case."""

    flags: int
    tag: str
    value: bytes

    @property
    def critical(self) -> bool:
        """Whether an issuer that does not know the tag must refuse."""
        return bool(self.flags & 0x80)


@frozen
class SOA:
    """Start of authority (RFC 1035 3.3.13); ``minimum`` bounds how long a denial may be kept (RFC 2308 4)."""

    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


@frozen
class TrustAnchor:
    """A key that is believed without proof: ``rtype`` is DS or DNSKEY, ``rdata`` its wire form."""

    owner: str
    rtype: str
    rdata: bytes


def decode_record(rtype: int, names: NameReader, wire: bytes, start: int, end: int) -> Any:
    """The value of the record of ``rtype`` whose data are ``wire[start:end]``; octets for a type not known
    here.

    :raises MalformedRecord: cut off, too long, or against the format of the type.
    """
    decoder = _DECODERS.get(rtype)
    if decoder is None:
        return wire[start:end]
    try:
        value, after = decoder(names, wire, start, end)
    except (MalformedName, IndexError, ValueError) as problem:
        raise MalformedRecord(f"a record of type {rtype} is malformed: {problem}") from problem
    if after != end:
        raise MalformedRecord(f"a record of type {rtype} has the wrong length")
    return value


def parse_anchor(text: str) -> TrustAnchor:
    """The anchor in ``[owner [ttl] [IN]] DS|DNSKEY numbers... hex|base64`` (RFC 4034 2.2 and 5.3); root if no
    owner.

    :raises MalformedRecord: the text is nothing of the kind.
    """
    words = text.split()
    kind = next((word.upper() for word in words if word.upper() in ("DS", "DNSKEY")), None)
    if kind is None:
        raise MalformedRecord("A trust anchor is a DS or DNSKEY record in text form.")
    place = [word.upper() for word in words].index(kind)
    data = words[place + 1 :]
    if len(data) < 4:
        raise MalformedRecord(f"The {kind} record of the trust anchor is incomplete.")
    try:
        owner = absolute(words[0]) if place else "."
        name_to_wire(owner)
        numbers = [int(word) for word in data[:3]]
        blob = "".join(data[3:])
        key = bytes.fromhex(blob) if kind == "DS" else base64.b64decode(blob, validate=True)
        return TrustAnchor(owner, kind, _anchor_rdata(numbers, key))
    except (InvalidName, ValueError) as problem:
        raise MalformedRecord(f"The trust anchor is malformed: {problem}.") from problem


def _anchor_rdata(numbers: list[int], key: bytes) -> bytes:
    """DS (tag, algorithm, digest type) and DNSKEY (flags, protocol, algorithm) share their layout."""
    first, second, third = numbers
    if not (0 <= first <= 0xFFFF and 0 <= second <= 0xFF and 0 <= third <= 0xFF):
        raise ValueError("a number is out of range")
    if not key:
        raise ValueError("it has no digest or key")
    return _DS_HEAD(first, second, third) + key


_Decoder = Callable[[NameReader, bytes, int, int], tuple[Any, int]]


def _a(_names: NameReader, wire: bytes, start: int, _end: int) -> tuple[str, int]:
    return f"{wire[start]}.{wire[start + 1]}.{wire[start + 2]}.{wire[start + 3]}", start + 4


def _aaaa(_names: NameReader, wire: bytes, start: int, _end: int) -> tuple[str, int]:
    return str(ipaddress.IPv6Address(wire[start : start + 16])), start + 16


def _name(names: NameReader, _wire: bytes, start: int, _end: int) -> tuple[str, int]:
    return names.read(start)


def _mx(names: NameReader, wire: bytes, start: int, end: int) -> tuple[MX, int]:
    if end < start + 3:
        raise ValueError("it is too short")
    exchange, after = names.read(start + 2)
    return MX(_U16(wire, start)[0], exchange), after


def _srv(names: NameReader, wire: bytes, start: int, end: int) -> tuple[SRV, int]:
    if end < start + 7:
        raise ValueError("it is too short")
    priority, weight, port = _SRV_NUMBERS(wire, start)
    target, after = names.read(start + 6)
    return SRV(priority, weight, port, target), after


def _txt(_names: NameReader, wire: bytes, start: int, end: int) -> tuple[str, int]:
    """The strings joined without a separator, as SPF, DMARC and MTA-STS want them (RFC 7208 3.3)."""
    parts = []
    while start < end:
        after = start + 1 + wire[start]
        parts.append(wire[start + 1 : after])
        start = after
    return b"".join(parts).decode("latin-1"), start


def _soa(names: NameReader, wire: bytes, start: int, end: int) -> tuple[SOA, int]:
    mname, start = names.read(start)
    rname, start = names.read(start)
    if end != start + 20:
        raise ValueError("it has the wrong length")
    return SOA(mname, rname, *_SOA_NUMBERS(wire, start)), end


def _tlsa(_names: NameReader, wire: bytes, start: int, end: int) -> tuple[TLSA, int]:
    if end < start + 3:
        raise ValueError("it is too short")
    return TLSA(wire[start], wire[start + 1], wire[start + 2], wire[start + 3 : end]), end


def _caa(_names: NameReader, wire: bytes, start: int, end: int) -> tuple[CAA, int]:
    if end < start + 2:
        raise ValueError("it is too short")
    value = start + 2 + wire[start + 1]
    tag = wire[start + 2 : value].decode("ascii").lower()
    if value > end or not tag.isalnum():
        raise ValueError("its tag is malformed")  # RFC 8659 4.1
    return CAA(wire[start], tag, wire[value:end]), end


_DECODERS: dict[int, _Decoder] = {
    TYPES["A"]: _a,
    TYPES["NS"]: _name,
    TYPES["CNAME"]: _name,
    TYPES["SOA"]: _soa,
    TYPES["PTR"]: _name,
    TYPES["MX"]: _mx,
    TYPES["TXT"]: _txt,
    TYPES["AAAA"]: _aaaa,
    TYPES["SRV"]: _srv,
    TYPES["TLSA"]: _tlsa,
    TYPES["CAA"]: _caa,
}
