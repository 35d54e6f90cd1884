"""Reading the head of a request: bytes in, a ``RequestHead`` or a ``HeadRefused`` out (RFC 9112 2 to 7).

Stricter than the RFC asks a server to be, because every leniency here is a way to disagree with a proxy in front of us
about where a request ends: no folded lines, no bare CR or LF, one framing header, one Host. Bodies are read elsewhere.
"""

from __future__ import annotations

import re

MAX_HEAD = 16384
MAX_HEADERS = 100

_ANYTHING_BUT_CONTROLS = bytes(c for c in range(256) if c == 9 or 32 <= c != 127)
KNOWN_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT"))
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 5.6.2
TARGET = re.compile(r"[!\"$-~]+")  # visible ASCII without the fragment sign, RFC 9112 3.2
_ABSOLUTE = re.compile(r"(?i)https?://([^/?@]+)(/[^?]*)?(?:\?(.*))?")  # RFC 9112 3.2.2, without userinfo
HOST = re.compile(r"[A-Za-z0-9\-._~%!$&'()*+,;=:\[\]]*")  # RFC 3986 3.2.2
_VERSION = re.compile(r"HTTP/[0-9]\.[0-9]")
NUMBER = re.compile(r"[0-9]{1,18}")
_TOKEN_START = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ONCE = frozenset(("host", "content-length", "transfer-encoding"))
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\n"  # RFC 9113 3.4

_names: dict[str, str] = {}
_NAMES_KEPT = 1024


