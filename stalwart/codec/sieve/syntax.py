"""The text of a script to a tree of commands (RFC 5228 2, 8): words, numbers and strings, without their meaning.

Everything in the tree knows its line. Takes linear time; nesting is bounded, so that recursion is too. Lines end with
``\\n`` in strings, however the script has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import define, frozen

DEEPEST_BLOCK: Final = 15
DEEPEST_TEST: Final = 15
LARGEST_NUMBER: Final = (1 << 53) - 1
MOST_STRINGS: Final = 5000
"""Strings of one list."""

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\n]++)
      | (?P<remark>\#[^\n]*+)
      | (?P<comment>/\*(?:[^*]|\*(?!/))*+\*/)
      | (?P<text>(?i:text:)[ \t]*+(?:\#[^\n]*+)?+\n)
      | (?P<string>"(?:[^"\\]|\\.)*+")
      | (?P<number>[0-9]++[KMGkmg]?+)(?![A-Za-z0-9_])
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*+)
      | (?P<tag>:[A-Za-z_][A-Za-z0-9_]*+)
      | (?P<special>[][(){};,])""",
    re.X | re.S,
)
_SKIPPED = frozenset(("blank", "remark", "comment"))
_ESCAPED = re.compile(r"\\(.)", re.S)
_WORD = re.compile(r"\S{1,30}")
_END_OF_TEXT = re.compile(r"^\.[ \t]*$", re.M)


