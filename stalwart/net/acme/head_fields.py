"""Header fields of an authority's answers: Retry-After (RFC 9110 10.2.3), Link (RFC 8288), Replay-Nonce (RFC 8555 6.5).

Heads are mappings of names in lower case to their values. What cannot be read is treated as if it were not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from urllib.parse import urljoin

from stalwart.codec.retry_after import http_date, seconds_to_wait
from stalwart.codec.web_addresses import is_safe

Heads = Mapping[str, Sequence[str]]

LONGEST_WAIT = 30 * 86400.0
_MOST_LINKS = 20
_LONGEST_FIELD = 8192
_NONCE = re.compile(r"[A-Za-z0-9_-]{1,512}\Z")
_ONE_PARAMETER = r"""\s*([\w!#$&+.^`|~*-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?"""
_PARAMETER = re.compile(f";(?:{_ONE_PARAMETER})?")
_LINK = re.compile(rf"<([^<>]{{0,2048}})>((?:\s*;(?:{_ONE_PARAMETER})?)*)")


def first(heads: Heads, name: str) -> str | None:
    """The first value of a field."""
    values = heads.get(name)
    return values[0] if values else None


def retry_after(heads: Heads, now: float) -> float | None:
    """Seconds from now; for a moment that is over, 0. Dates are seen from the clock of whoever answered."""
    sent = http_date(first(heads, "date"))
    return seconds_to_wait(first(heads, "retry-after"), now if sent is None else sent, LONGEST_WAIT)


def nonce_in(heads: Heads) -> str | None:
    """The nonce for another request; invalid ones are ignored (RFC 8555 6.5.1)."""
    value = first(heads, "replay-nonce")
    return value if value is not None and _NONCE.match(value) else None


def links(url: str, heads: Heads) -> dict[str, list[str]]:
    """Absolute https: addresses by relation, of the answer from ``url``; that of a redirect as ``redirect``."""
    found: dict[str, list[str]] = {}
    for value in heads.get("link", ())[:_MOST_LINKS]:
        for link in islice(_LINK.finditer(value[:_LONGEST_FIELD]), _MOST_LINKS):
            for name in _relations(link[2]):
                _add(found, name, url, link[1])
    location = first(heads, "location")
    if location is not None:
        _add(found, "redirect", url, location)
    return found


def absolute(url: str, target: str) -> str | None:
    """``target`` as an https: address, seen from ``url``; None if it is none."""
    try:
        joined = urljoin(url, target)
    except ValueError:
        return None
    return joined if is_https(joined) else None


def is_https(url: str) -> bool:
    """Whether this is an address that authorities are spoken with at: RFC 8555 6.1 wants https: for everything."""
    return url.startswith("https://") and is_safe(url)


def _relations(parameters: str) -> list[str]:
    """RFC 8288 3.3: those of the first ``rel``."""
    for each in _PARAMETER.finditer(parameters):
        if (each[1] or "").lower() == "rel":
            return (each[2] or each[3] or "").lower().split()
    return []


def _add(found: dict[str, list[str]], name: str, url: str, target: str) -> None:
    joined = absolute(url, target)
    if joined is not None:
        found.setdefault(name, []).append(joined)
