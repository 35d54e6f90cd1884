"""x:TlsReportSettings: our reports about TLS to the domains that we deliver to (RFC 8460).

The members are those of the reference server, but for the subject, which the RFC gives. Reports are made once a day or
not at all, as it asks.
"""

from __future__ import annotations

from stalwart.config.mail.variables import QUEUE_HOST_VARIABLES, rule
from stalwart.schema import Expression, ExpressionValue, Singleton, prop

_HOST = Expression(QUEUE_HOST_VARIABLES)


class TlsReportSettings(Singleton):
    """Reports to domains about the TLS of their hosts. Of the variables ``rcpt_domain`` is known."""

    send_frequency: ExpressionValue = prop(
        Expression(QUEUE_HOST_VARIABLES, frozenset(("daily", "disable"))),
        rule(otherwise="daily"),
        "How often a domain gets one: daily, or disable for never.",
    )
    from_name: ExpressionValue = prop(_HOST, rule(otherwise="'Report Subsystem'"), "Name of the sender.")
    from_address: ExpressionValue = prop(
        _HOST, rule(otherwise="'noreply-tls@' + system('domain')"), "Address of the sender."
    )
    org_name: ExpressionValue = prop(
        _HOST, rule(otherwise="system('domain')"), "Who reports, in words.", label="Organization"
    )
    contact_info: ExpressionValue = prop(_HOST, rule(otherwise="false"), "Who can be asked; false is the sender.")
    dkim_sign_domain: ExpressionValue = prop(
        _HOST, rule(otherwise="system('domain')"), "Domain whose keys sign reports.", label="DKIM sign domain"
    )
    max_report_size: ExpressionValue = prop(
        _HOST, rule(otherwise="5242880"), "Bytes of a report before it is compressed; what is too much is left out."
    )
