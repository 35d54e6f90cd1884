"""What the settings say of who may send what: the rules of submission by SMTP hold for JMAP as well.

Rules see the role ``submission``, the address of the client, who has signed in, sender and recipients (settings B.1).
One that fails leaves what is usual, and is told of.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from stalwart.codec.expression import EvaluationError, ExpressionIO, Value
from stalwart.codec.expression.values import integer_of, truth
from stalwart.config.collaboration.email import Email
from stalwart.config.mail.session_stages import MtaStageAuth, MtaStageData, MtaStageMail, MtaStageRcpt
from stalwart.config.settings import Settings
from stalwart.jmap.call import Request
from stalwart.mail.inbound_rates import InboundRates, Variable
from stalwart.schema import ExpressionValue
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SMTP_RULE_ERROR

SEND = "emailSend"
"""The permission without which nobody sends."""

USUAL_RECIPIENTS = 100


@frozen
class SendingRules:
    """Applies them; ``io`` is what rules may ask, ``rates`` counts what is sent."""

    _settings: Settings
    _io: ExpressionIO
    _telemetry: Telemetry
    _rates: InboundRates

    async def most_recipients(self, request: Request, sender: str, recipients: Sequence[str]) -> int:
        """How many recipients a message may have."""
        rule = self._settings.of(MtaStageRcpt).max_recipients
        found = await self._value(rule, request, sender, recipients, "maxRecipients")
        return USUAL_RECIPIENTS if found is None or integer_of(found) < 1 else integer_of(found)

    async def most_octets(self, request: Request, sender: str, recipients: Sequence[str]) -> int:
        """How large a message may be."""
        most = self._settings.of(Email).max_message_size
        rule = self._settings.of(MtaStageData).max_message_size
        found = await self._value(rule, request, sender, recipients, "maxMessageSize")
        return most if found is None or integer_of(found) <= 0 else min(most, integer_of(found))

    async def must_own_sender(self, request: Request, sender: str, recipients: Sequence[str]) -> bool:
        """Whether the sender must be an address of the account."""
        rule = self._settings.of(MtaStageAuth).must_match_sender
        found = await self._value(rule, request, sender, recipients, "mustMatchSender")
        return found is None or truth(found)

    async def may_send(self, request: Request, sender: str, recipients: Sequence[str]) -> bool:
        """Whether mail of this sender is taken."""
        rule = self._settings.of(MtaStageMail).is_sender_allowed
        found = await self._value(rule, request, sender, recipients, "isSenderAllowed")
        return found is None or truth(found)

    async def is_too_much(self, request: Request, sender: str, recipients: Sequence[str]) -> bool:
        """Count a message with its recipients by the limits on incoming mail; whether it has to wait."""

        async def applies(rule: ExpressionValue, variable: Variable) -> bool:
            found = await self._result(rule, variable, "match")
            return found is not None and truth(found)

        return await self._rates.is_over(
            request.client_ip,
            applies,
            messages=(_variables(request, sender, recipients),),
            recipients=[_variables(request, sender, recipients, each) for each in recipients],
        )

    async def _value(
        self, rule: ExpressionValue, request: Request, sender: str, recipients: Sequence[str], name: str
    ) -> Value | None:
        return await self._result(rule, _variables(request, sender, recipients), name)

    async def _result(self, rule: ExpressionValue, variable: Variable, name: str) -> Value | None:
        """What a rule gives; None if there is none, or it fails."""
        compiled = rule.compiled
        if compiled is None:
            return None
        try:
            if compiled.needs_io:
                return await compiled.evaluate_async(variable, self._io)
            return compiled.evaluate(variable, self._io)
        except EvaluationError as problem:
            self._telemetry.emit(SMTP_RULE_ERROR, object=name, reason=str(problem))
            return None


def _variables(request: Request, sender: str, recipients: Sequence[str], recipient: str = "") -> Variable:
    """What rules know of a message, or of one of its recipients."""
    known: dict[str, object] = {
        "role": "submission",
        "listener": "jmap",
        "protocol": "http",
        "is_tls": 1,
        "remote_ip": request.client_ip,
        "authenticated_as": request.access.login,
        "sender": sender,
        "sender_domain": sender.rpartition("@")[2],
        "recipients": list(recipients),
        "rcpt": recipient,
        "rcpt_domain": recipient.rpartition("@")[2],
    }
    return lambda name: known.get(name, "")
