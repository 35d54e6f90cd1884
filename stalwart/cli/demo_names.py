"""The name server of the demo hosts: answers from one dictionary over UDP and TCP and vouches for it with the
AD bit.

It plays the validating resolver on loopback that a mail server asks (RFC 4035 3.2.3), so nothing is signed.
Unknown names below its zones do not exist, everything else is refused. Zone transfers, updates and reverse
names are left out.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.protocols.basic import Int16StringReceiver

Records = Mapping[tuple[str, str], Sequence[str]]
"""``(name without trailing dot, type)`` to record texts as in a zone file."""

TTL = 60
LARGEST_DATAGRAM = 1232


class Zone:
    """All records at and below the names ``origins``."""

    def __init__(self, origins: Sequence[str], records: Records) -> None:
        self._origins = [dns.name.from_text(origin) for origin in origins]
        self._sets = {
            (dns.name.from_text(name), kind): dns.rrset.from_text(name + ".", TTL, "IN", kind, *texts)
            for (name, kind), texts in records.items()
        }
        self._names = {name for name, _kind in self._sets}

    def answer(self, question: bytes, largest: int) -> bytes | None:
        """The answer to ``question`` in at most ``largest`` bytes; ``None`` if it cannot be read."""
        try:
            query = dns.message.from_wire(question)
        except (dns.exception.DNSException, struct.error):
            return None
        if len(query.question) != 1 or query.flags & dns.flags.QR:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        asked = query.question[0]
        found = self._sets.get((asked.name, dns.rdatatype.to_text(asked.rdtype)))
        if not any(asked.name.is_subdomain(origin) for origin in self._origins):
            response.set_rcode(dns.rcode.REFUSED)
        elif found is not None:
            response.answer.append(found)
        elif not any(name.is_subdomain(asked.name) for name in self._names):
            response.set_rcode(dns.rcode.NXDOMAIN)
        response.flags |= dns.flags.AD
        try:
            return response.to_wire(max_size=largest)
        except dns.exception.TooBig:
            response.answer.clear()
            response.flags |= dns.flags.TC
            return response.to_wire()


class Datagrams(DatagramProtocol):
    """DNS over UDP (RFC 1035 4.2.1)."""

    transport: Any

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        """Answer, or stay silent where there is no question."""
        answer = self._zone.answer(datagram, LARGEST_DATAGRAM)
        if answer is not None and self.transport is not None:
            self.transport.write(answer, addr)


class Stream(Int16StringReceiver):
    """DNS over TCP (RFC 1035 4.2.2)."""

    transport: Any

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def stringReceived(self, string: bytes) -> None:
        """Answer, or close where there is no question."""
        answer = self._zone.answer(string, 65535)
        if answer is None:
            self.transport.loseConnection()
        else:
            self.sendString(answer)


class Streams(Factory):
    """Makes ``Stream`` and keeps nothing."""

    noisy = False

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def buildProtocol(self, addr: Any) -> Stream:
        """One connection."""
        return Stream(self._zone)
