"""Where reports about a domain go: x:Domain's `reportAddressUri` as records have it (RFC 7489 6.2, RFC 8460 3)."""

from __future__ import annotations

import re
from urllib.parse import quote

from stalwart.codec.dns_names import InvalidName, to_ascii

LONGEST = 1000

_SCHEME = re.compile(r"(?i)(mailto|https?):")
_SAFE = ":/?@&=+$#%[]~*'()-._"  # a comma, a semicolon and an exclamation mark mean something in records


def report_uri(given: str | None, domain: str) -> str | None:
    """The URI that ``given`` means for ``domain`` (A-labels); None if nobody wants reports.

    A local part alone is completed with the domain.
    """
    text = (given or "").strip()
    if not text or len(text) > LONGEST:
        return None
    if not _SCHEME.match(text):
        text = f"mailto:{text}"
    scheme, _, rest = text.partition(":")
    if scheme.lower() != "mailto":
        return f"{scheme.lower()}:{quote(rest, safe=_SAFE)}"
    local, at, place = rest.partition("?")[0].rpartition("@")
    if not at:
        local, place = place, domain
    return f"mailto:{quote(local, safe=_SAFE)}@{_domain(place)}" if local else None


def _domain(name: str) -> str:
    try:
        return to_ascii(name)
    except InvalidName:
        return quote(name, safe=_SAFE)
