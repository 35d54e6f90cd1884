"""What a place for DNS records offers, its failures, and records as texts and values.

Records are given in presentation form (RFC 1035 5.1) with names that are absolute, dot at the end or not; those of TXT
are the text itself, without quotes, which is cut into strings of 255 octets (RFC 1035 3.3.14). Times are in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from attrs import frozen
from dns.rdtypes.ANY.TXT import TXT

from stalwart.codec.dns_names import InvalidName, absolute, name_to_wire
from stalwart.errors import Invalid, StalwartError

LONGEST_TTL = 0x7FFFFFFF  # RFC 2181 8
MOST_VALUES = 500
_LONGEST_VALUE = 32_768
_STRING = 255
_UNWANTED = ("SOA", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "ANY", "OPT", "TSIG", "TKEY")


class DnsPublisher(Protocol):
    """A place where records are published. ``zone`` None: the closest zone of the place that holds ``name``.

    All raise `DnsUpdateRefused`, and `Invalid` for what is no name, type or record.
    """

    async def publish(self, zone: str | None, name: str, type: str, values: Sequence[str], *, ttl: int) -> None:
        """Replace all records of ``type`` at ``name`` by ``values``; there may be none."""

    async def add(self, zone: str | None, name: str, type: str, value: str, *, ttl: int) -> None:
        """Add one record and keep the others; fine if it is there already."""

    async def remove(self, zone: str | None, name: str, type: str, value: str | None = None) -> None:
        """Remove one record, or all of ``type``; fine if there is none."""

    async def close(self) -> None:
        """Cancel what is under way; nothing can be asked afterwards."""


class DnsUpdateRefused(StalwartError):
    """The records could not be changed. ``temporary``: the same may succeed later."""

    status = 503
    title = "DNS update refused"
    default_detail = "The DNS server did not change the records."

    def __init__(self, detail: str | None = None, *, temporary: bool = False) -> None:
        super().__init__(detail)
        self.temporary = temporary


@frozen
class Times:
    """The times of an x:DnsServer in seconds: the names are those of `wait_until_seen`, and ``ttl``."""

    delay: float
    interval: float
    timeout: float
    ttl: int


def times_of(server: Any) -> Times:
    """What an x:DnsServer, in milliseconds, says."""
    delay = server.propagation_delay or 0
    ttl = max(1, min(server.ttl // 1000, LONGEST_TTL))
    return Times(delay / 1000, server.polling_interval / 1000, server.propagation_timeout / 1000, ttl)


def owner_of(name: str) -> dns.name.Name:
    """``name`` as the library wants it. Raises Invalid."""
    try:
        return dns.name.from_wire(name_to_wire(absolute(name)), 0)[0]
    except (InvalidName, dns.exception.DNSException) as problem:
        raise Invalid(f"{_shown(name)} is no domain name: {problem}") from problem


def shown_name(name: dns.name.Name) -> str:
    """``name`` for people, without the dot at the end."""
    return name.to_text(omit_final_dot=True)


def type_of(type: str) -> dns.rdatatype.RdataType:
    """A type of records that can be published. Raises Invalid."""
    try:
        found = dns.rdatatype.from_text(type)
    except (dns.exception.DNSException, ValueError):
        raise Invalid(f"{_shown(type)} is no type of DNS records.") from None
    if dns.rdatatype.is_metatype(found) or type.upper() in _UNWANTED:
        raise Invalid(f"Records of the type {type.upper()} are the name server's own.")
    return found


def record_of(type: dns.rdatatype.RdataType, value: str) -> dns.rdata.Rdata:
    """The record that a text stands for. Raises Invalid."""
    if len(value) > _LONGEST_VALUE:
        raise Invalid(f"The {dns.rdatatype.to_text(type)} record is too long.")
    if type == dns.rdatatype.TXT:
        return text_record(value.encode())
    try:
        return dns.rdata.from_text(dns.rdataclass.IN, type, value, dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as problem:
        kind = dns.rdatatype.to_text(type)
        raise Invalid(f"{_shown(value)} is no {kind} record: {_shown(str(problem))}.") from problem


def records_of(type: dns.rdatatype.RdataType, values: Sequence[str]) -> list[dns.rdata.Rdata]:
    """The records, each once. Raises Invalid."""
    if len(values) > MOST_VALUES:
        raise Invalid(f"More than {MOST_VALUES} records cannot be published at one name.")
    return list(dict.fromkeys(record_of(type, value) for value in values))


def text_record(octets: bytes) -> dns.rdata.Rdata:
    """A TXT record with strings that are as long as they may be (RFC 1035 3.3)."""
    strings = [octets[start : start + _STRING] for start in range(0, len(octets), _STRING)]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings or [b""])


def ttl_of(ttl: int) -> int:
    """A time to live. Raises Invalid."""
    if not 0 <= ttl <= LONGEST_TTL:
        raise Invalid(f"The time to live is not between 0 and {LONGEST_TTL} seconds.")
    return ttl


def _shown(text: str) -> str:
    return repr(text[:100])
