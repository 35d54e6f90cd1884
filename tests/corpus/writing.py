"""What every dialect needs: files, folds of all kinds, escapes of texts."""

from __future__ import annotations

import quopri
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from attrs import field, frozen

Fold: TypeAlias = Callable[[str], bytes]


@frozen
class File:
    """What a program has written, and what it means: members that JMAP has to show."""

    program: str
    name: str
    octets: bytes
    shown: dict[str, Any] = field(factory=dict)

    @property
    def label(self) -> str:
        """What tells it from the others."""
        return f"{self.program}/{self.name}"


def by_octets(limit: int = 75, blank: bytes = b" ", line_break: bytes = b"\r\n") -> Fold:
    """Folds within ``limit`` octets, never in a character (libical, Apple, most)."""

    def fold(line: str) -> bytes:
        made, room = [b""], limit
        for character in line:
            octets = character.encode()
            if len(made[-1]) + len(octets) > room:
                made.append(b"")
                room = limit - len(blank)
            made[-1] += octets
        return (line_break + blank).join(made)

    return fold


def mid_character(limit: int = 75, line_break: bytes = b"\r\n") -> Fold:
    """Folds after so many octets wherever that is, as RFC 5545 3.1 warns of (older Outlook, iTIP gateways)."""

    def fold(line: str) -> bytes:
        octets = line.encode()
        pieces = [octets[:limit]] + [octets[at : at + limit - 1] for at in range(limit, len(octets), limit - 1)]
        return (line_break + b" ").join(pieces)

    return fold


def by_characters(limit: int = 73, blank: bytes = b" ") -> Fold:
    """Folds after so many characters, however many octets these are (Java, JavaScript)."""

    def fold(line: str) -> bytes:
        pieces = [line[:limit]] + [line[at : at + limit - 1] for at in range(limit, len(line), limit - 1)]
        return (b"\r\n" + blank).join(piece.encode() for piece in pieces)

    return fold


def unfolded(line: str) -> bytes:
    """As long as it is (feeds of web sites)."""
    return line.encode()


def joined(lines: Sequence[str], fold: Fold, line_break: bytes = b"\r\n") -> bytes:
    """A file of these lines."""
    return b"".join(fold(line) + line_break for line in lines)


def text(value: str) -> str:
    """A text as RFC 5545 3.3.11 has it."""
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def eager_text(value: str) -> str:
    """The same with what needs no backslash (old iCal, vobject of old): colons and quotes, and N for line breaks."""
    return text(value).replace("\\n", "\\N").replace(":", "\\:").replace('"', '\\"')


def quoted_printable(value: str, charset: str = "utf-8") -> str:
    """A value of vCard 2.1; soft line breaks as they are written by phones."""
    octets = value.replace("\n", "\r\n").encode(charset)
    made = quopri.encodestring(octets.replace(b"\r\n", b"\0"), quotetabs=False).replace(b"=00", b"=0D=0A")
    return made.decode().replace("\n", "\r\n")
