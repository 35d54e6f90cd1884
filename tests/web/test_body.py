"""Bodies while they arrive: limits, holding back, errors."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import TimedOut, TooLarge
from stalwart.web.body import HELD, Body
from tests.leftovers import end


class Source:
    wanted = 0

    def body_wanted(self) -> None:
        self.wanted += 1


class BodyTests(SynchronousTestCase):
    """One body at a time."""

    def setUp(self) -> None:
        self.source = Source()

    def _body(self, announced: int | None = None) -> Body:
        return Body(self.source, announced)

    def _collect(self, body: Body, limit: int) -> Deferred[bytes]:
        running = Deferred.fromCoroutine(body.collect(limit))
        self.addCleanup(end, running)
        return running

    def test_pieces_are_joined_once_the_last_is_there(self) -> None:
        body = self._body()
        collected = self._collect(body, 10)
        body.feed(b"ab")
        body.feed(b"cd")
        self.assertNoResult(collected)
        body.finish()
        self.assertEqual(self.successResultOf(collected), b"abcd")

    def test_a_complete_body_can_be_read_twice(self) -> None:
        body = self._body()
        body.feed(b"ab")
        body.finish()
        self.assertEqual(self.successResultOf(self._collect(body, 10)), b"ab")
        self.assertEqual(self.successResultOf(self._collect(body, 10)), b"ab")

    def test_an_announced_length_over_the_limit_is_refused_at_once(self) -> None:
        self.failureResultOf(self._collect(self._body(11), 10), TooLarge)
        self.assertEqual(self.source.wanted, 0)

    def test_a_body_that_grows_over_the_limit_is_refused_as_it_grows(self) -> None:
        body = self._body()
        collected = self._collect(body, 10)
        body.feed(b"x" * 10)
        self.assertNoResult(collected)
        body.feed(b"x")
        self.failureResultOf(collected, TooLarge)

    def test_reading_asks_for_the_body(self) -> None:
        self._collect(self._body(), 10)
        self.assertEqual(self.source.wanted, 1)

    def test_an_unread_body_stops_the_connection(self) -> None:
        body = self._body()
        body.feed(b"x" * HELD)
        self.assertTrue(body.over_full)

    def test_a_body_that_is_read_does_not_stop_the_connection(self) -> None:
        body = self._body()
        self._collect(body, 10 * HELD)
        body.feed(b"x" * HELD)
        self.assertFalse(body.over_full)

    def test_a_discarded_body_does_not_stop_the_connection(self) -> None:
        body = self._body()
        body.discard()
        body.feed(b"x" * HELD)
        self.assertFalse(body.over_full)

    def test_skipping_counts_against_the_limit(self) -> None:
        body = self._body()
        skipped = Deferred.fromCoroutine(body.skip(3))
        body.feed(b"x" * 4)
        self.failureResultOf(skipped, TooLarge)

    def test_a_failure_reaches_the_reader(self) -> None:
        body = self._body()
        collected = self._collect(body, 10)
        body.fail(TimedOut())
        self.failureResultOf(collected, TimedOut)

    def test_a_failure_reaches_a_later_reader(self) -> None:
        body = self._body()
        body.fail(TimedOut())
        self.failureResultOf(self._collect(body, 10), TimedOut)

    def test_a_cancelled_reader_hurts_nobody(self) -> None:
        body = self._body()
        collected = self._collect(body, 10)
        collected.cancel()
        self.failureResultOf(collected, CancelledError)
        body.feed(b"x")
        body.finish()
        self.assertTrue(body.complete)


class PieceTests(SynchronousTestCase):
    """A body that is taken while it arrives."""

    def setUp(self) -> None:
        self.source = Source()

    def _body(self, announced: int | None = None) -> Body:
        return Body(self.source, announced)

    def _piece(self, body: Body, limit: int = 10 * HELD) -> Deferred[bytes]:
        running = Deferred.fromCoroutine(body.piece(limit))
        self.addCleanup(end, running)
        return running

    def test_what_is_there_comes_at_once_and_together(self) -> None:
        body = self._body()
        body.feed(b"ab")
        body.feed(b"cd")
        self.assertEqual(self.successResultOf(self._piece(body)), b"abcd")

    def test_otherwise_the_next_arrival_is_waited_for(self) -> None:
        body = self._body()
        piece = self._piece(body)
        self.assertNoResult(piece)
        body.feed(b"ab")
        self.assertEqual(self.successResultOf(piece), b"ab")

    def test_the_end_is_an_empty_piece_again_and_again(self) -> None:
        body = self._body()
        piece = self._piece(body)
        body.finish()
        self.assertEqual([self.successResultOf(each) for each in (piece, self._piece(body))], [b"", b""])

    def test_the_last_piece_comes_before_the_end(self) -> None:
        body = self._body(2)
        body.feed(b"ab")
        body.finish()
        self.assertEqual([self.successResultOf(self._piece(body)) for _ in range(2)], [b"ab", b""])

    def test_between_two_pieces_the_connection_stops_when_enough_is_held(self) -> None:
        body = self._body()
        piece = self._piece(body)
        body.feed(b"x")
        self.successResultOf(piece)
        body.feed(b"x" * (HELD - 1))
        self.assertFalse(body.over_full)
        body.feed(b"x")
        self.assertTrue(body.over_full)
        self.assertEqual(len(self.successResultOf(self._piece(body))), HELD)
        self.assertFalse(body.over_full)

    def test_waiting_for_a_piece_asks_for_it(self) -> None:
        body = self._body()
        self._piece(body)
        self.assertEqual(self.source.wanted, 1)
        body.feed(b"x")
        self._piece(body)
        self.assertEqual(self.source.wanted, 2)

    def test_what_arrives_while_the_connection_is_asked_is_not_waited_for(self) -> None:
        body = self._body()
        self.source.body_wanted = lambda: body.feed(b"at once")  # type: ignore[method-assign]
        self.assertEqual(self.successResultOf(self._piece(body)), b"at once")

    def test_the_limit_counts_all_pieces(self) -> None:
        body = self._body()
        body.feed(b"abc")
        self.assertEqual(self.successResultOf(self._piece(body, 5)), b"abc")
        body.feed(b"def")
        self.failureResultOf(self._piece(body, 5), TooLarge)

    def test_a_body_that_grows_over_the_limit_ends_the_wait(self) -> None:
        body = self._body()
        piece = self._piece(body, 2)
        body.feed(b"abc")
        self.failureResultOf(piece, TooLarge)

    def test_an_announced_length_over_the_limit_is_refused_at_once(self) -> None:
        self.failureResultOf(self._piece(self._body(11), 10), TooLarge)
        self.assertEqual(self.source.wanted, 0)

    def test_a_failure_reaches_the_reader(self) -> None:
        body = self._body()
        piece = self._piece(body)
        body.fail(TimedOut())
        self.failureResultOf(piece, TimedOut)

    def test_pieces_can_be_followed_by_the_rest(self) -> None:
        body = self._body()
        body.feed(b"ab")
        self.successResultOf(self._piece(body))
        rest = Deferred.fromCoroutine(body.collect(10))
        body.feed(b"cd")
        body.feed(b"ef")
        self.assertNoResult(rest)
        body.finish()
        self.assertEqual(self.successResultOf(rest), b"cdef")
