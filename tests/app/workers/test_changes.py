"""The ring of changes: what each process gets to know, and that nothing is lost whoever dies or falls behind."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.workers import changes as module
from stalwart.app.workers.changes import CAPACITY, EVERYTHING, ChangeRing, Kind, News
from stalwart.app.workers.memory import SharedMemory
from tests.app.workers.world import MemoryCase, held, killed_at, running

CHANGES_LOCK = 0
NOTHING = News(frozenset())
PUBLISHER = """
from stalwart.app.workers.changes import ChangeRing, Kind
from stalwart.app.workers.memory import SharedMemory
ring = ChangeRing(SharedMemory({descriptor}, 3))
print(flush=True)
for number in range(400):
    ring.publish(Kind.ACCOUNT, {begin} + number)
print(flush=True)
"""


def account(*ids: int) -> News:
    return News(frozenset({Kind.ACCOUNT}), frozenset(ids))


_ABOUT_ONE = (Kind.ACCOUNT, Kind.CERTIFICATE, Kind.CHALLENGE, Kind.OBJECTS, Kind.SUBSCRIPTIONS)


class RingCase(MemoryCase):
    """``ring()`` is another process that looks at the ring."""

    def ring(self) -> ChangeRing:
        ring = ChangeRing(self.memory)
        self.addCleanup(ring.close)
        return ring


class RingTests(RingCase):
    """Telling and hearing."""

    def setUp(self) -> None:
        super().setUp()
        self.one, self.other = self.ring(), self.ring()

    def test_others_hear_what_was_published_once(self) -> None:
        self.one.publish(Kind.SETTINGS)
        self.one.publish(Kind.ACCOUNT, 7)
        self.assertTrue(self.other.is_behind)
        self.assertEqual(self.other.take(), News(frozenset({Kind.SETTINGS, Kind.ACCOUNT}), frozenset({7})))
        self.assertFalse(self.other.is_behind)
        self.assertEqual(self.other.take(), NOTHING)

    def test_own_news_are_none(self) -> None:
        for kind in Kind:
            self.one.publish(kind)
        self.assertFalse(self.one.is_behind)

    def test_what_came_before_the_own_news_is_not_overlooked(self) -> None:
        self.other.publish(Kind.KEYS)
        self.one.publish(Kind.WORLD)
        self.assertTrue(self.one.is_behind)
        self.assertIn(Kind.KEYS, self.one.take().kinds)

    def test_what_was_there_before_is_no_news_to_a_new_process(self) -> None:
        self.one.publish(Kind.SETTINGS)
        late = self.ring()
        self.assertFalse(late.is_behind)
        self.one.publish(Kind.KEYS)
        self.assertEqual(late.take(), News(frozenset({Kind.KEYS})))

    def test_account_ids_are_whole_numbers_of_any_size(self) -> None:
        for number in (0, -1, 2**63 - 1, -(2**63)):
            self.one.publish(Kind.ACCOUNT, number)
        self.assertEqual(self.other.take().accounts, {0, -1, 2**63 - 1, -(2**63)})

    def test_ring_that_is_full_to_the_last_place_is_read(self) -> None:
        for number in range(CAPACITY):
            self.one.publish(Kind.ACCOUNT, number)
        self.assertEqual(self.other.take(), account(*range(CAPACITY)))

    def test_who_is_left_behind_by_one_more_takes_it_that_everything_has_changed(self) -> None:
        for number in range(CAPACITY + 1):
            self.one.publish(Kind.ACCOUNT, number)
        self.assertEqual(self.other.take(), EVERYTHING)
        self.assertFalse(self.other.is_behind)
        self.one.publish(Kind.ACCOUNT, 5)
        self.assertEqual(self.other.take(), account(5))

    def test_everything_is_every_kind_that_is_not_about_one_thing(self) -> None:
        self.assertEqual(set(Kind) - EVERYTHING.kinds, set(_ABOUT_ONE))
        self.assertLessEqual({Kind.ACCOUNTS, Kind.CERTIFICATES, Kind.ALL_OBJECTS}, EVERYTHING.kinds)

    def test_ids_are_told_apart_by_their_kinds(self) -> None:
        for subject, kind in enumerate((*_ABOUT_ONE, Kind.CERTIFICATE)):
            self.one.publish(kind, subject)
        news = self.other.take()
        self.assertEqual((news.accounts, news.certificates, news.challenges), ({0}, {1, 5}, {2}))
        self.assertEqual((news.objects, news.subscriptions), ({3}, {4}))
        self.assertEqual(news.kinds, set(_ABOUT_ONE))

    def test_ring_lies_in_its_own_part_of_the_memory(self) -> None:
        first = self.memory.places(1)
        for number in range(CAPACITY + 3):
            self.one.publish(Kind.ACCOUNT, -1 - number)
        self.assertEqual(self.memory.buffer[first : first + 64], bytes(64))
        self.assertEqual(self.memory.buffer[self.memory.tasks : self.memory.tasks + 64], bytes(64))

    def test_two_processes_that_publish_at_once_lose_nothing(self) -> None:
        codes = [PUBLISHER.format(descriptor=self.memory.descriptor, begin=begin) for begin in (1000, 2000)]
        with running(codes[0], self.memory.descriptor) as first, running(codes[1], self.memory.descriptor) as second:
            for process in (first, second):
                assert process.stdout is not None
                process.stdout.readline()
            seen: set[int] = set()
            while first.poll() is None or second.poll() is None:
                seen |= self.one.take().accounts
        seen |= self.one.take().accounts
        self.assertEqual(seen, {*range(1000, 1400), *range(2000, 2400)})
        self.assertEqual(self.other.take().accounts, seen)


class DeathTests(RingCase):
    """Processes that end or stand still inside."""

    def each_step(self, check: Callable[[ChangeRing, ChangeRing], None], work: Callable[[ChangeRing], object]) -> int:
        """Let a process die at each instruction of ``work``, and look at the one that is left; how many there are."""
        step = 0
        while True:
            dying, other = self.ring(), self.ring()
            was_killed = killed_at(step, module, lambda ring=dying: work(ring))  # type: ignore[misc]
            check(dying, other)
            if not was_killed:
                return step
            step += 1

    def test_publisher_that_dies_has_told_all_or_nothing(self) -> None:
        told = []

        def check(dying: ChangeRing, other: ChangeRing) -> None:
            told.append(other.is_behind)
            self.assertEqual(other.take(), account(7) if told[-1] else NOTHING)
            third = self.ring()
            other.publish(Kind.KEYS)
            self.assertEqual(third.take(), News(frozenset({Kind.KEYS})))

        steps = self.each_step(check, lambda ring: ring.publish(Kind.ACCOUNT, 7))
        self.assertGreater(steps, 20)
        self.assertEqual(told, sorted(told))
        self.assertEqual({told[0], told[-1]}, {False, True})

    def test_reader_that_dies_takes_nothing_from_the_others(self) -> None:
        publisher = self.ring()

        def work(ring: ChangeRing) -> None:
            publisher.publish(Kind.ACCOUNT, 9)
            ring.take()

        def check(dying: ChangeRing, other: ChangeRing) -> None:
            self.assertIn(9, other.take().accounts or {9})

        self.assertGreater(self.each_step(check, work), 20)

    def test_lock_that_somebody_keeps_stops_neither_side(self) -> None:
        one, other = self.ring(), self.ring()
        with held(self.memory, CHANGES_LOCK):
            one.publish(Kind.SETTINGS)
            self.assertEqual(other.take(), News(frozenset({Kind.SETTINGS})))


class StandstillTests(RingCase):
    """A publisher is stopped inside, the others go on without it, and then it goes on too."""

    def setUp(self) -> None:
        super().setUp()
        self.stopped, self.other, self.quiet = self.ring(), self.ring(), self.ring()
        self.now = 1000.0
        self.patch(module.time, "monotonic", lambda: self.now)

    def publish_late(self, meanwhile: int) -> None:
        """The process stands still before it counts; the others publish so much in the meantime."""
        place = self.stopped._place

        def stand_still(number: int) -> int:
            for subject in range(meanwhile):
                self.other.publish(Kind.ACCOUNT, subject)
            self.now += 60
            return place(number)

        self.stopped._place = stand_still  # type: ignore[method-assign]
        self.stopped.publish(Kind.KEYS)
        self.stopped._place = place  # type: ignore[method-assign]

    def test_everybody_reads_everything_anew(self) -> None:
        self.publish_late(20)
        for ring in (self.stopped, self.other, self.quiet):
            self.assertTrue(ring.is_behind)
            self.assertEqual(ring.take(), EVERYTHING)
            self.assertFalse(ring.is_behind)

    def test_so_does_who_has_read_on_in_the_meantime(self) -> None:
        self.publish_late(3 * CAPACITY)
        self.assertEqual([ring.take() for ring in (self.stopped, self.other)], [EVERYTHING] * 2)

    def test_afterwards_it_is_as_before(self) -> None:
        self.publish_late(1)
        for ring in (self.stopped, self.other, self.quiet):
            ring.take()
        self.stopped.publish(Kind.ACCOUNT, 4)
        self.assertEqual((self.other.take(), self.quiet.take()), (account(4), account(4)))
        self.assertFalse(self.stopped.is_behind)


class ModelTests(SynchronousTestCase):
    """Three processes that publish and read at random, against what each has to know."""

    steps = st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from(["take", "one", "many"]), st.sampled_from(Kind), st.integers(1, 9)
        ),
        max_size=40,
    )

    @settings(max_examples=60)
    @given(steps)
    def test_nobody_misses_anything(self, steps: list[tuple[int, str, Kind, int]]) -> None:
        self.patch(module, "CAPACITY", 32)
        memory = SharedMemory.create(3)
        rings = [ChangeRing(memory) for _ in range(3)]
        owed: list[list[tuple[Kind, int]]] = [[], [], []]
        try:
            for who, what, kind, number in steps:
                if what == "take":
                    self.assertGreaterEqual(rings[who].is_behind, bool(owed[who]))
                    self.check(rings[who].take(), owed[who])
                    owed[who].clear()
                    self.assertFalse(rings[who].is_behind)
                for subject in range({"many": 3, "one": 1}.get(what, 0) * number):
                    rings[who].publish(kind, subject)
                    for other in {0, 1, 2} - {who}:
                        owed[other].append((kind, subject))
        finally:
            for ring in rings:
                ring.close()
            memory.close()

    def check(self, news: News, owed: list[tuple[Kind, int]]) -> None:
        kinds = {kind for kind, _ in owed}
        if news == EVERYTHING:
            self.assertGreater(len(owed), 0)
            return
        self.assertLessEqual(kinds, news.kinds)
        self.assertLessEqual({subject for kind, subject in owed if kind == Kind.ACCOUNT}, news.accounts)
