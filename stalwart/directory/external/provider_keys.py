"""Signatures of tokens, checked with the keys that a provider publishes (RFC 7515, 7517, 7518, 8037, 8725).

Only asymmetric signatures count: with a shared secret, or none, anybody who reads the key set could sign. A key is used
with the algorithms of its type alone, so that no token can choose a weaker one. Pure; `provider_metadata` fetches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jwt
import msgspec
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_CURVES = {"P-256": ("ES256",), "P-384": ("ES384",), "P-521": ("ES512",)}
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_EDWARDS = ("Ed25519", "Ed448")
_RSA_BITS = range(2048, 8193)  # RFC 7518 3.3 asks for 2048; beyond 8192 a check takes milliseconds
_TYPES = frozenset(("jwt", "at+jwt", "application/jwt", "application/at+jwt"))
_MOST_KEYS = 100

ALGORITHMS = frozenset((*_RSA, "ES256", "ES384", "ES512", "EdDSA"))
"""Signatures that are taken."""


class NotSigned(Exception):
    """The token cannot be believed; the text says why, and holds nothing of it."""


@frozen
class ProviderKey:
    """A public key and the algorithms that it is good for."""

    id: str | None
    algorithms: tuple[str, ...]
    key: Any


def read_keys(document: Mapping[str, Any]) -> tuple[ProviderKey, ...]:
    """The keys for signatures of a JWK set; what is of no use here, or malformed, is passed over (RFC 7517 5)."""
    listed = document.get("keys")
    found = (_read_key(each) for each in (listed[:_MOST_KEYS] if isinstance(listed, list) else ()))
    return tuple(key for key in found if key is not None)


def check_header(header: Mapping[str, Any]) -> str:
    """The algorithm of a token that could be taken. Raises NotSigned."""
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise NotSigned("its algorithm is not accepted")
    if "crit" in header:
        raise NotSigned("it has critical extensions")
    kind = header.get("typ")
    if kind is not None and (not isinstance(kind, str) or kind.lower() not in _TYPES):
        raise NotSigned("it is of another type")  # RFC 8725 3.11
    return algorithm


def chosen_key(keys: Sequence[ProviderKey], header: Mapping[str, Any]) -> ProviderKey | None:
    """The key that a token names; a token without ``kid`` needs a set with one key that fits."""
    id, algorithm = header.get("kid"), header["alg"]
    fitting = [key for key in keys if algorithm in key.algorithms and (id is None or key.id == id)]
    return fitting[0] if fitting and (id is not None or len(fitting) == 1) else None


def verified_claims(token: str, header: Mapping[str, Any], key: ProviderKey) -> dict[str, Any]:
    """The claims of ``token``, if ``key`` has signed it: 50 to 150 us. Raises NotSigned."""
    if header["alg"] not in key.algorithms:
        raise NotSigned("its key is for another algorithm")
    try:
        payload = jwt.PyJWS().decode(token, key.key, algorithms=[header["alg"]])
        return msgspec.json.decode(payload, type=dict[str, Any])
    except (jwt.PyJWTError, ValueError, TypeError):
        raise NotSigned("its signature is wrong") from None


def _read_key(jwk: Any) -> ProviderKey | None:
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    algorithms = _algorithms(jwk)
    if not algorithms:
        return None
    try:
        key = jwt.PyJWK.from_dict({name: value for name, value in jwk.items() if name != "d"}, algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size not in _RSA_BITS:
        return None
    id = jwk.get("kid")
    return ProviderKey(id if isinstance(id, str) else None, algorithms, key)


def _algorithms(jwk: Mapping[str, Any]) -> tuple[str, ...]:
    kind, curve = jwk.get("kty"), jwk.get("crv")
    possible: tuple[str, ...] = ()
    if kind == "RSA":
        possible = _RSA
    elif kind == "EC" and isinstance(curve, str):
        possible = _CURVES.get(curve, ())
    elif kind == "OKP" and curve in _EDWARDS:
        possible = ("EdDSA",)
    named = jwk.get("alg")
    return possible if named is None else tuple(name for name in possible if name == named)