class SieveError(ValueError):
    """A script cannot be used: ``text`` says why and what to do, ``line`` where."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(f"line {line}: {text}")
        self.text = text
        self.line = line


@frozen
class Tag:
    """``:name``, in lower case, without the colon."""

    name: str
    line: int


@frozen
class Number:
    """A number, its unit counted in."""

    value: int
    line: int


@frozen
class Strings:
    """One string, or several in brackets."""

    values: tuple[str, ...]
    line: int
    is_list: bool = False


Argument = Tag | Number | Strings


@frozen
class Command:
    """A command or a test with all that belongs to it; ``block`` is None where there is no block."""

    name: str
    line: int
    arguments: tuple[Argument, ...] = ()
    tests: tuple[Command, ...] = ()
    block: tuple[Command, ...] | None = None


@frozen
class _Token:
    kind: str
    text: str
    line: int


def parse(script: bytes) -> tuple[Command, ...]:
    """The commands of a script. Raises ``SieveError``."""
    try:
        text = script.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = script.count(b"\n", 0, problem.start) + 1
        raise SieveError("The script is not UTF-8; save it in that encoding.", line) from None
    text = text.replace("\r\n", "\n")
    if "\0" in text:
        raise SieveError("There is a NUL in the script; remove it.", text.count("\n", 0, text.index("\0")) + 1)
    return _Reader(_tokens(text)).script()


def _tokens(text: str) -> Iterator[_Token]:
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise SieveError(_unreadable(text, position), line)
        kind, content = match.lastgroup or "", match[0]
        position = match.end()
        if kind == "text":
            content, end = _multi_line(text, position, line)
            lines = 1 + text.count("\n", position, end)
            position = end
        else:
            lines = content.count("\n")
        if kind not in _SKIPPED:
            yield _Token("string" if kind == "text" else kind, _value(kind, content), line)
        line += lines
    yield _Token("end", "", line)


def _unreadable(text: str, position: int) -> str:
    if text[position] == '"':
        return "The string that begins here does not end; close it with a quotation mark."
    if text.startswith("/*", position):
        return "The comment that begins here does not end; close it with */."
    word = _WORD.match(text, position)
    shown = word[0] if word is not None else repr(text[position])
    return f"{shown} is not understood here."


def _value(kind: str, content: str) -> str:
    if kind == "string":
        return _ESCAPED.sub(r"\1", content[1:-1])
    return content.lower() if kind in ("word", "tag", "number") else content


def _multi_line(text: str, begin: int, line: int) -> tuple[str, int]:
    """RFC 5228 2.4.2: up to a line with a dot; a dot in front of a line is doubled."""
    end = _END_OF_TEXT.search(text, begin)
    if end is None:
        raise SieveError("The text that begins here does not end; close it with a line of one dot.", line)
    lines = text[begin : end.start()].split("\n")
    content = "\n".join(each[1:] if each.startswith("..") else each for each in lines)
    return content, end.end()


@define
class _Reader:
    """Reads commands out of tokens, one token ahead."""

    tokens: Iterator[_Token]
    token: _Token = _Token("end", "", 1)

    def script(self) -> tuple[Command, ...]:
        """All of it."""
        self.next()
        found = self.commands(0)
        if self.token.kind != "end":
            raise SieveError("There is a } that closes nothing; remove it.", self.token.line)
        return found

    def next(self) -> _Token:
        """The token that was looked at; the following one is, from now on."""
        token, self.token = self.token, next(self.tokens, self.token)
        return token

    def is_special(self, character: str) -> bool:
        return self.token.kind == "special" and self.token.text == character

    def take(self, character: str, otherwise: str) -> None:
        """Take a character that has to come."""
        if not self.is_special(character):
            raise SieveError(otherwise, self.token.line)
        self.next()

    def commands(self, depth: int) -> tuple[Command, ...]:
        """Commands, up to what is none."""
        found = []
        while self.token.kind == "word":
            found.append(self.command(depth))
        if self.token.kind != "end" and not self.is_special("}"):
            raise SieveError(f"A command is expected, not {self.shown()}.", self.token.line)
        return tuple(found)

    def command(self, depth: int) -> Command:
        """A command with its semicolon or its block."""
        word = self.next()
        arguments = self.arguments()
        tests = self.tests(0)
        if self.is_special("{"):
            if depth >= DEEPEST_BLOCK:
                raise SieveError(f"Blocks are nested more than {DEEPEST_BLOCK} deep; use fewer.", self.token.line)
            self.next()
            block = self.commands(depth + 1)
            self.take("}", f"The block of line {word.line} does not end; close it with a brace.")
            return Command(word.text, word.line, arguments, tests, block)
        self.take(";", f"A semicolon is missing after {word.text} of line {word.line}.")
        return Command(word.text, word.line, arguments, tests)

    def arguments(self) -> tuple[Argument, ...]:
        """Tags, numbers and strings."""
        found: list[Argument] = []
        while True:
            kind, line = self.token.kind, self.token.line
            if kind == "tag":
                found.append(Tag(self.next().text[1:], line))
            elif kind == "number":
                found.append(Number(self.number(), line))
            elif kind == "string":
                found.append(Strings((self.next().text,), line))
            elif self.is_special("["):
                self.next()
                found.append(Strings(self.strings(), line, is_list=True))
            else:
                return tuple(found)

    def number(self) -> int:
        """A number with its unit."""
        token = self.next()
        digits = token.text.rstrip("kmg")
        value = int(digits) * _UNITS[token.text[len(digits) :]] if len(digits) <= 16 else LARGEST_NUMBER + 1
        if value > LARGEST_NUMBER:
            raise SieveError(f"A number is at most {LARGEST_NUMBER}.", token.line)
        return value

    def strings(self) -> tuple[str, ...]:
        """What stands in brackets, the first of which is taken already."""
        found: list[str] = []
        while self.token.kind == "string":
            found.append(self.next().text)
            if len(found) > MOST_STRINGS:
                raise SieveError(f"A list has at most {MOST_STRINGS} strings; use several.", self.token.line)
            if not self.is_special(","):
                break
            self.next()
            if self.token.kind != "string":
                raise SieveError(f"A string is expected after the comma, not {self.shown()}.", self.token.line)
        self.take("]", f"The list of strings does not end: a comma or a bracket is expected, not {self.shown()}.")
        return tuple(found)

    def tests(self, depth: int) -> tuple[Command, ...]:
        """A test, several in parentheses, or none."""
        if self.token.kind == "word":
            return (self.test(depth),)
        if not self.is_special("("):
            return ()
        line = self.next().line
        found = [self.test(depth)]
        while self.is_special(","):
            self.next()
            found.append(self.test(depth))
        self.take(")", f"The tests of line {line} do not end: a comma or a parenthesis is expected.")
        return tuple(found)

    def test(self, depth: int) -> Command:
        """A test, which may have tests."""
        if depth >= DEEPEST_TEST:
            raise SieveError(f"Tests are nested more than {DEEPEST_TEST} deep; use fewer.", self.token.line)
        if self.token.kind != "word":
            raise SieveError(f"A test is expected, not {self.shown()}.", self.token.line)
        word = self.next()
        return Command(word.text, word.line, self.arguments(), self.tests(depth + 1))

    def shown(self) -> str:
        """The token that is looked at, for people."""
        return "the end of the script" if self.token.kind == "end" else f"{self.token.text[:30]!r}"
