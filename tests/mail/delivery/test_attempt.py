"""One session with one address: every way it can end, and what it then means."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mta_sts import parse_policy
from stalwart.codec.tlsa import TlsaSet
from stalwart.mail.delivery.attempt import Attempt
from stalwart.mail.delivery.dane import Dane
from stalwart.mail.delivery.lifetime import Lifetime
from stalwart.mail.delivery.outgoing import Limits
from stalwart.mail.delivery.session import Exchange
from stalwart.mail.delivery.stages import Stage
from stalwart.mail.delivery.sts import Announced
from stalwart.mail.delivery.verdict import AddressOutcome
from stalwart.net.dns import TLSA
from stalwart.net.smtp_dialogue import SmtpFailed
from tests.mail.delivery.scripted import HEALTHY, LIMITS, REFUSED, SELF_SIGNED, outgoing

IP = "192.0.2.1"
NOBODY: Any = None
NO_TLS = {**HEALTHY, "EHLO": "250 mx.example"}


def _policy(mode: str) -> Announced:
    return Announced("1", parse_policy(f"version: STSv1\nmode: {mode}\nmx: mx.example\nmax_age: 604800\n".encode()))


ENFORCE, TESTING = _policy("enforce"), _policy("testing")
WRONG_TLSA = Dane(tlsa=TlsaSet.from_records([TLSA(3, 1, 1, b"\0" * 32)]), trust="ad-bit")


class AttemptCase(SynchronousTestCase):
    """Runs one attempt over a scripted host."""

    def attempt(
        self,
        host: Any,
        recipient: str | None = None,
        policy: Announced | None = None,
        dane: Dane | None = None,
        limits: Limits = LIMITS,
    ) -> Deferred[AddressOutcome]:
        """The outcome; the stages are in ``self.stages``."""
        self.clock = Clock()
        self.stages: list[Stage] = []
        world, self.internet = outgoing(self.clock, NOBODY, NOBODY, {IP: host})
        exchange = Exchange("mx.example", policy, True, dane or Dane(), "example")
        self.lifetime = Lifetime(self.clock, 30)
        attempt = Attempt(world, limits, self.lifetime, self.stages.append)
        return Deferred.fromCoroutine(attempt.run(exchange, IP, recipient))

    def outcome(self, *arguments: Any, **named: Any) -> AddressOutcome:
        """The outcome of an attempt that ends at once."""
        return self.successResultOf(self.attempt(*arguments, **named))

    def names(self) -> list[str]:
        """The stages without those of ours."""
        kinds = [type(stage).__name__ for stage in self.stages]
        return [kind for kind in kinds if kind not in ("SmtpTranscript", "AddressDone")]


class HealthyTests(AttemptCase):
    """Everything works."""

    def test_a_domain_ends_after_the_second_ehlo(self) -> None:
        outcome = self.outcome(HEALTHY)
        self.assertEqual(outcome.verdict, "ok")
        expected = (
            "ConnectionStart ConnectionSuccess ReadGreetingStart ReadGreetingSuccess EhloStart EhloSuccess "
            "StartTlsStart StartTlsSuccess EhloStart EhloSuccess QuitStart QuitCompleted"
        )
        self.assertEqual(self.names(), expected.split())

    def test_a_mailbox_is_asked_for(self) -> None:
        self.assertEqual(self.outcome(HEALTHY, "bob@example").verdict, "ok")
        wanted = [
            "MailFromStart",
            "MailFromSuccess",
            "RcptToStart",
            "RcptToSuccess",
            "QuitStart",
            "QuitCompleted",
        ]
        self.assertEqual(self.names()[-6:], wanted)

    def test_the_transcript_and_the_verdict_follow(self) -> None:
        self.outcome(HEALTHY)
        self.assertEqual([type(stage).__name__ for stage in self.stages[-2:]], ["SmtpTranscript", "AddressDone"])

    def test_the_connection_is_closed_in_the_end(self) -> None:
        self.outcome(HEALTHY)
        self.assertTrue(self.internet.opened[0].aborted)


class RefusalTests(AttemptCase):
    """The host does not want to."""

    def assert_ends_with(self, name: str, host: Any, recipient: str | None = None) -> None:
        """The dialogue fails, and ``name`` is the stage that says why."""
        self.assertEqual(self.outcome(host, recipient).verdict, "fail")
        self.assertIn(name, self.names())

    def test_connection_refused(self) -> None:
        self.assert_ends_with("ConnectionError", REFUSED)

    def test_greeting_554(self) -> None:
        self.assert_ends_with("ReadGreetingError", {"greeting": "554 5.7.1 go away"})

    def test_greeting_not_in_time(self) -> None:
        self.assert_ends_with("ReadGreetingError", {"greeting": SmtpFailed("Timeout", "timeout")})

    def test_ehlo_502(self) -> None:
        self.assert_ends_with("EhloError", {**HEALTHY, "EHLO": "502 5.5.1 what?"})

    def test_mail_refused_is_followed_by_quit(self) -> None:
        self.assert_ends_with("MailFromError", {**HEALTHY, "MAIL": "553 5.1.8 no"}, "bob@example")
        self.assertEqual(self.names()[-2:], ["QuitStart", "QuitCompleted"])
        self.assertNotIn("RcptToStart", self.names())

    def test_recipient_refused(self) -> None:
        self.assert_ends_with("RcptToError", {**HEALTHY, "RCPT": "550 5.1.1 nobody"}, "bob@example")

    def test_recipient_deferred(self) -> None:
        self.assert_ends_with("RcptToError", {**HEALTHY, "RCPT": "451 4.7.1 later"}, "bob@example")

    def test_closed_in_the_middle(self) -> None:
        self.assert_ends_with("RcptToError", {**HEALTHY, "RCPT": SmtpFailed("closed", "closed")}, "bob@example")

    def test_a_mailbox_beyond_ascii_needs_smtputf8(self) -> None:
        self.assert_ends_with("MailFromError", HEALTHY, "j\u00f6rg@example")

    def test_a_private_address_is_not_connected_to(self) -> None:
        host = self.attempt(HEALTHY, limits=Limits())
        self.assertEqual(self.successResultOf(host).verdict, "fail")
        self.assertEqual(self.names(), ["ConnectionStart", "ConnectionError"])
        self.assertEqual(self.internet.opened, [])


class WithoutTlsTests(AttemptCase):
    """No STARTTLS, or none that works."""

    def test_no_policy_means_a_warning_and_the_dialogue_goes_on(self) -> None:
        outcome = self.outcome(NO_TLS, "bob@example")
        self.assertEqual((outcome.verdict, outcome.problems), ("warn", ["starttls-not-supported"]))
        self.assertIn("RcptToSuccess", self.names())

    def test_an_enforced_policy_means_failure(self) -> None:
        outcome = self.outcome(NO_TLS, policy=ENFORCE)
        self.assertEqual((outcome.verdict, outcome.problems), ("fail", ["starttls-not-supported"]))
        self.assertEqual(self.names()[-1], "StartTlsError")

    def test_dane_means_failure(self) -> None:
        self.assertEqual(self.outcome(NO_TLS, dane=WRONG_TLSA).verdict, "fail")

    def test_a_policy_in_testing_does_not(self) -> None:
        self.assertEqual(self.outcome(NO_TLS, policy=TESTING).verdict, "warn")

    def test_a_refused_command_is_like_none(self) -> None:
        outcome = self.outcome({**HEALTHY, "STARTTLS": "454 4.7.0 not now"})
        self.assertEqual((outcome.verdict, outcome.problems), ("warn", ["starttls-not-supported"]))

    def test_a_broken_handshake_ends_the_session(self) -> None:
        outcome = self.outcome({**HEALTHY, "STARTTLS": SmtpFailed("TLS error: wrong version", "tls")})
        self.assertEqual((outcome.verdict, outcome.problems), ("fail", ["validation-failure"]))


class CertificateTests(AttemptCase):
    """TLS is there; whom does it authenticate?"""

    def test_an_untrusted_certificate_is_a_warning(self) -> None:
        outcome = self.outcome((HEALTHY, SELF_SIGNED))
        self.assertEqual((outcome.verdict, outcome.problems), ("warn", ["certificate-not-trusted"]))
        self.assertIn("StartTlsSuccess", self.names())

    def test_under_an_enforced_policy_it_ends_the_session(self) -> None:
        outcome = self.outcome((HEALTHY, SELF_SIGNED), policy=ENFORCE)
        self.assertEqual((outcome.verdict, outcome.problems), ("fail", ["certificate-not-trusted"]))
        self.assertEqual(self.names()[-1], "StartTlsError")

    def test_under_a_policy_in_testing_it_is_a_warning(self) -> None:
        self.assertEqual(self.outcome((HEALTHY, SELF_SIGNED), policy=TESTING).verdict, "warn")

    def test_tlsa_records_that_do_not_match_fail_but_the_dialogue_goes_on(self) -> None:
        outcome = self.outcome(HEALTHY, "bob@example", dane=WRONG_TLSA)
        self.assertEqual((outcome.verdict, outcome.problems), ("fail", ["tlsa-invalid"]))
        self.assertIn("DaneVerifyError", self.names())
        self.assertIn("RcptToSuccess", self.names())


class WaitingTests(AttemptCase):
    """Time and cancellation."""

    def test_cancelling_drops_the_connection(self) -> None:
        running = self.attempt({**HEALTHY, "EHLO": Deferred()})
        running.cancel()
        self.failureResultOf(running)
        self.assertTrue(self.internet.opened[0].aborted)

    def test_the_end_of_the_lifetime_is_named(self) -> None:
        late: Deferred[str] = Deferred()
        running = self.attempt({**HEALTHY, "EHLO": late})
        self.clock.advance(31)
        late.errback(SmtpFailed("Timed out reading response", "timeout"))
        self.successResultOf(running)
        self.assertEqual(self.stages[-3].reason, "time-out")  # type: ignore[attr-defined]
