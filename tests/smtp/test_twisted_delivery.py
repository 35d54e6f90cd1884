"""Servers of ``twisted.mail`` over our reception; the example of docs/twisted-mail.md, on sockets."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path as File
from typing import Any

from twisted.cred.checkers import AllowAnonymousAccess
from twisted.cred.portal import Portal
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.internet.tcp import Connection
from twisted.mail.imap4 import PLAINCredentials
from twisted.mail.interfaces import IDomain, IMessageDelivery, IMessageDeliveryFactory, IMessageSMTP
from twisted.mail.mail import MailService
from twisted.mail.smtp import ESMTP, SMTP, Address, User, sendmail
from twisted.protocols.basic import LineReceiver
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from stalwart.config.mail.session_stages import MtaStageData
from stalwart.directory.access import IAccess
from stalwart.directory.cred import AddressedPassword, make_portal
from stalwart.errors import Unavailable
from stalwart.smtp.transaction import Receiving
from stalwart.smtp.twisted_delivery import (
    StalwartDelivery,
    StalwartDeliveryFactory,
    StalwartDomain,
    delivery_avatars,
)
from tests.directory.world import PASSWORD
from tests.smtp.inbound_server import MESSAGE, InboundCase
from tests.smtp.twin import SmtpServer, Wire

DOCUMENT = File(__file__).parents[2] / "docs" / "twisted-mail.md"
HELO = (b"a.test", b"198.51.100.7")
OURS = MESSAGE.replace("a@sender.test", "sue@example.test")
SUE = "sue@example.test"


def example() -> dict[str, Any]:
    """The names that the first block of code of the document defines; the other one starts a server (tests.live)."""
    names: dict[str, Any] = {}
    block, _ = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S)
    exec(compile(block, str(DOCUMENT), "exec"), names)
    return names


def plain(text: str) -> bytes:
    """With the line ends that ``sendmail`` wants."""
    return text.replace("\r\n", "\n").encode()


class TwistedCase(InboundCase):
    """``server`` is one of Twisted's, over a wire in memory."""

    def setUp(self) -> None:
        super().setUp()
        self.receiving = Receiving(self.inbound, self.clock)

    def server(self, protocol: Any = None, **attributes: Any) -> tuple[Any, Wire]:
        made = protocol or SMTP()
        attributes = attributes or {"deliveryFactory": StalwartDeliveryFactory(self.receiving)}
        for name, value in attributes.items():
            setattr(made, name, value)
        wire = Wire("198.51.100.7")
        made.makeConnection(wire)
        made.setTimeout(None)
        return made, wire

    def codes(self, server: tuple[Any, Wire], *lines: str) -> list[str]:
        protocol, wire = server
        wire.clear()
        protocol.dataReceived("".join(f"{line}\r\n" for line in lines).encode())
        return [line[:3] for line in wire.value().decode().split("\r\n")[:-1] if line[3] == " "]

    def message(
        self, server: tuple[Any, Wire], *recipients: str, text: str = MESSAGE, sender: str = "a@sender.test"
    ) -> list[str]:
        begin = self.codes(
            server, "HELO a.test", f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{to}>" for to in recipients), "DATA"
        )
        return [*begin[1:], *self.codes(server, *text.removesuffix("\r\n").split("\r\n"), ".")]


