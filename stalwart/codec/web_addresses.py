"""Addresses of web services as administrators write them: what is one, and where credentials may be sent (RFC 3986)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

LONGEST = 2048
_VISIBLE = re.compile(r"[\x21-\x7e]+\Z")


def is_safe(url: str) -> bool:
    """Whether ``url`` is an https: URL with a host, or an http: URL on the own machine (a literal, or `localhost`)."""
    if not is_web_address(url):
        return False
    parts = urlsplit(url)
    return parts.scheme == "https" or is_own_machine(parts.hostname or "")


def is_web_address(url: str) -> bool:
    """Whether ``url`` is an https: or http: URL with a host, and neither credentials nor a fragment."""
    if len(url) > LONGEST or not _VISIBLE.match(url):
        return False
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError for a port that is none
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or parts.fragment:
        return False
    return parts.scheme in ("https", "http")


def is_own_machine(host: str) -> bool:
    """Whether ``host`` is a loopback address, or `localhost`."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
