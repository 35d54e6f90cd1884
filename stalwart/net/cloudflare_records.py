"""DNS records as version 4 of Cloudflare's API writes and shows them: JSON to record and back.

Some types are a text, some an object of their parts. Pure; what is sent where is the business of ``net.cloudflare``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from attrs import frozen

from stalwart.errors import Invalid
from stalwart.net.dns_record_values import record_of, shown_name, text_record

LEAST_TTL, MOST_TTL = 60, 86_400  # what every plan allows; 1 stands for "as Cloudflare likes"

_PLAIN = ("A", "AAAA", "CNAME", "NS", "PTR")
_PROXIED = ("A", "AAAA", "CNAME")


def _same(value: Any) -> Any:
    return value


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


_PARTS: dict[str, tuple[tuple[str, str, Callable[[Any], Any]], ...]] = {
    "SRV": (
        ("priority", "priority", _same),
        ("weight", "weight", _same),
        ("port", "port", _same),
        ("target", "target", shown_name),
    ),
    "CAA": (("flags", "flags", _same), ("tag", "tag", _text), ("value", "value", _text)),
    "TLSA": (
        ("usage", "usage", _same),
        ("selector", "selector", _same),
        ("matching_type", "mtype", _same),
        ("certificate", "cert", bytes.hex),
    ),
    "SSHFP": (("algorithm", "algorithm", _same), ("type", "fp_type", _same), ("fingerprint", "fingerprint", bytes.hex)),
}
"""Members of ``data`` in the order of the presentation form, the attribute of the record, and how it is written."""


@frozen
class Shown:
    """A record that the API shows; ``record`` None: one that makes no sense to us."""

    id: str
    record: dns.rdata.Rdata | None
    ttl: int


def body_of(owner: dns.name.Name, record: dns.rdata.Rdata, ttl: int) -> dict[str, Any]:
    """What makes ``record``. Raises Invalid for a type that cannot be made here."""
    type = dns.rdatatype.to_text(record.rdtype)
    given: Any = record
    body: dict[str, Any] = {"type": type, "name": shown_name(owner), "ttl": ttl}
    if type in _PARTS:
        return {**body, "data": {part: write(getattr(given, attribute)) for part, attribute, write in _PARTS[type]}}
    if type == "TXT":
        return {**body, "content": record.to_text()}  # quoted strings, as the API wants them
    if type == "MX":
        return {**body, "content": _host(given.exchange), "priority": given.preference}
    if type in ("HTTPS", "SVCB"):
        priority, target, *parameters = record.to_text().split(" ", 2)
        return {**body, "data": {"priority": int(priority), "target": target, "value": "".join(parameters)}}
    if type not in _PLAIN:
        raise Invalid(f"Records of the type {type} cannot be published at Cloudflare.")
    content = _host(given.target) if hasattr(given, "target") else record.to_text()
    return {**body, "content": content, **({"proxied": False} if type in _PROXIED else {})}


def shown(entry: Mapping[str, Any], kind: dns.rdatatype.RdataType) -> Shown:
    """The record of type ``kind`` in an entry of a list."""
    ttl = entry.get("ttl")
    return Shown(str(entry.get("id")), _record(entry, kind), ttl if isinstance(ttl, int) else 0)


def is_at(entry: Mapping[str, Any], name: dns.name.Name) -> bool:
    """Whether the ``name`` of an entry is this one."""
    return str(entry.get("name")).rstrip(".").lower() == shown_name(name).lower()


def _record(entry: Mapping[str, Any], kind: dns.rdatatype.RdataType) -> dns.rdata.Rdata | None:
    type, content, data = dns.rdatatype.to_text(kind), str(entry.get("content", "")), entry.get("data")
    try:
        if type == "TXT":
            return text_record(_joined(content) if content.startswith('"') else content.encode())
        if type == "MX":
            content = f"{entry.get('priority')} {content}"
        elif type in _PARTS and isinstance(data, dict):
            content = " ".join(_presented(part, data) for part, _, _ in _PARTS[type])
        return record_of(kind, content)
    except (Invalid, dns.exception.DNSException):
        return None


def _presented(part: str, data: Mapping[str, Any]) -> str:
    value = str(data.get(part, ""))
    if part != "value":
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _joined(quoted: str) -> bytes:
    found: Any = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, quoted)
    return b"".join(found.strings)


def _host(name: dns.name.Name) -> str:
    """The root stays a dot: an MX or SRV record that says "nobody" (RFC 7505 3)."""
    return shown_name(name) if name != dns.name.root else "."
