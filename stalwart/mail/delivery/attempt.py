"""One SMTP session with one address of an exchange, up to but not including the message.

The session does what a sender does: connect, greeting, EHLO, STARTTLS, EHLO again, and for a mailbox MAIL and RCPT. TLS
is judged twice, by the public authorities and by DANE; a policy that is not met ends the session or marks it refused.
Without a policy an exchange that offers no TLS is talked to in the clear (RFC 3207 4, RFC 7435).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from attrs import frozen

from stalwart.codec.smtp_reply import Capabilities, Reply
from stalwart.mail.delivery import stages
from stalwart.mail.delivery.addresses import REFUSED, is_public
from stalwart.mail.delivery.dane import Dane
from stalwart.mail.delivery.lifetime import TIME_OUT, Lifetime
from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.mail.delivery.stages import Stage
from stalwart.mail.delivery.sts import Announced
from stalwart.mail.delivery.verdict import AddressOutcome
from stalwart.net.dane import verify_dane
from stalwart.net.smtp import SmtpConnection, SmtpFailed
from stalwart.net.tls import TlsReport, describe_chain

T = TypeVar("T")
Emit = Callable[[Stage], None]

QUIT_LIMIT = 10.0
NO_TLS = "STARTTLS not advertised by host"
UNEXPECTED = "failure: Unexpected reply:"
"""In the reason of whatever the host has answered with another code than the one hoped for."""

_RESULT_TYPES = {
    "host-mismatch": "certificate-host-mismatch",
    "expired": "certificate-expired",
    "not-trusted": "certificate-not-trusted",
}


@frozen
class Exchange:
    """A host to talk to and what the domain's policies ask of it."""

    hostname: str
    policy: Announced | None
    listed: bool
    dane: Dane
    domain: str

    @property
    def enforced(self) -> bool:
        """Whether MTA-STS demands a certificate that the public authorities vouch for."""
        return self.policy is not None and self.policy.policy.mode == "enforce"

    @property
    def demands_tls(self) -> bool:
        """Whether a sender must not deliver in the clear."""
        return self.enforced or self.dane.tlsa is not None or self.dane.unusable


class Ended(Exception):
    """The session is over before its regular end; what failed has been emitted."""


