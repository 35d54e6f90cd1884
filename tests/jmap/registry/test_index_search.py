"""Results that the index answers; windows over them are tested with ``query``."""

from __future__ import annotations

from stalwart.jmap.registry.index_search import IndexSearch
from stalwart.store import Term
from tests.jmap.registry.world import RegistryWorld


class SearchTests(RegistryWorld):
    def test_count_place_and_page(self) -> None:
        for name in ("bob", "alice", "carol"):
            self.account(name)

        def work(tx: object) -> list[object]:
            search = IndexSearch(tx, "Account", [Term("domainId", "=", "b")], "name", False)  # type: ignore[arg-type]
            return [search.count(), search.place(1), search.place(9), search.page(1, 5)]

        self.assertEqual(self.successResultOf(self.store.read(work)), [3, 1, None, [1, 3]])
