"""The fields of an HTTP/2 request as a ``RequestHead`` (RFC 9113 8.2, 8.3): pure, as strict as ``web.head``.

Two kinds of refusal: what RFC 9113 calls malformed resets the stream, because its sender does not speak the protocol;
what is only too much or not served here gets the same answer as over HTTP/1.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stalwart.web.head import (
    HOST,
    KNOWN_METHODS,
    MAX_HEAD,
    MAX_HEADERS,
    NUMBER,
    TARGET,
    TOKEN,
    HeadRefused,
    RequestHead,
)
from stalwart.web.http2.field_decoder import OVERHEAD, Field, FieldDecoder

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_PSEUDO = {b":method": ":method", b":scheme": ":scheme", b":authority": ":authority", b":path": ":path"}
_FORBIDDEN = frozenset(("connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"))
_ANYTHING_BUT_CONTROLS = bytes(c for c in range(256) if c == 9 or 32 <= c != 127)
_ONCE = frozenset(("host", "content-length", *_PSEUDO.values()))
_SEPARATORS = {"cookie": "; "}

_names: dict[bytes, str] = dict(_PSEUDO)
_NAMES_KEPT = 1024
_LONGEST_KEPT = 64
_HEADS_KEPT = 16  # of a connection
_LONGEST_BLOCK_KEPT = 512


class Malformed(Exception):
    """The request breaks RFC 9113 8.1.1: a stream error."""


class Http2Head(RequestHead):
    """A head whose field lines are made when somebody asks for them."""

    __slots__ = ("_received",)

    _received: Sequence[Field]

    @property
    def lines(self) -> list[str]:  # type: ignore[override]
        """The fields as HTTP/1.1 would have them, with Host."""
        received = [b"%b: %b" % field for field in self._received if field[0] != b"host" and field[0] not in _PSEUDO]
        return [f"host: {self.fields['host']}", *(line.decode("latin-1") for line in received)]


class HeadReader:
    """Reads the header blocks of one connection. Who asks for the same again and again is not parsed each time."""

    __slots__ = ("_decoder", "_known", "_version")

    def __init__(self) -> None:
        self._decoder = FieldDecoder()
        self._known: dict[bytes, RequestHead] = {}  # by blocks that mean this as long as the table has ``_version``
        self._version = 0

    def request(self, block: bytes, ended: bool) -> RequestHead:
        """The head of a request; ``ended`` if no body follows.

        :raises Malformed: it is not a request.
        :raises HeadRefused: as ``request_head``.
        :raises ConnectionFault: it is not a header block.
        """
        if ended:
            known = self._known.get(block)
            if known is not None:
                return known
        head = request_head(self._decode(block), ended)
        if ended and len(block) <= _LONGEST_BLOCK_KEPT and self._version == self._decoder.version:
            if len(self._known) >= _HEADS_KEPT:
                self._known.clear()
            self._known[block] = head
        return head

    def trailers(self, block: bytes) -> None:
        """Trailers are not used, yet they must be fields. Raises as ``request``."""
        check_trailers(self._decode(block))

    def _decode(self, block: bytes) -> list[Field]:
        decoder = self._decoder
        self._version = decoder.version
        fields = decoder.decode(block)
        if decoder.version != self._version:
            self._known.clear()
        return fields


def request_head(headers: Sequence[Field], ended: bool) -> RequestHead:
    """The head of a request; ``ended`` if no body follows.

    :raises Malformed: it is not a request.
    :raises HeadRefused: 400, 414, 417 or 431.
    """
    fields: dict[str, str] = {}
    size = regular = 0
    for name, value in headers:
        size += len(name) + len(value) + OVERHEAD
        if size > MAX_HEAD:
            raise _too_large(headers)
        key = _names.get(name) or _field_name(name)
        text = value.decode("latin-1")
        if text and (not text.isprintable() or text[0] == " " or text[-1] == " "):  # perhaps
            _check_value(value)
        if key[0] != ":":
            regular += 1
        elif regular:
            raise Malformed("a pseudo-header field out of place")
        if key not in fields:
            fields[key] = text
        elif key in _ONCE:
            raise Malformed("a field is there more than once")
        elif key != "authorization":  # the first one counts
            fields[key] += _SEPARATORS.get(key, ", ") + text
    if regular > MAX_HEADERS:
        raise HeadRefused(431, f"The request has more than {MAX_HEADERS} header fields.")
    if fields.get("te", "trailers") != "trailers":
        raise Malformed("TE promises what HTTP/2 has not")  # RFC 9113 8.2.2
    head = Http2Head()
    head._received = headers
    head.version = "HTTP/2"
    head.persistent = True
    head.fields = fields
    _target(head, fields)
    _framing(head, ended)
    return head


def check_trailers(headers: Sequence[Field]) -> None:
    """Trailers are not used, yet they must be fields.

    :raises Malformed: they are not (RFC 9113 8.1).
    """
    for name, value in headers:
        if name[:1] == b":":
            raise Malformed("a pseudo-header field among the trailers")
        _field_name(name)
        _check_value(value)


def _too_large(headers: Sequence[Field]) -> HeadRefused:
    if any(name == b":path" and len(value) > MAX_HEAD for name, value in headers):
        return HeadRefused(414, "The request target is longer than the server is willing to read.")
    return HeadRefused(431, "The head of the request is larger than the server is willing to process.")


def _field_name(name: bytes) -> str:
    if not _NAME.fullmatch(name):  # also upper case, RFC 9113 8.2.1
        raise Malformed("a field name is malformed")
    key = name.decode("ascii")
    if key in _FORBIDDEN:
        raise Malformed("a field of HTTP/1.1 connections")  # RFC 9113 8.2.2
    if len(_names) < _NAMES_KEPT and len(name) <= _LONGEST_KEPT:
        _names[name] = key
    return key


def _check_value(value: bytes) -> None:
    if value and (value.translate(None, _ANYTHING_BUT_CONTROLS) or value[0] in b" \t" or value[-1] in b" \t"):
        raise Malformed("a field value is malformed")  # RFC 9113 8.2.1


def _target(head: RequestHead, fields: dict[str, str]) -> None:
    """What the pseudo-header fields say, which are no fields from here on (RFC 9113 8.3.1)."""
    method, path = fields.pop(":method", None), fields.pop(":path", None)
    scheme, authority = fields.pop(":scheme", None), fields.pop(":authority", None)
    if method is None:
        raise Malformed("no :method")
    if method == "CONNECT":
        raise HeadRefused(400, "CONNECT is for proxies.")
    if not path or scheme is None:
        raise Malformed("no :path or no :scheme")
    if method not in KNOWN_METHODS and not TOKEN.fullmatch(method):
        raise HeadRefused(400, "The method is malformed.")
    if scheme not in ("https", "http"):
        raise HeadRefused(400, "The scheme is not served here.")
    if not TARGET.fullmatch(path) or (path[0] != "/" and (path, method) != ("*", "OPTIONS")):
        raise HeadRefused(400, "The request target is malformed.")
    head.method, head.target = method, path
    head.path, _, head.query_string = path.partition("?")
    _host(fields, authority)


def _host(fields: dict[str, str], authority: str | None) -> None:
    host = fields.get("host")
    if authority is not None:
        if host is not None and host.lower() != authority.lower():
            raise Malformed(":authority and Host differ")
        host = fields["host"] = authority
    if not host:
        raise HeadRefused(400, "The authority of the request is missing.")  # RFC 9110 4.2.1
    if not HOST.fullmatch(host):
        raise HeadRefused(400, "The authority of the request is malformed.")


def _framing(head: RequestHead, ended: bool) -> None:
    """How long the body is (RFC 9113 8.1.1); that it is so is checked while it arrives."""
    length = head.fields.get("content-length")
    head.length = 0 if ended else None
    if length is not None:
        if not NUMBER.fullmatch(length):
            raise Malformed("Content-Length is malformed")
        if ended and int(length):
            raise Malformed("a body is announced and does not come")
        head.length = int(length)
    expectation = head.fields.get("expect")
    head.expects_continue = False
    if expectation is not None:
        if expectation.lower() != "100-continue":
            raise HeadRefused(417, "The only expectation that can be met is 100-continue.")  # RFC 9110 10.1.1
        head.expects_continue = not ended
