"""DNS records as texts and as the values that dnspython wants: for those who send them, so it is loaded with them.

Texts are those of ``dns_publisher``; TXT is cut into strings of 255 octets (RFC 1035 3.3.14).
"""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT

from stalwart.codec.dns_names import InvalidName, absolute, name_to_wire
from stalwart.errors import Invalid

MOST_VALUES = 500
_LONGEST_VALUE = 32_768
_STRING = 255
_UNWANTED = ("SOA", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "ANY", "OPT", "TSIG", "TKEY")


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


def _shown(text: str) -> str:
    return repr(text[:100])
