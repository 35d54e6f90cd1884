"""Settings objects as the store keeps them: JSON by (type, id), unique keys, references, an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from stalwart.store.rows import Row, Term

Key = tuple[str, str]
"""A unique value: (key space such as ``Domain.name``, value)."""

Reference = tuple[str, int]
"""A settings object named by (type, id)."""

References = list[Reference]

Ids = list[int]

Indexed = tuple[str, str]
"""A value that an object can be found by: (property, value)."""


class Registry(Protocol):
    """Settings objects: JSON by (type, id), with unique keys, references and an index. A call that raises changes
    nothing.
    """

    def get(self, type: str, id: int) -> Row | None:
        """The object, or None."""

    def many(self, type: str, ids: Iterable[int]) -> dict[int, Row]:
        """Those of the objects that there are, by id, in the order of ``ids``."""

    def list(self, type: str, after: int = -1, limit: int | None = None) -> list[Row]:
        """Objects with an id above ``after``, ascending."""

    def count(self, type: str) -> int:
        """How many objects of ``type`` there are."""

    def insert(
        self,
        type: str,
        data: Mapping[str, Any],
        *,
        id: int,
        keys: Iterable[Key] = (),
        links: Iterable[Reference] = (),
        index: Iterable[Indexed] = (),
    ) -> Row:
        """A new object. Raises Conflict (``property`` = key space, or ``id``), DanglingReference."""

    def update(
        self,
        type: str,
        id: int,
        data: Mapping[str, Any],
        *,
        revision: int,
        keys: Iterable[Key],
        links: Iterable[Reference],
        index: Iterable[Indexed] = (),
    ) -> Row:
        """Replace data, all keys, all links and all of the index.

        Raises Conflict (``revision`` stale, key taken), NotFound, DanglingReference.
        """

    def delete(self, type: str, id: int) -> None:
        """Remove the object with its keys, links and index. Raises Linked, NotFound."""

    def lookup(self, space: str, key: str) -> Reference | None:
        """Who holds a unique value."""

    def linked_from(self, type: str, id: int) -> References:
        """The objects that refer to this one, itself included if it does."""

    def next_id(self, type: str, first: int = 1) -> int:
        """The next number of the counter of ``type``; never given out twice."""

    def search(
        self,
        type: str,
        terms: Sequence[Term],
        *,
        sort: str | None = None,
        descending: bool = True,
        offset: int = 0,
        limit: int | None = None,
    ) -> Ids:
        """The ids of the objects for which all terms hold, from ``offset`` on, each once.

        ``sort`` None is by id, else a property for which every object has exactly one value in the index;
        equal ones are by id in the same direction.
        """

    def count_matching(self, type: str, terms: Sequence[Term]) -> int:
        """How many objects ``search`` finds without a limit."""

    def position(
        self, type: str, terms: Sequence[Term], id: int, *, sort: str | None = None, descending: bool = True
    ) -> int | None:
        """The place of ``id`` in what ``search`` finds, the first being 0; None if it is not there."""

    def changes(self, type: str) -> int:
        """How often objects of ``type`` have been made, changed or removed; for whoever keeps what he has read."""

    def index_forms(self) -> dict[str, str]:
        """What ``reindex`` was told last, by type."""

    def reindex(self, type: str, form: str, rows: Iterable[tuple[int, str, str]]) -> None:
        """Replace the whole index of ``type`` by ``rows`` of (id, property, value); ``form`` says how they were
        made.
        """