class HeadRefused(Exception):
    """The head cannot be served: ``status`` and a sentence for the client. The connection ends after the answer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class RequestHead:
    """The head of one request.

    ``path`` and ``query_string`` are raw; ``fields`` maps lower-case names to values, repeated fields joined by ``, ``
    (RFC 9110 5.3); ``lines`` are the field lines as they came. ``length`` is the announced size of the body, None if it
    is chunked.
    """

    __slots__ = (
        "expects_continue",
        "fields",
        "length",
        "lines",
        "method",
        "path",
        "persistent",
        "query_string",
        "target",
        "version",
    )

    method: str
    target: str
    path: str
    query_string: str
    version: str
    fields: dict[str, str]
    lines: list[str]
    length: int | None
    persistent: bool
    expects_continue: bool


def check_partial(buffer: bytes) -> None:
    """Refuse early what cannot become a head any more: too long, not text, bare line feeds.

    :raises HeadRefused: 400, 414 or 431.
    """
    if len(buffer) > MAX_HEAD:
        raise too_long(buffer)
    if buffer and buffer[0] not in _TOKEN_START and buffer != b"\r":
        raise HeadRefused(400, "The request does not begin with a method.")
    if buffer.count(b"\n") != buffer.count(b"\r\n"):
        raise HeadRefused(400, "Lines must end with CR LF.")


def too_long(buffer: bytes) -> HeadRefused:
    """The refusal of an oversized head: 414 if already its first line is too long, else 431 (RFC 6585 5)."""
    if buffer.find(b"\r\n", 0, MAX_HEAD) < 0:
        return HeadRefused(414, "The request target is longer than the server is willing to read.")
    return HeadRefused(431, "The head of the request is larger than the server is willing to process.")


def parse_head(block: bytes) -> RequestHead:
    """Parse ``block``: the head up to, without, the empty line that ends it.

    :raises HeadRefused: 400, 414, 417, 431, 501 or 505.
    """
    if len(block) > MAX_HEAD:
        raise too_long(block)
    lines = block.decode("latin-1").split("\r\n")
    if block.translate(None, _ANYTHING_BUT_CONTROLS) != b"\r\n" * (len(lines) - 1):
        raise HeadRefused(400, "The head of the request contains control characters.")  # RFC 9110 5.5
    if len(lines) > MAX_HEADERS + 1:
        raise HeadRefused(431, f"The request has more than {MAX_HEADERS} header fields.")
    head = RequestHead()
    authority = _request_line(head, lines.pop(0))
    head.lines = lines
    head.fields = _fields(lines)
    _check_host(head)
    if authority is not None:
        head.fields["host"] = authority  # RFC 9112 3.2.2
    _framing(head)
    _connection(head)
    return head


def _request_line(head: RequestHead, line: str) -> str | None:
    parts = line.split(" ")
    if len(parts) != 3:
        raise HeadRefused(400, "The request line is malformed.")
    head.method, head.target, head.version = parts
    if head.version not in ("HTTP/1.1", "HTTP/1.0"):
        if _VERSION.fullmatch(head.version):
            raise HeadRefused(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
        raise HeadRefused(400, "The request line is malformed.")
    if head.method not in KNOWN_METHODS and not TOKEN.fullmatch(head.method):
        raise HeadRefused(400, "The method is malformed.")
    if not TARGET.fullmatch(head.target):
        raise HeadRefused(400, "The request target is malformed.")
    if head.target[0] == "/":
        head.path, _, head.query_string = head.target.partition("?")
        return None
    return _other_target(head)


def _other_target(head: RequestHead) -> str | None:
    """Absolute and asterisk form (RFC 9112 3.2.2, 3.2.4); authority form belongs to proxies. Returns the authority."""
    absolute = _ABSOLUTE.fullmatch(head.target)
    if absolute is not None:
        head.path, head.query_string = absolute[2] or "/", absolute[3] or ""
        return absolute[1]
    if head.target == "*" and head.method == "OPTIONS":
        head.path, head.query_string = "*", ""
        return None
    raise HeadRefused(400, "The request target is malformed.")


def _fields(lines: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        key = _names.get(name)
        if key is None or not colon:
            key = _field_name(name, colon)
        value = value.strip(" \t")
        if key not in fields:
            fields[key] = value
        elif key in _ONCE:
            raise HeadRefused(400, f"The header field {key} is there more than once.")
        elif key != "authorization":  # the first one counts
            fields[key] += f", {value}"
    return fields


def _field_name(name: str, colon: str) -> str:
    if not colon or not TOKEN.fullmatch(name):  # also a folded line and a space before the colon, RFC 9112 5.1, 5.2
        raise HeadRefused(400, "A header field is malformed.")
    key = name.lower()
    if len(_names) < _NAMES_KEPT:
        _names[name] = key
    return key


def _check_host(head: RequestHead) -> None:
    host = head.fields.get("host")
    if host is None:
        if head.version == "HTTP/1.1":
            raise HeadRefused(400, "The header field Host is missing.")  # RFC 9112 3.2
    elif not HOST.fullmatch(host):
        raise HeadRefused(400, "The header field Host is malformed.")


def _framing(head: RequestHead) -> None:
    """RFC 9112 6.1 and 6.3: how long the body is; every ambiguity is refused."""
    coding = head.fields.get("transfer-encoding")
    length = head.fields.get("content-length")
    head.length = 0
    if coding is not None:
        _check_coding(head, coding, length)
        head.length = None
    elif length is not None:
        if not NUMBER.fullmatch(length):
            raise HeadRefused(400, "The header field Content-Length is malformed.")
        head.length = int(length)


def _check_coding(head: RequestHead, coding: str, length: str | None) -> None:
    if length is not None:
        raise HeadRefused(400, "Content-Length and Transfer-Encoding exclude each other.")
    if head.version == "HTTP/1.0":
        raise HeadRefused(400, "HTTP/1.0 has no Transfer-Encoding.")
    codings = [part.strip(" \t").lower() for part in coding.split(",")]
    if codings == ["chunked"]:
        return
    if codings[-1] != "chunked" or "chunked" in codings[:-1] or not all(map(TOKEN.fullmatch, codings)):
        raise HeadRefused(400, "The last transfer coding must be chunked.")
    raise HeadRefused(501, "Of the transfer codings only chunked is known here.")


def _connection(head: RequestHead) -> None:
    connection = head.fields.get("connection")
    head.persistent = head.version == "HTTP/1.1"
    if connection is not None:  # RFC 9112 9.3
        options = [option.strip(" \t") for option in connection.lower().split(",")]
        if "close" in options:
            head.persistent = False
        elif "keep-alive" in options:
            head.persistent = True
    head.expects_continue = False
    expectation = head.fields.get("expect")
    if expectation is not None and head.version == "HTTP/1.1":
        if expectation.lower() != "100-continue":
            raise HeadRefused(417, "The only expectation that can be met is 100-continue.")  # RFC 9110 10.1.1
        head.expects_continue = True
