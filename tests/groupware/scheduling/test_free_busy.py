"""What is said of the times of one person."""

from __future__ import annotations

from stalwart.groupware.scheduling.free_busy import NO_CALENDAR, NOBODY, SUCCESS, availability
from stalwart.groupware.traits import AVAILABILITY
from stalwart.groupware.viewers import Viewer
from tests.groupware.scheduling.world import SchedulingWorld, meeting

YEAR = (4070908800, 4102444800)  # 2099


class FreeBusyTests(SchedulingWorld):
    def told(self, address: str | None, most: int = 100) -> tuple[str, int]:
        found = self.successResultOf(
            self.store.read(lambda tx: availability(tx, self.tools.homes, Viewer(self.alice), address, YEAR, most))
        )
        return found.status, len(found.times)

    def test_statuses(self) -> None:
        self.put("alice", meeting())
        self.put("alice", meeting(uid="2"), name="2")
        self.assertEqual(self.told("ALICE@example.test"), (SUCCESS, 2))
        self.assertEqual(self.told("alice@example.test", 1), (SUCCESS, 1))
        self.assertEqual(self.told("carol@example.test"), (NO_CALENDAR, 0))
        for nobody in (None, "x@elsewhere.test"):
            self.assertEqual(self.told(nobody), (NOBODY, 0))

    def test_a_calendar_that_does_not_count(self) -> None:
        self.put("alice", meeting())

        def change(tx: object) -> None:
            (calendar,) = tx.collections.of_type(self.alice, 11)  # type: ignore[attr-defined]
            tx.collections.update(self.alice, calendar.id, now=1, data={AVAILABILITY: "none"})  # type: ignore[attr-defined]

        self.successResultOf(self.store.write(change))
        self.assertEqual(self.told("alice@example.test"), (SUCCESS, 0))
