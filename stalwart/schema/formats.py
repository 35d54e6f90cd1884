"""The formats of strings: what each cleans up silently and what it refuses (settings A.5).

Domain names are accepted by syntax: two labels or more, or one of the reserved single labels. There is no
public suffix list here, so ``example.invalidtld`` passes. Names in other scripts become A-labels (RFC 5891).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from types import MappingProxyType

import idna
from attrs import frozen

RESERVED_LABELS = frozenset(
    ("test", "localhost", "local", "internal", "lan", "home", "corp", "intranet", "private", "localdomain")
)

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\\\]\x00-\x20\x7f.]+(\.[^\s@\"(),:;<>\[\\\]\x00-\x20\x7f.]+)*")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s\x00-\x1f\x7f]+", re.ASCII | re.IGNORECASE)
_COLOR = re.compile(r"#[0-9a-f]{3}([0-9a-f]{3})?|[a-z]+", re.ASCII | re.IGNORECASE)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # RFC 9110 5.6.2
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_WHITE = re.compile(r"\s+")


@frozen
class Format:
    """How a string is cleaned. ``document`` is the schema document's name for it; ``clean`` raises
    ValueError(why).
    """

    name: str
    document: str
    clean: Callable[[str], str]


def plain(text: str) -> str:
    """One line: trimmed, without control characters."""
    if _CONTROL.search(text):
        raise ValueError("Invalid value for string property")
    return text.strip()


def unchanged(text: str) -> str:
    """Text that is kept as it is."""
    return text


def domain_name(text: str) -> str:
    """A domain name in lower-case A-labels without the final dot."""
    name = _name(text, "Invalid domain name")
    if "." not in name and name not in RESERVED_LABELS:
        raise ValueError("Invalid domain name")
    return name


def host_name(text: str) -> str:
    """A host name, which may have one label only, or an IP address."""
    try:
        return address(text)
    except ValueError:
        return _name(text, "Invalid host name")


def _name(text: str, problem: str) -> str:
    if len(text) > 1024:
        raise ValueError(problem)
    name = _WHITE.sub("", text).lower().removesuffix(".")
    if not name.isascii() or "xn--" in name:
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except UnicodeError:  # idna's errors are of that family
            raise ValueError(problem) from None
    labels = name.split(".")
    if len(name) > 253 or labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(problem)
    return name


def local_part(text: str) -> str:
    """The part of an address before the ``@``: a lower-case dot-atom (RFC 5322 3.2.3, RFC 6531 3.3)."""
    name = _WHITE.sub("", text).lower()
    if len(name.encode()) > 64 or not _LOCAL_PART.fullmatch(name) or "%" in name:  # target%impersonator is a login
        raise ValueError("Invalid local part")
    return name


def email_address(text: str) -> str:
    """``local@domain``, both cleaned."""
    local, at, domain = _WHITE.sub("", text).rpartition("@")
    try:
        if not at:
            raise ValueError
        return f"{local_part(local)}@{domain_name(domain)}"
    except ValueError:
        raise ValueError("Invalid email address") from None


def uri(text: str) -> str:
    """An absolute URI (RFC 3986 3)."""
    if not _URI.fullmatch(text.strip()):
        raise ValueError("Invalid URI")
    return text.strip()


def color(text: str) -> str:
    """A CSS colour: ``#rgb``, ``#rrggbb`` or a name."""
    if not _COLOR.fullmatch(text.strip()):
        raise ValueError("Invalid color")
    return text.strip()


def address(text: str) -> str:
    """An IPv4 or IPv6 address without a zone, in its shortest spelling."""
    try:
        if "%" in text:
            raise ValueError
        return str(ip_address(text.strip()))
    except ValueError:
        raise ValueError("Invalid IP address") from None


def network(text: str) -> str:
    """An address or a network; host bits are cleared, a network of one address is written as the address, and
    IPv4-mapped ones as IPv4, which they are compared as (RFC 4291 2.5.5.2).
    """
    try:
        if "%" in text:
            raise ValueError
        found = ip_network(text.strip(), strict=False)
        mapped = found.network_address.ipv4_mapped if isinstance(found, IPv6Network) else None
        if mapped is not None and found.prefixlen >= 96:
            found = IPv4Network((mapped, found.prefixlen - 96))
    except ValueError:
        raise ValueError("Invalid IP address or network") from None
    return str(found.network_address) if found.num_addresses == 1 else str(found)


def socket_address(text: str) -> str:
    """``address:port``, an IPv6 address in brackets."""
    host, _, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        found = address(host[1:-1] if bracketed else host)
        if bracketed is not (":" in found) or not port.isdecimal() or not port.isascii() or len(port) > 5:
            raise ValueError
        if int(port) > 65535:
            raise ValueError
    except ValueError:
        raise ValueError("Invalid socket address") from None
    return f"[{found}]:{int(port)}" if bracketed else f"{found}:{int(port)}"


def header_name(text: str) -> str:
    """The name of an HTTP field (RFC 9110 5.1)."""
    if not _TOKEN.fullmatch(text.strip()):
        raise ValueError("Invalid header name")
    return text.strip()


def header_value(text: str) -> str:
    """The value of an HTTP field that is safe to send: visible Latin-1 (RFC 9110 5.5)."""
    value = plain(text)
    if not value or any(ord(letter) > 255 for letter in value):
        raise ValueError("Invalid header value")
    return value


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        made.name: made
        for made in (
            Format("string", "string", plain),
            Format("text", "text", unchanged),
            Format("html", "html", unchanged),
            Format("secret", "secret", unchanged),
            Format("secretText", "secretText", unchanged),
            Format("emailAddress", "emailAddress", email_address),
            Format("localPart", "string", local_part),
            Format("domainName", "string", domain_name),
            Format("hostName", "string", host_name),
            Format("uri", "uri", uri),
            Format("color", "color", color),
            Format("ipAddress", "ipAddress", address),
            Format("ipNetwork", "ipNetwork", network),
            Format("socketAddress", "socketAddress", socket_address),
            Format("headerName", "string", header_name),
            Format("headerValue", "string", header_value),
        )
    }
)
