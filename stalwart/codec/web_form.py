"""Forms of web pages: ``application/x-www-form-urlencoded`` (URL 5.1) and ``multipart/form-data`` (RFC 7578).

A reader takes the body piece by piece and tells the fields in the order in which they came, repeated names too. Text
is UTF-8, and what is none is replaced. Names of files and types of parts are read past: a file is a field like any
other. How long a body may be is for the caller to say; how many fields there may be is said here.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import unquote_plus

from stalwart.codec.media_types import is_media_type
from stalwart.codec.mime.parameters import parse

MOST_FIELDS = 250
LONGEST_NAME = 200
_LONGEST_HEAD = 4096
_LONGEST_BOUNDARY = 70  # RFC 2046 5.1.1
_END_OF_HEAD = b"\r\n\r\n"

Field = tuple[str, str]


class MalformedForm(ValueError):
    """The body is no form, or has too many fields; the message is half a sentence."""


class FormReader(Protocol):
    """Reads one form."""

    def feed(self, piece: bytes) -> None:
        """More of the body. Raises MalformedForm."""

    def finish(self) -> list[Field]:
        """The body is over: its fields. Raises MalformedForm."""


def reader_of(content_type: str | None) -> FormReader:
    """The reader for a body of this type: with a ``boundary`` it has parts, any other is urlencoded (http-service 7).

    :raises MalformedForm: there is no type, or none that has the form of one.
    """
    if content_type is None or not is_media_type(content_type):
        raise MalformedForm("it has no valid Content-Type")
    boundary = parse(content_type.encode("ascii", "replace")).octets("boundary")
    return Multipart(boundary) if boundary else Urlencoded()


class Urlencoded:
    """``name=value&name=value``."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._separators = 0

    def feed(self, piece: bytes) -> None:
        """See ``FormReader``."""
        self._separators += piece.count(b"&")
        if self._separators >= MOST_FIELDS:
            raise _too_many()
        self._pieces.append(piece)

    def finish(self) -> list[Field]:
        """See ``FormReader``."""
        found = []
        for pair in b"".join(self._pieces).split(b"&"):
            name, _, value = pair.partition(b"=")
            if pair:
                found.append((_name(unquote_plus(_text(name), errors="replace")), _unquoted(value)))
        return found


class Multipart:
    """Parts between delimiters. What comes before the first and after the last one is nothing."""

    def __init__(self, boundary: bytes) -> None:
        if len(boundary) > _LONGEST_BOUNDARY or not boundary.isascii():
            raise MalformedForm("its boundary is not valid")
        self._delimiter = b"\r\n--" + boundary
        self._held = b"\r\n"  # so that the first delimiter is like the others
        self._value: list[bytes] | None = None  # of the part that is being read
        self._name = ""
        self._found: list[Field] = []
        self._in_head = False
        self._is_over = False

    def feed(self, piece: bytes) -> None:
        """See ``FormReader``."""
        if self._is_over:
            return
        self._held += piece
        while not self._is_over and (self._head() if self._in_head else self._content()):
            pass

    def finish(self) -> list[Field]:
        """See ``FormReader``."""
        if not self._is_over:
            raise MalformedForm("its last delimiter is missing")
        return self._found

    def _content(self) -> bool:
        """Read up to the next delimiter; whether there is one."""
        at = self._held.find(self._delimiter)
        if at < 0:
            kept = len(self._delimiter) - 1
            if len(self._held) > kept:
                self._keep(self._held[:-kept])
                self._held = self._held[-kept:]
            return False
        after = at + len(self._delimiter)
        if len(self._held) < after + 2:  # whether it is the last one has not come yet
            return False
        self._keep(self._held[:at])
        self._end_part()
        self._is_over = self._held.startswith(b"--", after)
        self._held = b"" if self._is_over else self._held[after:]
        self._in_head = True
        return True

    def _head(self) -> bool:
        """Read the head of a part, from the end of its delimiter on; whether it is complete."""
        end = self._held.find(_END_OF_HEAD)
        if end > _LONGEST_HEAD or (end < 0 and len(self._held) > _LONGEST_HEAD):
            raise MalformedForm("the head of a part is too long")
        if end < 0:
            return False
        padding, *lines = self._held[:end].split(b"\r\n")
        if padding.strip(b" \t"):  # RFC 2046 5.1.1
            raise MalformedForm("a delimiter is followed by something else")
        if len(self._found) >= MOST_FIELDS:
            raise _too_many()
        self._name = _disposed(lines)
        self._value = []
        self._held = self._held[end + 2 :]  # with its line break, which belongs to a delimiter if one follows at once
        self._in_head = False
        return True

    def _keep(self, data: bytes) -> None:
        if self._value is not None and data:
            self._value.append(data)

    def _end_part(self) -> None:
        if self._value is not None:
            self._found.append((self._name, _text(b"".join(self._value).removeprefix(b"\r\n"))))
            self._value = None


def _disposed(lines: list[bytes]) -> str:
    """The name that Content-Disposition gives (RFC 7578 4.2)."""
    for line in lines:
        field, _, value = line.partition(b":")
        if field.strip().lower() == b"content-disposition":
            found = parse(value)
            name = found.text("name")
            if found.main.lower() == "form-data" and name is not None:
                # Browsers write what would end the name as `%22`, `%0D` and `%0A` (HTML 4.10.22.8).
                for written, meant in (("%22", '"'), ("%0D", " "), ("%0A", " ")):
                    name = name.replace(written, meant)
                return _name(name)
    raise MalformedForm("a part has no name")


def _name(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise MalformedForm("the name of a field is too long")
    return name


def _unquoted(value: bytes) -> str:
    return unquote_plus(_text(value), errors="replace")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _too_many() -> MalformedForm:
    return MalformedForm(f"it has more than {MOST_FIELDS} fields")
