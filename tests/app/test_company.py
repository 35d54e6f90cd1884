"""A process that serves alone: it has everything itself, leads, and has nobody to tell."""

from __future__ import annotations

from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app import house as house_module
from stalwart.app.company import Alone, Company
from stalwart.app.listeners import OwnSockets
from stalwart.app.workers.member import Member
from tests.app.world import HouseCase


class AloneTests(SynchronousTestCase):
    """Nobody else is there."""

    def setUp(self) -> None:
        self.alone = Alone()

    def test_it_begins_at_once(self) -> None:
        begun: list[int] = []
        self.alone.lead(lambda: begun.append(1))
        self.assertEqual((begun, self.alone.is_first), ([1], True))

    def test_runner_is_asked_itself(self) -> None:
        runner: Any = object()
        self.assertIs(self.alone.tasks(runner), runner)

    def test_nobody_brings_changes(self) -> None:
        nothing: Any = None
        self.assertIsNone(self.alone.changes(nothing, nothing, nothing))

    def test_sockets_are_its_own(self) -> None:
        self.assertIsInstance(self.alone.sockets(MemoryReactorClock()), OwnSockets)

    def test_reset_of_the_limits_leaves_what_lasts(self) -> None:
        for counters in (self.alone.limits, self.alone.lasting):
            counters.increment("anonymous", "x", 5)
        self.alone.limits.clear()
        self.assertEqual(self.alone.lasting.increment("anonymous", "x", 5), 2)

    def test_everybody_has_heard_at_once(self) -> None:
        self.assertEqual(self.alone.settling, 0)

    def test_two_of_them_share_nothing(self) -> None:
        other = Alone()
        self.alone.places.take("uploads", 7, None)
        self.alone.limits.increment("anonymous", "x", 5)
        self.assertEqual((other.places.taken("uploads", 7), other.limits.increment("anonymous", "x", 5)), (0, 1))

    def test_both_kinds_of_company_offer_the_same(self) -> None:
        wanted = {name for name in vars(Company) if not name.startswith("_")}
        for kind in (Alone, Member):
            self.assertEqual(wanted - set(dir(kind)), set(), kind)


class HouseTests(HouseCase):
    """A house whose company notes what it is told."""

    def test_house_tells_of_whatever_it_forgets(self) -> None:
        told: list[Any] = []
        company = Alone()
        company.forgot = told.append  # type: ignore[method-assign]
        company.forgot_world = lambda answers_only: told.append(("world", answers_only))  # type: ignore[method-assign]
        company.changed_settings = lambda: told.append("settings")  # type: ignore[method-assign]
        self.patch(house_module, "Alone", lambda: company)
        house = self.open()
        told.clear()
        below = house.foundations
        below.directory.forget(7)
        below.directory.forget_all()
        below.outgoing.forget_answers()
        below.outgoing.reload()
        self.assertEqual(told, [7, None, ("world", True), ("world", False)])
        self.settle(below.settings.reload())
        self.assertEqual(told[4:], ["settings"])