class Attempt:
    """One session; ``run`` it once."""

    def __init__(self, outgoing: Outgoing, limits: Limits, lifetime: Lifetime, emit: Emit) -> None:
        self._outgoing = outgoing
        self._limits = limits
        self._lifetime = lifetime
        self._emit = emit
        self._connection: SmtpConnection | None = None

    async def run(self, exchange: Exchange, ip: str, recipient: str | None) -> AddressOutcome:
        """Talk to ``ip`` and say what came of it; ``recipient`` is asked for with RCPT, never written to."""
        outcome = AddressOutcome(ip)
        try:
            await self._converse(exchange, outcome, recipient)
        except Ended:
            pass
        finally:
            if self._connection is not None:
                self._connection.abort()
        if self._connection is not None:
            lines = [stages.TranscriptLine(way, text) for way, text in self._connection.transcript]
            self._emit(stages.SmtpTranscript(lines))
        self._emit(stages.AddressDone(exchange.hostname, ip, outcome.verdict))
        return outcome

    async def _converse(self, exchange: Exchange, outcome: AddressOutcome, recipient: str | None) -> None:
        connection = await self._connect(outcome.ip)
        await self._greeting(connection)
        capabilities = await self._ehlo(connection)
        if await self._secure(connection, capabilities, exchange, outcome):
            capabilities = await self._ehlo(connection)
        accepted = recipient is None or await self._envelope(connection, capabilities, recipient)
        await self._quit(connection)
        outcome.accepted = accepted

    async def _connect(self, ip: str) -> SmtpConnection:
        self._emit(stages.ConnectionStart(ip))
        if not self._limits.allow_private and not is_public(ip):
            self._emit(stages.ConnectionError(0, REFUSED))
            raise Ended

        def open_connection(timeout: float) -> Awaitable[SmtpConnection]:
            return self._outgoing.connect(self._outgoing.reactor, ip, self._limits.port, timeout=timeout)

        connection, elapsed = await self._step(open_connection, stages.ConnectionError)
        self._connection = connection
        self._emit(stages.ConnectionSuccess(elapsed))
        return connection

    async def _greeting(self, connection: SmtpConnection) -> None:
        self._emit(stages.ReadGreetingStart())
        reply, elapsed = await self._step(connection.greeting, stages.ReadGreetingError)
        if reply.code != 220:
            self._emit(stages.ReadGreetingError(elapsed, _unexpected(reply)))
            raise Ended
        self._emit(stages.ReadGreetingSuccess(elapsed, banner=reply.text))

    async def _ehlo(self, connection: SmtpConnection) -> Capabilities:
        self._emit(stages.EhloStart())
        name = self._limits.ehlo_name
        reply, elapsed = await self._step(lambda timeout: connection.ehlo(name, timeout), stages.EhloError)
        if not reply.positive:
            self._emit(stages.EhloError(elapsed, _unexpected(reply)))
            raise Ended
        self._emit(stages.EhloSuccess(elapsed, capabilities=list(reply.lines[1:])))
        return Capabilities.from_reply(reply)

    async def _secure(
        self,
        connection: SmtpConnection,
        capabilities: Capabilities,
        exchange: Exchange,
        outcome: AddressOutcome,
    ) -> bool:
        """Whether TLS is up; raises ``Ended`` where the session cannot or must not go on."""
        self._emit(stages.StartTlsStart())
        if not capabilities.starttls:
            self._emit(stages.StartTlsError(0, NO_TLS))
            return self._in_the_clear(exchange, outcome)
        options = self._outgoing.trust_store.client_options(exchange.hostname)
        began = self._lifetime.now()
        try:
            reply = await connection.starttls(options, self._operation())
        except SmtpFailed as failure:
            outcome.problems.append("validation-failure")
            outcome.refused_by_policy = exchange.demands_tls
            self._emit(stages.StartTlsError(self._lifetime.since(began), self._reason(failure)))
            raise Ended from failure
        elapsed = self._lifetime.since(began)
        if reply.code != 220 or connection.tls is None:
            self._emit(stages.StartTlsError(elapsed, reply.describe()))
            return self._in_the_clear(exchange, outcome)
        self._judge(connection.tls, exchange, outcome, elapsed)
        return True

    def _in_the_clear(self, exchange: Exchange, outcome: AddressOutcome) -> bool:
        outcome.problems.append("starttls-not-supported")
        if exchange.demands_tls:
            outcome.refused_by_policy = True
            raise Ended
        return False

    def _judge(self, report: TlsReport, exchange: Exchange, outcome: AddressOutcome, elapsed: int) -> None:
        """Emit what TLS showed and decide whether a policy forbids to go on."""
        details: dict[str, Any] = {
            "protocol": report.protocol,
            "cipher": report.cipher,
            "group": report.group,
            "chain": describe_chain(report.chain),
            "webpki": {"ok": True} if report.webpki_ok else {"ok": False, "reason": report.webpki_reason},
        }
        forbidden = exchange.enforced and exchange.listed and not report.webpki_ok
        if forbidden:
            reason = f"TLS error: invalid peer certificate: {report.webpki_reason}"
            self._emit(stages.StartTlsError(elapsed, reason, **details))
        else:
            self._emit(stages.StartTlsSuccess(elapsed, **details))
        by_dane = self._judge_dane(report, exchange, outcome)
        outcome.authenticated = report.webpki_ok or by_dane
        if forbidden or not outcome.authenticated:
            outcome.problems.append(_RESULT_TYPES.get(report.webpki_kind or "", "validation-failure"))
        if forbidden:
            outcome.refused_by_policy = True
            raise Ended

    def _judge_dane(self, report: TlsReport, exchange: Exchange, outcome: AddressOutcome) -> bool:
        if exchange.dane.tlsa is None:
            return False
        base = exchange.dane.base or exchange.hostname
        names = list(dict.fromkeys((base, exchange.hostname, exchange.domain)))  # RFC 7672 3.2.2
        verdict = verify_dane(exchange.dane.tlsa, report.chain, names, self._limits.now())
        if verdict.ok:
            self._emit(stages.DaneVerifySuccess())
            return True
        reason = f"DANE authentication failure: {verdict.reason}"
        self._emit(stages.DaneVerifyError(reason))
        outcome.problems.append("tlsa-invalid")
        outcome.refused_by_policy = True
        return False

    async def _envelope(self, connection: SmtpConnection, capabilities: Capabilities, recipient: str) -> bool:
        if not recipient.isascii() and not capabilities.smtputf8:
            self._emit(stages.MailFromStart())
            self._emit(stages.MailFromError("The host does not offer SMTPUTF8, which this mailbox needs", 0))
            return False
        parameters = "" if recipient.isascii() else " SMTPUTF8"  # RFC 6531 3.4
        started, done, failed = stages.MailFromStart, stages.MailFromSuccess, stages.MailFromError
        if not await self._command(connection, f"MAIL FROM:<>{parameters}", started(), done, failed):
            return False
        line = f"RCPT TO:<{recipient}>"
        start = stages.RcptToStart()
        return await self._command(connection, line, start, stages.RcptToSuccess, stages.RcptToError)

    async def _command(
        self, connection: SmtpConnection, line: str, start: Stage, done: type[Any], failed: type[Any]
    ) -> bool:
        self._emit(start)
        reply, elapsed = await self._step(lambda timeout: connection.command(line, timeout), failed)
        if reply.positive:
            self._emit(done(elapsed=elapsed))
            return True
        self._emit(failed(elapsed=elapsed, reason=_unexpected(reply)))
        return False

    async def _quit(self, connection: SmtpConnection) -> None:
        self._emit(stages.QuitStart())
        began = self._lifetime.now()
        await connection.quit(self._lifetime.limit(QUIT_LIMIT))
        self._emit(stages.QuitCompleted(self._lifetime.since(began)))

    async def _step(self, work: Callable[[float], Awaitable[T]], failed: type[Any]) -> tuple[T, int]:
        """The result of ``work`` and its milliseconds; a failure is emitted as ``failed`` and ends the session."""
        began = self._lifetime.now()
        try:
            result = await work(self._operation())
        except SmtpFailed as failure:
            self._emit(failed(elapsed=self._lifetime.since(began), reason=self._reason(failure)))
            raise Ended from failure
        return result, self._lifetime.since(began)

    def _operation(self) -> float:
        return self._lifetime.limit(self._limits.operation_timeout)

    def _reason(self, failure: SmtpFailed) -> str:
        if failure.kind == "timeout" and self._lifetime.over:
            return TIME_OUT
        return failure.reason


def _unexpected(reply: Reply) -> str:
    severity = "Permanent" if reply.permanent else "Temporary"
    return f"{severity} {UNEXPECTED} {reply.describe()}"
