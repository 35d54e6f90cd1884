"""Content lines as iCalendar and vCard write them (RFC 5545 3.1, RFC 6350 3.3): unfolding, folding, properties and
their parameters (RFC 6868), escaped texts and lists of them.

A property keeps the text it was read from, so that what nobody changes is written as it came; its parameters and its
value are taken apart when somebody asks. Text inside has LF for line breaks; CRLF is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

MAX_FOLD: Final = 75
"""RFC 5545 3.1: octets in a line, without its break."""

FOLD: Final = re.compile(r"\n[ \t]")
"""What is taken out of a line that was folded."""

_NO_PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
_OCTET_FOLD = re.compile(rb"\r?\n[ \t]")
_HEAD = re.compile(r'(?:"[^"]*+"|[^":]++)*+:')
_PARAMETER = re.compile(r';((?:"[^"]*+"|[^";]++)*+)')
_LISTED = re.compile(r'((?:"[^"]*+"|[^",]++)*+)(?:,|\Z)')
_CARET = re.compile(r"\^[n^']")
_CARETS = {"^n": "\n", "^^": "^", "^'": '"'}
_NEEDS_QUOTES = re.compile(r"[:;,]")
_NOT_IN_PARAMETERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_COMMA = re.compile(r"(?:[^,\\]++|\\.|\\\Z)*+", re.DOTALL)
_SEMICOLON = re.compile(r"(?:[^;\\]++|\\.|\\\Z)*+", re.DOTALL)


class Property:
    """One content line: ``NAME;PARAMETER=value:value``. It does not change; ``with_...`` make others of it."""

    __slots__ = ("_parameters", "_split", "name", "raw")

    _parameters: Mapping[str, tuple[str, ...]]

    def __init__(self, name: str, raw: str) -> None:
        self.name = name
        """In upper case."""
        self.raw = raw
        """As it was read, folded with LF and without the last line break."""
        self._split = -1

    @classmethod
    def made(cls, name: str, value: str, parameters: Mapping[str, str | Sequence[str]] | None = None) -> Property:
        """A property of our own. ``value`` is as it is written: texts are escaped by whoever gives them."""
        head = name
        for key, given in (parameters or {}).items():
            head += f";{key}={_written(given)}"
        return cls(name.upper(), folded(f"{head}:{_one_line(value)}"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Property) and self.line == other.line

    def __hash__(self) -> int:
        return hash(self.line)

    def __repr__(self) -> str:
        return f"Property({self.line!r})"

    @property
    def line(self) -> str:
        """Unfolded."""
        raw = self.raw
        return FOLD.sub("", raw) if "\n" in raw else raw

    @property
    def head(self) -> str:
        """What stands before the value and its colon."""
        line = self.line
        return line[: self._colon(line)]

    @property
    def value(self) -> str:
        """As it is written, unfolded and still escaped."""
        line = self.line
        return line[self._colon(line) + 1 :]

    def _colon(self, line: str) -> int:
        split = self._split
        if split < 0:
            split = line.find(":")
            if line.find('"', 0, split) >= 0:
                found = _HEAD.match(line)
                if found is not None:
                    split = found.end() - 1
            if line.startswith("://", split):
                split = _after_scheme(line, split)
            self._split = split
        return split

    @property
    def parameters(self) -> Mapping[str, tuple[str, ...]]:
        """By name in upper case; without quotes, and decoded (RFC 6868)."""
        try:
            return self._parameters
        except AttributeError:
            line = self.line
            split = self._colon(line)
            self._parameters = _parameters(line[:split]) if line.find(";", 0, split) >= 0 else _NO_PARAMETERS
            return self._parameters

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter, if it is there."""
        if ";" not in self.raw:
            return None
        found = self.parameters.get(name)
        return found[0] if found else None

    def with_value(self, value: str) -> Property:
        """The same with another value, as it is written."""
        return Property(self.name, folded(f"{self.head}:{_one_line(value)}"))

    def with_parameter(self, name: str, value: str | Sequence[str]) -> Property:
        """The same with a parameter set, where it stood or behind the others, which stay as they are written."""
        name = name.upper()
        written = f"{name}={_written(value)}"
        pieces = []
        for piece in _pieces(self.head):
            if piece.partition("=")[0].strip().upper() != name:
                pieces.append(piece)
            elif written:
                pieces.append(written)
                written = ""
        return self._headed([*pieces, written] if written else pieces)

    def without_parameters(self, *names: str) -> Property:
        """The same without these parameters; itself, if it has none of them."""
        if not any(name in self.parameters for name in names):
            return self
        return self._headed(
            [piece for piece in _pieces(self.head) if piece.partition("=")[0].strip().upper() not in names]
        )

    def _headed(self, pieces: Sequence[str]) -> Property:
        name = self.head.partition(";")[0]
        return Property(self.name, folded(f"{';'.join((name, *pieces))}:{self.value}"))


