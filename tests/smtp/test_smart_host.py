"""What ``sendmail`` does without a connection."""

from __future__ import annotations

from email.message import EmailMessage
from io import BytesIO
from typing import Any

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.ssl import CertificateOptions
from twisted.mail.smtp import ESMTPSenderFactory, SMTPDeliveryError
from twisted.trial.unittest import TestCase

from stalwart.config.network.listener import NetworkListener
from stalwart.errors import Unavailable
from stalwart.smtp.limits import Limits
from stalwart.smtp.policy import Policy
from stalwart.smtp.role import SUBMISSION
from stalwart.smtp.server import SmtpFactory
from stalwart.smtp.smart_host import AT_A_TIME, SmartHost
from stalwart.smtp.transaction import Receiving
from stalwart.tls.contexts import ServerTls
from stalwart.tls.selection import Certificates
from stalwart.web.connection import Listener
from tests.directory.world import PASSWORD
from tests.smtp.inbound_server import MESSAGE, InboundCase
from tests.tls.handshakes import Challenged

SUE = "sue@example.test"
OURS = MESSAGE.replace("a@sender.test", SUE).encode()


class SmartHostTests(InboundCase):
    def setUp(self) -> None:
        super().setUp()
        host = SmartHost(Receiving(self.inbound, self.clock), self.directory)
        self.host = evolve(host, login=self.settle(self.directory.account_access(self.ids["sue"], "")))

    def mail(self, *recipients: str, message: Any = OURS, sender: str = SUE, **options: Any) -> Any:
        return self.host.sendmail("localhost", sender, recipients, message, **options)

    def failed(self, work: Any) -> tuple[int, int]:
        problem = self.failureResultOf(work, SMTPDeliveryError).value
        return problem.code, len(problem.addresses)

    def test_to_everybody(self) -> None:
        count, answers = self.successResultOf(self.mail("x@far.test", "alice@example.test"))
        self.assertEqual(
            (count, [(address, code) for address, code, _ in answers]),
            (2, [(b"x@far.test", 250), (b"alice@example.test", 250)]),
        )
        (letter,) = self.queue.letters
        assert isinstance(letter.content, bytes)
        self.assertTrue(letter.content.startswith(b"DKIM-Signature: d=example.test\r\n"))
        self.assertTrue(letter.content.endswith(OURS))
        self.assertEqual(len(self.mail_of("alice")), 1)

    def test_messages_of_all_kinds(self) -> None:
        message = EmailMessage()
        message["From"], message["Subject"] = SUE, "Hello"
        message.set_content("Text\nwith lines\n")
        large = OURS + (b"y" * 998 + b"\r\n") * (3 * AT_A_TIME // 1000)
        for each in (
            OURS.decode(),
            OURS.replace(b"\r\n", b"\n"),
            BytesIO(OURS),
            message,
            large,
            OURS.removesuffix(b"\r\n"),
        ):
            self.assertEqual(self.successResultOf(self.mail("bob@example.test", message=each))[0], 1)
        octets = [octets for _, octets in self.mail_of("bob")]
        self.assertTrue(octets[0].endswith(OURS))
        self.assertIn(b"\r\n\r\nText\r\nwith lines\r\n", octets[1])
        self.assertTrue(octets[2].endswith(large))

    def test_some_are_refused(self) -> None:
        count, answers = self.successResultOf(self.mail("nobody@example.test", "x@far.test", "a@b@c"))
        self.assertEqual((count, [code for _, code, _ in answers]), (1, [550, 250, 501]))
        self.assertEqual(self.failed(self.mail("nobody@example.test")), (550, 1))

    def test_only_from_addresses_of_the_account(self) -> None:
        self.assertEqual(self.failed(self.mail("x@far.test", sender="bob@example.test")), (550, 1))
        self.assertEqual(self.failed(self.mail("x@far.test", message=MESSAGE)), (550, 1))
        self.assertEqual(self.failed(self.mail("x@far.test", message=OURS + b"a\rb\r\n")), (550, 1))
        self.assertEqual(self.queue.letters, [])

    def test_what_is_wrong_for_now(self) -> None:
        self.queue.problem = Unavailable()
        self.assertEqual(self.failed(self.mail("x@far.test")), (451, 1))

    def test_signing_in(self) -> None:
        self.host = evolve(self.host, login=None)
        self.assertEqual(self.failed(self.mail("x@far.test")), (530, 0))
        self.assertEqual(
            self.successResultOf(self.mail("x@far.test", username=b"sue", password=PASSWORD.encode()))[0], 1
        )
        wrong = self.mail("x@far.test", username="sue", password="wrong")
        self.clock.advance(1)
        self.assertEqual(self.failed(wrong), (535, 0))


class PortTests(InboundCase, TestCase):
    """The port for submission and the client that ``sendmail`` makes: STARTTLS, then the login."""

    async def test_over_tls(self) -> None:
        certificates = Certificates(reactor, self.telemetry, lambda: ("mail.example.test",))
        tls = ServerTls(certificates, Challenged(), reactor, self.telemetry)
        creator = tls.creator(NetworkListener.from_wire({"name": "smtp", "bind": {"[::]:25": True}}), ())
        names = "mail.example.test", "mail.example.test"
        policy = Policy(
            *(SUBMISSION, self.inbound, self.telemetry, reactor, *names, Limits(), creator, self.authenticator)
        )
        factory = SmtpFactory(Listener("smtp"), policy)
        port: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")  # type: ignore[attr-defined]
        try:
            sent: Deferred[Any] = Deferred()
            message, recipients = BytesIO(OURS.replace(b"\r\n", b"\n")), ["x@far.test", "alice@example.test"]
            trusting: Any = CertificateOptions()  # of any certificate
            client = ESMTPSenderFactory(b"sue", PASSWORD.encode(), SUE, recipients, message, sent, 0, 30, trusting)
            reactor.connectTCP("127.0.0.1", port.getHost().port, client)  # type: ignore[attr-defined]
            count, _ = await sent
        finally:
            await port.stopListening()
            await factory.close(5)
        self.assertEqual((count, len(self.queue.letters), len(self.mail_of("alice"))), (2, 1, 1))