class DeliveryTests(TwistedCase):
    """An ``IMessageDelivery``."""

    def test_interfaces(self) -> None:
        verifyObject(IMessageDeliveryFactory, StalwartDeliveryFactory(self.receiving))
        delivery = StalwartDeliveryFactory(self.receiving).getMessageDelivery()
        verifyObject(IMessageDelivery, delivery)
        origin = Address(b"a@sender.test")
        self.successResultOf(delivery.validateFrom(HELO, origin))
        make = self.successResultOf(delivery.validateTo(User(b"alice@example.test", HELO, None, origin)))
        verifyObject(IMessageSMTP, make())

    def test_one_message_for_all(self) -> None:
        self.assertEqual(self.message(self.server(), "alice@example.test", "bob@example.test")[-2:], ["354", "250"])
        ((_, one),), ((_, other),) = self.mail_of("alice"), self.mail_of("bob")
        self.assertEqual(one, other)
        self.assertTrue(one.startswith(b"Return-Path: <a@sender.test>\r\nAuthentication-Results: "))
        self.assertTrue(one.endswith(MESSAGE.encode()))
        self.assertEqual(len(self.judge.asked), 1)

    def test_several_messages_of_a_session(self) -> None:
        server = self.server()
        for number in range(3):
            self.assertEqual(
                self.message(server, "alice@example.test", text=MESSAGE.replace("<1", f"<{number}"))[-1], "250"
            )
        self.assertEqual(len(self.mail_of("alice")), 3)

    def test_refused_recipients(self) -> None:
        server = self.server()
        self.codes(server, "HELO a.test", "MAIL FROM:<a@sender.test>")
        for address in ("nobody@example.test", "x@far.test", "x%far.test@example.test", "@example.test:x@far.test"):
            self.assertIn(self.codes(server, f"RCPT TO:<{address}>")[0][0], "5", address)
        self.assertEqual(self.queue.letters, [])

    def test_who_has_not_greeted_is_told(self) -> None:
        server = self.server()
        self.assertEqual(self.codes(server, "MAIL FROM:<a@sender.test>"), ["503"])
        self.assertIn(b"5.5.1", server[1].value())
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(self.message(server, "alice@example.test")[-1], "250")

    def test_what_is_wrong_for_now_is_no_bounce(self) -> None:
        """Twisted's server would say 550."""
        self.mailing_list("some", "x@far.test")
        server, self.queue.problem = self.server(), Unavailable()
        self.assertEqual(self.message(server, "some@example.test")[-1], "451")
        self.queue.problem = None
        self.assertEqual(self.message(server, "some@example.test")[-1], "250")
        self.flushLoggedErrors()

    def test_what_is_wrong_for_good(self) -> None:
        server = self.server()
        for text in ("Received: x\r\n" * 51 + MESSAGE, MESSAGE + "a\nb\r\n", MESSAGE + "\rb\r\n"):
            self.assertEqual(self.message(server, "alice@example.test", text=text)[-1], "550")
        self.assertEqual(self.mail_of("alice"), [])
        self.flushLoggedErrors()

    def test_large_ones(self) -> None:
        text = MESSAGE + ("y" * 998 + "\r\n") * 200
        self.assertEqual(self.message(self.server(), "alice@example.test", text=text)[-1], "250")
        self.assertTrue(self.mail_of("alice")[0][1].endswith(text.encode()))

    def test_too_large(self) -> None:
        self.set(MtaStageData, maxMessageSize={"else": "1000"})
        self.assertEqual(
            self.message(self.server(), "alice@example.test", text=MESSAGE + "y" * 998 + "\r\n")[-1], "550"
        )
        self.flushLoggedErrors()

    def test_a_slow_disk(self) -> None:
        """The connection waits."""
        twin = SmtpServer()
        twin.reception.slow = True
        server = self.server(deliveryFactory=StalwartDeliveryFactory(Receiving(twin.reception, twin.clock)))
        self.codes(server, "HELO a.test", "MAIL FROM:<a@sender.test>", "RCPT TO:<b@example.test>", "DATA")
        self.assertEqual(self.codes(server, "Subject: x", "", "Text", "."), [])
        self.assertFalse(server[1].reading)
        (spool,) = twin.reception.spools
        while spool.waits:
            spool.waits.pop(0).callback(None)
        self.assertTrue(server[1].reading)
        self.assertEqual(server[1].value()[:4], b"250 ")
        self.assertEqual(twin.reception.octets, [b"Subject: x\r\n\r\nText\r\n"])

    def test_a_client_that_is_gone(self) -> None:
        twin = SmtpServer()
        server = self.server(deliveryFactory=StalwartDeliveryFactory(Receiving(twin.reception, twin.clock)))
        self.codes(server, "HELO a.test", "MAIL FROM:<a@sender.test>", "RCPT TO:<b@example.test>", "DATA", "Subject: x")
        server[0].connectionLost(None)
        self.assertTrue(twin.reception.spools[0].aborted)

    def test_time_is_bounded(self) -> None:
        twin = SmtpServer()
        twin.reception.waits["sender"] = Deferred()
        delivery = StalwartDelivery(Receiving(twin.reception, twin.clock))
        asked = delivery.validateFrom(HELO, Address(b"a@sender.test"))
        twin.clock.advance(300)
        self.assertEqual(self.failureResultOf(asked).value.code, 451)


