"""DPoP: proofs that a client holds the key which its tokens are bound to (RFC 9449).

A proof is a JWT of the client's own key, about one request, made a moment ago, and good once. Which proofs were seen is
counted in ``counters``, which several processes may share; more than a minute back nothing has to be remembered.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import urlsplit

import jwt

from stalwart.provider.errors import OAuthError

ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
PAST, FUTURE = 60, 10
"""Seconds that a proof may be old, and that a clock may be ahead."""

_WINDOW = PAST + FUTURE
_LONGEST = 8192
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_THUMBPRINT = ("crv", "e", "kty", "n", "x", "y")
_JWT = jwt.PyJWT(
    {
        **{f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")},  # checked here
        "enforce_minimum_key_length": True,
    }  # type: ignore[arg-type]
)


class Counters(Protocol):
    """See ``stalwart.web.limits.Counters``."""

    def increment(self, space: str, key: Any, window: int) -> int: ...


class Proofs:
    """Checks proofs by ``clock``."""

    def __init__(self, counters: Counters, clock: Any) -> None:
        self._counters = counters
        self._clock = clock

    def check(self, proof: str, *, method: str, url: str, access_token: str | None) -> str:
        """The thumbprint of the key (RFC 7638) that has signed ``proof`` for this request.

        With ``access_token`` the proof must be for it. Raises OAuthError invalid_dpop_proof.
        """
        if len(proof) > _LONGEST or not proof.isascii() or "," in proof:
            raise _refused("The header DPoP must hold one proof.")
        public = _public_key(proof)
        try:
            key = jwt.PyJWK(public, algorithm=_algorithm(proof))
            claims = _JWT.decode(proof, key, algorithms=list(ALGORITHMS))
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            raise _refused("The signature of the proof does not fit.") from None
        self._check_claims(claims, method, url, access_token)
        thumbprint = _thumbprint(public)
        self._check_fresh(claims["jti"], thumbprint)
        return thumbprint

    def _check_claims(self, claims: dict[str, Any], method: str, url: str, access_token: str | None) -> None:
        if claims.get("htm") != method or not _same_place(claims.get("htu"), url):
            raise _refused("The proof is for another request: htm and htu must be those of this one.")
        issued, now = claims.get("iat"), self._clock.seconds()
        if not isinstance(issued, int) or isinstance(issued, bool) or not now - PAST <= issued <= now + FUTURE:
            raise _refused("The proof must have been made just now; is the clock right?")
        id = claims.get("jti")
        if not isinstance(id, str) or not 0 < len(id) <= 256:
            raise _refused("The proof needs a jti of its own.")
        if access_token is not None and claims.get("ath") != _hash(access_token):
            raise _refused("The proof is for another access token.")

    def _check_fresh(self, id: str, thumbprint: str) -> None:
        """Refuse what was seen before, in this window or in the one before it."""
        window = int(self._clock.seconds()) // _WINDOW
        name = sha256(f"{thumbprint} {id}".encode()).hexdigest()[:32]
        before = self._counters.increment("dpop-even" if window % 2 else "dpop-odd", name, (window - 1) // 2)
        now = self._counters.increment("dpop-odd" if window % 2 else "dpop-even", name, window // 2)
        if before > 1 or now > 1:
            raise _refused("The proof was used before.")


def _public_key(proof: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(proof)
    except jwt.PyJWTError:
        raise _refused("The proof is no JWT.") from None
    key = header.get("jwk")
    if header.get("typ") != "dpop+jwt" or header.get("alg") not in ALGORITHMS:
        raise _refused(f"The proof must be of type dpop+jwt and signed with one of {', '.join(ALGORITHMS)}.")
    if not isinstance(key, dict) or _PRIVATE & key.keys() or key.get("kty") not in ("EC", "RSA", "OKP"):
        raise _refused("The header of the proof must hold the public key as jwk, and nothing private.")
    return key


def _algorithm(proof: str) -> str:
    algorithm: str = jwt.get_unverified_header(proof)["alg"]
    return algorithm


def _thumbprint(public: dict[str, Any]) -> str:
    needed = {name: public[name] for name in _THUMBPRINT if name in public}
    return _base64(sha256(json.dumps(needed, sort_keys=True, separators=(",", ":")).encode()).digest())


def _hash(access_token: str) -> str:
    return _base64(sha256(access_token.encode("ascii", "replace")).digest())


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _same_place(named: Any, url: str) -> bool:
    """Whether both lead to the same place, query and fragment left out (RFC 9449 4.3)."""
    return isinstance(named, str) and _place(named) == _place(url)


def _place(url: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", default if port is None else port, parts.path or "/"


def _refused(description: str) -> OAuthError:
    return OAuthError("invalid_dpop_proof", description)
