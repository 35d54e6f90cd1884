"""A scripted exchange for tests: connections whose replies, certificates and failures are written down beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from stalwart.codec.smtp_reply import Reply, ReplyParser
from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.net.smtp_dialogue import SmtpFailed
from stalwart.net.tls import TlsReport, TrustStore

GOOD_TLS = TlsReport("TLSv1.3", "TLS_AES_256_GCM_SHA384", "x25519", (), webpki_ok=True)
SELF_SIGNED = TlsReport(
    "TLSv1.3", "TLS_AES_256_GCM_SHA384", None, (), False, "certificate is self-signed", "not-trusted"
)

HEALTHY: dict[str, Any] = {
    "greeting": "220 mx.example ESMTP",
    "EHLO": "250-mx.example\n250-SIZE 1000\n250 STARTTLS",
    "STARTTLS": "220 go ahead",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
}


def reply(text: str) -> Reply:
    """The reply that ``text`` (lines separated by LF) is."""
    parser = ReplyParser()
    for line in text.split("\n"):
        found = parser.feed(line.encode())
        if found is not None:
            return found
    raise AssertionError(f"not a reply: {text}")


@define
class ScriptedConnection:
    """Plays ``script``: step -> reply text, an exception to raise, or a Deferred to wait on."""

    script: Mapping[str, Any]
    report: TlsReport = GOOD_TLS
    tls: TlsReport | None = None
    said: list[str] = field(factory=list)
    transcript: list[tuple[str, str]] = field(factory=list)
    aborted: bool = False

    async def _play(self, step: str) -> Reply:
        self.said.append(step)
        what = self.script[step]
        if isinstance(what, Exception):
            raise what
        if isinstance(what, Deferred):
            what = await what
        self.transcript.append(("<", what))
        return reply(what)

    async def greeting(self, timeout: float) -> Reply:
        """The first reply."""
        return await self._play("greeting")

    async def ehlo(self, name: str, timeout: float) -> Reply:
        """EHLO."""
        return await self._play("EHLO")

    async def starttls(self, options: Any, timeout: float) -> Reply:
        """STARTTLS."""
        answer = await self._play("STARTTLS")
        if answer.code == 220:
            self.tls = self.report
        return answer

    async def command(self, line: str, timeout: float) -> Reply:
        """MAIL or RCPT."""
        return await self._play(line[:4])

    async def quit(self, timeout: float) -> None:
        """QUIT."""
        self.said.append("QUIT")

    def abort(self) -> None:
        """The connection is dropped."""
        self.aborted = True


@define
class ScriptedInternet:
    """Hosts by address; ``connect`` has the signature of ``SmtpConnection.connect``."""

    hosts: dict[str, Any]
    opened: list[ScriptedConnection] = field(factory=list)

    async def connect(self, reactor: Any, ip: str, port: int, *, timeout: float) -> Any:
        """A connection, or the failure that is written down for ``ip``."""
        host = self.hosts[ip]
        if isinstance(host, Exception):
            raise host
        if isinstance(host, Deferred):
            return await host
        script, report = host if isinstance(host, tuple) else (host, GOOD_TLS)
        connection = ScriptedConnection(script, report)
        self.opened.append(connection)
        return connection


REFUSED = SmtpFailed("I/O error: Connection refused (os error 111)", "io")


def outgoing(clock: Clock, resolver: Any, policies: Any, hosts: dict[str, Any]) -> tuple[Outgoing, ScriptedInternet]:
    """An outside world made of ``resolver``, ``policies`` and the scripted ``hosts``."""
    internet = ScriptedInternet(hosts)
    world = Outgoing(clock, resolver, policies, TrustStore(), shuffle=lambda _: None, connect=internet.connect)
    return world, internet


LIMITS = Limits(ehlo_name="mail.example", allow_private=True)
