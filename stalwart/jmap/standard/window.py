"""Which part of a query's results is answered: position or anchor, limit, total (RFC 8620 5.5).

Results are asked for lazily, so that a source with an index never lists more than the window; ``Listed`` is the source
that has them all in a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.arguments import QueryArguments


class Results(Protocol):
    """The complete list of results, in order."""

    def count(self) -> int:
        """How many there are."""

    def place(self, id: int) -> int | None:
        """The index of ``id``, None if it is not among them."""

    def page(self, offset: int, limit: int) -> list[int]:
        """At most ``limit`` of them (1 or more) from index ``offset`` on."""


@frozen
class Listed:
    """``Results`` that were computed all at once."""

    ids: Sequence[int]

    def count(self) -> int:
        return len(self.ids)

    def place(self, id: int) -> int | None:
        return self.ids.index(id) if id in self.ids else None

    def page(self, offset: int, limit: int) -> list[int]:
        return list(self.ids[offset : offset + limit])


@frozen
class Part:
    """What was cut out: ``position`` is the index of the first of ``ids``; ``total`` only if it was asked for."""

    ids: list[int]
    position: int
    total: int | None


@frozen
class Window:
    """What a client asked to see. ``limit`` is in force, ``lowered`` that the server set it (RFC 8620 5.5).

    ``anchor`` None is none, -1 one that no object can have.
    """

    position: int = 0
    anchor: int | None = None
    anchor_offset: int = 0
    limit: int = 0
    lowered: bool = False
    calculate_total: bool = False

    @classmethod
    def of(cls, arguments: QueryArguments, anchor: int | None, most: int) -> Window:
        """The window of a ``/query``: ``anchor`` is the number of its anchor, ``most`` the server's limit."""
        wanted = arguments.limit
        lowered = wanted is None or wanted > most
        return cls(
            arguments.position,
            anchor,
            arguments.anchor_offset,
            most if wanted is None or lowered else wanted,
            lowered,
            arguments.calculate_total,
        )

    def cut(self, results: Results) -> Part:
        """Raises ``MethodError`` ``anchorNotFound``."""
        position = self._start(results)
        ids = results.page(position, self.limit) if self.limit else []
        return Part(ids, position, results.count() if self.calculate_total else None)

    def _start(self, results: Results) -> int:
        if self.anchor is not None:
            place = results.place(self.anchor)
            if place is None:
                raise MethodError("anchorNotFound", "The anchor is not among the results of the query.")
            return max(0, place + self.anchor_offset)
        if self.position < 0:
            return max(0, results.count() + self.position)
        return self.position
