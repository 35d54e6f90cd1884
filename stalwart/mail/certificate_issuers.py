"""The name by which CAA records know a certificate authority (RFC 8659 4.2), from where its ACME directory is.

Authorities tell their names in the directory (RFC 8555 7.1.1), which is not asked here. Most are called like the domain
of the directory; those that are not are listed.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from stalwart.codec.dns_names import InvalidName, to_ascii

_OTHERS = {
    "zerossl.com": "sectigo.com",
    "actalis.com": "actalis.it",
}
_COUNTRY = 2
_SHORT = 3


def issuer_name(directory: str) -> str | None:
    """The name of the authority whose directory has this URL; None if its host has no name."""
    try:
        host = urlsplit(directory).hostname
        labels = to_ascii(host or "").split(".")
    except (InvalidName, ValueError):
        return None
    count = 3 if len(labels[-1]) == _COUNTRY and len(labels) > 2 and len(labels[-2]) <= _SHORT else 2
    name = ".".join(labels[-count:])
    return _OTHERS.get(name, name)
