"""What the settings say of a session: limits, names, what is demanded (x:MtaInboundSession, x:MtaStage...).

Rules are evaluated with what is known of the client at that moment: when it connects, and those that ask for more once
the sender is known. One that gives nothing usable leaves what is usual, and is told of. A server next door that
delivers by LMTP is trusted: of the limits, those on silence and on the size of messages hold for it.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from attrs import evolve, frozen

from stalwart.codec.expression import CompiledExpression, Constant, EvaluationError, ExpressionIO, Value
from stalwart.codec.expression.values import integer_of, text_of, truth
from stalwart.config.collaboration.email import Email
from stalwart.config.mail.session_stages import (
    MtaInboundSession,
    MtaStageConnect,
    MtaStageData,
    MtaStageEhlo,
    MtaStageMail,
    MtaStageRcpt,
)
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.schema import ExpressionValue
from stalwart.smtp.envelope import Envelope, Peer
from stalwart.smtp.limits import UNLIMITED, Limits
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SMTP_RULE_ERROR

TRACE_ROOM = 8192
"""Octets that are left for the fields which the server puts before a message."""
NEXT_DOOR = evolve(UNLIMITED, recipients=5000)
"""Of a server that delivers by LMTP."""

_ROLE = frozenset(("role",))
_MOST_KNOWN = 1000

Variable = Callable[[str], object]
Word = str | Constant


@frozen
class _Rule:
    """``limit`` is set by the rule ``name`` of ``stage``; numbers are divided by ``unit``. ``least`` is the smallest
    that makes sense; with ``ends`` 0 is no limit.
    """

    limit: str
    stage: type
    name: str
    unit: float = 1
    least: float = 0
    ends: bool = False
    for_lmtp: bool = False


_RULES = (
    _Rule("command", MtaInboundSession, "timeout", 1000, 1, for_lmtp=True),
    _Rule("duration", MtaInboundSession, "max_duration", 1000, 1, ends=True),
    _Rule("transfer", MtaInboundSession, "transfer_limit", 1, 1, ends=True),
    _Rule("messages", MtaStageData, "max_messages", 1, 1, ends=True),
    _Rule("message_size", MtaStageData, "max_message_size", 1, 1, for_lmtp=True),
    _Rule("recipients", MtaStageRcpt, "max_recipients", 1, 1),
    _Rule("failed_recipients", MtaStageRcpt, "max_failures", 1, 0),
    _Rule("failure_delay", MtaStageRcpt, "wait_on_fail", 1000, 0),
)
_WHOLE = frozenset(("transfer", "messages", "message_size", "recipients", "failed_recipients"))


class SessionRules:
    """Applies the settings to sessions. ``io`` is what rules may ask."""

    def __init__(self, settings: Settings, io: ExpressionIO, telemetry: Telemetry) -> None:
        self._settings = settings
        self._io = io
        self._telemetry = telemetry
        self._known: dict[tuple[CompiledExpression, object], Value | None] = {}

    async def connected(self, peer: Peer) -> None:
        """Give ``peer`` what the settings say of clients like it."""
        settings, variable = self._settings, variables_of(peer)
        connect, hello = settings.of(MtaStageConnect), settings.of(MtaStageEhlo)
        usual = NEXT_DOOR if peer.role.is_lmtp else peer.limits
        peer.limits = await self._limits(peer, usual, variable)
        own = settings.of(SystemSettings).default_hostname
        peer.hostname = text_of(await self._value(connect.hostname, variable, own, "hostname") or own)
        said = text_of(await self._value(connect.smtp_greeting, variable, "", "smtpGreeting") or "")
        peer.greeting = said if said.startswith(peer.hostname) else f"{peer.hostname} {said}".strip()
        demands_hello = truth(await self._value(hello.require, variable, 1, "require") or 0)
        full_name = truth(await self._value(hello.reject_non_fqdn, variable, 0, "rejectNonFqdn") or 0)
        peer.role = evolve(
            peer.role, demands_hello=demands_hello, demands_full_name=full_name and not is_loopback(peer.remote_ip)
        )

    async def sender_named(self, envelope: Envelope) -> bool:
        """Whether mail of this sender is taken; limits that depend on the sender are found anew."""
        peer, settings = envelope.peer, self._settings
        if peer.role.is_lmtp:
            return True
        variable = variables_of(peer, envelope)
        if any(_asks_for_more(self._expression(rule)) for rule in _RULES):
            peer.limits = await self._limits(peer, peer.limits, variable)
        allowed = await self._value(settings.of(MtaStageMail).is_sender_allowed, variable, 1, "isSenderAllowed")
        return allowed is None or truth(allowed)

    async def flag(self, expression: ExpressionValue, variable: Variable, usual: bool, name: str) -> bool:
        """A rule that says yes or no."""
        found = await self._value(expression, variable, usual, name)
        return usual if found is None else truth(found)

    async def word(self, expression: ExpressionValue, variable: Variable, usual: str, name: str) -> str:
        """A rule that gives a word; empty for one that says no."""
        found = await self._value(expression, variable, usual, name)
        if isinstance(found, Constant):
            return found.name
        return text_of(found) if found and isinstance(found, str) else ""

    async def words(self, expression: ExpressionValue, variable: Variable, name: str) -> tuple[str, ...]:
        """A rule that gives a list of words."""
        found = await self._value(expression, variable, "", name)
        several = found if isinstance(found, tuple) else (found,)
        return tuple(each.name if isinstance(each, Constant) else each for each in several if isinstance(each, Word))

    async def seconds(self, expression: ExpressionValue, variable: Variable, name: str) -> float:
        """A rule that says how long; 0 for one that says no."""
        found = await self._value(expression, variable, 0, name)
        return 0 if found is None or not truth(found) else integer_of(found) / 1000

    async def number(self, expression: ExpressionValue, variable: Variable, usual: int, name: str) -> int:
        """A rule that says how many."""
        found = await self._value(expression, variable, usual, name)
        return usual if found is None else integer_of(found)

    async def _limits(self, peer: Peer, usual: Limits, variable: Variable) -> Limits:
        found: dict[str, Any] = {}
        for rule in _RULES:
            if peer.role.is_lmtp and not rule.for_lmtp:
                continue
            value = await self._value(self._expression(rule), variable, None, rule.name)
            if value is None:
                continue
            number = integer_of(value)
            if rule.ends and number <= 0:
                found[rule.limit] = None
            elif number / rule.unit >= rule.least:
                found[rule.limit] = number if rule.limit in _WHOLE else number / rule.unit
        most = self._settings.of(Email).max_message_size
        most -= min(TRACE_ROOM, most // 4)
        found["message_size"] = max(1, min(found.get("message_size", usual.message_size), most))
        found["data"] = found.get("command", usual.data)
        return evolve(usual, **found)

    def _expression(self, rule: _Rule) -> ExpressionValue:
        stage: Any = self._settings.of(rule.stage)
        expression: ExpressionValue = getattr(stage, rule.name)
        return expression

    async def _value(
        self, expression: ExpressionValue, variable: Variable, usual: Value | None, name: str
    ) -> Value | None:
        """What a rule gives, None if there is none, ``usual`` if it fails."""
        compiled = expression.compiled
        if compiled is None:
            return None
        if compiled.is_constant:
            return compiled.constant
        try:
            if compiled.needs_io:
                return await compiled.evaluate_async(variable, self._io)
            if compiled.variables == _ROLE:
                return self._of_role(compiled, variable)
            return compiled.evaluate(variable, self._io)
        except EvaluationError as problem:
            self._telemetry.emit(SMTP_RULE_ERROR, object=name, reason=str(problem))
            return usual

    def _of_role(self, compiled: CompiledExpression, variable: Variable) -> Value | None:
        """What a rule gives that asks for the role alone, as most do: found out once."""
        key = compiled, variable("role")
        if key not in self._known:
            try:
                found = compiled.evaluate(variable)
            except EvaluationError:  # it asks for more than variables
                return compiled.evaluate(variable, self._io)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = found
        return self._known[key]


def variables_of(peer: Peer, envelope: Envelope | None = None, recipient: str = "") -> Variable:
    """What rules may ask about a session; what is not known yet is empty (settings B.1)."""

    def variable(name: str) -> object:
        if name in _OF_PEER:
            return _OF_PEER[name](peer)
        if name == "rcpt":
            return recipient
        if name == "rcpt_domain":
            return recipient.rpartition("@")[2]
        if name == "priority":
            return (envelope.parameters.mt_priority or 0) if envelope is not None else 0
        return _OF_ENVELOPE[name](envelope) if envelope is not None and name in _OF_ENVELOPE else ""

    return variable


def is_loopback(ip: str) -> bool:
    """Whether a client is on this host."""
    try:
        return ip_address(ip).is_loopback
    except ValueError:
        return False


_OF_PEER: dict[str, Callable[[Peer], object]] = {
    "listener": lambda peer: peer.listener,
    "role": lambda peer: peer.role.name,
    "remote_ip": lambda peer: peer.remote_ip,
    "remote_port": lambda peer: peer.remote_port,
    "local_ip": lambda peer: peer.local_ip,
    "local_port": lambda peer: peer.local_port,
    "protocol": lambda peer: "lmtp" if peer.role.is_lmtp else "smtp",
    "is_tls": lambda peer: int(peer.is_tls),
    "helo_domain": lambda peer: peer.hello or "",
    "authenticated_as": lambda peer: peer.login_name,
}
_OF_ENVELOPE: dict[str, Callable[[Envelope], object]] = {
    "sender": lambda envelope: envelope.sender.text,
    "sender_domain": lambda envelope: envelope.sender.domain,
    "recipients": lambda envelope: [each.path.text for each in envelope.recipients],
}
_AT_CONNECT = frozenset((*_OF_PEER, "asn", "country")) - {"helo_domain", "authenticated_as"}


def _asks_for_more(expression: ExpressionValue) -> bool:
    """Whether a rule depends on what is not known when the client connects."""
    compiled = expression.compiled
    return compiled is not None and not compiled.variables <= _AT_CONNECT
