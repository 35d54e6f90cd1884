"""What is said of the times of one person."""

from __future__ import annotations

from stalwart.groupware.busy_times import Allowance
from stalwart.groupware.scheduling.free_busy import NO_CALENDAR, NOBODY, SUCCESS, Availability, availability
from stalwart.groupware.traits import AVAILABILITY
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction
from tests.groupware.scheduling.world import SchedulingWorld, meeting

YEAR = (4070908800, 4102444800)  # 2099


class FreeBusyTests(SchedulingWorld):
    def told(self, address: str | None, most: int = 100) -> tuple[str, int]:
        def work(tx: Transaction) -> Availability:
            homes = self.tools.homes
            home = homes.find_address(tx, address) if address is not None else None
            return availability(tx, homes, Viewer(self.alice), home, YEAR, 100, Allowance(most))

        found = self.successResultOf(self.store.read(work))
        return found.status, len(found.times)

    def test_statuses(self) -> None:
        self.put("alice", meeting())
        self.put("alice", meeting(uid="2"), name="2")
        self.assertEqual(self.told("ALICE@example.test"), (SUCCESS, 2))
        one_and_the_rest = self.told("alice@example.test", 1)
        self.assertEqual(one_and_the_rest, (SUCCESS, 2))
        self.assertEqual(self.told("alice@example.test", 0), (SUCCESS, 1))
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
