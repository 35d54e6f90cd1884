"""Groups of commands, and messages that are poured: what waits, what comes back, what ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.smtp_dialogue import Answers, DialogueFactory, SmtpFailed
from tests.leftovers import begun
from tests.net.smtp_peers import PlayedServer


class DialogueCase(SynchronousTestCase):
    """A client at a server that the test plays."""

    def setUp(self) -> None:
        self.server = PlayedServer()
        self.client = self.server.connect()

    def begin(self, work: Any) -> Deferred[Any]:
        """Start a coroutine, which ends with the test."""
        return begun(self, work)

    def answers(self, waiting: Deferred[Answers]) -> tuple[list[int], str | None]:
        """The codes that came, and the kind of the failure."""
        answers = self.successResultOf(waiting)
        return [reply.code for reply in answers.replies], answers.failure.kind if answers.failure else None


class GroupTests(DialogueCase):
    """RFC 2920 3."""

    def test_a_group_is_one_write_with_what_follows_it(self) -> None:
        self.begin(self.client.group(["MAIL FROM:<>", "BDAT 3 LAST"], 5, content=b"abc"))
        self.assertEqual(self.server.heard(), b"MAIL FROM:<>\r\nBDAT 3 LAST\r\nabc")

    def test_the_replies_in_any_pieces(self) -> None:
        waiting = self.begin(self.client.group(["A", "B", "C"], 5))
        for piece in (b"250 a\r\n25", b"0-b\r\n250 b\r", b"\n"):
            self.server.says(piece)
            self.assertNoResult(waiting)
        self.server.says(b"550 c\r\n")
        self.assertEqual(self.answers(waiting), ([250, 250, 550], None))
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])

    def test_421_ends_the_group(self) -> None:
        waiting = self.begin(self.client.group(["A", "B", "C"], 5))
        self.server.says(b"250 a\r\n421 bye\r\n")
        self.assertEqual(self.answers(waiting), ([250, 421], None))

    def test_421_before_the_group(self) -> None:
        self.server.says(b"421 idle\r\n")
        waiting = self.begin(self.client.group(["A", "B"], 5))
        self.assertEqual((self.answers(waiting), self.server.heard()), (([421], None), b""))

    def test_what_came_before_the_connection_ended(self) -> None:
        waiting = self.begin(self.client.group(["A", "B"], 5))
        self.server.says(b"250 a\r\n")
        self.server.hangs_up()
        self.assertEqual(self.answers(waiting), ([250], "closed"))

    def test_what_came_before_the_time_was_over(self) -> None:
        waiting = self.begin(self.client.group(["A", "B"], 5))
        self.server.says(b"250 a\r\n")
        self.server.reactor.advance(5)
        self.assertEqual(self.answers(waiting), ([250], "timeout"))
        self.assertTrue(self.server.transport.aborted)

    def test_what_came_before_nonsense(self) -> None:
        waiting = self.begin(self.client.group(["A", "B"], 5))
        self.server.says(b"250 a\r\nhello\r\n")
        self.assertEqual(self.answers(waiting), ([250], "malformed"))

    def test_a_reply_too_many_makes_the_connection_unusable(self) -> None:
        waiting = self.begin(self.client.group(["A"], 5))
        self.server.says(b"250 a\r\n250 b\r\n")
        self.assertEqual(self.answers(waiting), ([250], None))
        self.assertFalse(self.client.usable)
        self.assertEqual(self.answers(self.begin(self.client.group(["B"], 5)))[1], "malformed")

    def test_a_piece_of_a_reply_too_many(self) -> None:
        waiting = self.begin(self.client.group(["A"], 5))
        self.server.says(b"250 a\r\n25")
        self.successResultOf(waiting)
        self.assertFalse(self.client.usable)

    def test_cancelling_drops_the_connection(self) -> None:
        waiting = self.begin(self.client.group(["A"], 5))
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.assertTrue(self.server.transport.aborted)

    def test_a_group_on_a_dead_connection(self) -> None:
        self.server.hangs_up()
        self.assertEqual(self.answers(self.begin(self.client.group(["A"], 5))), ([], "closed"))

    def test_no_command_is_two(self) -> None:
        self.failureResultOf(self.begin(self.client.group(["A", "B\r\nC"], 5)), ValueError)
        self.assertEqual(self.server.heard(), b"")

    def test_without_notes_there_is_no_transcript(self) -> None:
        dialogue = DialogueFactory(self.server.reactor, notes=False).buildProtocol(None)
        dialogue.makeConnection(self.server.transport)
        dialogue.dataReceived(b"220 hello\r\n")
        self.assertEqual(dialogue.transcript.lines, [])

    def test_a_transcript_that_is_taken_begins_anew(self) -> None:
        self.server.says(b"220 x\r\n")
        self.assertEqual(self.client.take_transcript(), [("<", "220 x")])
        self.assertEqual(self.client.transcript, [])


class PouringTests(DialogueCase):
    """A long message."""

    async def pieces(self, count: int = 3) -> AsyncIterator[bytes]:
        """That many."""
        for number in range(count):
            self.read = number
            yield b"%d" % number

    def pour(self, count: int = 3) -> Deferred[bool]:
        """Write that many pieces."""
        return self.begin(self.client.pour(self.pieces(count), lambda: 5))

    def test_all_of_it_while_there_is_room(self) -> None:
        self.assertTrue(self.successResultOf(self.pour()))
        self.assertEqual(self.server.heard(), b"012")
        self.assertIsNone(self.server.transport.producer)

    def test_nothing_is_read_while_there_is_none(self) -> None:
        waiting = self.begin(self.client.pour(self._filling(), lambda: 5))
        self.assertNoResult(waiting)
        self.assertEqual(self.read, 0)
        self.server.transport.producer.resumeProducing()
        self.successResultOf(waiting)
        self.assertEqual(self.read, 2)

    async def _filling(self) -> AsyncIterator[bytes]:
        async for piece in self.pieces():
            if piece == b"0":
                self.server.transport.producer.pauseProducing()
            yield piece

    def test_a_server_that_takes_nothing(self) -> None:
        waiting = self.begin(self.client.pour(self._filling(), lambda: 5))
        self.server.reactor.advance(5)
        self.assertEqual(self.failureResultOf(waiting, SmtpFailed).value.kind, "timeout")
        self.assertTrue(self.server.transport.aborted)

    def test_a_server_that_goes(self) -> None:
        waiting = self.begin(self.client.pour(self._filling(), lambda: 5))
        self.server.hangs_up()
        self.assertEqual(self.failureResultOf(waiting, SmtpFailed).value.kind, "closed")

    def test_a_server_that_answers_before_the_end(self) -> None:
        waiting = self.begin(self.client.pour(self._filling(), lambda: 5))
        self.server.says(b"552 too much\r\n")
        self.assertFalse(self.successResultOf(waiting))
        self.assertEqual(self.answers(self.begin(self.client.replies(1, 5))), ([552], None))

    def test_several_answers_to_what_was_sent(self) -> None:
        waiting = self.begin(self.client.replies(2, 5))
        self.server.says(b"250 a\r\n")
        self.assertNoResult(waiting)
        self.server.says(b"452 b\r\n")
        self.assertEqual(self.answers(waiting), ([250, 452], None))
