"""Name service for tests: a resolver that answers from a table at once, and a real name server on loopback.

Both take the same zone: ``{("good.test", "MX"): [MX(10, "mx.good.test.")], ("www.good.test", "CNAME"):
["good.test."]}``, names without or with the trailing dot. A name that has any record but not the asked one
gives ``nodata``, any other ``nxdomain``. In place of the records a ``LookupFailed`` may stand, for
:class:`FakeResolver` a Deferred too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.protocols.basic import Int16StringReceiver

from stalwart.codec.dns_names import absolute
from stalwart.codec.dns_records import MX, TLSA
from stalwart.net.dns import Answer, LookupFailed, NameServer
from stalwart.net.dns_answers import NO_SUCH_NAME, NO_SUCH_RECORD

Zone = Mapping[tuple[str, str], Any]


class FakeResolver:
    """A ``Resolver`` without a network. ``secure`` holds names, or (name, type) pairs, that DNSSEC vouches
    for; denials for them are secure as well. ``asked`` lists the lookups made.
    """

    def __init__(
        self, zone: Zone, secure: Iterable[str | tuple[str, str]] = (), *, trust: str = "ad-bit", ttl: int = 300
    ) -> None:
        self.zone = {(absolute(name), rtype): records for (name, rtype), records in zone.items()}
        self.secure = {absolute(one) if isinstance(one, str) else (absolute(one[0]), one[1]) for one in secure}
        self.asked: list[tuple[str, str]] = []
        self._trust: Any = trust
        self._ttl = ttl

    async def lookup(self, name: str, rtype: str) -> Answer:
        """The records of the zone, aliases followed."""
        self.asked.append((name, rtype))
        asked = owner = absolute(name)
        aliases: list[str] = []
        secure = self._is_secure(owner, rtype)
        while (owner, rtype) not in self.zone and (owner, "CNAME") in self.zone and len(aliases) < 8:
            owner = absolute(self.zone[owner, "CNAME"][0])
            aliases.append(owner)
            secure = secure and self._is_secure(owner, rtype)
        records = self.zone.get((owner, rtype))
        if isinstance(records, Deferred):
            records = await records
        if isinstance(records, LookupFailed):
            raise records.again()
        if not records:
            known = any(one == owner for one, _rtype in self.zone)
            raise LookupFailed(*(("nodata", NO_SUCH_RECORD) if known else ("nxdomain", NO_SUCH_NAME)), secure)
        trust = self._trust if secure else None
        return Answer(asked, rtype, tuple(records), secure, trust, tuple(aliases), self._ttl)

    def _is_secure(self, name: str, rtype: str) -> bool:
        return name in self.secure or (name, rtype) in self.secure


class LoopbackNameServer:
    """A name server on UDP and TCP of one port of 127.0.0.1, recursive as far as the zone goes.

    Switches, all of them attributes that may change while it runs: ``authentic`` (set AD), ``truncate`` (TC
    over UDP), ``silent`` (no answer: True, or a set of names), ``garbage_first`` (junk and a wrong id before
    the answer), ``wrong_id`` (nothing else), ``rcodes`` (name to ``SERVFAIL``, ``REFUSED`` ...), ``bogus``
    (names: SERVFAIL unless CD), ``edns`` (False: FORMERR to queries with an OPT record), ``chase`` (False:
    answers stop at the first alias), ``fold`` (question repeated in lower case), ``lame`` (empty answers
    without recursion), ``signatures`` (``{(name, type): [RRSIG rdata]}``). ``queries`` lists (name, type,
    ``udp`` or ``tcp``, query message).
    """

    def __init__(self, reactor: Any, zone: Zone, *, ttl: int = 300, **switches: Any) -> None:
        self.zone = {(absolute(name), rtype): records for (name, rtype), records in zone.items()}
        self.ttl = ttl
        self.authentic = self.truncate = self.garbage_first = self.wrong_id = self.fold = self.lame = False
        self.silent: bool | set[str] = False
        self.edns = self.chase = True
        self.rcodes: dict[str, str] = {}
        self.bogus: set[str] = set()
        self.signatures: dict[tuple[str, str], list[Any]] = {}
        self.queries: list[tuple[str, str, str, Any]] = []
        self.ports: list[Any] = []
        for name, value in switches.items():
            if not hasattr(self, name):
                raise TypeError(f"there is no switch {name}")
            setattr(self, name, value)
        self._reactor = reactor

    def start(self) -> NameServer:
        """Bind, and say where."""
        factory: Any = Factory.forProtocol(_OverTcp)
        factory.answers = self.answers
        stream = self._reactor.listenTCP(0, factory, interface="127.0.0.1")
        number = stream.getHost().port
        self.ports = [stream, self._reactor.listenUDP(number, _OverUdp(self.answers), interface="127.0.0.1")]
        return self.server

    @property
    def server(self) -> NameServer:
        """Where it listens; not trusted, ``attrs.evolve`` makes it so."""
        return NameServer("127.0.0.1", self.ports[0].getHost().port)

    @property
    def address(self) -> str:
        """``ip:port``, as settings name it."""
        return f"127.0.0.1:{self.server.port}"

    def stop(self) -> Deferred[Any]:
        """Close both ports."""
        ports, self.ports = self.ports, []
        return gatherResults([maybeDeferred(port.stopListening) for port in ports])

    def answers(self, wire: bytes, over: str) -> Sequence[bytes]:
        """The datagrams or messages that answer a query, in their order."""
        import dns.flags
        import dns.message
        import dns.rdatatype

        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, rtype = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.queries.append((name, rtype, over, query))
        if self.silent is True or (self.silent and name in map(absolute, self.silent)):
            return []
        reply = self._reply(query, name, rtype, over)
        message = reply.to_wire(max_size=65535, want_shuffle=False)
        if self.fold:
            end = 12 + len(question.name.to_wire() or b"")
            message = message[:12] + message[12:end].lower() + message[end:]
        wrong = bytes([message[0] ^ 0x55]) + message[1:]
        if self.wrong_id:
            return [wrong]
        if self.garbage_first and over == "udp":
            return [b"", b"\x00", b"\xff" * 40, wire, wrong, message[:12] + b"\x00" + message[12:], message]
        return [message]

    def _reply(self, query: Any, name: str, rtype: str, over: str) -> Any:
        import dns.flags
        import dns.message
        import dns.rcode

        unchecked = bool(query.flags & dns.flags.CD)
        reply = dns.message.make_response(query, recursion_available=not self.lame)
        failed = self.rcodes.get(name.rstrip("."), "SERVFAIL" if self._is_bogus(name) and not unchecked else None)
        if not self.edns and query.edns >= 0:
            reply.set_rcode(dns.rcode.FORMERR)
            reply.use_edns(-1)
        elif failed:
            reply.set_rcode(dns.rcode.from_text(failed))
        elif self.truncate and over == "udp":
            reply.flags |= dns.flags.TC
        elif not self.lame:
            self._fill(reply, name, rtype, query.ednsflags & dns.flags.DO)
            if self.authentic and not unchecked:
                reply.flags |= dns.flags.AD
        return reply

    def _is_bogus(self, name: str) -> bool:
        return name in map(absolute, self.bogus)

    def _fill(self, reply: Any, name: str, rtype: str, with_signatures: int) -> None:
        import dns.rcode
        import dns.rrset

        for _ in range(12):
            if (name, rtype) in self.zone or (name, "CNAME") not in self.zone:
                break
            alias = self.zone[name, "CNAME"][0]
            self._add(reply.answer, name, "CNAME", with_signatures)
            name = absolute(str(alias))
            if not self.chase:
                return
        if self.zone.get((name, rtype)):
            self._add(reply.answer, name, rtype, with_signatures)
            return
        if not any(one == name for one, _rtype in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        apex = name.split(".")[-2] + "." if name != "." else "."
        soa = "ns.test. host.test. 1 2 3 4 60"
        reply.authority.append(dns.rrset.from_text(apex, self.ttl, "IN", "SOA", soa))

    def _add(self, section: list[Any], name: str, rtype: str, with_signatures: int) -> None:
        import dns.name
        import dns.rrset

        owner = dns.name.from_text(name)
        records = [_rdata(rtype, record) for record in self.zone[name, rtype]]
        section.append(dns.rrset.from_rdata_list(owner, self.ttl, records))
        signatures = self.signatures.get((name, rtype))
        if signatures and with_signatures:
            section.append(dns.rrset.from_rdata_list(owner, self.ttl, signatures))


class _OverUdp(DatagramProtocol):
    noisy = False
    transport: Any = None

    def __init__(self, answers: Any) -> None:
        self._answers = answers

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:
        for answer in self._answers(data, "udp"):
            self.transport.write(answer, addr)


class _OverTcp(Int16StringReceiver):
    factory: Any = None

    def stringReceived(self, string: bytes) -> None:
        for answer in self.factory.answers(string, "tcp"):
            self.sendString(answer)


def reply_to(query: bytes, *records: str, rcode: str = "NOERROR", flags: str = "", authority: str = "") -> bytes:
    """The reply to a query message: ``records`` and ``authority`` are master file lines, ``flags`` such as
    ``AD TC``.
    """
    import dns.flags
    import dns.message
    import dns.rcode
    import dns.rrset

    reply = dns.message.make_response(dns.message.from_wire(query), recursion_available=True)
    reply.set_rcode(dns.rcode.from_text(rcode))
    reply.flags |= dns.flags.from_text(flags)
    for section, lines in ((reply.answer, records), (reply.authority, [authority] if authority else [])):
        for line in lines:
            owner, ttl, rtype, value = line.split(maxsplit=3)
            section.append(dns.rrset.from_text(owner, int(ttl), "IN", rtype, value))
    return reply.to_wire(max_size=65535, want_shuffle=False)


def _rdata(rtype: str, record: Any) -> Any:
    """A dnspython record from a value of ours, from text, or as it is."""
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY.TXT

    if isinstance(record, MX):
        record = f"{record.preference} {record.exchange}"
    elif isinstance(record, TLSA):
        octets = bytes([record.usage, record.selector, record.matching]) + record.data
        return dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, octets)
    elif rtype == "TXT":
        octets = record.encode("latin-1")
        parts = [octets[start : start + 255] for start in range(0, len(octets), 255)] or [b""]
        return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, parts)
    if isinstance(record, dns.rdata.Rdata):
        return record
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(rtype), record)
