"""Push subscriptions as the rest of the server sees them (RFC 8620 7.2): where to send what, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec


class PushSubscription(msgspec.Struct, frozen=True):
    """One device of an account.

    ``keys`` are `p256dh` and `auth`; ``types`` None is all; ``email_push`` is what the client said, by account;
    ``holder`` is plain data about the access that it was made with. Nothing is sent to it before it is ``verified``.
    """

    id: int
    account_id: int
    device: str
    url: str
    keys: tuple[str, str] | None
    code: str
    verified: bool
    expires_at: int
    created_at: int
    types: tuple[str, ...] | None
    email_push: Mapping[str, Any] | None
    holder: Any


class PushSubscriptions(Protocol):
    """All of them."""

    def insert(
        self,
        account_id: int,
        device: str,
        url: str,
        *,
        keys: tuple[str, str] | None,
        code: str,
        now: int,
        expires_at: int,
        types: tuple[str, ...] | None,
        email_push: Mapping[str, Any] | None = None,
        holder: Any = None,
    ) -> PushSubscription:
        """A new one with a random id, not verified; it takes the place of the one of the same device."""

    def get(self, account_id: int, id: int, now: int) -> PushSubscription | None:
        """By id, unless it is over."""

    def of_account(self, account_id: int, now: int) -> list[PushSubscription]:
        """Those that are not over, the oldest first."""

    def accounts(self, now: int) -> list[int]:
        """The ids of all accounts that have any."""

    def update(self, subscription: PushSubscription) -> bool:
        """Store ``verified``, ``expires_at``, ``types`` and ``email_push``; False if there is no such one."""

    def delete(self, account_id: int, id: int) -> bool:
        """Remove one; False if there was none."""

    def purge(self, now: int) -> int:
        """Remove those that are over; answers how many."""
