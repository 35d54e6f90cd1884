"""The transcript of a session: bounded, readable, without secrets."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp_transcript import Transcript


class Transcripts(SynchronousTestCase):
    def setUp(self) -> None:
        self.transcript = Transcript()

    def test_both_sides(self) -> None:
        self.transcript.received(b"220 hi")
        self.transcript.sent(b"EHLO me")
        self.assertEqual(self.transcript.lines, [("<", "220 hi"), (">", "EHLO me")])

    def test_initial_response_is_left_out(self) -> None:
        self.transcript.sent(b"auth PLAIN AGFsaWNlAHNlY3JldA==")
        self.assertEqual(self.transcript.lines, [(">", "auth PLAIN [redacted]")])

    def test_mechanism_alone_is_shown(self) -> None:
        self.transcript.sent(b"AUTH LOGIN")
        self.assertEqual(self.transcript.lines, [(">", "AUTH LOGIN")])

    def test_answers_to_challenges_are_left_out(self) -> None:
        for challenge in (b"334 VXNlcm5hbWU6", b"334 UGFzc3dvcmQ6"):
            self.transcript.received(challenge)
            self.transcript.sent(b"c2VjcmV0")
        self.transcript.received(b"235 ok")
        self.transcript.sent(b"MAIL FROM:<>")
        said = [text for side, text in self.transcript.lines if side == ">"]
        self.assertEqual(said, ["[redacted]", "[redacted]", "MAIL FROM:<>"])

    def test_remark(self) -> None:
        self.transcript.remark("TLSv1.3 X")
        self.assertEqual(self.transcript.lines, [("<", "[TLSv1.3 X]")])

    def test_long_lines_are_cut(self) -> None:
        self.transcript.received(b"250 " + b"x" * 2000)
        self.assertEqual(len(self.transcript.lines[0][1]), 512)

    def test_controls_are_replaced(self) -> None:
        self.transcript.received(b"250 \x1b[31m")
        self.assertEqual(self.transcript.lines[0][1], "250 \ufffd[31m")

    def test_many_lines_are_cut(self) -> None:
        for number in range(500):
            self.transcript.received(b"250 %d" % number)
        self.assertEqual(len(self.transcript.lines), 200)
        self.assertEqual(self.transcript.lines[-1], ("<", "[the rest is left out]"))

    def test_what_is_taken_is_forgotten(self) -> None:
        self.transcript.sent(b"NOOP")
        self.assertEqual((self.transcript.take(), self.transcript.lines), ([(">", "NOOP")], []))

    def test_nothing_is_kept_for_nobody(self) -> None:
        silent = Transcript(keeps=False)
        silent.sent(b"NOOP")
        silent.received(b"250 ok")
        silent.remark("TLS")
        self.assertEqual(silent.lines, [])
