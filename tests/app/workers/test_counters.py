"""Rates that several processes count together, against counters of one process and through full buckets and deaths."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.workers import counters as module
from stalwart.app.workers.counters import SharedCounters
from stalwart.app.workers.memory import COUNTER_BYTES, SharedMemory
from stalwart.web.limits import MemoryCounters, charge
from tests.app.workers.world import MemoryCase, held, killed_at, running
from tests.web.test_limits import Rate

COUNTERS_LOCK = 2
SPACES = ("anonymous", "authenticated")
WAYS = 16
LARGEST = (1 << 32) - 1
COUNTING = """
from stalwart.app.workers.counters import SharedCounters
from stalwart.app.workers.memory import SharedMemory
counters = SharedCounters(SharedMemory({descriptor}, 3), ["scan"])
print(flush=True)
for _ in range(500):
    counters.increment("scan", "192.0.2.1", 5)
"""


class CounterCase(MemoryCase):
    """``self.one`` and ``self.other`` are two processes."""

    def setUp(self) -> None:
        super().setUp()
        self.one, self.other = self.process(), self.process()

    def process(self) -> SharedCounters:
        return SharedCounters(self.memory, SPACES)

    def crowd(self) -> None:
        """All keys share one bucket, and are told apart as before."""
        hashed = SharedCounters._hashed

        def crowded(counters: SharedCounters, space: str, key: object) -> tuple[int, int]:
            return 3, hashed(counters, space, key)[1]

        self.patch(SharedCounters, "_hashed", crowded)


class CountTests(CounterCase):
    """One count for all."""

    def test_processes_count_together(self) -> None:
        turns = [each.increment("anonymous", "192.0.2.1", 9) for each in (self.one, self.other, self.one)]
        self.assertEqual(turns, [1, 2, 3])

    def test_keys_and_spaces_are_counted_apart(self) -> None:
        for space, key in (("anonymous", "1"), ("anonymous", 1), ("authenticated", "1"), ("anonymous", "\ud800")):
            self.assertEqual(self.one.increment(space, key, 9), 1)
        self.assertEqual(self.other.increment("anonymous", "1", 9), 2)

    def test_rates_are_charged(self) -> None:
        charged = [charge(each, "anonymous", "x", Rate(2, 60_000), 130) for each in (self.one, self.other, self.one)]
        self.assertEqual(charged, [None, None, 50])

    def test_next_window_begins_with_one_in_all_spaces_of_its_own(self) -> None:
        for space in SPACES:
            self.one.increment(space, "x", 9)
        self.assertEqual(self.other.increment("anonymous", "x", 10), 1)
        self.assertEqual(self.one.increment("anonymous", "x", 10), 2)
        self.assertEqual(self.one.increment("authenticated", "x", 9), 2)

    def test_who_looked_at_the_clock_just_before_counts_in_the_new_window(self) -> None:
        self.one.increment("anonymous", "x", 10)
        self.assertEqual(self.other.increment("anonymous", "x", 9), 2)
        self.assertEqual(self.one.increment("anonymous", "x", 10), 3)

    def test_windows_of_another_length_are_others_whatever_their_number(self) -> None:
        for before, after in ((10, 8), (10, 5000), (10, 0), (0, 3)):
            self.one.increment("anonymous", before, before)
            self.one.increment("anonymous", before, before)
            self.assertEqual(self.other.increment("anonymous", before, after), 1)

    def test_reset_begins_anew_for_everybody(self) -> None:
        self.one.increment("anonymous", "x", 9)
        self.other.clear()
        self.assertEqual([self.one.increment("anonymous", "x", 9) for _ in range(2)], [1, 2])

    def test_reset_before_anything_was_counted(self) -> None:
        self.one.clear()
        self.assertEqual([self.one.increment("anonymous", "x", 0) for _ in range(2)], [1, 2])

    def test_reset_leaves_the_spaces_of_others_alone(self) -> None:
        lasting = SharedCounters(self.memory, ["scan"])
        lasting.increment("scan", "x", 9)
        self.one.clear()
        self.assertEqual(lasting.increment("scan", "x", 9), 2)

    def test_space_of_somebody_else_cannot_be_counted_in(self) -> None:
        self.assertRaises(KeyError, self.one.increment, "scan", "x", 9)

    def test_two_processes_at_once_miss_nobody(self) -> None:
        code = COUNTING.format(descriptor=self.memory.descriptor)
        with running(code, self.memory.descriptor) as first, running(code, self.memory.descriptor) as second:
            self.assertEqual((first.wait(), second.wait()), (0, 0))
        self.assertEqual(SharedCounters(self.memory, ["scan"]).increment("scan", "192.0.2.1", 5), 1001)

    def test_keys_cannot_be_found_in_the_memory(self) -> None:
        self.one.increment("anonymous", "192.0.2.1", 9)
        self.assertEqual(self.memory.buffer.find(b"192.0.2.1"), -1)

    def test_places_of_keys_are_another_server_s_secret(self) -> None:
        other = SharedMemory.create(1)
        self.addCleanup(other.close)
        hashed = [SharedCounters(each, SPACES)._hashed("anonymous", "x") for each in (self.memory, other)]
        self.assertNotEqual(hashed[0], hashed[1])


class SpaceTests(CounterCase):
    """What the memory has room for."""

    def test_full_bucket_gives_up_the_key_that_came_first(self) -> None:
        self.crowd()
        for key in range(WAYS):
            self.one.increment("anonymous", key, 9)
        self.one.increment("anonymous", 0, 9)
        self.assertEqual(self.other.increment("anonymous", "new", 9), 1)
        found = [self.one.increment("anonymous", key, 9) for key in (*range(1, WAYS), "new")]
        self.assertEqual(found, [2] * WAYS)
        self.assertEqual(self.one.increment("anonymous", 0, 9), 1)

    def test_old_entries_go_before_anybody_of_this_window(self) -> None:
        self.crowd()
        for key in range(WAYS):
            self.one.increment("anonymous", key, 9)
        for key in range(WAYS):
            self.assertEqual(self.one.increment("anonymous", key, 10), 1)
        self.assertEqual([self.one.increment("anonymous", key, 10) for key in range(WAYS)], [2] * WAYS)

    def test_neighbours_of_a_full_bucket_keep_what_they_have(self) -> None:
        buckets = {"before": 2, "after": 4}
        hashed = SharedCounters._hashed

        def crowded(counters: SharedCounters, space: str, key: Any) -> tuple[int, int]:
            return buckets.get(key, 3), hashed(counters, space, key)[1]

        self.patch(SharedCounters, "_hashed", crowded)
        for key in ("before", "after", *range(3 * WAYS)):
            self.assertEqual(self.one.increment("anonymous", key, 9), 1)
        self.assertEqual([self.one.increment("anonymous", key, 9) for key in buckets], [2, 2])

    def test_last_bucket_ends_with_the_table(self) -> None:
        self.patch(SharedCounters, "_hashed", lambda counters, space, key: (2**64 - 1, 8))
        _, following = self.memory.counters("authenticated")
        for key in range(WAYS + 1):
            self.one.increment("anonymous", key, 9)
        self.assertEqual(self.memory.counters("anonymous")[1] + COUNTER_BYTES, following)
        self.assertEqual(self.memory.buffer[following : following + 256], bytes(256))

    def test_thousands_of_keys_have_room(self) -> None:
        keys = range(5000)
        for key in keys:
            self.one.increment("anonymous", key, 9)
        self.assertEqual({self.other.increment("anonymous", key, 9) for key in keys}, {2})

    def test_count_stops_at_the_largest_number(self) -> None:
        self.patch(module, "_MOST", 3)
        self.assertEqual([self.one.increment("anonymous", "x", 9) for _ in range(5)], [1, 2, 3, 3, 3])

    def test_after_the_last_epoch_comes_the_first_and_never_none(self) -> None:
        head, _ = self.memory.counters("anonymous")
        self.one.increment("anonymous", "x", 9)
        module._HEAD.pack_into(self.memory.buffer, head, 9, LARGEST)
        self.one.increment("anonymous", "y", 9)
        for begin in (lambda: self.one.increment("anonymous", "y", 10), self.one.clear):
            module._HEAD.pack_into(self.memory.buffer, head, 9, LARGEST)
            begin()
            self.assertEqual(module._HEAD.unpack_from(self.memory.buffer, head)[1], 1)


class DeathTests(CounterCase):
    """Processes that end or stand still inside."""

    def test_who_dies_while_counting_has_counted_or_not(self) -> None:
        step, was_killed = 0, True
        while was_killed:
            key = f"key {step}"
            self.one.increment("anonymous", "beside", 9)
            was_killed = killed_at(step, module, lambda key=key: self.one.increment("anonymous", key, 9))  # type: ignore[misc]
            self.assertIn(self.other.increment("anonymous", key, 9), (1, 2) if was_killed else (2,))
            self.assertEqual(self.other.increment("anonymous", "beside", 9), 2 * step + 2)
            step += 1
        self.assertGreater(step, 50)

    def test_who_dies_while_a_window_or_a_reset_begins_leaves_one_that_counts(self) -> None:
        for begin in (lambda: self.one.increment("anonymous", "x", 10), self.one.clear):
            step, was_killed = 0, True
            while was_killed:
                self.one.increment("anonymous", "x", 9)
                was_killed = killed_at(step, module, begin)
                first, second = (self.other.increment("anonymous", "x", 10) for _ in range(2))
                self.assertEqual(second, first + 1)
                self.one.increment("anonymous", "x", 1)  # another window again
                step += 1
            self.assertGreater(step, 10)

    def test_lock_that_somebody_keeps_stops_nobody(self) -> None:
        with held(self.memory, COUNTERS_LOCK):
            self.assertEqual([each.increment("anonymous", "x", 9) for each in (self.one, self.other)], [1, 2])


class ModelTests(SynchronousTestCase):
    """Two processes at random against counters of one process."""

    steps = st.lists(
        st.one_of(
            st.tuples(st.sampled_from(SPACES), st.sampled_from(["a", "b", 1, 2]), st.integers(0, 2)),
            st.just(None),
        ),
        max_size=60,
    )

    @settings(max_examples=60)
    @given(steps)
    def test_they_count_alike(self, steps: list[tuple[str, str | int, int] | None]) -> None:
        memory = SharedMemory.create(2)
        processes = [SharedCounters(memory, SPACES) for _ in range(2)]
        model = MemoryCounters()
        windows = dict.fromkeys(SPACES, 0)
        try:
            for number, step in enumerate(steps):
                shared = processes[number % 2]
                if step is None:
                    shared.clear()
                    model.clear()
                    continue
                space, key, ahead = step
                windows[space] += ahead
                expected = model.increment(space, key, windows[space])
                self.assertEqual(shared.increment(space, key, windows[space]), expected)
        finally:
            memory.close()
