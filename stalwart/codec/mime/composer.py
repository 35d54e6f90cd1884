"""Messages out of what Email/set is given (RFC 8621 4.6), as pieces, so that no attachment is in memory as a whole.

Boundaries, Message-ID and Date come from the caller: nothing here is random and nothing knows the time.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs

from stalwart.codec.mime.header_forms import Form
from stalwart.codec.mime.header_writer import InvalidValue, field, parameters
from stalwart.codec.mime.parameters import parse

Contents = Callable[[], Iterable[bytes]]

_CONTENT_TYPE = "content-type"
_LINE = 57  # octets of a line of base64
_LONGEST_LINE = 990
_PIECE = _LINE * 1024
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}\Z")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,60}\Z")
_BOUNDARY = re.compile(r"[A-Za-z0-9'()+_,./:=?-]{1,70}\Z")
_TAG = re.compile(r"[A-Za-z0-9-]{1,60}\Z")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@attrs.frozen
class Outline:
    """A part to be written: of ``text``, of ``contents`` (asked for anew each time it is read), or of ``parts``.

    ``parameters`` are further ones of its Content-Type.
    """

    type: str = "text/plain"
    text: str | None = None
    contents: Contents | None = None
    parts: tuple[Outline, ...] = ()
    charset: str | None = None
    disposition: str | None = None
    name: str | None = None
    cid: str | None = None
    language: tuple[str, ...] = ()
    location: str | None = None
    fields: tuple[tuple[str, Form, Any], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def is_multipart(self) -> bool:
        """Whether it consists of parts."""
        return self.type.lower().startswith("multipart/")


def structure(text: Outline | None, html: Outline | None, attachments: Sequence[Outline] = ()) -> Outline:
    """The body of a message that reads back to these lists (RFC 8621 4.1.4)."""
    embedded = [each for each in attachments if html is not None and each.cid and each.disposition in ("inline", None)]
    files = [
        each if each.disposition else attrs.evolve(each, disposition="attachment")
        for each in attachments
        if not any(each is other for other in embedded)
    ]
    shown = html
    if html is not None and embedded:
        shown = Outline("multipart/related", parts=(html, *embedded))
    if text is not None and shown is not None:
        shown = Outline("multipart/alternative", parts=(text, shown))
    body = shown or text
    if body is not None and not files:
        return body
    return Outline("multipart/mixed", parts=(*([body] if body is not None else ()), *files))


def is_media_type(text: str) -> bool:
    """Whether it is a type and a subtype, without parameters."""
    return _TYPE.match(text) is not None


def is_disposition(text: str) -> bool:
    """Whether Content-Disposition can begin with it (RFC 2183)."""
    return _TOKEN.match(text) is not None


def is_charset(text: str) -> bool:
    """Whether it may name a character set (RFC 2978 2.3)."""
    return _TOKEN.match(text) is not None


def is_language(text: str) -> bool:
    """Whether it may be a language tag."""
    return _TAG.match(text) is not None


def is_location(text: str) -> bool:
    """Whether Content-Location can hold it."""
    return len(text) <= _LONGEST_LINE - 20 and text.isascii() and text.isprintable() and " " not in text


def type_of_field(fields: Iterable[tuple[str, Form, Any]]) -> str | None:
    """The media type that a part's own Content-Type says, if it has one."""
    for name, _, value in fields:
        if name.lower() == _CONTENT_TYPE and isinstance(value, str):
            kind = parse(value.strip().encode("utf-8", "replace")).main
            return kind if is_media_type(kind) else None
    return None


def compose(fields: Iterable[tuple[str, Form, Any]], body: Outline, boundaries: Iterator[str]) -> Iterator[bytes]:
    """The message in pieces. The whole header, and every field of a part, is checked first: raises ``InvalidValue``."""
    head = [field(name, form, value) for name, form, value in fields]
    writer = _Writer(boundaries)
    planned = writer.plan(body)
    if not any(line[:13].lower() == b"mime-version:" for line in head):
        head.append(b"MIME-Version: 1.0\r\n")
    return writer.write(head, planned)


@attrs.frozen
class _Planned:
    """A part whose header is written already."""

    outline: Outline
    header: bytes
    encoding: str
    boundary: bytes
    octets: bytes
    parts: tuple[_Planned, ...]


