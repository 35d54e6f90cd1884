"""What is deleted is kept, as much as there is room for and as long as the settings say."""

from __future__ import annotations

from typing import Any

from stalwart.config.storage.retention import DataRetention
from stalwart.groupware import bin as module
from tests.dav.world import ALICE, DavWorld

HOME = f"/dav/file/{ALICE}"


class BinTests(DavWorld):
    def kept(self) -> list[tuple[str, int, int]]:
        def work(tx: Any) -> list[tuple[str, int, int]]:
            return [(each.path, each.items, each.expires_at) for each in tx.archive.kept(self.alice)]

        return list(self.successResultOf(self.store.read(work)))

    def delete(self, name: str, size: int = 1) -> None:
        self.expect(201, "PUT", f"{HOME}/{name}", b"x" * size)
        self.expect(204, "DELETE", f"{HOME}/{name}")

    def test_what_is_deleted_is_kept_for_a_while(self) -> None:
        self.delete("a")
        self.assertEqual(self.kept(), [("a", 1, int(self.clock.seconds()) + 30 * 86_400)])
        self.settle(self.settings.change(DataRetention, {"archiveDeletedItemsFor": None}))
        self.delete("b")
        self.assertEqual(len(self.kept()), 1)

    def test_the_oldest_makes_room(self) -> None:
        self.patch(module, "MOST", 10)
        for name, size in (("a", 4), ("b", 4), ("c", 4), ("d", 11)):
            self.delete(name, size)
        self.assertEqual([path for path, *_ in self.kept()], ["b", "c"])

    def test_what_is_overwritten_by_a_move_is_kept(self) -> None:
        for name in ("a", "b"):
            self.expect(201, "PUT", f"{HOME}/{name}", name.encode())
        self.expect(204, "MOVE", f"{HOME}/a", destination=f"{HOME}/b")
        self.assertEqual([path for path, *_ in self.kept()], ["b"])
