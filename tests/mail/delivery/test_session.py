"""Sessions as a sender opens them: it insists where the diagnosis would go on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mta_sts import parse_policy
from stalwart.codec.smtp_reply import Reply
from stalwart.codec.tlsa import TlsaSet
from stalwart.mail.delivery.dane import Dane
from stalwart.mail.delivery.lifetime import Lifetime
from stalwart.mail.delivery.session import Ended, Exchange, Session, Terms, error_type, unexpected
from stalwart.mail.delivery.shipment import Connecting, HostStrategy, TlsDemands
from stalwart.mail.delivery.stages import Stage
from stalwart.mail.delivery.sts import Announced
from stalwart.net.dns import TLSA
from stalwart.net.smtp_dialogue import SmtpFailed
from tests.mail.delivery.scripted import HEALTHY, REFUSED, SELF_SIGNED, outgoing

IP = "192.0.2.1"
NOBODY: Any = None
PLAIN = Exchange("mx.example", None, True, Dane(), "example")
POLICY = Announced("1", parse_policy(b"version: STSv1\nmode: enforce\nmx: mx.example\nmax_age: 604800\n"))
ENFORCED = evolve(PLAIN, policy=POLICY)
BY_DANE = evolve(PLAIN, dane=Dane(tlsa=TlsaSet.from_records([TLSA(3, 1, 1, b"\0" * 32)])))
NO_TLS = {**HEALTHY, "EHLO": "250 mx.example"}


class SessionCase(SynchronousTestCase):
    """One session with a scripted host."""

    def open(
        self, host: Any, exchange: Exchange = PLAIN, *, connecting: Any = None, tls: Any = None, **terms: Any
    ) -> Any:
        """The connection, or how the session ended; the session is ``self.session``."""
        clock = Clock()
        self.stages: list[Stage] = []
        world, self.internet = outgoing(clock, NOBODY, NOBODY, {IP: host})
        strategy = HostStrategy(connecting or Connecting("here.test"), tls or TlsDemands())
        given = {"insists": True, **terms}
        self.session = Session(
            world,
            Terms(strategy, 25, lambda: datetime.now(UTC), **given),
            Lifetime(clock, 60),
            self.stages.append,
            exchange,
            IP,
        )
        running = Deferred.fromCoroutine(self.session.open())
        found: list[Any] = []
        running.addBoth(found.append)
        return found[0].value if hasattr(found[0], "value") else found[0]

    def ended(self, *arguments: Any, **named: Any) -> tuple[str, str, str]:
        """The kind, the status and the command of a session that ended."""
        end = self.open(*arguments, **named)
        self.assertIsInstance(end, Ended)
        return end.error_type, end.status, end.command

    def names(self) -> list[str]:
        """The stages told."""
        return [type(stage).__name__ for stage in self.stages]


class OpenTests(SessionCase):
    """What ends a session, and as what."""

    def test_it_is_ready_for_an_envelope(self) -> None:
        connection = self.open(HEALTHY)
        self.assertEqual(connection.said, ["greeting", "EHLO", "STARTTLS", "EHLO"])
        self.assertTrue(self.session.outcome.authenticated)
        self.assertEqual(self.session.capabilities.size, 1000)

    def test_table(self) -> None:
        for host, exchange, expected in (
            (REFUSED, PLAIN, ("connectionError", "4.4.1", "")),
            ({"greeting": "554 no"}, PLAIN, ("unexpectedResponse", "4.4.2", "")),
            ({"greeting": "521 no mail here"}, PLAIN, ("unexpectedResponse", "5.3.2", "")),
            ({**HEALTHY, "EHLO": "502 no"}, PLAIN, ("unexpectedResponse", "4.4.2", "EHLO here.test")),
            ({**HEALTHY, "EHLO": SmtpFailed("x", "malformed")}, PLAIN, ("unexpectedResponse", "4.4.2", "")),
            ({**HEALTHY, "STARTTLS": SmtpFailed("x", "tls")}, PLAIN, ("tlsError", "4.7.5", "STARTTLS")),
            ((HEALTHY, SELF_SIGNED), PLAIN, ("tlsError", "4.7.5", "STARTTLS")),
            ((HEALTHY, SELF_SIGNED), ENFORCED, ("mtaStsError", "4.7.5", "STARTTLS")),
            (NO_TLS, ENFORCED, ("mtaStsError", "4.7.5", "STARTTLS")),
            (NO_TLS, BY_DANE, ("daneError", "4.7.5", "STARTTLS")),
            (HEALTHY, BY_DANE, ("daneError", "4.7.5", "STARTTLS")),
        ):
            self.assertEqual(self.ended(host, exchange), expected, (host, exchange))

    def test_what_the_settings_ask(self) -> None:
        self.assertEqual(self.ended(NO_TLS, tls=TlsDemands(starttls="require"))[0], "tlsError")
        refused = {**HEALTHY, "STARTTLS": "454 not now"}
        self.assertEqual(self.ended(refused, tls=TlsDemands(starttls="require"))[0], "tlsError")
        self.assertEqual(self.open(NO_TLS).said, ["greeting", "EHLO"])
        self.assertEqual(self.open((HEALTHY, SELF_SIGNED), tls=TlsDemands(allow_invalid_certs=True)).said[-1], "EHLO")
        self.assertEqual(self.open(HEALTHY, tls=TlsDemands(starttls="disable")).said, ["greeting", "EHLO"])

    def test_why_a_certificate_is_not_enough_is_told(self) -> None:
        self.ended((HEALTHY, SELF_SIGNED))
        self.assertEqual(self.names()[-1], "StartTlsError")
        self.stages.clear()
        self.open((HEALTHY, SELF_SIGNED), tls=TlsDemands(allow_invalid_certs=True))
        self.assertIn("StartTlsSuccess", self.names())
        self.assertNotIn("StartTlsError", self.names())

    def test_what_the_domain_asks_outweighs_the_settings(self) -> None:
        self.assertIn("STARTTLS", self.open(HEALTHY, ENFORCED, tls=TlsDemands(starttls="disable")).said)

    def test_an_address_that_is_refused(self) -> None:
        self.assertEqual(self.ended(HEALTHY, refused=lambda ip: "not there"), ("connectionError", "5.4.4", ""))
        self.assertEqual(self.internet.opened, [])

    def test_a_host_that_is_ourselves(self) -> None:
        self.assertEqual(self.ended(HEALTHY, own_names=frozenset(("mx.example",)))[1], "5.4.6")
        self.assertIn("EhloError", self.names())

    def test_what_the_host_said_is_kept(self) -> None:
        end = self.open({"greeting": "554 5.7.1 go away"})
        self.assertEqual((end.reply.code, end.reply.enhanced), (554, "5.7.1"))


class WordTests(SynchronousTestCase):
    """Reasons and kinds."""

    def test_reasons(self) -> None:
        reply = Reply(550, "5.1.1", ("no",))
        self.assertTrue(unexpected(reply).startswith("Permanent failure: Unexpected reply: Code: 550"))
        self.assertTrue(unexpected(Reply(450)).startswith("Temporary"))

    def test_kinds(self) -> None:
        for kind, expected in (("timeout", "connectionError"), ("closed", "connectionError"), ("tls", "tlsError")):
            self.assertEqual(error_type(SmtpFailed("x", kind)), expected)  # type: ignore[arg-type]
