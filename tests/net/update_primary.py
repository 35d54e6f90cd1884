"""A primary name server in memory that takes signed updates: what stands in for ``net.dns_transport`` in tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
from twisted.internet.defer import Deferred, fail, succeed

from stalwart.net.dns_tsig import SharedKey

Key = tuple[str, str]


class Primary:
    """Serves ``zones`` (names without the last dot); ``records`` has texts and time to live by name and type.

    Switches: ``silent`` (datagrams that get no answer; -1: nothing does), ``truncate`` (over UDP), ``says`` (an RCODE
    instead of doing anything), ``sign`` (False: no signatures), ``broken`` (no connection). ``seen`` lists ``udp`` or
    ``tcp`` and the size of what came.
    """

    def __init__(self, key: SharedKey, zones: Sequence[str] = ("example.test",)) -> None:
        self.key = key
        self.zones = [dns.name.from_text(zone) for zone in zones]
        self.delegated: list[dns.name.Name] = []
        self.records: dict[Key, dict[str, int]] = {}
        self.silent = 0
        self.truncate = self.broken = False
        self.sign = True
        self.says: str | None = None
        self.seen: list[tuple[str, int]] = []
        self.waiting: list[Deferred[bytes]] = []

    def at(self, name: str, type: str = "TXT") -> dict[str, int]:
        """Texts and time to live of the records."""
        return self.records.get((name, type), {})

    def datagram(self, server: Any, query: Any) -> Deferred[bytes]:
        """As ``Transport``."""
        return self._exchange("udp", query)

    def stream(self, server: Any, query: Any) -> Deferred[bytes]:
        """As ``Transport``."""
        return self._exchange("tcp", query)

    def _exchange(self, over: str, query: Any) -> Deferred[bytes]:
        from stalwart.net.dns_transport import Unreachable

        self.seen.append((over, len(query.wire)))
        if self.broken:
            return fail(Unreachable("no connection to the name server: refused"))
        if self.silent:
            self.silent -= 1
            self.waiting.append(Deferred())
            return self.waiting[-1]
        return succeed(self._answer(query, over))

    def _answer(self, query: Any, over: str) -> bytes:
        message = dns.message.from_wire(query.wire, keyring=self.key.secret)
        reply = dns.message.Message(id=message.id)
        reply.flags = message.flags | dns.flags.QR
        if self.truncate and over == "udp":
            reply.flags |= dns.flags.TC
        elif self.says is not None:
            reply.set_rcode(dns.rcode.from_text(self.says))
        elif isinstance(message, dns.update.UpdateMessage):
            reply.set_rcode(self._update(message))
        else:
            self._tell_zone(message.question[0].name, reply)
        if self.sign:
            reply.use_tsig(self.key.secret)
            reply.request_mac = query.mac
        return reply.to_wire()

    def _tell_zone(self, name: dns.name.Name, reply: dns.message.Message) -> None:
        for cut in self.delegated:
            if name.is_subdomain(cut):
                reply.authority.append(dns.rrset.from_text(cut, 300, "IN", "NS", "ns.elsewhere.test."))
                return
        for zone in self.zones:
            if name.is_subdomain(zone):
                reply.flags |= dns.flags.AA
                section = reply.answer if name == zone else reply.authority
                section.append(dns.rrset.from_text(zone, 300, "IN", "SOA", "ns.test. host.test. 1 2 3 4 5"))
                return
        reply.set_rcode(dns.rcode.REFUSED)

    def _update(self, message: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        """RFC 2136 3, as far as it is needed."""
        zone = message.zone[0].name
        if zone not in self.zones:
            return dns.rcode.NOTAUTH
        for rrset in message.prerequisite:
            if rrset.deleting == dns.rdataclass.NONE and self.records.get(_key(rrset)):
                return dns.rcode.YXRRSET
        if any(not rrset.name.is_subdomain(zone) for rrset in message.update):
            return dns.rcode.NOTZONE
        for rrset in message.update:
            found = self.records.setdefault(_key(rrset), {})
            if rrset.deleting == dns.rdataclass.ANY:
                found.clear()
            for record in rrset:
                if rrset.deleting == dns.rdataclass.NONE:
                    found.pop(record.to_text(), None)
                else:
                    found[record.to_text()] = rrset.ttl
        return dns.rcode.NOERROR


def _key(rrset: dns.rrset.RRset) -> Key:
    return rrset.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rrset.rdtype)
