"""Ports of announced services."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.client_services import ClientService, MailPort


class PortTests(SynchronousTestCase):
    def ports(self, protocol: str, cleartext: bool = False) -> tuple[MailPort, ...]:
        return ClientService(protocol, "mail.test", "https://mail.test", cleartext).ports

    def test_implicit_tls_alone(self) -> None:
        found = [self.ports(name) for name in ("imap", "pop3", "smtp")]
        self.assertEqual(found, [(MailPort(993, True),), (MailPort(995, True),), (MailPort(465, True),)])

    def test_plain_port_comes_first(self) -> None:
        found = [self.ports(name, True)[0] for name in ("imap", "pop3", "smtp")]
        self.assertEqual(found, [MailPort(143, False), MailPort(110, False), MailPort(587, False)])
        self.assertEqual(self.ports("smtp", True)[1:], self.ports("smtp"))

    def test_other_services_have_none(self) -> None:
        self.assertEqual([self.ports(name, True) for name in ("jmap", "caldav", "managesieve")], [(), (), ()])
