"""Password work in threads: bounded, cancellable, shared, closed cleanly."""

from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.directory import hashes
from stalwart.directory.hashing import DECOYS, HashingPool, SynchronousHashing, check
from stalwart.errors import Unavailable

STORED = hashes.sha256_of("right")


class ThreadClock(Clock):
    """A clock that also runs what threads hand over."""

    def callFromThread(self, work: Callable[..., Any], *arguments: Any) -> None:
        work(*arguments)


class HeldPool:
    """A thread pool whose work runs when the test says so."""

    def __init__(self) -> None:
        self.running: list[tuple[Callable[[bool, Any], None], Callable[[], Any]]] = []
        self.started = self.stopped = 0

    def start(self) -> None:
        self.started += 1

    def stop(self) -> None:
        self.stopped += 1

    def callInThreadWithCallback(self, done: Callable[[bool, Any], None], work: Callable[[], Any]) -> None:
        self.running.append((done, work))

    def finish(self) -> None:
        done, work = self.running.pop(0)
        done(True, work())


class HashingPoolTests(SynchronousTestCase):
    """The queue before the threads."""

    def setUp(self) -> None:
        self.clock = ThreadClock()
        self.threads = HeldPool()
        self.pool = HashingPool(self.clock, threads=2, waiting=3, patience=10, pool=self.threads)

    def ask(self, number: int) -> Deferred[int]:
        return self.pool.run(lambda: number)

    def test_threads_start_with_the_first_work(self) -> None:
        self.assertEqual(self.threads.started, 0)
        self.ask(1)
        self.ask(2)
        self.assertEqual(self.threads.started, 1)

    def test_two_run_and_the_rest_wait_their_turn(self) -> None:
        asked = [self.ask(number) for number in range(4)]
        self.assertEqual(len(self.threads.running), 2)
        for _ in asked:
            self.threads.finish()
        self.assertEqual([self.successResultOf(one) for one in asked], [0, 1, 2, 3])

    def test_too_many_waiting_is_refused_at_once(self) -> None:
        for number in range(5):
            self.assertNoResult(self.ask(number))
        self.failureResultOf(self.ask(6), Unavailable)

    def test_cancelled_wait_leaves_the_queue(self) -> None:
        asked = [self.ask(number) for number in range(5)]
        asked[3].cancel()
        self.failureResultOf(asked[3], CancelledError)
        self.assertNoResult(self.ask(7))

    def test_cancelled_running_work_ends_unheard(self) -> None:
        asked = self.ask(1)
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.threads.finish()
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_patience_ends(self) -> None:
        asked = [self.ask(number) for number in range(3)]
        self.clock.advance(10)
        for one in asked:
            self.failureResultOf(one, Unavailable)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_finished_work_leaves_no_timer(self) -> None:
        self.ask(1)
        self.threads.finish()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_equal_checks_are_done_once(self) -> None:
        asked = [self.pool.check(STORED, "right", "argon2id") for _ in range(20)]
        self.assertEqual(len(self.threads.running), 1)
        self.threads.finish()
        self.assertEqual([self.successResultOf(one) for one in asked], [True] * 20)

    def test_different_checks_are_not_shared(self) -> None:
        right = self.pool.check(STORED, "right", "argon2id")
        wrong = self.pool.check(STORED, "wrong", "argon2id")
        self.threads.finish()
        self.threads.finish()
        self.assertEqual((self.successResultOf(right), self.successResultOf(wrong)), (True, False))

    def test_last_of_a_shared_check_takes_it_from_the_queue(self) -> None:
        self.ask(1), self.ask(2)
        first = self.pool.check(STORED, "right", "argon2id")
        second = self.pool.check(STORED, "right", "argon2id")
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertNoResult(second)
        second.cancel()
        self.failureResultOf(second, CancelledError)
        self.threads.finish(), self.threads.finish()
        self.assertEqual(self.threads.running, [])

    def test_refused_check_fails_and_is_forgotten(self) -> None:
        for number in range(5):
            self.ask(number)
        for _ in range(2):
            self.failureResultOf(self.pool.check(STORED, "right", "argon2id"), Unavailable)

    def test_closing_refuses_what_waits_and_lets_running_work_end(self) -> None:
        asked = [self.ask(number) for number in range(3)]
        closed = self.pool.close()
        self.failureResultOf(asked[2], Unavailable)
        self.failureResultOf(self.ask(4), Unavailable)
        self.threads.finish()
        self.assertNoResult(closed)
        self.threads.finish()
        self.successResultOf(closed)
        self.successResultOf(self.pool.close())
        self.assertEqual(self.threads.stopped, 1)

    def test_unused_pool_closes_at_once(self) -> None:
        self.successResultOf(self.pool.close())
        self.assertEqual(self.threads.stopped, 0)


class ThreadTests(TestCase):
    """With real threads."""

    async def test_results_and_errors_come_back_and_threads_end(self) -> None:
        pool = HashingPool(reactor)
        self.assertTrue(await pool.check(STORED, "right", "argon2id"))
        with self.assertRaises(hashes.UnknownHash):
            await pool.check("$unknown$", "right", "argon2id")
        threads = list(pool._pool.threads)
        await pool.close()
        self.assertFalse(any(thread.is_alive() for thread in threads))


class CheckTests(SynchronousTestCase):
    """The time of a check tells nothing."""

    def setUp(self) -> None:
        self.verified: list[str] = []
        real = hashes.verify

        def recording(stored: str, secret: str) -> bool:
            self.verified.append(stored)
            return stored not in DECOYS.values() and real(stored, secret)

        self.patch(hashes, "verify", recording)

    def test_missing_hash_costs_a_decoy(self) -> None:
        self.assertFalse(check(None, "x", "argon2id"))
        self.assertEqual(self.verified, [DECOYS["argon2id"]])

    def test_wrong_password_for_a_fast_hash_costs_a_decoy(self) -> None:
        self.assertFalse(check(STORED, "x", "bcrypt"))
        self.assertEqual(self.verified, [STORED, DECOYS["bcrypt"]])

    def test_unknown_hash_costs_a_decoy(self) -> None:
        with self.assertRaises(hashes.UnknownHash):
            check("$9$", "x", "argon2id")
        self.assertEqual(self.verified, ["$9$", DECOYS["argon2id"]])

    def test_right_password_costs_no_more(self) -> None:
        self.assertTrue(check(STORED, "right", "argon2id"))
        self.assertEqual(self.verified, [STORED])

    def test_decoys_are_current_hashes(self) -> None:
        for algorithm, decoy in DECOYS.items():
            self.assertFalse(hashes.needs_upgrade(decoy, algorithm), algorithm)

    def test_twin_answers_at_once(self) -> None:
        hashing = SynchronousHashing()
        self.assertTrue(self.successResultOf(hashing.check(STORED, "right", "argon2id")))
        self.assertEqual(self.successResultOf(hashing.run(lambda: 5)), 5)
        self.successResultOf(hashing.close())
