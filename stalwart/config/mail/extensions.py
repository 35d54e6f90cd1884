"""x:MtaExtensions: SMTP extensions that incoming sessions are offered (settings C.8)."""

from __future__ import annotations

from stalwart.config.mail.variables import MAIL_VARIABLES, PRIORITY_POLICIES, rule
from stalwart.schema import Expression, ExpressionValue, Singleton, prop

_MAIL = Expression(MAIL_VARIABLES)
_ALWAYS = rule(otherwise="true")
_SIGNED_IN = "!is_empty(authenticated_as)"
_IF_SIGNED_IN = rule(otherwise=_SIGNED_IN)


class MtaExtensions(Singleton):
    """SMTP extensions that are offered."""

    chunking: ExpressionValue = prop(_MAIL, _ALWAYS, "CHUNKING (RFC 3030).")
    deliver_by: ExpressionValue = prop(
        _MAIL,
        rule((_SIGNED_IN, "15d"), otherwise="false"),
        "Longest time of DELIVERBY (RFC 2852); false is none.",
        enforced=False,
    )
    dsn: ExpressionValue = prop(_MAIL, _IF_SIGNED_IN, "DSN (RFC 3461).", label="DSN")
    expn: ExpressionValue = prop(_MAIL, _IF_SIGNED_IN, "EXPN (RFC 5321 3.5).", label="EXPN")
    future_release: ExpressionValue = prop(
        _MAIL, rule((_SIGNED_IN, "7d"), otherwise="false"), "Longest time of FUTURERELEASE (RFC 4865); false is none."
    )
    mt_priority: ExpressionValue = prop(
        Expression(MAIL_VARIABLES, PRIORITY_POLICIES),
        rule((_SIGNED_IN, "mixer"), otherwise="false"),
        "Policy of MT-PRIORITY (RFC 6710); false is none.",
        label="MT-PRIORITY",
    )
    no_soliciting: ExpressionValue = prop(
        _MAIL, {}, "Keywords of NO-SOLICITING (RFC 3865); no rule is none.", enforced=False
    )
    pipelining: ExpressionValue = prop(_MAIL, _ALWAYS, "PIPELINING (RFC 2920).")
    require_tls: ExpressionValue = prop(_MAIL, _ALWAYS, "REQUIRETLS (RFC 8689).", label="REQUIRETLS")
    vrfy: ExpressionValue = prop(_MAIL, _IF_SIGNED_IN, "VRFY (RFC 5321 3.5).", label="VRFY")
