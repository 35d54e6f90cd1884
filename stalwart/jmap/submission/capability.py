"""What the session says about sending (RFC 8621 1.3.2): how long mail can be held, and which parameters it can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stalwart.jmap.capabilities import Audience, Capability

SUBMISSION: Final = "urn:ietf:params:jmap:submission"
LONGEST_HOLD: Final = 30 * 86_400
"""Seconds for which a message can be held back."""

EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "FUTURERELEASE": (),
    "SIZE": (),
    "DSN": (),
    "DELIVERBY": (),
    "MT-PRIORITY": ("MIXER",),
    "REQUIRETLS": (),
}
"""The extensions of SMTP whose parameters an envelope can have, with what EHLO would say behind them."""


def _limits(audience: Audience) -> dict[str, Any]:
    return {
        "maxDelayedSend": LONGEST_HOLD,
        "submissionExtensions": {name: list(words) for name, words in EXTENSIONS.items()},
    }


submission = Capability(SUBMISSION, account=_limits, permission="jmapEmailSubmissionCreate")
