"""The services that clients are told of, before they are written down in one of the formats for it."""

from __future__ import annotations

from attrs import frozen

MAIL_PORTS = {"imap": (143, 993), "pop3": (110, 995), "smtp": (587, 465)}
"""Ports of mail services: the one for STARTTLS, the one with TLS from the start (RFC 8314 3)."""


@frozen
class MailPort:
    """A port of a mail service; without ``implicit_tls`` STARTTLS is spoken there."""

    number: int
    implicit_tls: bool


@frozen
class ClientService:
    """A service at ``host``; ``cleartext`` announces the port without TLS too. ``origin`` is where its URLs begin."""

    protocol: str
    host: str
    origin: str
    cleartext: bool = False

    @property
    def ports(self) -> tuple[MailPort, ...]:
        """The ports of a mail service in the order in which clients see them; none for other services."""
        if self.protocol not in MAIL_PORTS:
            return ()
        plain, tls = MAIL_PORTS[self.protocol]
        return (*((MailPort(plain, False),) if self.cleartext else ()), MailPort(tls, True))
