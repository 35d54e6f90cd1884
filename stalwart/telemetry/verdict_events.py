"""The verdicts on who a message is from (RFC 8601 2.7). See ``events``.

``smtp.spf-from-pass`` and the like tell what was found where; ``VERDICTS`` has one event for each result of each
method, for counting them as the reference does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stalwart.telemetry.event import Event, Level

_FIELDS = "remoteIp domain from reason"
_NAMES: Final = {"permerror": "perm-error", "temperror": "temp-error", "softfail": "soft-fail"}
_USUAL: Final = ("pass", "fail", "none", "permerror", "temperror")
_RESULTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "spf": ("SPF", (*_USUAL, "neutral", "softfail")),
    "dkim": ("DKIM", (*_USUAL, "neutral")),
    "dmarc": ("DMARC", _USUAL),
    "iprev": ("Reverse name", _USUAL),
}

VERDICTS: Final[Mapping[tuple[str, str], Event]] = {
    (method, result): Event(
        f"{method}.{_NAMES.get(result, result)}", Level.DEBUG, f"{called}: {_NAMES.get(result, result)}", _FIELDS
    )
    for method, (called, results) in _RESULTS.items()
    for result in results
}
"""By method and result."""

SMTP_SPF_EHLO_PASS = Event("smtp.spf-ehlo-pass", Level.DEBUG, "Client may use its name", "remoteIp domain from")
SMTP_SPF_EHLO_FAIL = Event(
    "smtp.spf-ehlo-fail", Level.DEBUG, "Client is not known to use its name", "remoteIp domain from result reason"
)
SMTP_SPF_FROM_PASS = Event("smtp.spf-from-pass", Level.DEBUG, "Client may send for the sender", "remoteIp domain from")
SMTP_SPF_FROM_FAIL = Event(
    "smtp.spf-from-fail",
    Level.DEBUG,
    "Client is not known to send for the sender",
    "remoteIp domain from result reason",
)
SMTP_DKIM_PASS = Event("smtp.dkim-pass", Level.DEBUG, "Signature fits", "remoteIp domain from")
SMTP_DKIM_FAIL = Event(
    "smtp.dkim-fail",
    Level.DEBUG,
    "Message without a signature, or one that does not fit",
    "remoteIp domain from result reason",
)
SMTP_ARC_PASS = Event("smtp.arc-pass", Level.DEBUG, "Chain of earlier results is whole", "remoteIp domain from")
SMTP_ARC_FAIL = Event(
    "smtp.arc-fail", Level.DEBUG, "Chain of earlier results is broken", "remoteIp domain from result reason"
)
SMTP_DMARC_PASS = Event("smtp.dmarc-pass", Level.DEBUG, "Author is authenticated", "remoteIp domain from")
SMTP_DMARC_FAIL = Event(
    "smtp.dmarc-fail", Level.DEBUG, "Author is not authenticated", "remoteIp domain from result reason"
)
SMTP_IPREV_PASS = Event("smtp.iprev-pass", Level.DEBUG, "Address of the client has a name", "remoteIp domain from")
SMTP_IPREV_FAIL = Event(
    "smtp.iprev-fail", Level.DEBUG, "Address of the client has no name of its own", "remoteIp domain from result reason"
)
