"""What is over a limit on incoming mail (x:MtaInboundThrottle) is postponed: messages at MAIL, recipients at RCPT.

Servers next door and clients on this host are never held up (design 8).
"""

from __future__ import annotations

from stalwart.mail.inbound_rates import InboundRates, Variable
from stalwart.schema import ExpressionValue
from stalwart.smtp.envelope import Envelope
from stalwart.smtp.inbound_rules import SessionRules, is_loopback, variables_of
from stalwart.smtp.reception import Refusal

RATE_LIMITED = Refusal(451, "4.4.5", "Too much mail in too short a time; please try again later")


class InboundThrottles:
    """Asks ``rates`` about each message and each recipient."""

    def __init__(self, rates: InboundRates, rules: SessionRules) -> None:
        self._rates = rates
        self._rules = rules

    async def refusal(self, envelope: Envelope, recipient: str | None = None) -> Refusal | None:
        """Count a message, or one of its recipients, by every limit that applies; why it has to wait, if it has."""
        peer = envelope.peer
        if peer.role.is_lmtp or is_loopback(peer.remote_ip):
            return None
        one = (variables_of(peer, envelope, recipient or ""),)
        messages, recipients = (one, ()) if recipient is None else ((), one)
        over = await self._rates.is_over(
            peer.remote_ip, self._applies, messages=messages, recipients=recipients, span=peer.span
        )
        return RATE_LIMITED if over else None

    async def _applies(self, rule: ExpressionValue, variable: Variable) -> bool:
        return await self._rules.flag(rule, variable, False, "match")
