"""The head of a response on the wire (RFC 9112 4, 5): one string, so that head and body leave in one write."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate

from attrs import frozen

from stalwart.web.answers import Answer, Headers
from stalwart.web.problems import reason_phrase

BODILESS = frozenset((204, 304))  # RFC 9110 6.4.1
_status_lines: dict[int, str] = {}


class UnsafeHeaderError(ValueError):
    """A header would break the head: it holds a line end or a character outside Latin-1."""


@frozen
class AddedHeaders:
    """What the settings put on every answer (http-service 2.1): as wire text, and which names it replaces."""

    text: str = ""
    names: frozenset[str] = frozenset()


def added_headers(headers: Iterable[tuple[str, str]]) -> AddedHeaders:
    """Later ones of the same name win.

    :raises UnsafeHeaderError: one of them cannot be sent.
    """
    chosen = {name.lower(): (name, value) for name, value in headers}
    return AddedHeaders(header_lines(tuple(chosen.values())), frozenset(chosen))


def header_lines(headers: Headers, replaced: frozenset[str] = frozenset()) -> str:
    """The fields as wire text, without those named in ``replaced``."""
    if replaced:
        headers = tuple(pair for pair in headers if pair[0].lower() not in replaced)
    text = "".join([f"{name}: {value}\r\n" for name, value in headers])
    lines = len(headers)
    if text.count("\n") != lines or text.count("\r") != lines or "\0" in text:
        raise UnsafeHeaderError("a response header holds a line end")
    return text


def status_line(status: int) -> str:
    """``HTTP/1.1 200 OK`` and its line end."""
    line = _status_lines.get(status)
    if line is None:
        line = _status_lines[status] = f"HTTP/1.1 {status} {reason_phrase(status)}\r\n"
    return line


def response_head(answer: Answer, added: AddedHeaders, tail: str) -> bytes:
    """The head of ``answer``; ``tail`` is what follows its own and the added fields: Connection, Date.

    :raises UnsafeHeaderError: a field cannot be sent.
    """
    own = header_lines(answer.headers, added.names) if answer.headers else ""
    if answer.content_type is not None and "content-type" not in added.names:
        own += f"Content-Type: {answer.content_type}\r\n"
    if answer.status not in BODILESS:
        own += f"Content-Length: {answer.length}\r\n"
    return _encoded(f"{status_line(answer.status)}{own}{added.text}{tail}\r\n")


def stream_head(
    content_type: str, headers: Headers, added: AddedHeaders, tail: str, chunked: bool, status: int = 200
) -> bytes:
    """The head of a stream; without ``chunked`` the end of the connection ends it (RFC 9112 6.3)."""
    own = f"Content-Type: {content_type}\r\n{header_lines(headers, added.names)}"
    coding = "Transfer-Encoding: chunked\r\n" if chunked else ""
    return _encoded(f"{status_line(status)}{own}{coding}{added.text}{tail}\r\n")


def socket_head(accept: str, protocol: str | None, tail: str) -> bytes:
    """The head that ends HTTP on a connection: what follows are frames (RFC 6455 4.2.2)."""
    chosen = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol is not None else ""
    own = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{chosen}"
    return _encoded(f"{status_line(101)}{own}{tail}\r\n")


def _encoded(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise UnsafeHeaderError("a response header holds a character outside Latin-1") from None


class DateLine:
    """The Date field (RFC 9110 6.6.1), made once a second."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def at(self, now: float) -> str:
        """The field and its line end at ``now`` (seconds since the epoch)."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._text = f"Date: {formatdate(second, usegmt=True)}\r\n"
        return self._text
