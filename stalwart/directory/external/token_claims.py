"""What tokens and providers say about a person, read with care: which address, name and groups (auth-api 2.3).

Pure. Claims are those of OpenID Connect Core 5.1, RFC 7519 4.1, RFC 8693 4.2 (`scope`) and what common providers use
instead (`scp`). Nothing here believes a token: signatures are checked in `provider_keys`.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from stalwart.directory.external.found import read_address

LONGEST_TOKEN = 16 * 1024
LEEWAY = 60
"""Seconds that the clocks of two servers may differ."""

_MOST_GROUPS = 500
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")

Claims = Mapping[str, Any]


def is_token(text: str) -> bool:
    """Whether ``text`` has the form of a bearer token (RFC 6750 2.1) of a reasonable length."""
    return len(text) <= LONGEST_TOKEN and _TOKEN.match(text) is not None


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Header and claims of a JWT in compact form (RFC 7515 3.1), unchecked; None if it is none."""
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3:
        return None
    try:
        header, claims = (
            msgspec.json.decode(urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=dict[str, Any])
            for part in parts[:2]
        )
    except (binascii.Error, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None
    return (header, claims) if isinstance(header.get("alg"), str) else None


def named_domains(claims: Claims) -> Iterator[str]:
    """The domains of the addresses in ``claims`` by which the directory of a token is chosen, the best first."""
    for name in ("email", "preferred_username", "upn"):
        value = claims.get(name)
        if isinstance(value, str) and "@" in value:
            yield value.rpartition("@")[2].strip().lower()


def address_in(claims: Claims, username: str, domain: str | None) -> str | None:
    """The address of who is meant: claim ``username``, completed with ``domain`` if it has none, else `email`.

    An address that the provider says is not verified is none.
    """
    named = claim(claims, username)
    if isinstance(named, str) and named.strip():
        whole = named if "@" in named else f"{named}@{domain}" if domain else ""
        found = read_address(whole)
        if found is not None and not (username == "email" and _is_unverified(claims)):
            return found
    email = claims.get("email")
    return None if _is_unverified(claims) or not isinstance(email, str) else read_address(email)


def name_in(claims: Claims, name: str | None) -> str | None:
    """The full name as it is told, or None."""
    value = claim(claims, name) if name else None
    return value if isinstance(value, str) else None


def groups_in(claims: Claims, name: str | None) -> frozenset[str] | None:
    """The groups: a list, or one name; `/sales` is `sales`. None: not told."""
    value = claim(claims, name) if name else None
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return None
    texts = (each.strip().lstrip("/").lower() for each in value[:_MOST_GROUPS] if isinstance(each, str))
    return frozenset(text for text in texts if text)


def scopes_in(claims: Claims) -> frozenset[str]:
    """The scopes of a token, of `scope` and `scp`, each a list or a text with blanks between."""
    found: set[str] = set()
    for name in ("scope", "scp"):
        value = claims.get(name)
        parts = value.split() if isinstance(value, str) else value if isinstance(value, list) else ()
        found.update(part for part in parts if isinstance(part, str))
    return frozenset(found)


def audiences_in(claims: Claims) -> frozenset[str]:
    """Whom a token is meant for (RFC 7519 4.1.3)."""
    value = claims.get("aud")
    return frozenset(each for each in (value if isinstance(value, list) else (value,)) if isinstance(each, str))


def seconds_in(claims: Claims, name: str) -> float | None:
    """A NumericDate; None: there is none. Raises ValueError for anything else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1 << 53:
        raise ValueError(f"{name} is no date")
    return float(value)


def claim(claims: Claims, name: str) -> Any:
    """The claim ``name``; where there is none of that name, dots lead into objects: `realm_access.roles`."""
    if name in claims or "." not in name:
        return claims.get(name)
    value: Any = claims
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _is_unverified(claims: Claims) -> bool:
    return claims.get("email_verified") in (False, "false")
