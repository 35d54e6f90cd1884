"""A session with one address of a host, up to where an envelope may follow: connect, greeting, EHLO, TLS, EHLO again.

The diagnosis and the sender open sessions by this code; each step is emitted as it happens. TLS is judged twice, by the
public authorities and by DANE; a policy that is not met ends the session or marks it refused. Without a policy a host
that offers no TLS is talked to in the clear (RFC 3207 4, RFC 7435), as far as the strategy allows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from attrs import field, frozen

from stalwart.codec.smtp_reply import Capabilities, Reply
from stalwart.mail.delivery import stages
from stalwart.mail.delivery.dane import Dane
from stalwart.mail.delivery.lifetime import TIME_OUT, Lifetime
from stalwart.mail.delivery.outgoing import Outgoing
from stalwart.mail.delivery.shipment import HostStrategy, Source
from stalwart.mail.delivery.stages import Stage
from stalwart.mail.delivery.sts import Announced
from stalwart.mail.delivery.verdict import AddressOutcome
from stalwart.net.dane import verify_dane
from stalwart.net.smtp import SmtpConnection
from stalwart.net.smtp_dialogue import SmtpFailed
from stalwart.net.tls import TlsReport, describe_chain

T = TypeVar("T")
Emit = Callable[[Stage], None]

NO_TLS = "STARTTLS not advertised by host"
UNEXPECTED = "failure: Unexpected reply:"
"""In the reason of whatever the host has answered with another code than the one hoped for."""
NO_MAIL = 521
"""The greeting of a host that never takes mail (RFC 7504 3.1)."""
LOOP = "The host calls itself by our name: mail loops back to us"

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
    """The session is over before its regular end; what failed has been emitted.

    ``error_type`` is a name of ``DELIVERY_ERROR``; ``reply`` what the host said, if that was it, to ``command``.
    ``by_strategy``: the host was refused by what the strategy asks of it, which may be less for other messages.
    """

    def __init__(
        self,
        error_type: str,
        reason: str,
        *,
        status: str = "4.4.2",
        reply: Reply | None = None,
        command: str = "",
        by_strategy: bool = False,
    ) -> None:
        super().__init__(reason)
        self.error_type = error_type
        self.reason = reason
        self.status = status
        self.reply = reply
        self.command = command
        self.by_strategy = by_strategy


def _anywhere(_ip: str) -> str | None:
    return None


@frozen
class Terms:
    """On which terms a session is opened.

    ``insists``: it ends as soon as no message could be sent any more; a diagnosis goes on to see more. ``refused`` says
    why an address may not be connected to. ``lmtp`` greets with LHLO; ``implicit_tls`` before any greeting.
    ``own_names``: who calls itself so is ourselves. ``notes``: the transcript is wanted. ``now`` is for certificates.
    ``source``: where to connect from; None leaves it to the system.
    """

    strategy: HostStrategy
    port: int
    now: Callable[[], Any]
    insists: bool = False
    refused: Callable[[str], str | None] = _anywhere
    lmtp: bool = False
    implicit_tls: bool = False
    own_names: frozenset[str] = field(default=frozenset())
    notes: bool = True
    source: Source | None = None


class Session:
    """One session; ``open`` it once. ``connection`` is there as soon as it is connected, whoever opened it drops it."""

    def __init__(
        self, outgoing: Outgoing, terms: Terms, lifetime: Lifetime, emit: Emit, exchange: Exchange, ip: str
    ) -> None:
        self._outgoing = outgoing
        self._terms = terms
        self._connecting = terms.strategy.connecting
        self._tls = terms.strategy.tls
        self._lifetime = lifetime
        self._emit = emit
        self._exchange = exchange
        self.ehlo_name = self._connecting.ehlo_name
        self.outcome = AddressOutcome(ip)
        self.connection: SmtpConnection | None = None
        self.capabilities = Capabilities()

    async def open(self) -> SmtpConnection:
        """The connection, ready for an envelope.

        :raises Ended: a step failed, or a policy forbids to go on.
        """
        connection = await self._connect()
        if self._terms.implicit_tls:
            self._emit(stages.StartTlsStart())
            await self._shake_hands(connection)
        await self._greeting(connection)
        self.capabilities = await self._ehlo(connection)
        if not self._terms.implicit_tls and await self._secure(connection, self.capabilities):
            self.capabilities = await self._ehlo(connection)
        return connection

    async def _connect(self) -> SmtpConnection:
        ip = self.outcome.ip
        self._emit(stages.ConnectionStart(ip))
        refusal = self._terms.refused(ip)
        if refusal is not None:
            self._emit(stages.ConnectionError(0, refusal))
            raise Ended("connectionError", refusal, status="5.4.4")
        options: dict[str, Any] = {} if self._terms.notes else {"notes": False}
        if self._terms.source is not None:
            options["source"], name = self._terms.source
            self.ehlo_name = name or self.ehlo_name

        def open_connection(timeout: float) -> Awaitable[SmtpConnection]:
            return self._outgoing.connect(self._outgoing.reactor, ip, self._terms.port, timeout=timeout, **options)

        step = self._step(open_connection, stages.ConnectionError, self._connecting.connect, status="4.4.1")
        self.connection, elapsed = await step
        self._emit(stages.ConnectionSuccess(elapsed))
        return self.connection

    async def _greeting(self, connection: SmtpConnection) -> None:
        self._emit(stages.ReadGreetingStart())
        failed = stages.ReadGreetingError
        reply, elapsed = await self._step(connection.greeting, failed, self._connecting.greeting)
        if reply.code != 220:
            self._emit(stages.ReadGreetingError(elapsed, unexpected(reply)))
            status = "5.3.2" if reply.code == NO_MAIL else "4.4.2"
            raise Ended("unexpectedResponse", unexpected(reply), status=status, reply=reply)
        self._emit(stages.ReadGreetingSuccess(elapsed, banner=reply.text))

    async def _ehlo(self, connection: SmtpConnection) -> Capabilities:
        self._emit(stages.EhloStart())
        say = connection.lhlo if self._terms.lmtp else connection.ehlo
        command = f"{'LHLO' if self._terms.lmtp else 'EHLO'} {self.ehlo_name}"

        def hello(timeout: float) -> Awaitable[Reply]:
            return say(self.ehlo_name, timeout)

        reply, elapsed = await self._step(hello, stages.EhloError, self._connecting.ehlo)
        if not reply.positive:
            self._emit(stages.EhloError(elapsed, unexpected(reply)))
            raise Ended("unexpectedResponse", unexpected(reply), reply=reply, command=command)
        capabilities = Capabilities.from_reply(reply)
        if capabilities.host.lower() in self._terms.own_names:
            self._emit(stages.EhloError(elapsed, LOOP))
            raise Ended("unexpectedResponse", LOOP, status="5.4.6", reply=reply, command=command)
        self._emit(stages.EhloSuccess(elapsed, capabilities=list(reply.lines[1:])))
        return capabilities

    async def _secure(self, connection: SmtpConnection, capabilities: Capabilities) -> bool:
        """Whether TLS is up; raises ``Ended`` where the session cannot or must not go on."""
        if self._tls.starttls == "disable" and not self._exchange.demands_tls:
            return False
        self._emit(stages.StartTlsStart())
        if not capabilities.starttls:
            self._emit(stages.StartTlsError(0, NO_TLS))
            return self._in_the_clear(NO_TLS, None)
        return await self._shake_hands(connection)

    async def _shake_hands(self, connection: SmtpConnection) -> bool:
        options = self._outgoing.trust_store.client_options(self._exchange.hostname)
        began = self._lifetime.now()
        limit = self._lifetime.limit(self._tls.handshake)
        reply = None
        try:
            if self._terms.implicit_tls:
                await connection.begin_tls(options, limit)
            else:
                reply = await connection.starttls(options, limit)
        except SmtpFailed as failure:
            self.outcome.problems.append("validation-failure")
            self.outcome.refused_by_policy = self._exchange.demands_tls
            reason = self._reason(failure)
            self._emit(stages.StartTlsError(self._lifetime.since(began), reason))
            raise Ended("tlsError", reason, status="4.7.5", command="STARTTLS") from failure
        elapsed = self._lifetime.since(began)
        if (reply is not None and reply.code != 220) or connection.tls is None:
            reason = reply.describe() if reply is not None else NO_TLS
            self._emit(stages.StartTlsError(elapsed, reason))
            return self._in_the_clear(reason, reply)
        self._judge(connection.tls, elapsed)
        return True

    def _in_the_clear(self, reason: str, reply: Reply | None) -> bool:
        self.outcome.problems.append("starttls-not-supported")
        self.outcome.refused_by_policy = self._exchange.demands_tls
        if self._exchange.demands_tls or self._tls.starttls == "require":
            kind = (
                "mtaStsError" if self._exchange.enforced else "daneError" if self._exchange.demands_tls else "tlsError"
            )
            is_own = not self._exchange.demands_tls
            text = f"TLS is required: {reason}"
            raise Ended(kind, text, status="4.7.5", reply=reply, command="STARTTLS", by_strategy=is_own)
        return False

    def _judge(self, report: TlsReport, elapsed: int) -> None:
        """Emit what TLS showed and decide whether a policy forbids to go on."""
        outcome, exchange = self.outcome, self._exchange
        details: dict[str, Any] = {
            "protocol": report.protocol,
            "cipher": report.cipher,
            "group": report.group,
            "chain": None if self._terms.insists else describe_chain(report.chain),  # which takes a while
            "webpki": {"ok": True} if report.webpki_ok else {"ok": False, "reason": report.webpki_reason},
        }
        forbidden = exchange.enforced and exchange.listed and not report.webpki_ok
        reason = f"TLS error: invalid peer certificate: {report.webpki_reason}"
        is_enough = report.webpki_ok or self._tls.allow_invalid_certs or exchange.dane.tlsa is not None
        if forbidden or (self._terms.insists and not is_enough):
            self._emit(stages.StartTlsError(elapsed, reason, **details))
        else:
            self._emit(stages.StartTlsSuccess(elapsed, **details))
        by_dane = self._judge_dane(report)
        outcome.authenticated = report.webpki_ok or by_dane
        if forbidden or not outcome.authenticated:
            outcome.problems.append(_RESULT_TYPES.get(report.webpki_kind or "", "validation-failure"))
        if forbidden:
            outcome.refused_by_policy = True
            raise Ended("mtaStsError", reason, status="4.7.5", command="STARTTLS")
        if self._terms.insists and outcome.refused_by_policy:
            reason = "The certificate does not match the TLSA records of the host"
            raise Ended("daneError", reason, status="4.7.5", command="STARTTLS")
        if self._terms.insists and not outcome.authenticated and not self._tls.allow_invalid_certs:
            raise Ended("tlsError", reason, status="4.7.5", command="STARTTLS", by_strategy=True)

    def _judge_dane(self, report: TlsReport) -> bool:
        dane, exchange = self._exchange.dane, self._exchange
        if dane.tlsa is None:
            return False
        names = list(dict.fromkeys((dane.base or exchange.hostname, exchange.hostname, exchange.domain)))
        verdict = verify_dane(dane.tlsa, report.chain, names, self._terms.now())  # names: RFC 7672 3.2.2
        if verdict.ok:
            self._emit(stages.DaneVerifySuccess())
            return True
        reason = f"DANE authentication failure: {verdict.reason}"
        self._emit(stages.DaneVerifyError(reason))
        self.outcome.problems.append("tlsa-invalid")
        self.outcome.refused_by_policy = True
        return False

    async def _step(
        self, work: Callable[[float], Awaitable[T]], failed: type[Any], seconds: float, status: str = "4.4.2"
    ) -> tuple[T, int]:
        """The result of ``work`` and its milliseconds; a failure is emitted as ``failed`` and ends the session."""
        began = self._lifetime.now()
        try:
            result = await work(self._lifetime.limit(seconds))
        except SmtpFailed as failure:
            reason = self._reason(failure)
            self._emit(failed(elapsed=self._lifetime.since(began), reason=reason))
            raise Ended(error_type(failure), reason, status=status) from failure
        return result, self._lifetime.since(began)

    def _reason(self, failure: SmtpFailed) -> str:
        if failure.kind == "timeout" and self._lifetime.over:
            return TIME_OUT
        return failure.reason


def unexpected(reply: Reply) -> str:
    """The reason for a reply with another code than the one hoped for."""
    severity = "Permanent" if reply.permanent else "Temporary"
    return f"{severity} {UNEXPECTED} {reply.describe()}"


def error_type(failure: SmtpFailed) -> str:
    """What kind of failure the end of a connection is (``DELIVERY_ERROR``)."""
    return {"malformed": "unexpectedResponse", "tls": "tlsError", "reply": "unexpectedResponse"}.get(
        failure.kind, "connectionError"
    )
