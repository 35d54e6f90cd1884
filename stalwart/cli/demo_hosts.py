"""The mail and policy hosts of the demo: an ESMTP dialogue up to RCPT with STARTTLS, and MTA-STS policies
over HTTPS.

The mail host accepts nothing for delivery: DATA is refused, so it is no open door (RFC 5321 4.1.1). The
policy host answers one path (RFC 8461 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Factory as Default
from attrs import define
from OpenSSL import SSL
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import Site

from stalwart.cli.demo_certificates import Identity, ServerTls

POLICY_PATH = b"/.well-known/mta-sts.txt"
IDLE = 60
REFUSED_MAILBOX = "nobody"


@define(eq=False, slots=False)
class MailHost(Factory):
    """Serves every exchange of the demo at one address; TLS says which by its server name (RFC 6066 3)."""

    noisy = False

    identities: Mapping[str, Identity]
    offers_tls: bool = True
    clients: set[MailSession] = Default(set)

    def buildProtocol(self, addr: Any) -> MailSession:
        """One session."""
        return MailSession(self)

    def tls(self) -> ServerTls:
        """The identity is chosen when the client has named the host."""
        contexts = {name.encode("ascii"): one.server_context() for name, one in self.identities.items()}
        first = next(iter(self.identities.values())).server_context()

        def choose(connection: SSL.Connection) -> None:
            context = contexts.get(connection.get_servername() or b"")
            if context is not None:
                connection.set_context(context)

        first.set_tlsext_servername_callback(choose)
        return ServerTls(first)


class MailSession(LineOnlyReceiver, TimeoutMixin):
    """One client; refuses the mailbox ``nobody`` of every domain."""

    MAX_LENGTH = 2048
    transport: Any

    def __init__(self, host: MailHost) -> None:
        self._host = host
        self._secure = False

    def connectionMade(self) -> None:
        """Greet."""
        self._host.clients.add(self)
        self.setTimeout(IDLE)
        self._reply("220 demo.test ESMTP, a host that takes no mail")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Leave nothing behind."""
        self.setTimeout(None)
        self._host.clients.discard(self)

    def lineReceived(self, line: bytes) -> None:
        """Answer one command."""
        self.resetTimeout()
        words = line.decode("utf-8", "replace")
        verb = words.partition(" ")[0].upper()
        if verb == "EHLO":
            self._ehlo()
        elif verb == "STARTTLS" and self._host.offers_tls and not self._secure:
            self._reply("220 2.0.0 go ahead")
            self._secure = True
            self.transport.startTLS(self._host.tls())
        elif verb == "RCPT" and f"<{REFUSED_MAILBOX}@" in words.lower():
            self._reply("550 5.1.1 no such mailbox")
        elif verb in ("MAIL", "RCPT", "RSET", "NOOP"):
            self._reply("250 2.1.0 ok")
        elif verb == "QUIT":
            self._reply("221 2.0.0 bye")
            self.transport.loseConnection()
        else:
            self._reply("502 5.5.1 not here")

    def lineLengthExceeded(self, line: bytes) -> None:
        """No dialogue with such a client."""
        self.transport.loseConnection()

    def _ehlo(self) -> None:
        offers = ["demo.test", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if self._host.offers_tls and not self._secure:
            offers.append("STARTTLS")
        self._reply(*(f"250-{one}" for one in offers[:-1]), f"250 {offers[-1]}")

    def _reply(self, *lines: str) -> None:
        self.transport.write("".join(f"{line}\r\n" for line in lines).encode("ascii"))


class Policies(Resource):
    """The policies by host name."""

    isLeaf = True

    def __init__(self, policies: Mapping[str, str]) -> None:
        super().__init__()
        self._policies = policies

    def render_GET(self, request: Any) -> bytes:
        """The policy of the host that the client asked for."""
        host = request.getRequestHostname().decode("ascii", "replace")
        policy = self._policies.get(host) if request.path == POLICY_PATH else None
        request.setHeader(b"Content-Type", b"text/plain")
        if policy is None:
            request.setResponseCode(404)
            return b"There is no policy here.\r\n"
        return policy.encode("ascii")


def policy_site(policies: Mapping[str, str], reactor: Any) -> Any:
    """A site of ``{host: policy}``; it logs nothing."""
    site: Any = Site(Policies(policies), timeout=IDLE, reactor=reactor)
    site.noisy = False
    site.log = lambda _request: None
    return site
