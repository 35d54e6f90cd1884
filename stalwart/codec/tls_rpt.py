"""TLS-RPT: the DNS record that says where reports about failed TLS are wanted (RFC 8460 3)."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from attrs import frozen

_ADDRESS = re.compile(r"[^\s@<>,;\x00-\x1f\x7f]+@[^\s@<>,;\x00-\x1f\x7f]+\Z")
_MOST = 100


class MalformedRecord(Exception):
    """The text is no TLS-RPT record with an address that can be used; the message says why."""


@frozen
class Rua:
    """One destination: ``kind`` is ``mail`` with an e-mail address, or ``http`` with an https URL."""

    kind: str
    value: str

    def wire(self) -> dict[str, str]:
        """``{"type": "mail", "email": ...}`` or ``{"type": "http", "url": ...}``."""
        return {"type": self.kind, "email" if self.kind == "mail" else "url": self.value}


def parse_record(txt: str) -> tuple[Rua, ...]:
    """The destinations in the text of ``_smtp._tls``.

    :raises MalformedRecord: another version, or no ``mailto:`` or ``https:`` destination.
    """
    version, *fields = [field.strip(" \t") for field in txt.split(";")]
    if version != "v=TLSRPTv1":  # RFC 8460 3: the version comes first
        raise MalformedRecord("does not begin with v=TLSRPTv1")
    for field in fields:
        name, equals, value = field.partition("=")
        if equals and name.strip(" \t") == "rua":
            found = [rua for uri in value.split(",")[:_MOST] if (rua := _destination(uri.strip(" \t")))]
            if found:
                return tuple(found)
    raise MalformedRecord("has no usable rua")


def _destination(uri: str) -> Rua | None:
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "mailto":
        address = unquote(rest.partition("?")[0])  # RFC 8460 3: commas and semicolons come percent-encoded
        return Rua("mail", address) if _ADDRESS.match(address) else None
    if scheme.lower() == "https":
        try:
            host = urlsplit(uri).hostname
        except ValueError:
            return None
        return Rua("http", uri) if host and uri.isprintable() and " " not in uri else None
    return None
