"""The command AUTH and the lines that follow it (RFC 4954 4), for a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from twisted.internet.task import deferLater

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.commands import Auth
from stalwart.codec.smtp_reply import Reply
from stalwart.smtp import authentication
from stalwart.smtp.authentication import Challenge, Exchange, Login, response_of
from stalwart.smtp.outcome import Outcome, Step, Then, begun_step, refused
from stalwart.telemetry import events

if TYPE_CHECKING:
    from stalwart.smtp.session import Session


class SignIn:
    """Signs the client of ``session`` in. ``exchange`` is under way while it is not None."""

    def __init__(self, session: Session) -> None:
        self.exchange: Exchange | None = None
        self._session = session
        self._failed = 0

    def mechanisms(self) -> Sequence[str]:
        """What the client may use now."""
        session = self._session
        authenticator = session.policy.authenticator
        if authenticator is None or session.peer.login is not None:
            return ()
        return authenticator.mechanisms(session.peer)

    def command(self, command: Auth) -> Step:
        """AUTH itself."""
        session, peer = self._session, self._session.peer
        if peer.login is not None:
            return session.misplaced(authentication.ALREADY, events.SMTP_INVALID_COMMAND)
        authenticator, mechanisms = session.policy.authenticator, self.mechanisms()
        if authenticator is None or not mechanisms:
            session.tell(events.SMTP_COMMAND_NOT_IMPLEMENTED, method="AUTH")
            in_clear = authenticator is not None and session.policy.tls is not None and not peer.is_tls
            return session.misplaced(authentication.NEEDS_TLS if in_clear else replies.NOT_IMPLEMENTED, None)
        if peer.hello is None:
            return session.misplaced(replies.GREET_FIRST, events.SMTP_DID_NOT_SAY_EHLO)
        if session.envelope is not None:
            return session.misplaced(authentication.IN_TRANSACTION, events.SMTP_INVALID_COMMAND)
        if command.mechanism not in mechanisms:
            session.tell(events.SMTP_AUTH_MECHANISM, method=command.mechanism)
            return session.misplaced(authentication.UNKNOWN_MECHANISM, None)
        response = None if command.initial is None else response_of(command.initial)
        if command.initial is not None and response is None:
            return session.misplaced(authentication.NOT_BASE64, events.SMTP_SYNTAX_ERROR)
        return begun_step(self._step(authenticator.begin(peer, command.mechanism), response))

    def line(self, line: bytes | Reply) -> Step:
        """A line after AUTH, or the reply to what is none; ``*`` ends the exchange."""
        exchange, self.exchange = self.exchange, None
        assert exchange is not None
        if isinstance(line, Reply):
            return self._session.misplaced(line, events.SMTP_SYNTAX_ERROR)
        if line == b"*":
            return Outcome((authentication.CANCELLED,))
        response = response_of(line)
        if response is None:
            return self._session.misplaced(authentication.NOT_BASE64, events.SMTP_SYNTAX_ERROR)
        return begun_step(self._step(exchange, response))

    async def _step(self, exchange: Exchange, response: bytes | None) -> Outcome:
        session = self._session
        try:
            outcome = await exchange.step(response)
        except Exception as error:
            return refused(session.fault(error))
        if isinstance(outcome, Challenge):
            self.exchange = exchange
            return Outcome((outcome.reply,))
        if isinstance(outcome, Login):
            session.peer.login = outcome.identity
            answer = await session.named()
            if answer is None:
                return Outcome((authentication.SIGNED_IN,))
            session.peer.login = None
            return refused(answer)
        limits = session.peer.limits
        if limits.login_delay:
            await deferLater(session.policy.clock, limits.login_delay)  # type: ignore[arg-type]  # is IReactorTime
        self._failed += 1
        if limits.failed_logins is not None and self._failed > limits.failed_logins:
            return Outcome((authentication.TOO_MANY_FAILURES,), Then.CLOSE)
        return refused(outcome.reply)
