"""x:MtaInboundThrottle and x:MtaOutboundThrottle: how much mail is taken and sent in some time (settings C.7, C.8)."""

from __future__ import annotations

from stalwart.config.mail.variables import QUEUE_HOST_VARIABLES, RCPT_VARIABLES, rule
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Enum,
    Enumeration,
    Expression,
    ExpressionValue,
    Nested,
    Object,
    Rate,
    Set,
    String,
    prop,
)

INBOUND_KEY = Enumeration(
    "MtaInboundThrottleKey",
    (
        *("listener", "remoteIp", "localIp", "authenticatedAs", "heloDomain"),
        *("sender", "senderDomain", "rcpt", "rcptDomain"),
    ),
    "What a limit on incoming mail may be counted by.",
)
OUTBOUND_KEY = Enumeration(
    "MtaOutboundThrottleKey",
    ("mx", "remoteIp", "localIp", "sender", "senderDomain", "rcptDomain"),
    "What a limit on outgoing mail may be counted by.",
)

_COUNTED_BY = "What is counted separately; nothing means one count for all."


class MtaInboundThrottle(Object, label="description"):
    """A limit on incoming mail."""

    enable: bool = prop(Boolean(), True, "Whether it is in use.", label="Enabled")
    description: str = prop(String(), REQUIRED, "What the limit is for.", update="immutable")
    key: frozenset[str] = prop(Set(Enum(INBOUND_KEY)), {}, _COUNTED_BY, label="Counted by")
    rate: Rate = prop(Nested(Rate), REQUIRED, "How much in which time.")
    match: ExpressionValue = prop(Expression(RCPT_VARIABLES), rule(otherwise="true"), "Whether it applies.")


class MtaOutboundThrottle(Object, label="description"):
    """A limit on outgoing mail."""

    enable: bool = prop(Boolean(), True, "Whether it is in use.", label="Enabled")
    description: str = prop(String(), REQUIRED, "What the limit is for.")
    key: frozenset[str] = prop(Set(Enum(OUTBOUND_KEY)), {}, _COUNTED_BY, label="Counted by")
    rate: Rate = prop(Nested(Rate), REQUIRED, "How much in which time.")
    match: ExpressionValue = prop(Expression(QUEUE_HOST_VARIABLES), rule(otherwise="true"), "Whether it applies.")
