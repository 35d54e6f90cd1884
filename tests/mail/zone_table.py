"""The zone of a domain as a resolver of tests has it."""

from __future__ import annotations

from typing import Any

import dns.rdata

from stalwart.codec.dns_records import CAA, MX, SRV, TLSA
from stalwart.mail.domain_records import DomainFacts, domain_records

Table = dict[tuple[str, str], list[Any]]


def value(type: str, text: str) -> Any:
    """What the resolver makes of a record in presentation form, but TXT, which is the text itself."""
    if type == "TXT":
        return text.encode().decode("latin-1")
    found: Any = dns.rdata.from_text("IN", type, text)
    if type == "MX":
        return MX(found.preference, str(found.exchange))
    if type == "SRV":
        return SRV(found.priority, found.weight, found.port, str(found.target))
    if type == "TLSA":
        return TLSA(found.usage, found.selector, found.mtype, found.cert)
    if type == "CAA":
        return CAA(found.flags, found.tag.decode(), found.value)
    return found.to_text()


def table_of(facts: DomainFacts) -> Table:
    """A zone that has all records as they should be, and an address for each host."""
    table: Table = {}
    for each in domain_records(facts):
        record = each.record
        table.setdefault((record.name, record.type), []).append(value(record.type, record.data))
    hosts = [facts.host, *(host for _, host in facts.exchangers), *(host for _, host, _ in facts.services)]
    return table | {(host, "A"): ["192.0.2.1"] for host in hosts if host}
