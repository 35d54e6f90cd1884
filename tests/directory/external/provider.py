"""An OpenID provider in memory: it has keys, signs tokens, and answers what a `Fetcher` asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import get_default_algorithms
from twisted.internet.defer import Deferred

from stalwart.net.https import FetchFailed
from stalwart.net.json_fetch import JsonAnswer

ISSUER = "https://idp.example.net"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
KEYS: dict[str, tuple[str, Any]] = {"one": ("RS256", RSA), "two": ("ES256", EC)}


def jwk(id: str | None, algorithm: str, key: Any, **members: Any) -> dict[str, Any]:
    """The public half of a key as a JWK."""
    made: Any = get_default_algorithms()[algorithm]
    public = json.loads(made.to_jwk(key.public_key()))
    public.pop("key_ops", None)
    return {**public, **({"kid": id} if id is not None else {}), **members}


class Provider:
    """What it publishes can be changed; ``asked`` has the last part of each URL that was asked for, in order."""

    def __init__(self, now: int, issuer: str = ISSUER) -> None:
        self.now = now
        self.issuer = issuer
        self.document: dict[str, Any] = {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/jwks",
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "scopes_supported": ["openid", "email"],
            "registration_endpoint": f"{issuer}/register",
        }
        self.keys = [jwk(id, algorithm, key) for id, (algorithm, key) in KEYS.items()]
        self.people: dict[str, JsonAnswer] = {}
        """What userinfo answers by token."""
        self.introspection: dict[str, JsonAnswer] = {}
        self.down: FetchFailed | None = None
        self.held: Deferred[None] | None = None
        """Answers wait for it, if there is one."""
        self.asked: list[str] = []
        self.bearers: list[str | None] = []

    def token(self, key: str = "two", **claims: Any) -> str:
        """A JWT that is right, but for ``claims``; None leaves one out."""
        algorithm, private = KEYS[key]
        return jwt.encode(self.claims(**claims), private, algorithm=algorithm, headers={"kid": key})

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims of a token that is right, but for ``changes``."""
        claims = {
            "iss": self.issuer,
            "aud": "stalwart",
            "sub": "4711",
            "exp": self.now + 600,
            "iat": self.now,
            "scope": "openid email",
            "preferred_username": "Alice@Example.test",
            "name": "Alice A.",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    async def get(self, url: str, *, bearer: str | None = None) -> JsonAnswer:
        await self._noted(url, bearer)
        if url == self.issuer + "/.well-known/openid-configuration":
            return JsonAnswer(200, self.document)
        if url == self.issuer + "/jwks":
            return JsonAnswer(200, {"keys": self.keys})
        if url == self.issuer + "/userinfo":
            return self.people.get(bearer or "", JsonAnswer(401, {"error": "invalid_token"}))
        return JsonAnswer(404, None)

    async def post(self, url: str, form: Mapping[str, str], *, bearer: str | None = None) -> JsonAnswer:
        await self._noted(url, bearer)
        return self.introspection.get(form["token"], JsonAnswer(401, None))

    async def _noted(self, url: str, bearer: str | None) -> None:
        self.asked.append(url.rpartition("/")[2])
        self.bearers.append(bearer)
        if self.held is not None:
            await self.held
        if self.down is not None:
            raise self.down


DOWN = FetchFailed("connect", "I/O error: Connection refused (os error 111)")
