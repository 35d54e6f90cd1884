"""The properties of PushSubscription, and what a stored one looks like to its client (RFC 8620 7.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stalwart.codec.web_push import UnusableKeys, check_keys
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.push.state_change import KNOWN
from stalwart.jmap.standard.containers import ListOf, Member, Struct
from stalwart.jmap.standard.dates import UTCDate, utc_date
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.scalars import Nullable, String
from stalwart.store.push_subscriptions import PushSubscription

LIFETIME = 7 * 86_400
"""Seconds that a subscription lasts unless it is renewed, at most."""

_KEY = String(1, 128)

PROPERTIES: Mapping[str, Property] = {
    "deviceClientId": Property(String(1, 255), immutable=True),
    "url": Property(String(1, 2048), immutable=True),
    "keys": Property(Nullable(Struct({"p256dh": Member(_KEY), "auth": Member(_KEY)})), None, immutable=True),
    "verificationCode": Property(Nullable(String(0, 255)), None),
    "expires": Property(Nullable(UTCDate()), None),
    "types": Property(Nullable(ListOf(String(1, 64, KNOWN), 64)), None),
}

SECRET = frozenset(("url", "keys"))
"""What nobody is told (RFC 8620 7.2.1)."""

SHOWN = tuple(name for name in PROPERTIES if name not in SECRET)


def members(subscription: PushSubscription) -> dict[str, Any]:
    """All properties but ``id``, those that nobody is told too."""
    keys = subscription.keys
    return {
        "deviceClientId": subscription.device,
        "url": subscription.url,
        "keys": None if keys is None else {"p256dh": keys[0], "auth": keys[1]},
        "verificationCode": subscription.code if subscription.verified else None,
        "expires": utc_date(subscription.expires_at),
        "types": None if subscription.types is None else list(subscription.types),
    }


def keys_of(given: Mapping[str, str] | None) -> tuple[str, str] | None:
    """The keys of a new subscription. Raises ``SetRefused``."""
    if given is None:
        return None
    try:
        check_keys(given["p256dh"], given["auth"])
    except UnusableKeys as problem:
        raise SetRefused("invalidProperties", f"The keys cannot be used: {problem}.", ("keys",)) from None
    return given["p256dh"], given["auth"]


def types_stored(given: list[str] | None) -> tuple[str, ...] | None:
    """None for all, which an empty list means as well (jmap.md 9.3)."""
    return tuple(dict.fromkeys(given)) if given else None


def end_of(given: str | None, now: int) -> int:
    """When a subscription ends that is to end at ``given``; a week from now at the latest. Raises ``SetRefused``."""
    latest = now + LIFETIME
    if given is None:
        return latest
    wanted = datetime.fromisoformat(given).replace(tzinfo=UTC).timestamp()
    if wanted <= now:
        raise SetRefused("invalidProperties", '"expires" must be in the future.', ("expires",))
    return min(int(wanted), latest)
