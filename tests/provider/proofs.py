"""What a client does to prove its key: proofs of RFC 9449, good ones and others."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from itertools import count
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

_serial = count()


class Prover:
    """Holds a key; ``proof`` makes a proof, whose claims and header may be changed, None leaves one out."""

    def __init__(self, key: Any = None, algorithm: str = "ES256") -> None:
        self.key = key if key is not None else ec.generate_private_key(ec.SECP256R1())
        self.algorithm = algorithm
        self.public = public_jwk(self.key, algorithm)

    def proof(
        self,
        method: str,
        url: str,
        at: float,
        token: str | None = None,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        said = {"jti": f"proof-{next(_serial)}", "htm": method, "htu": url, "iat": int(at)}
        if token is not None:
            said["ath"] = encoded(sha256(token.encode()).digest())
        said = {name: value for name, value in (said | claims).items() if value is not None}
        head = {"typ": "dpop+jwt", "jwk": self.public} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(said, self.key, algorithm=head.get("alg", self.algorithm), headers=head)


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def public_jwk(key: Any, algorithm: str) -> dict[str, Any]:
    """The public half as clients write it."""
    kind: Any = get_default_algorithms()[algorithm]
    made: dict[str, Any] = json.loads(kind.to_jwk(key.public_key()))
    return {name: value for name, value in made.items() if name in ("kty", "crv", "x", "y", "n", "e")}


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
