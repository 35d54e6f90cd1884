"""What is imported: one thing of a source, read when it is its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, Protocol

from attrs import field, frozen

Kind = Literal["email", "event", "card", "folder", "file", "calendar", "calendarEvent", "addressBook", "contactCard"]
"""Events and cards are octets; what begins with a word of JMAP's is JSON, as JMAP has it."""
TOGETHER: Final[frozenset[str]] = frozenset(("email", "calendarEvent", "contactCard"))
"""Kinds of which many are stored at once."""


@frozen
class Item:
    """``key`` names it in its source, the same whenever that is read; ``place`` are the names of the folders, the
    calendar or the address book that it is in, from the outermost on. ``role`` is what the folder of an e-mail is for.
    An event or a card of JMAP has all calendars or address books that it is in as its ``place``, and ``fetch`` gives
    the blobs that it names. Times are UTCDates.
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
    fetch: Callable[[str], bytes] | None = field(default=None, eq=False, repr=False)


class Source(Protocol):
    """Where things come from."""

    def items(self) -> Iterator[Item]:
        """All of them, those of one place together. Raises Problem."""

    def count(self) -> int | None:
        """How many there are, None if that is not known before."""

    def close(self) -> None:
        """Let go of what is open."""


class Several:
    """One source after the other."""

    def __init__(self, *sources: Source) -> None:
        self._sources = sources

    def items(self) -> Iterator[Item]:
        """Those of each in its order."""
        for each in self._sources:
            yield from each.items()

    def count(self) -> int | None:
        """How many there are in all, if each knows."""
        counts = [each.count() for each in self._sources]
        known = [each for each in counts if each is not None]
        return sum(known) if len(known) == len(counts) else None

    def close(self) -> None:
        """Close each."""
        for each in self._sources:
            each.close()


class Unreadable(Exception):
    """One thing cannot be read; the others can."""


def unreadable(kind: Kind, key: str, place: tuple[str, ...], why: str) -> Item:
    """Something of which is known only that it cannot be read."""

    def read() -> bytes:
        raise Unreadable(why)

    return Item(kind, key, place, read)


def crlf(octets: bytes) -> bytes:
    """A message with the line ends that it has on its way (RFC 5322 2.1)."""
    if b"\n" not in octets or octets.count(b"\r\n") == octets.count(b"\n"):
        return octets
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def batches(items: Iterator[Item], most: int) -> Iterator[Sequence[Item]]:
    """Neighbours that can be stored together (``TOGETHER``), at most so many; everything else by itself."""
    waiting: list[Item] = []
    for item in items:
        if waiting and (item.kind != waiting[0].kind or len(waiting) >= most):
            yield waiting
            waiting = []
        if item.kind in TOGETHER:
            waiting.append(item)
        else:
            yield [item]
    if waiting:
        yield waiting
