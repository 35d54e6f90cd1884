"""x:SenderAuth: how SPF, DKIM, ARC, DMARC and reverse names are verified, and what is signed (settings C.8).

A verification is ``relaxed`` (the result is noted), ``strict`` (failures are refused) or ``disable``.
"""

from __future__ import annotations

from stalwart.config.mail.variables import CONNECTION_VARIABLES, RCPT_VARIABLES, VERIFY_MODES, rule
from stalwart.schema import Boolean, Expression, ExpressionValue, Singleton, prop

_CONNECTION = Expression(CONNECTION_VARIABLES, VERIFY_MODES)
_MESSAGE = Expression(RCPT_VARIABLES, VERIFY_MODES)

_ON_MX = rule(("role == 'mx'", "relaxed"), otherwise="disable")


class SenderAuth(Singleton):
    """Who a message is from, verified and signed."""

    dkim_sign_domain: ExpressionValue = prop(
        Expression(RCPT_VARIABLES),
        rule(("is_local_domain(sender_domain) && !is_empty(authenticated_as)", "sender_domain"), otherwise="false"),
        "Domain that signs the message; false leaves it without a signature.",
        label="DKIM signing domain",
    )
    dkim_strict: bool = prop(
        Boolean(), True, "Pass over weak signatures, such as those of a part of the message.", label="Strict DKIM"
    )
    dkim_verify: ExpressionValue = prop(
        _MESSAGE, rule(otherwise="relaxed"), "Verify DKIM signatures (RFC 6376).", label="Verify DKIM"
    )
    arc_verify: ExpressionValue = prop(
        _MESSAGE, rule(otherwise="disable"), "Verify chains of earlier results (RFC 8617).", label="Verify ARC"
    )
    spf_ehlo_verify: ExpressionValue = prop(
        _CONNECTION, _ON_MX, "Verify SPF of the name in EHLO (RFC 7208 2.3).", label="Verify SPF of EHLO"
    )
    spf_from_verify: ExpressionValue = prop(
        _CONNECTION, _ON_MX, "Verify SPF of the sender (RFC 7208 2.4).", label="Verify SPF of MAIL"
    )
    dmarc_verify: ExpressionValue = prop(
        _MESSAGE, _ON_MX, "Verify the DMARC policy of the author's domain (RFC 7489).", label="Verify DMARC"
    )
    reverse_ip_verify: ExpressionValue = prop(
        _CONNECTION, _ON_MX, "Verify the name of the client's address.", label="Verify reverse name"
    )
