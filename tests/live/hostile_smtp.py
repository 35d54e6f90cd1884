"""An SMTP server that misbehaves on purpose, one declared way per server (RFC 5321, RFC 3207).

``BEHAVIOURS`` is the table: each row says what differs from a proper server. The server takes no mail: it
answers the dialogue up to RCPT as a sender sees it. It works on loopback in a test and on port 25 of a
private network namespace. What it sees goes to an observer, so that a test can tell when a client came and
left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from attrs import Factory as Default
from attrs import define, field, frozen
from OpenSSL import SSL
from twisted.internet.interfaces import IHandshakeListener, IPullProducer
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.cli.demo_certificates import DAY, Authority, Identity, ServerTls, self_signed

Observer = Callable[[str, str], None]
"""Called with the host name and ``open``, ``closed``, ``tls`` or a command line."""

MEGABYTE = b"x" * 1_000_000
EXTENSIONS = ("SIZE 10000000", "8BITMIME", "ENHANCEDSTATUSCODES", "STARTTLS")
PLAIN = EXTENSIONS[:-1]


@frozen
class Behaviour:
    """How one server treats its clients; the defaults are those of a proper server.

    ``replies``: bytes to send instead of the proper reply, by step. Steps are ``greeting``, ``EHLO``,
    ``STARTTLS``, ``TLS`` (the handshake is done), ``EHLO TLS``, ``MAIL``, ``RCPT``, ``QUIT``. ``closes`` and
    ``hangs`` name the step after whose reply the server closes, or at which it says nothing; ``endless`` the
    step whose reply never ends. ``after_starttls``: ``handshake``, ``garbage``, ``close``, ``silence`` or
    ``inject``.
    """

    meaning: str
    replies: Mapping[str, bytes] = Default(dict)
    offers: tuple[str, ...] = EXTENSIONS
    certificate: str = "good"
    greeting_delay: float = 0.0
    pace: float = 0.0
    closes: str | None = None
    hangs: str | None = None
    endless: str | None = None
    after_starttls: str = "handshake"
    oldest_tls: int = SSL.TLS1_2_VERSION
    newest_tls: int = 0


BEHAVIOURS: Mapping[str, Behaviour] = {
    "accept": Behaviour("a proper server"),
    "silent": Behaviour("takes the connection and says nothing", hangs="greeting"),
    "slow": Behaviour("greets after 3 s", greeting_delay=3.0),
    "busy": Behaviour("421 as its greeting", {"greeting": b"421 4.3.2 too busy\r\n"}, closes="greeting"),
    "banner4xx": Behaviour("450 as its greeting", {"greeting": b"450 4.3.2 come back\r\n"}),
    "banner5xx": Behaviour("554 as its greeting", {"greeting": b"554 5.7.1 no mail here\r\n"}),
    "drops": Behaviour("closes without a word", closes="connect"),
    "noehlo": Behaviour("502 to EHLO", {"EHLO": b"502 5.5.1 what is EHLO\r\n"}),
    "ehlo4xx": Behaviour("451 to EHLO", {"EHLO": b"451 4.3.0 not now\r\n"}),
    "plain": Behaviour("offers no STARTTLS", offers=PLAIN),
    "bare": Behaviour("one line as its answer to EHLO", {"EHLO": b"250 hello\r\n"}),
    "tls4xx": Behaviour("454 to STARTTLS", {"STARTTLS": b"454 4.7.0 TLS not available\r\n"}),
    "tls5xx": Behaviour("502 to STARTTLS", {"STARTTLS": b"502 5.5.1 never heard of it\r\n"}),
    "garbage": Behaviour("no TLS after the 220 of STARTTLS", after_starttls="garbage"),
    "tlsclose": Behaviour("closes after the 220 of STARTTLS", after_starttls="close"),
    "tlssilent": Behaviour("is silent after the 220 of STARTTLS", after_starttls="silence"),
    "inject": Behaviour("sends a reply of its own with the 220 of STARTTLS", after_starttls="inject"),
    "tls10": Behaviour("speaks TLS 1.0 only", oldest_tls=SSL.TLS1_VERSION, newest_tls=SSL.TLS1_VERSION),
    "expired": Behaviour("its certificate has expired", certificate="expired"),
    "notyet": Behaviour("its certificate is not valid yet", certificate="notyet"),
    "selfsigned": Behaviour("its certificate is self-signed", certificate="self"),
    "unknownissuer": Behaviour("nobody knows the issuer of its certificate", certificate="unknown"),
    "wrongname": Behaviour("its certificate is for another name", certificate="wrongname"),
    "mail4xx": Behaviour("451 to MAIL", {"MAIL": b"451 4.7.1 come back\r\n"}),
    "mail5xx": Behaviour("553 to MAIL", {"MAIL": b"553 5.1.8 sender not welcome\r\n"}),
    "rcpt4xx": Behaviour("451 to RCPT", {"RCPT": b"451 4.7.1 greylisted\r\n"}),
    "rcpt5xx": Behaviour("550 to RCPT", {"RCPT": b"550 5.1.1 no such user\r\n"}),
    "shutdown": Behaviour("421 to MAIL, and closes", {"MAIL": b"421 4.3.2 shutting down\r\n"}, closes="MAIL"),
    "closesgreeting": Behaviour("closes after its greeting", closes="greeting"),
    "closesehlo": Behaviour("closes after EHLO", closes="EHLO"),
    "closestls": Behaviour("closes after the handshake", closes="TLS"),
    "closesehlotls": Behaviour("closes after EHLO within TLS", closes="EHLO TLS"),
    "closesmail": Behaviour("closes after MAIL", closes="MAIL"),
    "closesrcpt": Behaviour("closes after RCPT", closes="RCPT"),
    "hangsehlo": Behaviour("does not answer EHLO", hangs="EHLO"),
    "hangsmail": Behaviour("does not answer MAIL", hangs="MAIL"),
    "hangsrcpt": Behaviour("does not answer RCPT", hangs="RCPT"),
    "hangsquit": Behaviour("does not answer QUIT", hangs="QUIT"),
    "longline": Behaviour("a line of 1 MB in its answer to EHLO", {"EHLO": b"250-" + MEGABYTE + b"\r\n250 OK\r\n"}),
    "longbanner": Behaviour("a greeting of 1 MB", {"greeting": b"220 " + MEGABYTE + b"\r\n"}),
    "endless": Behaviour("its answer to EHLO never ends", endless="EHLO"),
    "endlessbanner": Behaviour("its greeting never ends", endless="greeting"),
    "drip": Behaviour("one byte per second", pace=1.0),
    "eightbit": Behaviour("8-bit garbage as its greeting", {"greeting": bytes(range(128, 256)) + b"\r\n"}),
    "eightbitbanner": Behaviour("8-bit text in its greeting", {"greeting": b"220 mx \xe4\xf6\xfc \xff\xfe\r\n"}),
    "notnumeric": Behaviour("a reply without a code", {"EHLO": b"hello to you too\r\n"}),
    "mixedcodes": Behaviour("two codes in one reply", {"EHLO": b"250-STARTTLS\r\n550 no\r\n"}),
    "barenewline": Behaviour("lines that end in LF alone", {"EHLO": b"250-mx\n250 8BITMIME\n"}),
    "talks": Behaviour("talks out of turn", {"greeting": b"220 mx ESMTP\r\n250 mx\r\n250 mx\r\n250 mx\r\n"}),
}


class Certificates:
    """An identity per manner of certificate and host; ``authority`` is the one that clients are to trust."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.unknown = Authority("Nobody knows this authority")
        self._made: dict[tuple[str, str], Identity] = {}

    def identity(self, manner: str, hostname: str) -> Identity:
        """The same identity each time it is asked for."""
        key = (manner, hostname)
        if key not in self._made:
            self._made[key] = self._make(manner, hostname)
        return self._made[key]

    def _make(self, manner: str, hostname: str) -> Identity:
        if manner == "self":
            return self_signed(hostname)
        if manner == "unknown":
            return self.unknown.issue(hostname)
        if manner == "wrongname":
            return self.authority.issue("somebody.else.invalid")
        if manner == "expired":
            return self.authority.issue(hostname, since=-60 * DAY, until=-DAY)
        if manner == "notyet":
            return self.authority.issue(hostname, since=DAY, until=30 * DAY)
        if manner == "old":
            return self.authority.issue(hostname, since=-DAY, until=timedelta(hours=36))
        return self.authority.issue(hostname)


