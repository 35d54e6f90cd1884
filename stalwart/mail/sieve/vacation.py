"""The vacation response of an account (RFC 8621 8): when it is given, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import msgspec

from stalwart.codec.mime import dates
from stalwart.codec.sieve.actions import Answer, Verdict

_QUIET: Final = frozenset(("junk", "trash"))
_DIGEST = 16


def answer_of(data: Mapping[str, Any], now: datetime) -> Answer | None:
    """What the response of ``data`` says at a time; None outside of its dates, or if it is not enabled."""
    if not data.get("isEnabled"):
        return None
    begins, ends = _instant(data.get("fromDate")), _instant(data.get("toDate"))
    seconds = now.timestamp()
    if (begins is not None and seconds < begins) or (ends is not None and seconds >= ends):
        return None
    said = [data.get(name) for name in ("fromDate", "subject", "textBody", "htmlBody")]
    digest = blake2b(msgspec.json.encode(said), digest_size=_DIGEST).hexdigest()
    return Answer(
        data.get("textBody") or "",
        data.get("subject"),
        handle=f"vacation response {digest}",
        html=data.get("htmlBody"),
    )


def is_worth_answering(verdict: Verdict, folder: str) -> bool:
    """Whether what a script has made of a message leaves somebody to answer for: it was neither refused nor thrown
    away, and is not among junk. ``folder`` is where it goes without a script.
    """
    if verdict.refusal is not None:
        return False
    if verdict.redirections:
        return True
    uses = [folder if each.is_inbox else each.special_use or each.mailbox.lower() for each in verdict.filings]
    return any(use not in _QUIET for use in uses)


def _instant(date: Any) -> float | None:
    return dates.instant(date) if isinstance(date, str) else None
