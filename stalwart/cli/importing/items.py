"""What is imported: one thing of a source, read when it is its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol

from attrs import field, frozen

Kind = Literal["email", "event", "card", "folder", "file"]


@frozen
class Item:
    """``key`` names it in its source, the same whenever that is read; ``place`` are the names of the folders, the
    calendar or the address book that it is in, from the outermost on. ``role`` is what the folder of an e-mail is for.
    Times are UTCDates.
    """

    kind: Kind
    key: str
    place: tuple[str, ...]
    read: Callable[[], bytes] = field(eq=False, repr=False)
    name: str = ""
    role: str | None = None
    keywords: tuple[str, ...] = ()
    received_at: str | None = None
    media_type: str | None = None
    modified: str | None = None


class Source(Protocol):
    """Where things come from."""

    def items(self) -> Iterator[Item]:
        """All of them, those of one place together. Raises Problem."""

    def count(self) -> int | None:
        """How many there are, None if that is not known before."""

    def close(self) -> None:
        """Let go of what is open."""


class Unreadable(Exception):
    """One thing cannot be read; the others can."""


def crlf(octets: bytes) -> bytes:
    """A message with the line ends that it has on its way (RFC 5322 2.1)."""
    if b"\n" not in octets or octets.count(b"\r\n") == octets.count(b"\n"):
        return octets
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def batches(items: Iterator[Item], most: int) -> Iterator[Sequence[Item]]:
    """Neighbours that can be stored together: e-mails, at most so many; everything else by itself."""
    waiting: list[Item] = []
    for item in items:
        if waiting and (item.kind != "email" or len(waiting) >= most):
            yield waiting
            waiting = []
        if item.kind == "email":
            waiting.append(item)
        else:
            yield [item]
    if waiting:
        yield waiting
