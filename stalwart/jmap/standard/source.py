"""The back end of a data type: what the standard methods ask of it, inside a transaction of the store.

``ObjectSource`` is the usual one, JSON objects of the object store; a type with tables of its own has another. Sources
keep nothing of their own between calls.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from attrs import frozen

from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.filters import Filter
from stalwart.jmap.standard.sorting import Criterion
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Part, Window
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

Found = list[tuple[int, dict[str, Any]]]


@frozen
class Query:
    """What a query asks for.

    ``names`` are the properties that filter and sort look at; ``fixed``: none of them ever changes (RFC 8620 5.6);
    ``calculable``: nothing in the query rules out telling its changes; ``searches``: it looks through texts.
    """

    filter: Filter
    sort: tuple[Criterion, ...]
    names: frozenset[str]
    fixed: bool
    calculable: bool
    searches: bool = False


@frozen
class QueryAnswer:
    """A window of the results; ``can_calculate_changes`` is the source's own word on that."""

    part: Part
    can_calculate_changes: bool = True


@frozen
class Difference:
    """What makes the new results of a client's old ones (RFC 8620 5.6); ``added`` are (index, id), ascending."""

    removed: Sequence[int]
    added: Sequence[tuple[int, int]]
    total: int | None


class Source(Protocol):
    """Objects of one data type; ids are numbers. Every method is for a thread of the store, in a transaction."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        """The number of the last change."""

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        """The objects that there are among ``ids`` (None: all), at most ``limit``.

        Each with at least the properties ``names``, in wire form, without ``id``. What the client may not see is not
        there.
        """

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        """As ``store.Objects.changes``; None is cannotCalculateChanges."""

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        """Store ``change.new``; the number of the new object. Errors of the family refuse this one change."""

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Store ``change.changed``; further properties that changed thereby and the client must learn."""

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Remove the object ``change.id``. Raises NotFound."""

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        """As ``create``, where ``change.new`` is a copy of ``original`` in the account of ``origin``."""

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        """Raises ``MethodError``: ``anchorNotFound``, ``unsupportedFilter``, ``unsupportedSort``."""

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        """What changed since, None is cannotCalculateChanges; ``up_to`` may be ignored, as RFC 8620 5.6 says when."""
