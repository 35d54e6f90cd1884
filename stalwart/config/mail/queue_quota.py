"""x:MtaQueueQuota: how much mail may wait at the same time (settings C.7)."""

from __future__ import annotations

from stalwart.config.mail.variables import RCPT_VARIABLES
from stalwart.schema import (
    Boolean,
    Enum,
    Enumeration,
    Expression,
    ExpressionValue,
    Object,
    Set,
    Size,
    String,
    Unsigned,
    prop,
)

QUOTA_KEY = Enumeration(
    "MtaQueueQuotaKey", ("sender", "senderDomain", "rcpt", "rcptDomain"), "What waiting mail may be counted by."
)


class MtaQueueQuota(Object, label="description"):
    """A limit on waiting mail."""

    enable: bool = prop(Boolean(), True, "Whether it is in use.", label="Enabled")
    description: str | None = prop(String(nullable=True), None, "What the limit is for.", update="immutable")
    key: frozenset[str] = prop(
        Set(Enum(QUOTA_KEY)), {}, "What is counted separately; nothing means one count for all.", label="Counted by"
    )
    messages: int | None = prop(Unsigned(min=1, nullable=True), None, "Messages at most; null is no limit.")
    size: int | None = prop(Size(nullable=True), None, "Bytes at most; null is no limit.")
    match: ExpressionValue = prop(Expression(RCPT_VARIABLES), {}, "Whether it applies; without a rule it always does.")
