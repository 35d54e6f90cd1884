"""The copy of a message that leaves: without Bcc (RFC 8621 7.5), every line ended by CRLF (RFC 5321 2.3.8).

A message comes as its begin, which holds the whole header, and pieces of the rest. What does not have to change is the
same octet for octet, so that signatures of others stay valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import define, frozen

from stalwart.codec.mime import headers
from stalwart.codec.mime.addresses import mailboxes, parse
from stalwart.codec.mime.headers import Field

HEAD: Final = headers.LONGEST
"""Octets in which the header must be complete."""

DROPPED: Final = frozenset(("bcc", "resent-bcc", "return-path"))
"""Fields that are not for those who get the message; the last is for whoever delivers it (RFC 5321 4.4)."""

_LONE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_RECIPIENTS = ("to", "cc", "bcc")


@frozen
class Head:
    """The header of a message: its fields with their octets, as they leave, and where the body begins.

    ``senders`` are the addresses of From, ``recipients`` those of To, Cc and Bcc, each once.
    """

    lines: tuple[tuple[str, bytes], ...]
    body_begin: int
    senders: tuple[str, ...]
    recipients: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Whether there is a field of that name, in lower case."""
        return any(each == name for each, _ in self.lines)

    @property
    def is_ascii(self) -> bool:
        """Whether what leaves of it needs no SMTPUTF8 (RFC 6532)."""
        return all(octets.isascii() for name, octets in self.lines if name not in DROPPED)

    def written(self, added: Sequence[bytes] = ()) -> bytes:
        """The header as it leaves, with its empty line; ``added`` are fields to put before it."""
        kept = [octets for name, octets in self.lines if name not in DROPPED]
        return b"".join([*added, *kept, b"\r\n"])


def read_head(begin: bytes) -> Head:
    """The header that ``begin`` holds; without any field where there is none."""
    end, body = headers.block(begin, 0, len(begin))
    found = headers.fields(begin, 0, end)
    # A field begins with its name, and its line ends where its value does.
    lines = tuple((field.name.lower(), _line(begin, field)) for field in found)
    return Head(lines, body, _addresses(begin, found, ("from",)), _addresses(begin, found, _RECIPIENTS))


@define
class Passing:
    """Pieces of a body on their way out; what they turned out to be is known when all have passed."""

    is_ascii: bool = True
    is_clean: bool = True
    """Whether every line ended as it must, the last one too."""
    size: int = 0

    def passed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces with CRLF for every end of a line, and one at the end."""
        held, last = b"", b"\n"
        for piece in pieces:
            octets = held + piece
            held = b"\r" if octets.endswith(b"\r") else b""
            if held:
                octets = octets[:-1]
            if not octets:
                continue
            self.is_ascii = self.is_ascii and octets.isascii()
            made = _with_crlf(octets)
            if made is not octets:
                self.is_clean = False
            last = made[-1:]
            self.size += len(made)
            yield made
        if held or last != b"\n":
            self.is_clean = False
            self.size += 2
            yield b"\r\n"


def _with_crlf(octets: bytes) -> bytes:
    """The same object where nothing is wrong."""
    ends = octets.count(b"\r\n")
    if ends == octets.count(b"\n") == octets.count(b"\r"):
        return octets
    return _LONE.sub(b"\r\n", octets)


def _line(data: bytes, field: Field) -> bytes:
    """All of a field. A stray CR would end the header for some who read it, so none is left."""
    begin = data.rfind(b"\n", 0, field.begin) + 1
    return data[begin : field.end].replace(b"\r", b"").replace(b"\n", b"\r\n") + b"\r\n"


def _addresses(data: bytes, found: Iterable[Field], names: Sequence[str]) -> tuple[str, ...]:
    """Of all fields of these names, in the order of the names."""
    wanted: dict[str, list[str]] = {name: [] for name in names}
    for name, begin, end in found:
        if name.lower() in wanted:
            wanted[name.lower()] += (
                address.email for address in mailboxes(parse(headers.text(data[begin:end]))) if address.email
            )
    return tuple(dict.fromkeys(email for emails in wanted.values() for email in emails))
