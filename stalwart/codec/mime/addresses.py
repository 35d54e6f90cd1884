"""Address lists (RFC 5322 3.4, 4.4, 6.2; RFC 6532): mailboxes and groups, out of whatever was written.

Never fails, takes linear time. Obsolete syntax is read (routes, blanks around dots, empty members, comments as names),
and common mistakes: missing brackets, semicolons between members, names without quotes, commas in encoded words.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from stalwart.codec.mime.encoded_words import composed, decode, unfold

MOST = 10_000
"""Members and groups of one list that are read, so that commas alone do not become millions of addresses."""

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+)
    |(?P<word>=\?[^?\s"<>]{1,60}\?[bBqQ]\?[^?\s"<>]*+\?=)
    |(?P<quoted>"(?:[^"\\]|\\.)*+"?)
    |(?P<comment>\()
    |(?P<literal>\[[^\[\]<>,;"]*+\])
    |(?P<special>[<>;:]|,[\s,]*+)
    |(?P<atom>(?:[^\s<>,;:"(=\[]++|=|\[)(?:[^\s<>,;:"(=\[]++|=(?!\?))*+)""",
    re.X | re.S,
)
_IN_COMMENT = re.compile(r"[^()\\]+|\\.|[()]|\\", re.S)
_PAIR = re.compile(r"\\(.)", re.S)
_AROUND = re.compile(r"[ \t\r\n]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_JOINED = (".", "@")
_WORD = "[A-Za-z0-9'!#$%&*+/^_`{|}~-]+"
_PLAIN = re.compile(
    rf"[ \t\r\n]*+(?:(?:({_WORD}(?: {_WORD})*+) )?<({_WORD}(?:\.{_WORD})*+@{_WORD}(?:\.{_WORD})*+)>"
    rf"|({_WORD}(?:\.{_WORD})*+@{_WORD}(?:\.{_WORD})*+))[ \t\r\n]*\Z"
)


class Address(NamedTuple):
    """A mailbox: the name shown, if any, and the address."""

    name: str | None
    email: str


class Group(NamedTuple):
    """Members under a name; those outside any group are together under None (RFC 8621 4.1.2.4)."""

    name: str | None
    addresses: tuple[Address, ...]


class _Piece(NamedTuple):
    kind: str
    text: str
    apart: bool  # white space before it


class _Reader:
    """What has been read of the current member, and what is complete."""

    def __init__(self, lenient: bool) -> None:
        self.lenient = lenient
        self.ended = 0
        self.groups: list[tuple[str | None, list[Address]]] = []
        self.in_group = False
        self.phrase: list[_Piece] = []
        self.angle: list[_Piece] | None = None
        self.after = False  # the bracket is closed
        self.comments: list[str] = []
        self.behind = False  # words stand behind a closed bracket, with no comma between

    def add(self, kind: str, text: str, apart: bool) -> None:
        if kind == "special":
            self.special(text)
        elif kind == "comment":
            self.comments.append(text)
        elif self.angle is not None and not self.after:
            self.angle.append(_Piece(kind, text, apart))
        else:
            if self.after:
                self.finish()
                self.behind = True
            self.phrase.append(_Piece(kind, text, apart))

    def special(self, character: str) -> None:
        open_ = self.angle is not None and not self.after
        if character == "<":
            if self.after:
                self.finish()
            self.angle = self.angle or []
        elif character == ">":
            self.after = self.angle is not None
        elif character == ":" and not self.in_group and not open_ and not self.after:
            self.colon()
        elif character == ":":
            if self.angle is not None and open_:
                self.angle.append(_Piece("special", ":", False))
        elif character == "," and open_ and self.angle and self.angle[0].text.startswith("@"):
            self.angle.append(_Piece("special", ",", False))  # obs-route
        else:
            self.finish()
            if character == ";" and self.in_group:  # what follows belongs to no group
                self.in_group = False
                self.groups.append((None, []))

    def colon(self) -> None:
        """The begin of a group, unless it is ``mailto:``."""
        name = _name(self.phrase, self.lenient)
        self.phrase = []
        if name.lower() == "mailto":
            return
        self.comments = []
        self.ended += 1
        self.groups.append((name, []))
        self.in_group = True

    def finish(self) -> None:
        """The end of a member."""
        if not self.phrase and self.angle is None and not self.comments:
            return
        self.ended += 1
        phrase, angle, comments, behind = self.phrase, self.angle, self.comments, self.behind
        self.phrase, self.angle, self.after, self.comments, self.behind = [], None, False, [], False
        if angle is not None:
            found = [Address(_name(phrase, self.lenient) or None, _address(angle))]
        elif behind and not any("@" in piece.text for piece in phrase):  # words behind a bracket
            members = self.groups[-1][1] if self.groups else []
            if members and members[-1].name is None:
                members[-1] = members[-1]._replace(name=_name(phrase, self.lenient) or None)
            return
        else:
            found = _without_brackets(phrase, self.lenient)
        if len(found) == 1 and found[0].name is None and comments and found[0].email:
            found = [found[0]._replace(name=_text(comments[-1], True, self.lenient).strip() or None)]
        found = [each for each in found if each.email or each.name]
        if found and not self.in_group and (not self.groups or self.groups[-1][0] is not None):
            self.groups.append((None, []))
        if found:
            self.groups[-1][1].extend(found)


def parse(value: str, lenient: bool = False) -> tuple[Group, ...]:
    """The groups of a list, in order. ``lenient`` decodes encoded words within quotes too."""
    plain = [_PLAIN.match(member) for member in value.split(",", MOST)[:MOST]]
    if all(plain):  # as most lists are: the rest would find the same
        return (Group(None, tuple(Address(match[1], match[2] or match[3]) for match in plain if match)),)
    return _parse(value, lenient)


def _parse(value: str, lenient: bool) -> tuple[Group, ...]:
    reader = _Reader(lenient)
    position, apart = 0, False
    while position < len(value) and reader.ended < MOST:
        match = _TOKEN.match(value, position)
        if match is None:
            position += 1
            continue
        position = match.end()
        kind = match.lastgroup or ""
        if kind == "blank":
            apart = True
            continue
        text = match[0]
        if kind == "special":
            text = text[0]
        if kind == "comment":
            text, position = _comment(value, position)
        reader.add(kind, text, apart)
        apart = kind == "comment"
    reader.finish()
    return tuple(Group(name, tuple(members)) for name, members in reader.groups if members or name is not None)


def mailboxes(groups: tuple[Group, ...]) -> list[Address]:
    """All members, whatever group they are in (RFC 8621 4.1.2.3)."""
    return [address for group in groups for address in group.addresses]


def _comment(value: str, position: int) -> tuple[str, int]:
    """The text of a comment whose parenthesis has been read, and what follows it. One that never ends is skipped."""
    depth, begin = 1, position
    for match in _IN_COMMENT.finditer(value, position):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
            if depth == 0:
                return value[begin : match.start()], match.end()
    return value[begin:], len(value)


def _text(raw: str, pairs: bool, lenient: bool) -> str:
    text = unfold(raw)
    if pairs and "\\" in text:
        text = _PAIR.sub(r"\1", text)
    return composed(_CONTROLS.sub("", decode(text, lenient) if "=?" in text else text))


def _name(pieces: list[_Piece], lenient: bool) -> str:
    """A display name: encoded words decoded, quotes and escapes removed (RFC 8621 4.1.2.3)."""
    shown: list[str] = []
    words: list[str] = []
    for piece in pieces:
        space = " " if piece.apart and (shown or words) else ""
        if piece.kind == "quoted":
            shown.append(decode("".join(words), lenient))
            quoted = piece.text[1:].removesuffix('"') if len(piece.text) > 1 else ""
            text = _AROUND.sub(" ", unfold(quoted)) if "\n" in quoted else quoted
            text = _PAIR.sub(r"\1", text)
            shown.append(space + (decode(text, True) if lenient else text))
            words = []
        else:
            words.append(space + piece.text)
    shown.append(decode("".join(words), lenient))
    return composed(_CONTROLS.sub("", "".join(shown))).strip()


def _address(pieces: list[_Piece]) -> str:
    """An addr-spec without white space and without the obsolete route before it."""
    text = "".join(piece.text for piece in pieces)
    if text.startswith("@") and ":" in text:
        text = text.rpartition(":")[2]
    elif text[:7].lower() == "mailto:":
        text = text[7:]
    return _CONTROLS.sub("", text)


def _without_brackets(pieces: list[_Piece], lenient: bool) -> list[Address]:
    """A member without brackets: words that touch, or have a dot or an at sign between them, are one address.

    Several addresses with nothing but blanks between them are taken apart.
    """
    runs: list[list[_Piece]] = []
    for piece in pieces:
        joined = runs and (
            not piece.apart
            or piece.text.startswith(_JOINED)
            or (piece.kind != "quoted" and runs[-1][-1].text.endswith(_JOINED))
        )
        if joined:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    spelled = ["".join(piece.text for piece in run) for run in runs]
    at = [place for place, text in enumerate(spelled) if "@" in text]
    if len(runs) > 1 and len(at) == 1:
        rest = [piece for place, run in enumerate(runs) if place != at[0] for piece in run]
        return [Address(_name(rest, lenient) or None, _CONTROLS.sub("", spelled[at[0]]))]
    if at and len(at) == len(runs):
        return [Address(None, _CONTROLS.sub("", text)) for text in spelled]
    return [Address(None, _name(pieces, lenient))]