class _Writer:
    def __init__(self, boundaries: Iterator[str]) -> None:
        self.boundaries = boundaries

    def plan(self, outline: Outline) -> _Planned:
        """Decides on encodings and writes headers."""
        if not is_media_type(outline.type):
            raise InvalidValue(f"{outline.type[:80]!r} is no media type")
        encoding, boundary, octets = "7bit", "", b""
        charset = outline.charset
        if outline.is_multipart:
            boundary = next(self.boundaries)
            if not _BOUNDARY.match(boundary):
                raise InvalidValue("a boundary has other characters than RFC 2046 5.1.1 allows")
            charset = None
        elif outline.text is not None:
            octets = _lines(outline.text)
            encoding, charset = _fitting(octets), "utf-8"
        elif outline.type.lower().startswith("message/") and outline.type.lower() != "message/global":
            encoding = _transparent(outline.contents)  # RFC 2046 5.2.1
        else:
            encoding = "base64"
        own_type = not outline.is_multipart and type_of_field(outline.fields) is not None
        if own_type and outline.text is not None and not octets.isascii():
            _require_utf8(outline.fields)
        given = {
            "charset": charset,
            "boundary": boundary or None,
            "name": None if outline.disposition else outline.name,
            **dict(outline.parameters),
        }
        header = [] if own_type else [f"Content-Type: {parameters(outline.type, given)}\r\n".encode()]
        if not outline.is_multipart:
            header.append(f"Content-Transfer-Encoding: {encoding}\r\n".encode())
        header += _descriptions(outline)
        parts = tuple(self.plan(each) for each in outline.parts) if outline.is_multipart else ()
        return _Planned(outline, b"".join(header), encoding, boundary.encode(), octets, parts)

    def write(self, head: list[bytes], part: _Planned) -> Iterator[bytes]:
        """A header and a body."""
        yield b"".join([*head, part.header, b"\r\n"])
        if part.outline.is_multipart:
            for each in part.parts:
                yield b"--" + part.boundary + b"\r\n"
                yield from self.write([], each)
                yield b"\r\n"
            yield b"--" + part.boundary + b"--\r\n"
        elif part.outline.text is not None:
            yield from _encoded(part.octets, part.encoding)
        elif part.outline.contents is not None:
            yield from _base64(part.outline.contents()) if part.encoding == "base64" else part.outline.contents()


def _descriptions(outline: Outline) -> list[bytes]:
    """Content-Disposition, Content-ID, Content-Language, Content-Location, and the part's own fields."""
    written = []
    if outline.disposition:
        if not is_disposition(outline.disposition):
            raise InvalidValue(f"{outline.disposition[:80]!r} is no disposition")
        value = parameters(outline.disposition, {"filename": outline.name})
        written.append(f"Content-Disposition: {value}\r\n".encode())
    if outline.cid:
        written.append(field("Content-ID", Form.MESSAGE_IDS, [outline.cid]))
    if outline.language:
        if not all(map(is_language, outline.language)):
            raise InvalidValue("a language is no language tag")
        written.append(field("Content-Language", Form.RAW, " " + ",\r\n ".join(outline.language)))
    if outline.location:
        if not is_location(outline.location):
            raise InvalidValue("a location is no URI")
        written.append(field("Content-Location", Form.RAW, f" {outline.location}"))
    written += [field(name, form, value) for name, form, value in outline.fields]
    return written


def _require_utf8(fields: Iterable[tuple[str, Form, Any]]) -> None:
    """Text that is not ASCII can have a Content-Type of its own only if that says so."""
    for name, _, value in fields:
        if name.lower() == _CONTENT_TYPE:
            charset = parse(value.strip().encode("utf-8", "replace")).text("charset") or ""
            if charset.lower() not in ("utf-8", "utf8"):
                raise InvalidValue("the text needs a Content-Type with the charset utf-8")


def _lines(text: str) -> bytes:
    """With CRLF (RFC 2046 4.1.1)."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").replace(b"\n", b"\r\n")


def _fitting(octets: bytes) -> str:
    """What carries text safely and stays readable where it can."""
    if octets.isascii() and not _CONTROLS.search(octets):
        if max(map(len, octets.split(b"\r\n"))) <= _LONGEST_LINE:
            return "7bit"
        return "quoted-printable"
    foreign = len(octets.translate(None, bytes(range(32, 127)) + b"\t\r\n"))
    return "base64" if foreign > len(octets) // 6 else "quoted-printable"


def _encoded(octets: bytes, encoding: str) -> Iterator[bytes]:
    if encoding == "quoted-printable":
        encoded = binascii.b2a_qp(octets, istext=True)
        # where there is no end of a line, soft ones come as LF
        yield encoded if b"\r\n" in octets else encoded.replace(b"\n", b"\r\n")
    elif encoding == "base64":
        yield from _base64((octets,))
    else:
        yield octets


def _base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of 76 characters."""
    pending = b""
    for piece in pieces:
        for at in range(0, len(piece), _PIECE):
            pending += piece[at : at + _PIECE]
            whole = len(pending) // _LINE * _LINE
            if whole:
                yield _base64_lines(pending[:whole])
                pending = pending[whole:]
    if pending:
        yield _base64_lines(pending)


def _base64_lines(octets: bytes) -> bytes:
    lines = [binascii.b2a_base64(octets[at : at + _LINE], newline=False) for at in range(0, len(octets), _LINE)]
    return b"\r\n".join(lines) + b"\r\n"


def _transparent(contents: Contents | None) -> str:
    """How a message within the message is labelled."""
    encoding = "7bit"
    for piece in contents() if contents is not None else ():
        if b"\0" in piece:
            return "binary"
        if not piece.isascii():
            encoding = "8bit"
    return encoding
