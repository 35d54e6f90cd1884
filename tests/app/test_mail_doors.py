"""What is behind listeners of mail."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport

from stalwart.app.listeners import Wanted, wanted_listeners
from stalwart.app.mail_doors import MailDoors
from stalwart.app.smtp_parts import Entrance
from stalwart.codec.smtp.replies import NOT_YET
from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.security import BlockedIp
from stalwart.directory.places import MemoryPlaces
from stalwart.smtp.role import LMTP
from stalwart.smtp.server import SentAway
from stalwart.tls.contexts import ServerTls
from stalwart.tls.selection import Certificates
from stalwart.web.bans import Bans
from stalwart.web.limits import MemoryCounters
from tests.directory.world import World
from tests.smtp.signing_in import TwinAuthenticator
from tests.smtp.twin import TwinReception, Wire
from tests.tls.handshakes import Challenged


def option(protocol: str, endpoint: str = "tcp:2525") -> Wanted:
    return wanted_listeners([], {protocol: [endpoint]})[0]


def stored(**members: Any) -> Wanted:
    data = {"name": "own", "bind": {"127.0.0.1:2525": True}, "protocol": "smtp", **members}
    return wanted_listeners([NetworkListener.from_wire(data)], {})[0]


class MailDoorsTests(World):
    """Doors over a reception in memory."""

    def setUp(self) -> None:
        super().setUp()
        self.reception = TwinReception()
        self.bans = Bans(
            self.settings, self.telemetry, self.clock, lambda *_: Deferred(), active=True, counters=MemoryCounters()
        )
        self.places = MemoryPlaces()
        self.doors = self.make(self.reception)

    def make(self, reception: Any) -> MailDoors:
        certificates = Certificates(self.clock, self.telemetry, lambda: ("mail.example.test",))
        tls = ServerTls(certificates, Challenged(), self.clock, self.telemetry)
        entrance = None if reception is None else lambda: Entrance(reception, TwinAuthenticator())
        return MailDoors(entrance, self.settings, self.telemetry, self.clock, self.places, lambda: self.bans, tls)

    def connect(self, wanted: Wanted, host: str = "198.51.100.7", doors: MailDoors | None = None) -> Any:
        wire = Wire(host)
        protocol: Any = (doors or self.doors).factory(wanted).buildProtocol(wire.getPeer())
        if protocol is not None:
            protocol.makeConnection(wire)
            self.clock.pump([0, 0])
        return protocol, wire

    def said(self, wire: Any) -> list[str]:
        lines = wire.value().decode().split("\r\n")
        wire.clear()
        return lines[:-1]

    def test_smtp_and_lmtp(self) -> None:
        for protocol, hello in (("smtp", "EHLO a.test"), ("lmtp", "LHLO a.test")):
            connection, wire = self.connect(option(protocol))
            self.assertEqual(self.said(wire)[0][:4], "220 ")
            connection.dataReceived(hello.encode() + b"\r\n")
            self.assertIn("250 STARTTLS", " ".join(self.said(wire)).replace("250-", "250 "))

    def test_submission(self) -> None:
        for wanted in (option("submission"), stored(bind={"127.0.0.1:587": True})):
            connection, wire = self.connect(wanted)
            connection.dataReceived(b"EHLO a.test\r\nMAIL FROM:<a@a.test>\r\n")
            self.assertEqual(self.said(wire)[-1][:9], "530 5.7.0")

    def test_nobody_signs_in_by_lmtp(self) -> None:
        connection, wire = self.connect(option("lmtp"))
        connection.dataReceived(b"LHLO a.test\r\nAUTH PLAIN AGphbmUAc2VjcmV0\r\n")
        self.assertEqual(self.said(wire)[-1][:9], "502 5.5.1")

    def test_no_mail_outside_of_the_normal_mode(self) -> None:
        _, wire = self.connect(option("smtp"), doors=self.make(None))
        self.assertEqual(wire.value(), b"421 4.3.2 not yet\r\n")

    def test_listener_without_tls(self) -> None:
        connection, wire = self.connect(stored(useTls=False))
        self.said(wire)
        connection.dataReceived(b"EHLO a.test\r\n")
        self.assertNotIn("STARTTLS", " ".join(self.said(wire)))

    def test_listener_that_begins_with_tls(self) -> None:
        _connection, wire = self.connect(stored(tlsImplicit=True))
        self.assertEqual(wire.value(), b"")
        self.assertEqual(self.places.taken("connections", "own"), 1)
        self.clock.advance(60)
        self.assertTrue(wire.disconnecting)

    def test_whoever_is_banned_hears_nothing(self) -> None:
        self.settle(self.settings.create(BlockedIp, {"address": "198.51.100.0/24"}))
        self.bans.reload()
        protocol, _ = self.connect(option("smtp"))
        self.assertIsNone(protocol)

    def test_proxies_tell_who_is_there(self) -> None:
        connection, wire = self.connect(stored(overrideProxyTrustedNetworks={"198.51.100.7": True}))
        self.assertEqual(wire.value(), b"")
        connection.dataReceived(b"PROXY TCP4 203.0.113.66 198.51.100.7 1 25\r\n")
        self.clock.pump([0, 0])
        self.assertEqual(self.said(wire)[0][:9], "554 5.7.1")  # whom the reception does not want

    def test_connections_of_a_listener_and_of_a_client(self) -> None:
        wanted = stored(maxConnections=1)
        self.connect(wanted)
        _, wire = self.connect(wanted)
        self.assertEqual(self.said(wire)[0][:9], "421 4.3.2")

    def test_clients_on_this_host_may_have_many(self) -> None:
        for host, expected in (("198.51.100.7", "421 4.7.0"), ("127.0.0.1", "220 Stalw")):
            for _ in range(101):
                _, wire = self.connect(option("smtp"), host)
            self.assertEqual(self.said(wire)[0][:9], expected)

    def test_lmtp_has_no_such_limit(self) -> None:
        for _ in range(101):
            connection, wire = self.connect(option("lmtp"))
        self.assertEqual(self.said(wire)[0][:4], "220 ")
        self.assertIs(connection.session.peer.role, LMTP)

    def test_closing_waits_for_messages(self) -> None:
        connection, wire = self.connect(option("smtp"))
        idle, idle_wire = self.connect(option("lmtp"))
        connection.dataReceived(b"EHLO a.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
        closing = Deferred.fromCoroutine(self.doors.close(5))
        self.assertEqual(self.said(idle_wire)[-1][:9], "421 4.3.2")
        self.assertNoResult(closing)
        connection.dataReceived(b"Subject: x\r\n\r\n.\r\n")
        self.assertEqual([line[:9] for line in self.said(wire)[-2:]], ["250 2.0.0", "421 4.3.2"])
        for each in (connection, idle):
            each.connectionLost(_done())
        self.successResultOf(closing)

    def test_closing_does_not_wait_for_ever(self) -> None:
        connection, wire = self.connect(option("smtp"))
        connection.dataReceived(b"EHLO a.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
        closing = Deferred.fromCoroutine(self.doors.close(5))
        self.clock.advance(5)
        self.successResultOf(closing)
        self.assertTrue(wire.aborted)

    def test_servers_of_former_settings_close_too(self) -> None:
        _connection, wire = self.connect(option("smtp"))
        self.connect(option("smtp"))
        self.said(wire)
        closing = Deferred.fromCoroutine(self.doors.close(5))
        self.assertEqual(self.said(wire)[-1][:9], "421 4.3.2")
        self.clock.advance(5)
        self.successResultOf(closing)


class NotYetTests(World):
    """What is not served."""

    def test_421_and_closed(self) -> None:
        protocol, wire = SentAway(NOT_YET), StringTransport()
        protocol.makeConnection(wire)
        self.assertEqual((wire.value(), wire.disconnecting), (b"421 4.3.2 not yet\r\n", True))


def _done() -> Any:
    from twisted.internet.error import ConnectionDone
    from twisted.python.failure import Failure

    return Failure(ConnectionDone())
