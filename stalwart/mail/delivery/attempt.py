"""One SMTP session with one address of an exchange as the diagnosis holds it: all of it but the message.

After the steps of ``session`` comes, for a mailbox, MAIL and RCPT, then QUIT.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.smtp_reply import Capabilities
from stalwart.mail.delivery import stages
from stalwart.mail.delivery.addresses import REFUSED, is_public
from stalwart.mail.delivery.lifetime import TIME_OUT, Lifetime
from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.mail.delivery.session import Emit, Ended, Exchange, Session, Terms, error_type, unexpected
from stalwart.mail.delivery.shipment import Connecting, HostStrategy, TlsDemands
from stalwart.mail.delivery.stages import Stage
from stalwart.mail.delivery.verdict import AddressOutcome
from stalwart.net.smtp import SmtpConnection
from stalwart.net.smtp_dialogue import SmtpFailed

QUIT_LIMIT = 10.0


class Attempt:
    """One session; ``run`` it once."""

    def __init__(self, outgoing: Outgoing, limits: Limits, lifetime: Lifetime, emit: Emit) -> None:
        self._outgoing = outgoing
        self._limits = limits
        self._lifetime = lifetime
        self._emit = emit

    async def run(self, exchange: Exchange, ip: str, recipient: str | None) -> AddressOutcome:
        """Talk to ``ip`` and say what came of it; ``recipient`` is asked for with RCPT, never written to."""
        session = Session(self._outgoing, self._terms(), self._lifetime, self._emit, exchange, ip)
        try:
            connection = await session.open()
            accepted = recipient is None or await self._envelope(connection, session.capabilities, recipient)
            await self._quit(connection)
            session.outcome.accepted = accepted
        except Ended:
            pass
        finally:
            if session.connection is not None:
                session.connection.abort()
        if session.connection is not None:
            lines = [stages.TranscriptLine(way, text) for way, text in session.connection.transcript]
            self._emit(stages.SmtpTranscript(lines))
        self._emit(stages.AddressDone(exchange.hostname, ip, session.outcome.verdict))
        return session.outcome

    def _terms(self) -> Terms:
        """As a sender does that takes any certificate where no policy forbids it."""
        limits, seconds = self._limits, self._limits.operation_timeout
        connecting = Connecting(limits.ehlo_name, connect=seconds, greeting=seconds, ehlo=seconds)
        strategy = HostStrategy(connecting, TlsDemands(allow_invalid_certs=True, handshake=seconds))
        return Terms(strategy, limits.port, limits.now, refused=self._refused)

    def _refused(self, ip: str) -> str | None:
        return None if self._limits.allow_private or is_public(ip) else REFUSED

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
        began = self._lifetime.now()
        try:
            reply = await connection.command(line, self._lifetime.limit(self._limits.operation_timeout))
        except SmtpFailed as failure:
            over = failure.kind == "timeout" and self._lifetime.over
            reason = TIME_OUT if over else failure.reason
            self._emit(failed(elapsed=self._lifetime.since(began), reason=reason))
            raise Ended(error_type(failure), reason) from failure
        elapsed = self._lifetime.since(began)
        if reply.positive:
            self._emit(done(elapsed=elapsed))
            return True
        self._emit(failed(elapsed=elapsed, reason=unexpected(reply)))
        return False

    async def _quit(self, connection: SmtpConnection) -> None:
        self._emit(stages.QuitStart())
        began = self._lifetime.now()
        await connection.quit(self._lifetime.limit(QUIT_LIMIT))
        self._emit(stages.QuitCompleted(self._lifetime.since(began)))
