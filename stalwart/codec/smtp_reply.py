"""SMTP replies as the client reads them (RFC 5321 4.2, RFC 2034) and what an EHLO reply offers (RFC 5321
4.1.1.1).

Bytes of one line go in, a finished reply comes out; nothing here knows a connection. The parser is generous
where real servers are careless (bare line feeds, no text, bytes that are not UTF-8) and strict where a wrong
guess would put client and server out of step: codes, one code for all lines of a reply, bounded lengths.
"""

from __future__ import annotations

import re

from attrs import field, frozen

LINE_LIMIT = 2048  # RFC 5321 4.5.3.1.5 says 512 octets; servers exceed it
REPLY_LIMIT = 8192
LINES_LIMIT = 100

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?\Z", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: +|\Z)")
_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 0x09}


class MalformedReply(Exception):
    """What the server sent is no SMTP reply, or a longer one than anybody needs."""


def readable(raw: bytes) -> str:
    """Bytes from the peer as text that a log or a terminal can show: no control characters, U+FFFD for what
    is not UTF-8.
    """
    return raw.decode("utf-8", "replace").translate(_CONTROLS)


@frozen
class Reply:
    """One reply; ``lines`` are the texts after the code, without the enhanced status code (RFC 3463)."""

    code: int
    enhanced: str | None = None
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All lines as one."""
        return " ".join(self.lines)

    @property
    def positive(self) -> bool:
        """The command was carried out: 2yz (RFC 5321 4.2.1)."""
        return 200 <= self.code <= 299

    @property
    def permanent(self) -> bool:
        """The same command will fail again: 5yz (RFC 5321 4.2.1)."""
        return self.code >= 500

    def describe(self) -> str:
        """``Code: 554, Enhanced code: 5.7.1, Message: ...``, the form that reasons are reported in."""
        return f"Code: {self.code}, Enhanced code: {self.enhanced or '0.0.0'}, Message: {self.text}"


class ReplyParser:
    """Puts the lines of a reply together. One parser serves a whole connection; after an error it must not be
    used.
    """

    def __init__(self) -> None:
        self._code: bytes | None = None
        self._lines: list[str] = []
        self._size = 0

    @property
    def pending(self) -> bool:
        """Whether a reply has begun that is not complete."""
        return self._code is not None

    def feed(self, line: bytes) -> Reply | None:
        """Take one line without its line end; the reply if this line ends it.

        :raises MalformedReply: no code, another code than the line before, or beyond the limits.
        """
        self._size += len(line) + 2
        if len(line) > LINE_LIMIT:
            raise MalformedReply(f"line of more than {LINE_LIMIT} bytes")
        if self._size > REPLY_LIMIT or len(self._lines) >= LINES_LIMIT:
            raise MalformedReply(f"reply of more than {REPLY_LIMIT} bytes or {LINES_LIMIT} lines")
        match = _LINE.match(line)
        if match is None:
            raise MalformedReply("line without a reply code")
        code, separator, text = match.groups()
        if self._code not in (None, code):  # RFC 5321 4.2.1: the same code on each line
            raise MalformedReply("reply with different codes")
        self._code = code
        self._lines.append(readable(text or b""))
        return None if separator == b"-" else self._finish(int(code))

    def _finish(self, code: int) -> Reply:
        lines, self._lines = self._lines, []
        self._code, self._size = None, 0
        enhanced = _ENHANCED.match(lines[0])
        if enhanced is None or int(lines[0][0]) != code // 100:  # RFC 2034 4: both classes agree
            return Reply(code, None, tuple(lines))
        status = enhanced[1]
        return Reply(code, status, tuple(_without(status, line) for line in lines))


def _without(status: str, line: str) -> str:
    match = _ENHANCED.match(line)
    return line[match.end() :] if match is not None and match[1] == status else line


@frozen
class Capabilities:
    """What a server offers: ``host`` names itself, ``keywords`` are the extension lines as sent (RFC 5321
    4.1.1.1).
    """

    host: str = ""
    keywords: tuple[str, ...] = ()
    _by_name: dict[str, tuple[str, ...]] = field(init=False, repr=False, eq=False)

    @_by_name.default
    def _parsed(self) -> dict[str, tuple[str, ...]]:
        named = [line.split() for line in reversed(self.keywords)]  # of two lines with one keyword the first counts
        return {words[0].upper(): tuple(words[1:]) for words in named if words}

    @classmethod
    def from_reply(cls, reply: Reply) -> Capabilities:
        """Read a positive EHLO reply; a HELO reply gives no keywords."""
        first = reply.lines[0].split(None, 1) if reply.lines else []
        return cls(first[0] if first else "", tuple(line.strip() for line in reply.lines[1:] if line.strip()))

    def parameters(self, keyword: str) -> tuple[str, ...] | None:
        """What follows ``keyword`` on its line, ``None`` if it is not offered. Keywords have no case (RFC
        5321 2.4).
        """
        return self._by_name.get(keyword.upper())

    def offers(self, keyword: str) -> bool:
        """Whether the extension is offered."""
        return self.parameters(keyword) is not None

    @property
    def starttls(self) -> bool:
        """RFC 3207."""
        return self.offers("STARTTLS")

    @property
    def size(self) -> int | None:
        """Largest message in bytes; 0 if there is no fixed limit, ``None`` if the server does not say (RFC
        1870 4).
        """
        parameters = self.parameters("SIZE")
        if parameters is None:
            return None
        digits = parameters[0] if parameters else "0"
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else None

    @property
    def pipelining(self) -> bool:
        """RFC 2920."""
        return self.offers("PIPELINING")

    @property
    def eightbitmime(self) -> bool:
        """RFC 6152."""
        return self.offers("8BITMIME")

    @property
    def smtputf8(self) -> bool:
        """RFC 6531."""
        return self.offers("SMTPUTF8")

    @property
    def requiretls(self) -> bool:
        """RFC 8689."""
        return self.offers("REQUIRETLS")

    @property
    def chunking(self) -> bool:
        """RFC 3030."""
        return self.offers("CHUNKING")

    @property
    def dsn(self) -> bool:
        """RFC 3461."""
        return self.offers("DSN")

    @property
    def enhanced_status_codes(self) -> bool:
        """RFC 2034."""
        return self.offers("ENHANCEDSTATUSCODES")
