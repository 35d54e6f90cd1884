"""Places that several processes count together: limits over all of them, full buckets, and workers that die."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.workers import places as module
from stalwart.app.workers.memory import SharedMemory
from stalwart.app.workers.places import SharedPlaces
from tests.app.workers.world import MemoryCase, held, killed_at, running

PLACES_LOCK = 1
WAYS = 8
BUCKETS = module._BUCKETS
TAKING = """
from stalwart.app.workers.memory import SharedMemory
from stalwart.app.workers.places import SharedPlaces
places = SharedPlaces(SharedMemory({descriptor}, 3), {worker})
print(sum(places.take("requests", 7, 150) for _ in range(100)))
"""


class PlaceCase(MemoryCase):
    """Workers 1, 2 and 3."""

    def setUp(self) -> None:
        super().setUp()
        self.one, self.two, self.three = (SharedPlaces(self.memory, worker) for worker in (1, 2, 3))


class TakingTests(PlaceCase):
    """Limits over all processes."""

    def test_limit_holds_for_all_together(self) -> None:
        turns = [each.take("uploads", 7, 2) for each in (self.one, self.two, self.three, self.one)]
        self.assertEqual(turns, [True, True, False, False])
        self.assertEqual([each.taken("uploads", 7) for each in (self.one, self.two, self.three)], [2, 2, 2])

    def test_place_that_one_frees_another_can_take(self) -> None:
        self.one.take("uploads", 7, 1)
        self.one.free("uploads", 7)
        self.assertTrue(self.two.take("uploads", 7, 1))

    def test_nobody_frees_the_places_of_others(self) -> None:
        self.one.take("uploads", 7, 1)
        self.two.free("uploads", 7)
        self.assertFalse(self.two.take("uploads", 7, 1))

    def test_without_a_limit_there_always_is_one_and_it_counts(self) -> None:
        self.assertEqual([self.one.take("uploads", 7, None) for _ in range(20)], [True] * 20)
        self.assertFalse(self.two.take("uploads", 7, 20))
        self.assertTrue(self.two.take("uploads", 7, 21))

    def test_kinds_and_keys_are_counted_apart(self) -> None:
        apart = (("uploads", 7), ("requests", 7), ("uploads", 8), ("uploads", "7"), ("uploads", -7), ("uploads", 0))
        for kind, key in apart:
            self.assertTrue(self.one.take(kind, key, 1))
            self.assertEqual(self.two.taken(kind, key), 1)

    def test_names_may_be_anything(self) -> None:
        for name in ("http", "", "ä" * 300, "a\0b"):
            self.one.take("connections", name, None)
            self.assertEqual(self.two.taken("connections", name), 1)
            self.assertEqual(self.two.taken("connections", name + "x"), 0)

    def test_every_account_has_room(self) -> None:
        for account in range(500):
            self.assertTrue(self.one.take("requests", account, 1))
        self.assertEqual({self.two.taken("requests", account) for account in range(500)}, {1})
        for account in range(500):
            self.one.free("requests", account)
        self.assertEqual({self.two.taken("requests", account) for account in range(500)}, {0})

    def test_two_processes_at_once_do_not_take_one_too_many(self) -> None:
        codes = [TAKING.format(descriptor=self.memory.descriptor, worker=worker) for worker in (1, 2)]
        with running(codes[0], self.memory.descriptor) as first, running(codes[1], self.memory.descriptor) as second:
            found = [int(process.communicate()[0]) for process in (first, second)]
        self.assertEqual((sum(found), self.three.taken("requests", 7)), (150, 150))


class LeadTests(PlaceCase):
    """Who has more than others."""

    def setUp(self) -> None:
        super().setUp()
        for worker in (1, 2, 3):
            self.memory.buffer[self.memory.figures(worker)] = 1  # it runs

    def take(self, *times: int) -> None:
        for places, count in zip((self.one, self.two, self.three), times, strict=True):
            for _ in range(count):
                places.take("connections", "http", None)

    def leads(self) -> list[int]:
        return [each.lead("connections", "http") for each in (self.one, self.two, self.three)]

    def test_it_is_over_the_least_that_another_one_has(self) -> None:
        self.assertEqual(self.leads(), [0, 0, 0])
        self.take(1, 0, 2)
        self.assertEqual(self.leads(), [1, 0, 2])
        self.assertEqual(self.one.lead("connections", "smtp"), 0)

    def test_among_many_a_quarter_more_is_even(self) -> None:
        self.take(20, 25, 26)
        self.assertEqual(self.leads(), [-5, 0, 1])

    def test_those_who_are_gone_are_not_waited_for(self) -> None:
        self.take(0, 1, 2)
        self.memory.free(1)
        self.assertEqual(self.leads()[1:], [0, 1])
        for worker in (2, 3):
            self.memory.free(worker)
        self.take(0, 1, 0)
        self.assertEqual(self.two.lead("connections", "http"), 0)


class FullTests(PlaceCase):
    """More keys at once than a bucket has room for."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(module, "_bucket", lambda kind, number: 5 * module._BUCKET.size)
        for account in range(WAYS):
            self.one.take("uploads", account, None)

    def test_the_rest_is_counted_by_the_process_itself(self) -> None:
        self.assertEqual([self.one.take("uploads", 99, 2) for _ in range(3)], [True, True, False])
        self.assertEqual((self.one.taken("uploads", 99), self.two.taken("uploads", 99)), (2, 0))
        self.assertEqual([self.two.taken("uploads", account) for account in range(WAYS)], [1] * WAYS)

    def test_what_is_counted_beside_is_given_back_first(self) -> None:
        self.one.take("uploads", 99, None)
        self.one.free("uploads", 0)
        self.one.take("uploads", 99, None)  # has room now
        self.assertEqual((self.one.taken("uploads", 99), self.two.taken("uploads", 99)), (2, 1))
        self.one.free("uploads", 99)
        self.assertEqual((self.one.taken("uploads", 99), self.two.taken("uploads", 99)), (1, 1))
        self.one.free("uploads", 99)
        self.assertEqual((self.one.taken("uploads", 99), self.two.taken("uploads", 99)), (0, 0))

    def test_others_have_room_of_their_own(self) -> None:
        self.assertTrue(self.two.take("uploads", 99, 1))
        self.assertFalse(self.one.take("uploads", 99, 1))

    def test_place_that_is_free_again_is_used_again(self) -> None:
        self.one.free("uploads", 3)
        self.one.take("uploads", 99, None)
        self.assertEqual(self.two.taken("uploads", 99), 1)
        self.assertEqual(self.two.taken("uploads", 3), 0)


