"""What the expressions of mail settings may speak of: groups of variables by the stage of a message (settings B.1).

``role`` is ours: ``mx``, ``submission`` or ``lmtp``, what a listener is for; in the queue it is that of the
listener that took the message. Defaults ask for it where the reference server asks for port 25.
"""

from __future__ import annotations

from typing import Any

CONNECTION_VARIABLES = frozenset(
    (
        *("listener", "role", "remote_ip", "remote_port", "local_ip", "local_port"),
        *("protocol", "is_tls", "asn", "country"),
    )
)
"""Greeting, EHLO, limits of a session, SPF and reverse name."""

EHLO_VARIABLES = CONNECTION_VARIABLES | {"helo_domain"}
"""AUTH."""

MAIL_VARIABLES = CONNECTION_VARIABLES | {"sender", "sender_domain", "authenticated_as"}
"""MAIL, extensions, limits on recipients."""

RCPT_VARIABLES = MAIL_VARIABLES | {"recipients", "rcpt", "rcpt_domain", "priority", "helo_domain"}
"""RCPT and DATA, inbound throttles, queue quotas."""

QUEUE_RCPT_VARIABLES = frozenset(
    (
        *("role", "rcpt", "rcpt_domain", "recipients", "sender", "sender_domain", "priority", "source", "size"),
        *("retry_num", "notify_num", "expires_in", "last_status", "last_error"),
        *("queue_name", "queue_age", "received_from_ip", "received_via_port"),
    )
)
"""Route and schedule of a recipient."""

QUEUE_HOST_VARIABLES = QUEUE_RCPT_VARIABLES | {"mx", "remote_ip", "local_ip"}
"""One host that a message is sent to: connection, TLS, outbound throttles."""

VERIFY_MODES = frozenset(("relaxed", "strict", "disable"))
SASL_MECHANISMS = frozenset(("plain", "login", "oauthbearer", "xoauth2"))
PRIORITY_POLICIES = frozenset(("mixer", "stanag4406", "nsep"))  # RFC 6710 5


def rule(*cases: tuple[str, str], otherwise: str) -> dict[str, Any]:
    """An expression in wire form: (condition, result) pairs tried in order, and the result when none holds."""
    match = {str(index): {"if": condition, "then": result} for index, (condition, result) in enumerate(cases)}
    return {"match": match, "else": otherwise}