@define(eq=False, slots=False)
class HostileSmtp(Factory):
    """Serves one host; ``clients`` are the connections that are open."""

    noisy = False

    hostname: str
    behaviour: Behaviour
    identity: Identity
    reactor: Any
    observe: Observer = field(default=lambda _host, _event: None)
    clients: set[Session] = Default(set)

    @classmethod
    def named(cls, name: str, hostname: str, certificates: Certificates, reactor: Any, **named: Any) -> HostileSmtp:
        """A server with the behaviour of that name in the table."""
        behaviour = BEHAVIOURS[name]
        return cls(hostname, behaviour, certificates.identity(behaviour.certificate, hostname), reactor, **named)

    def buildProtocol(self, _address: Any) -> Session:
        """One session."""
        return Session(self)

    def tls(self) -> ServerTls:
        """The server's side of STARTTLS."""
        context = self.identity.server_context(self.behaviour.oldest_tls, self.behaviour.newest_tls)
        if self.behaviour.newest_tls == SSL.TLS1_VERSION:
            context.set_cipher_list(b"DEFAULT@SECLEVEL=0")
        return ServerTls(context)


@implementer(IPullProducer, IHandshakeListener)
class Session(LineOnlyReceiver):
    """One client."""

    MAX_LENGTH = 8192
    transport: Any

    def __init__(self, server: HostileSmtp) -> None:
        self._server = server
        self._behaviour = server.behaviour
        self._tls = False
        self._deaf = False
        self._pending = b""
        self._timer: Any = None

    def connectionMade(self) -> None:
        """Greet, or not."""
        self._server.clients.add(self)
        self._server.observe(self._server.hostname, "open")
        if self._behaviour.closes == "connect":
            self.transport.loseConnection()
        elif self._behaviour.greeting_delay:
            self._timer = self._server.reactor.callLater(self._behaviour.greeting_delay, self._greet)
        else:
            self._greet()

    def _greet(self) -> None:
        self._timer = None
        self._answer("greeting", b"220 " + self._host + b" ESMTP\r\n")

    def lineReceived(self, line: bytes) -> None:
        """Answer one command."""
        if self._deaf:
            return  # a handshake that happens to have the end of a line in it
        self._server.observe(self._server.hostname, line.decode("utf-8", "replace"))
        verb = line.partition(b" ")[0].upper().decode("ascii", "replace")
        if verb == "EHLO":
            self._answer("EHLO TLS" if self._tls else "EHLO", self._capabilities())
        elif verb == "STARTTLS":
            self._starttls()
        elif verb in ("MAIL", "RCPT", "RSET", "NOOP"):
            self._answer(verb, b"250 2.1.0 ok\r\n")
        elif verb == "QUIT":
            self._answer("QUIT", b"221 2.0.0 bye\r\n")
            if self._behaviour.hangs != "QUIT":
                self.transport.loseConnection()
        else:
            self._send(b"502 5.5.2 not known\r\n")

    def lineLengthExceeded(self, _line: bytes) -> None:
        """Clients must not do that."""
        self.transport.loseConnection()

    def handshakeCompleted(self) -> None:
        """TLS is up."""
        self._server.observe(self._server.hostname, "tls")
        if self._behaviour.closes == "TLS":
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Leave nothing behind."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._server.clients.discard(self)
        self._server.observe(self._server.hostname, "closed")

    @property
    def _host(self) -> bytes:
        return self._server.hostname.encode("ascii")

    def _capabilities(self) -> bytes:
        offered = [one for one in self._behaviour.offers if not (self._tls and one == "STARTTLS")]
        lines = [self._host, *(one.encode("ascii") for one in offered)]
        return b"".join(b"250-" + line + b"\r\n" for line in lines[:-1]) + b"250 " + lines[-1] + b"\r\n"

    def _answer(self, step: str, proper: bytes) -> None:
        behaviour = self._behaviour
        if behaviour.hangs == step:
            return
        if behaviour.endless == step:
            self._pending = proper[:3] + b"-and so on\r\n"
            self.transport.registerProducer(self, False)
            return
        self._send(behaviour.replies.get(step, proper))
        if behaviour.closes == step:
            self.transport.loseConnection()

    def _starttls(self) -> None:
        if "STARTTLS" not in self._behaviour.offers or "STARTTLS" in self._behaviour.replies:
            self._answer("STARTTLS", b"502 5.5.1 no STARTTLS here\r\n")
            return
        how = self._behaviour.after_starttls
        ready = b"220 2.0.0 go ahead\r\n"
        if how == "inject":
            self._send(ready + b"250 2.0.0 injected\r\n")
        elif how == "garbage":
            self._send(ready)
            # a moment later, so that it cannot arrive together with the reply
            self._timer = self._server.reactor.callLater(0.05, self._say_garbage)
        else:
            self._send(ready)
        if how == "close":
            self.transport.loseConnection()
        self._deaf = how not in ("handshake", "inject")
        if not self._deaf:
            self._tls = True
            self.transport.startTLS(self._server.tls())

    def _say_garbage(self) -> None:
        self._timer = None
        self._send(b"this is no TLS\r\n" * 4)
        self.transport.loseConnection()

    def _send(self, data: bytes) -> None:
        if not self._behaviour.pace:
            self.transport.write(data)
            return
        self._pending += data
        if self._timer is None:
            self._drip()

    def _drip(self) -> None:
        self._timer = None
        byte, self._pending = self._pending[:1], self._pending[1:]
        if byte:
            self.transport.write(byte)
            self._timer = self._server.reactor.callLater(self._behaviour.pace, self._drip)

    def resumeProducing(self) -> None:
        """More of the reply that never ends."""
        self.transport.write(self._pending * 1000)

    def stopProducing(self) -> None:
        """The client is gone."""