class DeathTests(PlaceCase):
    """Workers that end or stand still."""

    def test_places_of_a_dead_worker_are_free(self) -> None:
        for each in (self.one, self.one, self.two):
            each.take("uploads", 7, None)
        self.memory.free(1)
        self.assertEqual(self.three.taken("uploads", 7), 1)
        self.assertEqual(SharedPlaces(self.memory, 1).taken("uploads", 7), 1)

    def test_worker_that_follows_begins_with_nothing(self) -> None:
        self.one.take("uploads", 7, 1)
        self.memory.free(1)
        follower = SharedPlaces(self.memory, 1)
        self.assertTrue(follower.take("uploads", 7, 1))
        follower.free("uploads", 7)
        self.assertEqual(self.two.taken("uploads", 7), 0)

    def test_who_dies_while_taking_or_freeing_leaves_nothing_once_its_column_is_cleared(self) -> None:
        self.two.take("uploads", 7, None)

        def work() -> None:
            self.one.take("uploads", 7, 3)
            self.one.free("uploads", 7)

        step, was_killed = 0, True
        while was_killed:
            was_killed = killed_at(step, module, work)
            self.assertIn(self.three.taken("uploads", 7), (1, 2))
            self.memory.free(1)
            self.assertEqual(self.three.taken("uploads", 7), 1)
            step += 1
        self.assertGreater(step, 100)

    def test_lock_that_somebody_keeps_stops_nobody(self) -> None:
        with held(self.memory, PLACES_LOCK):
            self.assertTrue(self.one.take("uploads", 7, 1))
            self.assertFalse(self.two.take("uploads", 7, 1))

    def test_freeing_needs_no_lock(self) -> None:
        self.one.take("uploads", 7, 1)
        with held(self.memory, PLACES_LOCK):
            self.patch(self.memory, "locked", lambda lock: self.fail("locked"))
            self.one.free("uploads", 7)
        self.assertEqual(self.two.taken("uploads", 7), 0)


class ModelTests(SynchronousTestCase):
    """Workers that take, free and die at random, in buckets that are soon full, against a simple list."""

    kinds = st.sampled_from(["uploads", "requests"])
    keys = st.one_of(st.integers(0, 12), st.sampled_from(["http", "smtp"]))
    steps = st.lists(
        st.tuples(
            st.sampled_from(["take", "take", "take", "free", "free", "die"]),
            st.integers(1, 2),
            kinds,
            keys,
            st.sampled_from([None, 1, 2]),
        ),
        max_size=80,
    )

    @settings(max_examples=80)
    @given(steps, st.sampled_from([1, BUCKETS]))
    def test_they_count_alike(self, steps: list[tuple[str, int, str, int | str, int | None]], buckets: int) -> None:
        self.patch(module, "_BUCKETS", buckets)
        memory = SharedMemory.create(2)
        processes = {worker: SharedPlaces(memory, worker) for worker in (1, 2)}
        model: list[tuple[int, str, int | str]] = []
        try:
            for what, worker, kind, key, most in steps:
                places = processes[worker]
                if what == "die":
                    memory.free(worker)
                    processes[worker] = SharedPlaces(memory, worker)
                    model = [each for each in model if each[0] != worker]
                elif what == "free":
                    if (worker, kind, key) in model:  # nobody frees what he has not taken
                        places.free(kind, key)
                        model.remove((worker, kind, key))
                else:
                    seen = places.taken(kind, key)
                    took = places.take(kind, key, most)
                    self.assertEqual(took, most is None or seen < most)
                    model.extend([(worker, kind, key)] * took)
                self.check(processes, model, kind, key, exact=buckets > 1)
        finally:
            memory.close()

    def check(
        self,
        processes: dict[int, SharedPlaces],
        model: list[tuple[int, str, int | str]],
        kind: str,
        key: int | str,
        *,
        exact: bool,
    ) -> None:
        """Everybody knows all places, but for those that another one counts for itself."""
        total = sum(each[1:] == (kind, key) for each in model)
        for worker, places in processes.items():
            own = model.count((worker, kind, key))
            self.assertLessEqual(own, places.taken(kind, key))
            self.assertLessEqual(places.taken(kind, key), total)
            if exact:
                self.assertEqual(places.taken(kind, key), total)
