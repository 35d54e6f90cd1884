"""Content lines of vCard: groups, parameters of vCard 2.1 that have no name, quoted-printable, folds of all versions.

A property keeps the text it was read from (``codec.content_lines``). In vCard 2.1 a quoted-printable line goes on after
a ``=`` at its end, a base64 one until something else comes, and AGENT may hold a card as it is.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from stalwart.codec.content_lines import (
    FOLD,
    Property,
    decoded,
    each_parameter,
    folded,
    parted,
    unescaped,
)
from stalwart.codec.mime import charsets
from stalwart.errors import Invalid

MAX_OCTETS: Final = 512 * 1024
"""The largest card that is read unless the reader says otherwise."""

MAX_LINES: Final = 20_000
"""Content lines of one card, folded ones counted once."""

STRUCTURED: Final = frozenset({"N", "ADR", "ORG"})
"""What has components, separated by semicolons (RFC 6350 6.2.2, 6.3.1, 6.6.4)."""
LISTED: Final = frozenset({"NICKNAME", "CATEGORIES"})
"""What is a list, separated by commas (RFC 6350 6.2.3, 6.7.1)."""

_NAME = re.compile(r"(?:([A-Za-z0-9_-]{1,255})\.)?([A-Za-z0-9_-]{1,255})\Z")
_BREAK = re.compile(r"\n(?![ \t])")
_QUOTED_PRINTABLE = re.compile(r";(?:ENCODING=)?\"?QUOTED-PRINTABLE\"?(?:;|\Z)", re.IGNORECASE)
_BASE64 = re.compile(r";(?:ENCODING=)?\"?(?:BASE64|B)\"?(?:;|\Z)", re.IGNORECASE)
_BASE64_LINE = re.compile(r"[A-Za-z0-9+/]+={0,2}[ \t]*\Z")
_NO_PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
_ENCODINGS: Final = frozenset({"7BIT", "8BIT", "QUOTED-PRINTABLE", "BASE64", "B"})
_LOCATIONS: Final = frozenset({"INLINE", "CONTENT-ID", "CID", "URL"})
_LONGEST_PARTED: Final = 4096
_SOFT_BREAK = re.compile(r"=[ \t]*\n")


class MalformedCard(Invalid):
    """What was sent is no vCard; the text says what is wrong, and where."""


class CardProperty(Property):
    """A content line of a card. ``name`` is in upper case and without the group."""

    __slots__ = ("group",)

    def __init__(self, name: str, raw: str, group: str | None = None) -> None:
        super().__init__(name, raw)
        self.group = group
        """As it is written; names of groups are compared without regard to case (RFC 6350 3.3)."""

    @classmethod
    def of(
        cls,
        name: str,
        value: str,
        parameters: Mapping[str, str | Sequence[str]] | None = None,
        group: str | None = None,
    ) -> CardProperty:
        """A property of our own. ``value`` is as it is written."""
        made = Property.made(name, value, parameters)
        if group is None:
            return cls(made.name, made.raw)
        return cls(made.name, folded(f"{group}.{made.line}"), group)

    @property
    def line(self) -> str:
        """Unfolded, without soft line breaks."""
        raw = self.raw
        if "\n" not in raw:
            return raw
        if "=" in raw and is_quoted_printable(raw.partition(":")[0]):
            raw = _SOFT_BREAK.sub("", raw)
        return FOLD.sub("", raw)

    @property
    def parameters(self) -> Mapping[str, tuple[str, ...]]:
        """By name in upper case; what is told in several parameters of a name is together. Types, encodings and such
        that vCard 2.1 writes without a name have theirs.
        """
        try:
            return self._parameters
        except AttributeError:
            head = self.head
            self._parameters = _parameters(head) if ";" in head else _NO_PARAMETERS
            return self._parameters

    @property
    def types(self) -> list[str]:
        """TYPE, in upper case."""
        return [each.strip().upper() for each in self.parameters.get("TYPE", ())]

    @property
    def encoding(self) -> str | None:
        """``QUOTED-PRINTABLE`` or ``BASE64``; None if the value is as it stands there."""
        said = (self.parameter("ENCODING") or "").strip().upper()
        return {"B": "BASE64", "BASE64": "BASE64", "QUOTED-PRINTABLE": "QUOTED-PRINTABLE"}.get(said)

    @property
    def written(self) -> str:
        """The value, still escaped but not encoded: quoted-printable becomes text, with LF for line breaks."""
        value = self.value
        if self.encoding != "QUOTED-PRINTABLE":
            return value
        octets = binascii.a2b_qp(value.encode("utf-8", "replace"))
        return _in_charset(octets, self.parameter("CHARSET")).replace("\r\n", "\n").replace("\r", "\n")

    @property
    def text(self) -> str:
        """The text that is meant, semicolons of structured values included."""
        return unescaped(self.written)

    @property
    def texts(self) -> list[str]:
        """The whole text, and those of its parts where it is structured or a list."""
        written = self.written
        whole = unescaped(written)
        if self.name in STRUCTURED:
            separator = ";"
        elif self.name in LISTED:
            separator = ","
        else:
            return [whole]
        if separator not in written or len(written) > _LONGEST_PARTED:
            return [whole]
        return list(dict.fromkeys([whole, *(unescaped(part).strip() for part in parted(written, separator) if part)]))


def _parameters(head: str) -> Mapping[str, tuple[str, ...]]:
    parameters: dict[str, list[str]] = {}
    for name, values in each_parameter(head):
        if values is None:
            if not name:
                continue
            name, values = _named(name)
        parameters.setdefault(name, []).extend(values)
    return {name: tuple(values) for name, values in parameters.items()}


def _named(said: str) -> tuple[str, tuple[str, ...]]:
    """A parameter of vCard 2.1 that is a value only."""
    if said in _ENCODINGS:
        return "ENCODING", (said,)
    return ("VALUE" if said in _LOCATIONS else "TYPE"), (said,)


def _in_charset(octets: bytes, charset: str | None) -> str:
    if charset and charsets.codec(charset) is not None:
        return charsets.decode(octets, charset)[0]
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def is_quoted_printable(head: str) -> bool:
    """Whether what stands before a value says that the value is quoted-printable."""
    return _QUOTED_PRINTABLE.search(head) is not None


def property_of(line: str) -> CardProperty | None:
    """The property that a content line is; None if it is none."""
    head, colon, _ = line.partition(":")
    if not colon:
        return None
    if ";" in head:
        head = head.partition(";")[0]
    if "\n" in head:
        head = FOLD.sub("", head)
    known = _KNOWN.get(head)
    if known is None:
        found = _NAME.match(head.strip())
        if found is None:
            return None
        known = found[2].upper(), found[1]
        if len(_KNOWN) < 2048:
            _KNOWN[head] = known
    return CardProperty(known[0], line, known[1])


_KNOWN: Final[dict[str, tuple[str, str | None]]] = {}
"""Names as they were met: the name in upper case and the group. Only ``property_of`` adds to it, up to a bound."""


def content_lines(octets: bytes, *, max_octets: int = MAX_OCTETS) -> list[str]:
    """The content lines of a stream, as they are folded, without line breaks at the end and empty lines."""
    if len(octets) > max_octets:
        raise MalformedCard(f"A card can have {max_octets} octets at most.")
    try:
        text = decoded(octets)
    except UnicodeDecodeError as problem:
        raise MalformedCard("A card has to be in UTF-8.") from problem
    lines = _BREAK.split(text) if "\n " in text or "\n\t" in text else text.split("\n")
    if len(lines) > 2 * MAX_LINES:
        raise MalformedCard(f"A card can have {MAX_LINES} lines at most.")
    upper = text.upper()
    if "QUOTED-PRINTABLE" in upper or "BASE64" in upper:
        lines = _joined(lines)
    lines = [line for line in lines if line and not line.isspace()]
    if len(lines) > MAX_LINES:
        raise MalformedCard(f"A card can have {MAX_LINES} lines at most.")
    return lines


def _joined(lines: list[str]) -> list[str]:
    """Lines of vCard 2.1 put together that go on without a blank at the start of the next one."""
    joined: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        head, colon, _ = line.partition(":")
        if colon and ";" in head:
            pieces = [line]
            if is_quoted_printable(head):
                while pieces[-1].rstrip(" \t").endswith("=") and at < len(lines):
                    pieces.append(lines[at])
                    at += 1
                line = "\n".join(pieces)
            elif _BASE64.search(head) is not None:
                while at < len(lines) and _BASE64_LINE.match(lines[at]):
                    pieces.append(lines[at])
                    at += 1
                line = "\n ".join(pieces)
        joined.append(line)
    return joined
