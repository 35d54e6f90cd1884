"""How this server tells push services who it is: the field Authorization of RFC 8292 (VAPID).

A token is for the origin of a push resource and may be used again until it expires. Nothing is read here; that is for
push services.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from stalwart.codec.web_push import encoded_point

LONGEST_LIFE = 86_400
"""Seconds; push services refuse tokens that are good for longer (RFC 8292 2)."""

_PORTS = {"https": 443, "http": 80}


def authorization(
    origin: str, *, private_key: ec.EllipticCurvePrivateKey, now: int, lifetime: int, contact: str | None = None
) -> str:
    """The value of the field for pushes to ``origin``, good for ``lifetime`` seconds from ``now``.

    ``contact`` is a `mailto:` or `https:` URI, see ``contact_uri``. ``private_key`` is on P-256.
    """
    if not 0 < lifetime <= LONGEST_LIFE:
        raise ValueError("a token is good for a day at most")
    claims: dict[str, str | int] = {"aud": origin, "exp": now + lifetime}
    if contact is not None:
        claims["sub"] = contact
    token = jwt.encode(claims, private_key, "ES256")
    return f"vapid t={token}, k={public_text(private_key)}"


def origin_of(url: str) -> str:
    """The origin of an absolute URL as text (RFC 6454 6.2): in lower case, without the port of its scheme."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in (None, _PORTS.get(parts.scheme)) else "")


def public_text(private_key: ec.EllipticCurvePrivateKey) -> str:
    """The public half as others are told it: `k` of RFC 8292 3.2, `applicationServerKey` of RFC 9749 3."""
    return urlsafe_b64encode(encoded_point(private_key.public_key())).decode("ascii").rstrip("=")


def contact_uri(text: str | None) -> str | None:
    """``text`` as the URI that `sub` must be (RFC 8292 2.1); a bare mail address is made one; None if it is neither."""
    contact = (text or "").strip()
    if not contact.isascii() or not contact.isprintable() or " " in contact:
        return None
    if contact.lower().startswith(("mailto:", "https://")):
        return contact
    local, at, domain = contact.partition("@")
    return f"mailto:{contact}" if at and local and domain and ":" not in contact else None
