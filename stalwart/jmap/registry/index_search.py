"""Queries that the store's index answers, page by page (settings A.6)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from stalwart.store import Term, Transaction


@frozen
class IndexSearch:
    """``window.Results`` of one search; ``sort`` None is by id."""

    tx: Transaction
    type: str
    terms: Sequence[Term]
    sort: str | None = None
    descending: bool = True

    def count(self) -> int:
        return self.tx.registry.count_matching(self.type, self.terms)

    def place(self, id: int) -> int | None:
        return self.tx.registry.position(self.type, self.terms, id, sort=self.sort, descending=self.descending)

    def page(self, offset: int, limit: int) -> list[int]:
        return self.tx.registry.search(
            self.type, self.terms, sort=self.sort, descending=self.descending, offset=offset, limit=limit
        )
