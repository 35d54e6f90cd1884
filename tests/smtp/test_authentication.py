"""AUTH: who is announced what, and each way that an exchange may go (RFC 4954, RFC 4616)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Unauthenticated
from stalwart.smtp.authentication import LONGEST_RESPONSE, Challenge, response_of
from stalwart.smtp.role import SUBMISSION
from stalwart.smtp.sign_in import SignIn
from tests.smtp.signing_in import TwinAuthenticator
from tests.smtp.twin import Client, SmtpServer

MAIL = "MAIL FROM:<jane@a.test>"


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


RIGHT, WRONG = encoded("\0jane\0secret"), encoded("\0jane\0wrong")


class AuthTests(SynchronousTestCase):
    def server(self, needs_tls: bool = False, **limits: Any) -> SmtpServer:
        server = SmtpServer(SUBMISSION, tls="a context", **limits)
        server.factory.policy = server.policy = evolve(server.policy, authenticator=TwinAuthenticator(needs_tls))
        return server

    def client(self, **limits: Any) -> Client:
        return self.server(**limits).greeted()

    def test_it_is_announced_where_there_are_mechanisms(self) -> None:
        self.assertIn("250 AUTH PLAIN LOGIN", self.server().connect().say("EHLO a.test"))
        hidden = self.server(needs_tls=True).connect()
        self.assertFalse([line for line in hidden.say("EHLO a.test") if "AUTH" in line])
        self.assertEqual(hidden.codes("AUTH PLAIN " + RIGHT), ["538 5.7.11"])
        hidden.say("STARTTLS")
        self.assertIn("250 AUTH PLAIN LOGIN", hidden.say("EHLO a.test"))

    def test_at_once(self) -> None:
        client = self.client()
        self.assertEqual(client.codes(MAIL, f"AUTH plain {RIGHT}", MAIL), ["530 5.7.0", "235 2.7.0", "250 2.1.0"])
        self.assertEqual(client.connection.session.envelope.peer.login, "jane")
        self.assertTrue(client.connection.session.envelope.transmission().is_authenticated)
        self.assertFalse([line for line in client.say("EHLO a.test") if "AUTH" in line])
        self.assertEqual(client.codes(f"AUTH PLAIN {RIGHT}"), ["503 5.5.1"])

    def test_step_by_step(self) -> None:
        client = self.client()
        self.assertEqual(client.say("AUTH PLAIN"), ["334 "])
        self.assertEqual(client.codes(RIGHT), ["235 2.7.0"])
        client = self.client()
        self.assertEqual(client.say("AUTH LOGIN"), ["334 " + encoded("Username:")])
        self.assertEqual(client.say(encoded("jane")), ["334 " + encoded("Password:")])
        self.assertEqual(client.codes(encoded("secret")), ["235 2.7.0"])

    def test_what_is_no_response(self) -> None:
        client = self.client()
        self.assertEqual(client.codes("AUTH LOGIN", "*", "NOOP")[1:], ["501 5.7.0", "250 2.0.0"])
        self.assertEqual(client.codes("AUTH LOGIN", "%%%", "NOOP")[1:], ["501 5.5.2", "250 2.0.0"])
        self.assertEqual(client.codes("AUTH LOGIN", "a" * LONGEST_RESPONSE, "NOOP")[1:], ["500 5.5.2", "250 2.0.0"])
        self.assertEqual(client.codes("AUTH PLAIN %%%"), ["501 5.5.2"])
        self.assertEqual(client.codes("AUTH PLAIN =", "AUTH CRAM-MD5"), ["535 5.7.8", "504 5.5.4"])

    def test_long_responses(self) -> None:
        client = self.client()
        self.assertEqual(client.codes("AUTH PLAIN " + encoded("\0jane\0" + "x" * 8000)), ["535 5.7.8"])

    def test_in_its_place(self) -> None:
        self.assertEqual(self.server().connect().codes("AUTH PLAIN " + RIGHT)[1:], ["503 5.5.1"])
        client = self.client()
        client.connection.session.peer.role = evolve(SUBMISSION, demands_login=False)
        self.assertEqual(client.codes(MAIL, "AUTH PLAIN " + RIGHT), ["250 2.1.0", "503 5.5.1"])

    def test_failures_are_counted_and_wait(self) -> None:
        server = self.server(failed_logins=1, login_delay=5)
        client = server.greeted()
        self.assertEqual(client.codes("AUTH PLAIN " + WRONG), [])
        server.clock.advance(5)
        self.assertEqual(client.lines(), ["535 5.7.8 Wrong name or password"])
        client.say("AUTH PLAIN " + WRONG)
        server.clock.advance(5)
        self.assertEqual([line[:9] for line in client.lines()], ["421 4.7.0"])
        self.assertTrue(client.has_ended)

    def test_a_fault(self) -> None:
        server = self.server()
        client = server.greeted()
        self.assertEqual(client.codes("AUTH PLAIN " + encoded("\0broken\0x")), ["451 4.3.0"])
        self.assertIn("smtp.error", server.events)

    def test_an_authenticator_that_fails_at_once(self) -> None:
        server = self.server()
        client = server.greeted()
        client.connection.session.policy = evolve(server.policy, authenticator=object())  # type: ignore[arg-type]
        self.assertEqual(client.codes("AUTH PLAIN " + RIGHT, "NOOP"), ["451 4.3.0"])
        self.assertTrue(client.has_ended)
        self.assertIn("smtp.error", server.events)

    def test_tls_forgets_it(self) -> None:
        client = self.client()
        client.say("AUTH PLAIN " + RIGHT, "STARTTLS")
        self.assertIsNone(client.connection.session.peer.login)

    def test_the_reception_has_the_last_word(self) -> None:
        server = self.server()
        client = server.greeted()
        server.reception.problems["hello"] = Unauthenticated()
        self.assertEqual(client.codes("AUTH PLAIN " + RIGHT), ["530 5.7.0"])
        self.assertIsNone(client.connection.session.peer.login)

    def test_its_parameter(self) -> None:
        client = self.client()
        client.say("AUTH PLAIN " + RIGHT)
        self.assertEqual(client.codes(MAIL + " AUTH=<>"), ["250 2.1.0"])
        self.assertEqual(SmtpServer(SUBMISSION).greeted().codes(MAIL + " AUTH=<>"), ["555 5.5.4"])


class NobodyTests(SynchronousTestCase):
    def test_without_an_authenticator_nothing_is_offered(self) -> None:
        session = SmtpServer(SUBMISSION).greeted().connection.session
        self.assertEqual(SignIn(session).mechanisms(), ())


class FormTests(SynchronousTestCase):
    def test_responses(self) -> None:
        self.assertEqual(response_of(b"YQ=="), b"a")
        self.assertEqual(response_of(""), b"")
        for wrong in (b"YQ", "a b", "é", b"YQ==\n"):
            self.assertIsNone(response_of(wrong))
        self.assertEqual(Challenge(b"a").reply.lines, ("YQ==",))
