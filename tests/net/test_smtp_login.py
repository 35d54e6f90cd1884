"""Logging in at a relay."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp_reply import Capabilities
from stalwart.net.smtp_dialogue import SmtpFailed
from stalwart.net.smtp_login import log_in, mechanism_of
from tests.net.smtp_peers import PlayedServer


class MechanismTests(SynchronousTestCase):
    """Which is used."""

    def test_choice(self) -> None:
        for line, expected in (
            ("AUTH LOGIN PLAIN", "PLAIN"),
            ("auth login", "LOGIN"),
            ("AUTH CRAM-MD5", None),
            ("AUTH", None),
            ("SIZE", None),
        ):
            self.assertEqual(mechanism_of(Capabilities("mx", (line,))), expected, line)


class LoginTests(SynchronousTestCase):
    """RFC 4954 4."""

    def setUp(self) -> None:
        self.server = PlayedServer()
        self.client = self.server.connect()

    def log_in(self, offered: str, name: str = "jane", secret: str = "säcret") -> Deferred[Any]:
        """Log in at a server that offers this."""
        self.client.capabilities = Capabilities("mx", (offered,))
        return Deferred.fromCoroutine(log_in(self.client, name, secret, 5))

    def test_plain(self) -> None:
        waiting = self.log_in("AUTH PLAIN")
        self.assertEqual(self.server.heard(), b"AUTH PLAIN AGphbmUAc8OkY3JldA==\r\n")
        self.server.says(b"235 2.7.0 yes\r\n")
        self.assertEqual(self.successResultOf(waiting).code, 235)

    def test_login(self) -> None:
        waiting = self.log_in("AUTH LOGIN")
        said = []
        for answer in (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 yes\r\n"):
            said.append(self.server.heard())
            self.server.says(answer)
        self.assertEqual(said, [b"AUTH LOGIN\r\n", b"amFuZQ==\r\n", b"c8OkY3JldA==\r\n"])
        self.assertEqual(self.successResultOf(waiting).code, 235)

    def test_login_that_is_refused_at_once_says_no_more(self) -> None:
        waiting = self.log_in("AUTH LOGIN")
        self.server.heard()
        self.server.says(b"530 5.7.0 TLS first\r\n")
        self.assertEqual((self.successResultOf(waiting).code, self.server.heard()), (530, b""))

    def test_no_mechanism(self) -> None:
        failure = self.failureResultOf(self.log_in("AUTH CRAM-MD5"), SmtpFailed).value
        self.assertEqual((failure.kind, self.server.heard()), ("reply", b""))

    def test_a_login_that_is_too_long(self) -> None:
        self.failureResultOf(self.log_in("AUTH PLAIN", secret="x" * 3000), ValueError)

    def test_no_secret_is_in_the_transcript(self) -> None:
        for offered in ("AUTH PLAIN", "AUTH LOGIN"):
            self.log_in(offered, secret="secret").addErrback(lambda _: None)
            for answer in (b"334 x\r\n", b"334 x\r\n", b"235 yes\r\n")[offered == "AUTH PLAIN" and 2 :]:
                self.server.says(answer)
        text = repr(self.client.transcript)
        for secret in ("secret", "c2VjcmV0", "AGphbmUAc2VjcmV0"):
            self.assertNotIn(secret, text)
