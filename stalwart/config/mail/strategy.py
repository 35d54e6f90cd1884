"""x:MtaOutboundStrategy: which route, schedule, connection and TLS settings a message gets (settings C.7)."""

from __future__ import annotations

from stalwart.config.mail.variables import QUEUE_HOST_VARIABLES, QUEUE_RCPT_VARIABLES, rule
from stalwart.schema import Expression, ExpressionValue, Singleton, prop

_LOCAL = ("is_local_domain(rcpt_domain)", "'local'")


class MtaOutboundStrategy(Singleton):
    """Which settings apply to the delivery of a message."""

    route: ExpressionValue = prop(
        Expression(QUEUE_RCPT_VARIABLES),
        rule(_LOCAL, otherwise="'mx'"),
        "Name of the route of a recipient.",
    )
    schedule: ExpressionValue = prop(
        Expression(QUEUE_RCPT_VARIABLES),
        rule(_LOCAL, ("source == 'dsn'", "'dsn'"), ("source == 'report'", "'report'"), otherwise="'remote'"),
        "Name of the delivery schedule of a recipient.",
    )
    connection: ExpressionValue = prop(
        Expression(QUEUE_HOST_VARIABLES), rule(otherwise="'default'"), "Name of the connection strategy for a host."
    )
    tls: ExpressionValue = prop(
        Expression(QUEUE_HOST_VARIABLES),
        rule(("retry_num > 0 && last_error == 'tls'", "'invalid-tls'"), otherwise="'default'"),
        "Name of the TLS strategy for a host.",
        label="TLS",
    )
