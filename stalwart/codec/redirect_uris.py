"""Redirect URIs: which ones an application may register, and whether the one that it asks for is among them.

RFC 6749 3.1.2, RFC 8252 7, RFC 9700 2.1 and 4.1, auth-api 4.1 and 4.3. A redirect URI is `https` with a host, the
loopback interface by its literal address, or a scheme of the application's own with a dot in it. URIs are compared as
they are written, but for the port of a loopback one. Who has registered what is not known here.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

LONGEST = 2000

_HTTPS = "https://"
_HTTP = "http://"
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(/.*)", re.ASCII)  # RFC 8252 7.3
_LOCALHOST = re.compile(r"http://localhost(?::(\d{1,5}))?(/.*)", re.ASCII)
_PRIVATE = re.compile(r"([A-Za-z][A-Za-z0-9+\-]*\.[A-Za-z0-9.+\-]*):(.*)", re.ASCII)  # RFC 8252 7.1
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._\-]*[A-Za-z0-9_.])?", re.ASCII)
_ALLOWED = re.compile(r"(?:[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*", re.ASCII)  # RFC 3986 2, no `#`
_DOTS = re.compile(r"(?:\.|%2e){2}", re.IGNORECASE)
_HIGHEST_PORT = 65535


def problem(uri: str, *, localhost: bool = False) -> str | None:
    """What keeps ``uri`` from being registered, as the end of a sentence about it; None if nothing does.

    ``localhost`` lets that name stand for the loopback interface: for people who know what resolves it.
    """
    if not uri:
        return "is empty"
    if len(uri) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if "#" in uri:
        return "has a fragment"
    if not _ALLOWED.fullmatch(uri):
        return "holds characters that stand in no URI"
    if _DOTS.search(uri):
        return "has two dots in a row"
    if "@" in _authority(uri):
        return "holds a user name or password"
    return _kind_problem(uri, localhost)


def is_web(uri: str) -> bool:
    """Whether people who are sent to ``uri`` stay in the browser: it is good, and `https` or the loopback interface."""
    return problem(uri) is None and not _PRIVATE.fullmatch(uri)


def matches(registered: str, asked: str) -> bool:
    """Whether ``asked`` is the ``registered`` one: the same text, or the same place on the loopback interface, whose
    port an application cannot choose beforehand (RFC 8252 7.3).
    """
    if registered == asked:
        return True
    ours, theirs = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(asked)
    if ours is None or theirs is None:
        return False
    return ours[1] == theirs[1] and ours[3] == theirs[3] and problem(asked) is None


def _kind_problem(uri: str, localhost: bool) -> str | None:
    if uri.startswith(_HTTPS):
        return _host_problem(_authority(uri))
    if uri.startswith(_HTTP):
        found = _LOOPBACK.fullmatch(uri)
        port = found[2] if found is not None else None
        if found is None and localhost:
            found = _LOCALHOST.fullmatch(uri)
            port = found[1] if found is not None else None
        if found is None:
            return "is http, which only http://127.0.0.1/ and http://[::1]/ may be, with a port or without"
        return _port_problem(port)
    if _PRIVATE.fullmatch(uri):
        return None if uri.partition(":")[2] else "ends with its scheme"
    return "is neither https nor of a scheme with a dot, such as com.example.app:/callback"


def _authority(uri: str) -> str:
    """What stands between ``//`` and the next delimiter (RFC 3986 3.2); empty if there is no ``//``."""
    rest = uri.partition(":")[2]
    return re.split(r"[/?]", rest[2:], maxsplit=1)[0] if rest.startswith("//") else ""


def _host_problem(authority: str) -> str | None:
    if authority.startswith("["):
        literal, bracket, rest = authority[1:].partition("]")
        try:
            IPv6Address(literal)
        except AddressValueError:
            return "has no valid host"
        if not bracket or (rest and not rest.startswith(":")):
            return "has no valid host"
        return _port_problem(rest[1:]) if rest else None
    host, colon, port = authority.partition(":")
    if not host:
        return "has no host"
    if not _HOST.fullmatch(host):
        return "has no valid host"
    return _port_problem(port) if colon else None


def _port_problem(port: str | None) -> str | None:
    if port is None or (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= _HIGHEST_PORT):
        return None
    return "has no valid port"