def _after_scheme(line: str, split: int) -> int:
    """The colon behind a TZID that is a URL without quotes, as Exchange writes them (``TZID=tzone://Microsoft/Utc``)."""
    if not line[:split].upper().endswith(";TZID=TZONE"):
        return split
    found = line.find(":", split + 3)
    return found if found >= 0 else split


def _pieces(head: str) -> list[str]:
    if '"' not in head:
        return head.split(";")[1:]
    return [found.group(1) for found in _PARAMETER.finditer(head)]


def _parameters(head: str) -> Mapping[str, tuple[str, ...]]:
    parameters: dict[str, tuple[str, ...]] = {}
    for name, values in each_parameter(head):
        if name not in parameters:
            parameters[name] = values or ("",)
    return parameters


def each_parameter(head: str) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """The parameters in what stands before a value: names in upper case, values decoded or, without ``=``, None."""
    for piece in _pieces(head):
        name, equals, text = piece.partition("=")
        name = name.strip().upper()
        if not equals:
            yield name, None
            continue
        values: tuple[str, ...]
        if '"' in text:
            values = tuple(found.replace('"', "") for found in _LISTED.findall(text))
            values = values if len(values) < 2 or text.endswith(",") else values[:-1]
        else:
            values = tuple(text.split(","))
        if "^" in text:
            values = tuple(_CARET.sub(lambda found: _CARETS[found.group()], value) for value in values)
        yield name, values


def _written(given: str | Sequence[str]) -> str:
    return ",".join(map(quoted, (given,) if isinstance(given, str) else given))


def quoted(value: str) -> str:
    """A parameter's value as it is written (RFC 5545 3.2, RFC 6868 3.2)."""
    if "^" in value or '"' in value or "\n" in value:
        value = value.replace("^", "^^").replace('"', "^'").replace("\n", "^n")
    value = _NOT_IN_PARAMETERS.sub("", value)
    return f'"{value}"' if _NEEDS_QUOTES.search(value) or value != value.strip() else value


def _one_line(value: str) -> str:
    """Nothing that would begin another line."""
    return value.replace("\r", "").replace("\n", "\\n") if "\n" in value or "\r" in value else value


def folded(line: str) -> str:
    """A line folded after 75 octets at most (RFC 5545 3.1), never within a character; with LF."""
    if len(line) <= MAX_FOLD and (line.isascii() or len(line.encode()) <= MAX_FOLD):
        return line
    if line.isascii():
        rest = MAX_FOLD - 1
        return line[:MAX_FOLD] + "".join(f"\n {line[at : at + rest]}" for at in range(MAX_FOLD, len(line), rest))
    octets = line.encode("utf-8", "replace")
    pieces = []
    at, room = 0, MAX_FOLD
    while at < len(octets):
        end = min(at + room, len(octets))
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(octets[at:end].decode())
        at, room = end, MAX_FOLD - 1
    return "\n ".join(pieces)


def decoded(octets: bytes) -> str:
    """Text in UTF-8, without its byte order mark, with LF for the line breaks of any system. A fold may be within a
    character (RFC 5545 3.1, last note).

    :raises UnicodeDecodeError: it is no UTF-8.
    """
    is_mended = False
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text, is_mended = _OCTET_FOLD.sub(b"", octets).decode(), True
    text = text[1:] if text.startswith("\ufeff") else text
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            text = re.sub(r"\r+\n|\r", "\n", text)
    return "\n".join(map(folded, text.split("\n"))) if is_mended else text


def unescaped(text: str) -> str:
    """The text that is meant (RFC 5545 3.3.11). A backslash before anything else is left out."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\n" if found.group(1) in "nN" else found.group(1), text)


def escaped(text: str) -> str:
    """A text as it is written."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def text_list(value: str) -> list[str]:
    """The texts that commas separate, unescaped."""
    return [unescaped(each) for each in parted(value, ",")]


def structured(value: str) -> list[str]:
    """The texts that semicolons separate, unescaped (REQUEST-STATUS, RFC 5545 3.8.8.3)."""
    return [unescaped(each) for each in parted(value, ";")]


def parted(value: str, separator: str) -> list[str]:
    """What commas or semicolons separate that are not escaped, as it is written."""
    if "\\" not in value:
        return value.split(separator)
    form = _COMMA if separator == "," else _SEMICOLON
    parts = []
    at = 0
    while True:
        found = form.match(value, at)
        end = found.end() if found else len(value)
        parts.append(value[at:end])
        if end >= len(value):
            return parts
        at = end + 1
