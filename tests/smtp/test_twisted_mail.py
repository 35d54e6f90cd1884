"""Deliveries that were written for Twisted's server, served by ours: as Twisted's server would."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, fail, succeed
from twisted.mail.interfaces import IMessageDelivery, IMessageDeliveryFactory, IMessageSMTP
from twisted.mail.smtp import ESMTP, SMTPBadRcpt, SMTPBadSender, SMTPServerError
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from stalwart.smtp.role import LMTP, MX, Role
from stalwart.smtp.twisted_mail import TwistedReception, without_utf8
from tests.smtp.twin import Client, SmtpServer, Wire

BEGIN = ("MAIL FROM:<jane@a.test>", "RCPT TO:<john@b.test>")


@implementer(IMessageSMTP)
class Message:
    def __init__(self, delivery: Delivery, user: Any) -> None:
        self.delivery, self.user = delivery, user
        self.lines: list[bytes] = []
        self.state = "open"

    def lineReceived(self, line: bytes) -> None:
        if line == b"spam":
            raise SMTPServerError(554, b"Spam")
        self.lines.append(line)

    def eomReceived(self) -> Deferred[Any]:
        self.state = "complete"
        return self.delivery.ends.get(self.user.dest.local, succeed(None))

    def connectionLost(self) -> None:
        self.state = "lost"


@implementer(IMessageDelivery)
class Delivery:
    def __init__(self, header: bytes = b"Received: by us") -> None:
        self.header = header
        self.messages: list[Message] = []
        self.ends: dict[bytes, Deferred[Any]] = {}
        self.asked: list[Any] = []

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return self.header

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        self.asked.append((helo, str(origin)))
        if origin.local == b"nobody":
            raise SMTPBadSender(origin)
        return succeed(origin)

    def validateTo(self, user: Any) -> Any:
        self.asked.append(str(user.dest))
        if user.dest.local == b"unknown":
            return fail(SMTPBadRcpt(user))
        return lambda: self.made(user)

    def made(self, user: Any) -> Message:
        if user.dest.local == b"broken":
            raise SMTPServerError(452, b"No room")
        self.messages.append(Message(self, user))
        return self.messages[-1]


@implementer(IMessageDeliveryFactory)
class Factory:
    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    def getMessageDelivery(self) -> Delivery:
        self.deliveries.append(Delivery())
        return self.deliveries[-1]


def connect(delivery: Any, role: Role = MX) -> Client:
    server = SmtpServer(role)
    reception = TwistedReception(delivery, "mx.example.test")
    server.factory.policy = server.policy = evolve(server.policy, role=without_utf8(role), reception=reception)
    return server.greeted()


class DeliveryTests(SynchronousTestCase):
    def test_a_message(self) -> None:
        delivery = Delivery()
        client = connect(delivery)
        self.assertEqual(client.codes(*BEGIN, "RCPT TO:<Postmaster>", "DATA")[-1], "354 Send")
        sent = b"Subject: x\r\n\r\n..\r\n" + b"a" * 10_000 + b"\r\nend\r\n.\r\n"
        for at in range(0, len(sent), 7):
            client.connection.dataReceived(sent[at : at + 7])
        self.assertEqual(client.lines(), ["250 2.0.0 Message accepted"])
        lines = [b"Received: by us", b"Subject: x", b"", b".", b"a" * 10_000, b"end"]
        self.assertEqual([message.lines for message in delivery.messages], [lines, lines])
        self.assertEqual(delivery.asked[0], ((b"a.test", b"198.51.100.7"), "jane@a.test"))
        self.assertEqual(delivery.asked[2], "postmaster@mx.example.test")

    def test_a_factory_is_asked_for_each_message(self) -> None:
        factory = Factory()
        client = connect(factory)
        for _ in range(2):
            client.say(*BEGIN, "DATA")
            client.send(b".\r\n")
        self.assertEqual([len(delivery.messages) for delivery in factory.deliveries], [1, 1])

    def test_a_message_without_a_header_gets_an_empty_line(self) -> None:
        """As from Twisted's server."""
        for header, first in ((b"Received: by us", [b"Received: by us", b"", b"text"]), (b"", [b"text"])):
            delivery = Delivery(header)
            client = connect(delivery)
            client.say(*BEGIN, "DATA")
            client.send(b"text\r\n.\r\n")
            self.assertEqual(delivery.messages[0].lines, first)

    def test_refusals(self) -> None:
        client = connect(Delivery())
        self.assertEqual(client.say("MAIL FROM:<nobody@a.test>")[0][:9], "550 5.0.0")
        self.assertEqual(client.codes(BEGIN[0], "RCPT TO:<unknown@b.test>"), ["250 2.1.0", "550 5.0.0"])
        self.assertEqual(client.codes("RCPT TO:<broken@b.test>", BEGIN[1], "DATA")[-1], "452 4.0.0")

    def test_what_was_made_is_told_that_there_is_no_message(self) -> None:
        delivery = Delivery()
        client = connect(delivery)
        self.assertEqual(client.codes(*BEGIN, "RCPT TO:<broken@b.test>", "DATA")[-1], "452 4.0.0")
        client.codes("RSET", *BEGIN, "DATA")
        client.send(b"spam\r\n")
        self.assertEqual([line[:9] for line in client.send(b".\r\n")], ["554 5.0.0"])
        client.codes(*BEGIN, "DATA")
        client.lose()
        self.assertEqual([message.state for message in delivery.messages], ["lost"] * 3)

    def test_the_end_may_be_refused(self) -> None:
        for problem, code in ((SMTPServerError(554, b"No"), "554 5.0.0"), (ValueError("secret"), "451 4.3.0")):
            for role, count in ((MX, 1), (LMTP, 2)):
                delivery = Delivery()
                delivery.ends[b"john"] = fail(problem)
                client = connect(delivery, role)
                client.say(*BEGIN, "RCPT TO:<other@b.test>", "DATA")
                said = [line[:9] for line in client.send(b".\r\n")]
                self.assertEqual(said, [code, "250 2.0.0"][:count])

    def test_the_end_is_waited_for(self) -> None:
        delivery = Delivery()
        delivery.ends[b"john"] = Deferred()
        client = connect(delivery)
        client.say(*BEGIN, "DATA")
        self.assertEqual(client.send(b".\r\n"), [])
        delivery.ends[b"john"].callback(None)
        self.assertEqual(len(client.lines()), 1)

    def test_only_ascii(self) -> None:
        client = connect(Delivery())
        self.assertNotIn("250-SMTPUTF8", client.say("EHLO a.test"))
        self.assertEqual(client.codes("MAIL FROM:<jané@a.test> SMTPUTF8"), ["555 5.5.4"])

    def test_twisted_keeps_the_same_lines(self) -> None:
        """The same message through Twisted's own server."""
        sent = b"Subject: x\r\n\r\n..\r\n\r\nend\r\n.\r\n"
        ours, theirs = Delivery(), Delivery()
        client = connect(ours)
        client.say(*BEGIN, "DATA")
        client.send(sent)
        protocol: Any = ESMTP()
        protocol.delivery = theirs
        protocol.makeConnection(Wire())
        protocol.setTimeout(None)
        protocol.dataReceived("".join(f"{line}\r\n" for line in ("EHLO a.test", *BEGIN, "DATA")).encode())
        protocol.dataReceived(sent)
        self.assertEqual(ours.messages[0].lines, theirs.messages[0].lines)
        self.assertEqual([ours.messages[0].state, theirs.messages[0].state], ["complete"] * 2)