class DomainTests(TwistedCase):
    """An ``IDomain`` of a ``MailService``."""

    def setUp(self) -> None:
        super().setUp()
        self.domain_of_ours = StalwartDomain(self.receiving, self.directory)
        self.service = MailService()
        self.service.addDomain(b"example.test", self.domain_of_ours)
        checker: Any = AllowAnonymousAccess()
        self.service.smtpPortal.registerChecker(checker)

    def test_interface(self) -> None:
        verifyObject(IDomain, self.domain_of_ours)
        self.assertRaises(NotImplementedError, self.domain_of_ours.addUser, b"x", b"y")

    def test_delivery(self) -> None:
        protocol = self.service.getSMTPFactory().buildProtocol(None)
        server = self.server(protocol, portal=protocol.portal)
        said = self.message(server, "alice@example.test", "bob@example.test", "nobody@example.test", "x@far.test")
        self.assertEqual(said, ["250", "250", "250", "550", "550", "354", "250"])
        self.assertEqual([len(self.mail_of(name)) for name in ("alice", "bob")], [1, 1])

    def test_its_portal_signs_people_in(self) -> None:
        portal: Portal = self.service.portals[b"example.test"]
        signing = portal.login(AddressedPassword(b"sue", PASSWORD.encode(), "192.0.2.1"), None, IAccess)
        self.assertEqual(self.successResultOf(signing)[1].account_id, self.ids["sue"])


class SignInTests(TwistedCase):
    """People who sign in to an ESMTP server of Twisted."""

    def esmtp(self) -> tuple[Any, Wire]:
        portal = make_portal(self.directory, delivery_avatars(self.receiving))
        server = self.server(ESMTP({b"PLAIN": PLAINCredentials}), portal=portal)
        self.codes(server, "EHLO a.test")
        return server

    def prove(self, server: tuple[Any, Wire], secret: str = PASSWORD) -> list[str]:
        self.assertEqual(self.codes(server, "AUTH PLAIN"), ["334"])
        return self.codes(server, b64encode(f"\0sue\0{secret}".encode()).decode())

    def test_submission(self) -> None:
        server = self.esmtp()
        self.assertEqual(self.prove(server), ["235"])
        said = self.message(server, "x@far.test", "alice@example.test", sender=SUE, text=OURS)
        self.assertEqual(said[-1], "250")
        (letter,) = self.queue.letters
        assert isinstance(letter.content, bytes)
        self.assertTrue(letter.content.startswith(b"DKIM-Signature: d=example.test\r\nDate: "))
        self.assertEqual(letter.account_id, self.ids["sue"])
        self.assertEqual(len(self.mail_of("alice")), 1)
        self.assertEqual(self.message(server, "x@far.test", sender="bob@example.test", text=OURS)[0], "550")

    def test_wrong_password(self) -> None:
        server = self.esmtp()
        self.assertEqual(self.prove(server, "wrong"), [])
        self.clock.advance(1)
        self.assertEqual(server[1].value()[:3], b"535")
        self.assertEqual(self.failures, [("", "sue")])


class ExampleTests(TwistedCase, TestCase):
    """The document, on sockets; sent to by Twisted's own ``sendmail``."""

    async def greeted(self, port: int) -> bytes:
        """What a server answers to EHLO."""
        from twisted.internet import reactor

        asked: Deferred[bytes] = Deferred()

        class Client(LineReceiver):
            def lineReceived(self, line: bytes) -> None:
                if line.startswith(b"220"):
                    self.sendLine(b"EHLO a.test")
                else:
                    self.transport.loseConnection()
                    asked.callback(line)

        await clientFromString(reactor, f"tcp:127.0.0.1:{port}").connect(Factory.forProtocol(Client))
        return await asked

    async def test_it_runs(self) -> None:
        from twisted.internet import reactor

        nowhere = "tcp:0:interface=127.0.0.1"
        service = example()["make_service"](reactor, self.inbound, self.directory, nowhere, nowhere)
        service.startService()
        self.addCleanup(service.stopService)
        ports = [(await each._waitingForPort).getHost().port for each in service.services]
        send: Callable[..., Deferred[Any]] = sendmail
        count, _ = await send(
            "127.0.0.1", "a@sender.test", "alice@example.test", BytesIO(plain(MESSAGE)), port=ports[0]
        )
        self.assertEqual((count, len(self.mail_of("alice"))), (1, 1))
        greeted = await self.greeted(ports[0])
        self.assertTrue(greeted.startswith(b"250"), greeted)
        signed_in = {"username": "sue", "password": PASSWORD, "requireTransportSecurity": False}
        count, _ = await send("127.0.0.1", SUE, ["x@far.test"], BytesIO(plain(OURS)), port=ports[1], **signed_in)
        self.assertEqual((count, len(self.queue.letters)), (1, 1))
        count, _ = await service.sendmail(b"", SUE, ["y@far.test"], OURS, username="sue", password=PASSWORD)
        self.assertEqual((count, self.queue.letters[-1].recipients[0].address), (1, "y@far.test"))
        for _ in range(200):  # sendmail answers before it has said QUIT
            if not any(isinstance(each, Connection) for each in reactor.getReaders()):  # type: ignore[attr-defined]
                break
            await deferLater(reactor, 0.01)  # type: ignore[arg-type]  # is IReactorTime
