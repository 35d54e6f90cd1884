"""x:MtaInboundSession and x:MtaStage...: what happens in each stage of an incoming SMTP or LMTP session (settings
C.8).

A server next door that delivers by LMTP is trusted: of the limits, those on silence and on sizes hold for it.
"""

from __future__ import annotations

from stalwart.config.mail.variables import (
    CONNECTION_VARIABLES,
    EHLO_VARIABLES,
    MAIL_VARIABLES,
    RCPT_VARIABLES,
    SASL_MECHANISMS,
    rule,
)
from stalwart.schema import Boolean, Expression, ExpressionValue, Singleton, prop

_CONNECTION = Expression(CONNECTION_VARIABLES)
_EHLO = Expression(EHLO_VARIABLES)
_MAIL = Expression(MAIL_VARIABLES)
_RCPT = Expression(RCPT_VARIABLES)

_ON_MX = rule(("role == 'mx'", "true"), otherwise="false")
_NEVER = rule(otherwise="false")
_SCRIPT = "Name of a Sieve script of the system to run; false is none."


class MtaInboundSession(Singleton):
    """Limits of an incoming session."""

    timeout: ExpressionValue = prop(_CONNECTION, rule(otherwise="5m"), "Silence after which it is closed.")
    max_duration: ExpressionValue = prop(_CONNECTION, rule(otherwise="10m"), "Longest time that it may take.")
    transfer_limit: ExpressionValue = prop(_CONNECTION, rule(otherwise="262144000"), "Bytes that it may send.")


class MtaStageConnect(Singleton):
    """The greeting of an incoming session."""

    hostname: ExpressionValue = prop(
        _CONNECTION, rule(otherwise="system('hostname')"), "Name in the greeting and in the answer to EHLO."
    )
    smtp_greeting: ExpressionValue = prop(
        _CONNECTION,
        rule(otherwise="system('hostname') + ' Stalwart ESMTP at your service'"),
        "Text of the greeting.",
        label="SMTP greeting",
    )
    script: ExpressionValue = prop(_CONNECTION, _NEVER, _SCRIPT, enforced=False)


class MtaStageEhlo(Singleton):
    """EHLO, HELO and LHLO."""

    require: ExpressionValue = prop(_CONNECTION, rule(otherwise="true"), "Insist on it before MAIL.")
    reject_non_fqdn: ExpressionValue = prop(
        _CONNECTION, _ON_MX, "Refuse names that are not fully qualified.", label="Reject non-FQDN"
    )
    script: ExpressionValue = prop(_CONNECTION, _NEVER, _SCRIPT, enforced=False)


class MtaStageAuth(Singleton):
    """AUTH (RFC 4954)."""

    sasl_mechanisms: ExpressionValue = prop(
        Expression(EHLO_VARIABLES, SASL_MECHANISMS),
        rule(
            ("role == 'submission' && is_tls", "[plain, login, oauthbearer, xoauth2]"),
            ("role == 'submission'", "[oauthbearer, xoauth2]"),
            otherwise="false",
        ),
        "Mechanisms that are offered; false is none.",
        label="SASL mechanisms",
    )
    require: ExpressionValue = prop(_EHLO, rule(otherwise="role == 'submission'"), "Insist on it before MAIL.")
    must_match_sender: ExpressionValue = prop(
        _EHLO, rule(otherwise="true"), "The sender must be an address of the account."
    )
    max_failures: ExpressionValue = prop(_EHLO, rule(otherwise="3"), "Failures after which the session ends.")
    wait_on_fail: ExpressionValue = prop(_EHLO, rule(otherwise="5s"), "Time before a failure is answered.")


class MtaStageMail(Singleton):
    """MAIL, the sender."""

    is_sender_allowed: ExpressionValue = prop(
        _MAIL,
        rule(otherwise="!is_empty(authenticated_as) || !key_exists('spam-block', sender_domain)"),
        "Whether the sender is accepted.",
    )
    rewrite: ExpressionValue = prop(_MAIL, _NEVER, "Sender to use instead; false keeps it.", enforced=False)
    script: ExpressionValue = prop(_MAIL, _NEVER, _SCRIPT, enforced=False)


class MtaStageRcpt(Singleton):
    """RCPT, the recipients."""

    allow_relaying: ExpressionValue = prop(
        _RCPT, rule(otherwise="!is_empty(authenticated_as)"), "Accept recipients of other servers."
    )
    rewrite: ExpressionValue = prop(_RCPT, _NEVER, "Recipient to use instead; false keeps it.", enforced=False)
    max_recipients: ExpressionValue = prop(_MAIL, rule(otherwise="100"), "Recipients of one message.")
    max_failures: ExpressionValue = prop(_MAIL, rule(otherwise="5"), "Refused recipients after which the session ends.")
    wait_on_fail: ExpressionValue = prop(_MAIL, rule(otherwise="5s"), "Time before a refusal is answered.")
    script: ExpressionValue = prop(_RCPT, _NEVER, _SCRIPT, enforced=False)


class MtaStageData(Singleton):
    """DATA and BDAT, the message."""

    max_messages: ExpressionValue = prop(_RCPT, rule(otherwise="10"), "Messages of one session.")
    max_message_size: ExpressionValue = prop(_RCPT, rule(otherwise="104857600"), "Bytes of a message (RFC 1870).")
    max_received_headers: ExpressionValue = prop(
        _RCPT,
        rule(otherwise="50"),
        "Received fields beyond which a message runs in a circle and is not taken (RFC 5321 6.3), 99 at most.",
    )
    enable_spam_filter: ExpressionValue = prop(
        _RCPT, rule(otherwise="is_empty(authenticated_as)"), "Judge the message by the spam filter.", enforced=False
    )
    add_delivered_to_header: bool = prop(Boolean(), True, "Add a Delivered-To field.", enforced=False)
    add_auth_results_header: ExpressionValue = prop(_RCPT, _ON_MX, "Add Authentication-Results (RFC 8601).")
    add_date_header: ExpressionValue = prop(
        _RCPT, _ON_MX, "Add Date where there is none; to mail of people here always (RFC 6409 8.2)."
    )
    add_message_id_header: ExpressionValue = prop(
        _RCPT,
        _ON_MX,
        "Add Message-ID where there is none; to mail of people here always (RFC 6409 8.3).",
        label="Add Message-ID header",
    )
    add_received_header: ExpressionValue = prop(_RCPT, _ON_MX, "Add Received (RFC 5321 4.4); by LMTP always.")
    add_received_spf_header: ExpressionValue = prop(
        _RCPT, _ON_MX, "Add Received-SPF (RFC 7208 9.1).", label="Add Received-SPF header"
    )
    add_return_path_header: ExpressionValue = prop(
        _RCPT, _ON_MX, "Add Return-Path (RFC 5321 4.4); by LMTP and to mail of people here always."
    )
    script: ExpressionValue = prop(_RCPT, _NEVER, _SCRIPT, enforced=False)
