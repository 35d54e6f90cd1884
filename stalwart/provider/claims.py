"""What an application is told about a person: claims of ID tokens and userinfo (OpenID Connect Core 2, 5.1, 5.4).

``sub`` is the number of the account, which never changes. Without any scope, and for applications that open mail,
contacts or calendars and so know the address anyway, all claims are given; else those that the scopes ask for.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Collection, Sequence
from hashlib import new
from typing import Any

from stalwart.directory.access import Access
from stalwart.provider.scopes import CALENDARS, CONTACTS, MAIL
from stalwart.store import Store

SUPPORTED = ("sub", "name", "preferred_username", "email", "email_verified", "groups")
_TRUSTED = frozenset((MAIL, CONTACTS, CALENDARS))


async def identity_claims(store: Store, access: Access, scope: Sequence[str]) -> dict[str, Any]:
    """The claims about the owner of ``access`` for an application that was granted ``scope``."""
    told: dict[str, Any] = {"sub": str(access.account_id)}
    if access.name and _tells(scope, "profile"):
        told["name"] = access.name
    told["preferred_username"] = access.login
    if _tells(scope, "email") and "@" in access.login:
        told |= {"email": access.login, "email_verified": True}
    if "groups" in scope:
        rows = await store.read(lambda tx: tx.accounts.many(sorted(access.group_ids)))
        told["groups"] = [row.login for row in rows.values()]
    return told


def access_token_hash(access_token: str, algorithm: str) -> str:
    """``at_hash``: half of the hash that belongs to the signature algorithm (OpenID Connect Core 3.1.3.6)."""
    digest = new(f"sha{algorithm[-3:]}", access_token.encode("ascii")).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).decode("ascii").rstrip("=")


def _tells(scope: Collection[str], name: str) -> bool:
    return not scope or name in scope or not _TRUSTED.isdisjoint(scope)
