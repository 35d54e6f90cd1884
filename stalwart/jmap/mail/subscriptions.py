"""Who is subscribed to a mailbox (RFC 8621 2): ``isSubscribed`` is kept for every user who sees it.

``data`` of a mailbox holds ``isSubscribed`` of the owner, and under ``subscribers`` that of the members of a group who
have said something, by the number of their account. The others see what the mailbox was made with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OWNER = "isSubscribed"
_OTHERS = "subscribers"
Data = Mapping[str, Any] | None


def is_subscribed(data: Data, account_id: int, user_id: int, *, is_guest: bool = False) -> bool:
    """Whether ``user_id`` is subscribed to a mailbox of ``account_id`` with ``data``; a guest is if he has said so."""
    if not data:
        return False
    own = bool(data.get(_OWNER, False))
    if user_id == account_id:
        return own
    return bool(data.get(_OTHERS, {}).get(str(user_id), own and not is_guest))


def with_subscription(data: Data, account_id: int, user_id: int, subscribed: bool) -> dict[str, Any]:
    """``data`` after ``user_id`` has said so."""
    new = dict(data or {})
    if user_id == account_id:
        new[_OWNER] = subscribed
    else:
        new[_OTHERS] = {**new.get(_OTHERS, {}), str(user_id): subscribed}
    return new
