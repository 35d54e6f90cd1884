"""Strings of scripts with something to be filled in: encoded characters (RFC 5228 2.4.2.4), variables (RFC 5229 3).

Encoded characters are known when a script is compiled, variables when it runs. What looks like neither stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

LONGEST_NAME: Final = 32
"""Characters of the name of a variable."""
MOST_MATCHES: Final = 30
"""Match variables: ``${0}`` is what was matched, the others are what the wildcards stood for."""

_ENCODED = re.compile(r"\$\{(hex|unicode):([0-9A-Fa-f \t\n]*)\}", re.I)
_REFERENCE = re.compile(r"\$\{((?:[A-Za-z_][A-Za-z0-9_]*\.)*)([A-Za-z_][A-Za-z0-9_]*|[0-9]+)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_HEX = re.compile(r"[0-9A-Fa-f]{1,2}\Z")
_POINT = re.compile(r"[0-9A-Fa-f]{1,6}\Z")
_FIRST_SURROGATE, _LAST_SURROGATE, _LAST_POINT = 0xD800, 0xDFFF, 0x10FFFF


class InvalidText(ValueError):
    """A string cannot be used; the message says why."""


@frozen
class Template:
    """``pieces`` are literal text and, at odd places, names of variables or numbers of matches."""

    pieces: tuple[str | int, ...]


Text = str | Template


def decode(text: str) -> str:
    """``text`` with encoded characters in it. Raises ``InvalidText``."""
    return _ENCODED.sub(_decoded, text) if "${" in text else text


def _decoded(match: re.Match[str]) -> str:
    numbers = match[2].split()
    if not numbers:
        return match[0]
    if match[1].lower() == "hex":
        if not all(_HEX.match(number) for number in numbers):
            return match[0]
        try:
            return bytes(int(number, 16) for number in numbers).decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidText(f"{match[0][:60]} is not UTF-8.") from None
    points = [int(number, 16) for number in numbers if _POINT.match(number)]
    if len(points) < len(numbers):
        return match[0]
    if any(point > _LAST_POINT or _FIRST_SURROGATE <= point <= _LAST_SURROGATE for point in points):
        raise InvalidText(f"{match[0][:60]} has a number that is no character.")
    return "".join(map(chr, points))


def template(text: str) -> Text:
    """``text`` with the variables in it found. Raises ``InvalidText``."""
    if "${" not in text:
        return text
    pieces: list[str | int] = []
    position = 0
    for match in _REFERENCE.finditer(text):
        if match[1]:
            raise InvalidText(f"{match[0][:60]} is of a name space that there is not; use a name without a dot.")
        pieces += [text[position : match.start()], reference(match[2])]
        position = match.end()
    if not pieces:
        return text
    return Template((*pieces, text[position:]))


def reference(name: str) -> str | int:
    """What a name means: a match by its number, or a variable in lower case. Raises ``InvalidText``."""
    if name.isdigit():
        if len(name) > 4 or int(name) > MOST_MATCHES:
            raise InvalidText(f"There are {MOST_MATCHES} match variables at most.")
        return int(name)
    return variable(name)


def variable(name: str) -> str:
    """The name of a variable that can be set, in lower case. Raises ``InvalidText``."""
    if not _NAME.match(name):
        raise InvalidText(f"{name[:40]!r} is no name of a variable: letters, digits and underscores are.")
    if len(name) > LONGEST_NAME:
        raise InvalidText(f"The name of a variable has at most {LONGEST_NAME} characters.")
    return name.lower()


def filled(text: Text, variables: Mapping[str, str], matches: tuple[str, ...], most: int) -> str:
    """``text`` with the values of variables, those that are not set being empty; cut at ``most`` characters."""
    if isinstance(text, str):
        return text
    pieces = []
    left = most
    for piece in (_piece(index, each, variables, matches) for index, each in enumerate(text.pieces)):
        pieces.append(piece[:left])
        left -= len(pieces[-1])
        if left <= 0:
            break
    return "".join(pieces)


def _piece(index: int, piece: str | int, variables: Mapping[str, str], matches: tuple[str, ...]) -> str:
    if isinstance(piece, int):
        return matches[piece] if piece < len(matches) else ""
    return variables.get(piece, "") if index % 2 else piece


MODIFIERS: Final[Mapping[str, Callable[[str], str]]] = {
    # RFC 5229 4.1, those of the highest precedence first
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "lowerfirst": lambda text: text[:1].lower() + text[1:],
    "upperfirst": lambda text: text[:1].upper() + text[1:],
    "quotewildcard": lambda text: re.sub(r"([*?\\])", r"\\\1", text),
    "length": lambda text: str(len(text)),
}
