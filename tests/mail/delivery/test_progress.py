"""Who can be ended without a loss."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp_reply import Capabilities, Reply
from stalwart.mail.delivery.content import HeldContent
from stalwart.mail.delivery.progress import PROGRESS, Progress, asking_hosts, giving
from stalwart.net.smtp_message import Envelope, StepLimits, Transmission, transmit
from tests.net.smtp_peers import PlayedServer


class ProgressTests(SynchronousTestCase):
    def test_nobody_wants_to_know(self) -> None:
        with asking_hosts(), giving(Transmission(complete=True)):
            self.assertIsNone(PROGRESS.get())

    def test_steps(self) -> None:
        progress, sent = Progress(), Transmission()
        before = PROGRESS.set(progress)
        self.addCleanup(PROGRESS.reset, before)
        found = [progress.can_be_ended]
        with asking_hosts():
            found.append(progress.can_be_ended)
            with giving(sent):
                found.append(progress.can_be_ended)
                sent.complete = True
                found.append(progress.can_be_ended)
                self.assertTrue(progress.waits_for_answer)
                sent.final = [Reply(250, None, ("taken",))]
                found.append(progress.can_be_ended)
            found.append(progress.can_be_ended)
        found.append(progress.can_be_ended)
        self.assertEqual(found, [False, True, True, False, True, True, False])

    def test_what_a_host_has_all_of(self) -> None:
        for offered, steps in (
            (("PIPELINING", "CHUNKING"), (True,)),
            (("PIPELINING",), (False, True)),
            ((), (False, False, False, True)),
        ):
            server = PlayedServer()
            connection = server.connect()
            connection.capabilities = Capabilities("mx", offered)
            sent = Transmission()
            limits, envelope = StepLimits(1, 1, 1), Envelope("MAIL FROM:<a@b.c>", ("RCPT TO:<d@e.f>",))
            running: Deferred[Any] = Deferred.fromCoroutine(
                transmit(connection, envelope, HeldContent(b"x\r\n\r\ny\r\n"), limits, sent)
            )
            found = [sent.is_pending]
            answers = (
                ["250 ok\r\n250 ok\r\n354 go on\r\n"] if offered else ["250 ok\r\n", "250 ok\r\n", "354 go on\r\n"]
            )
            for answer in answers[: len(steps) - 1]:
                server.says(answer.encode())
                found.append(sent.is_pending)
            connection.abort()
            self.successResultOf(running)
            self.assertEqual((tuple(found), sent.is_pending), (steps, False), offered)
