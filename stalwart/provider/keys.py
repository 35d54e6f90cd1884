"""Keys that sign ID tokens: the configured one, one for RS256 beside it, and what is left of former ones.

RFC 7515, 7517, 7518; OpenID Connect Core 10.1 and 15.1 (every provider knows RS256). The key id is the thumbprint of
the public key (RFC 7638), so a new key has another id. The public half of a key that is replaced stays in the key set
until every token that it signed is over and no cache holds an older set. Keys of our own are made anew after
``OidcProvider.signatureKeyRotation``. Making keys and signing with RSA happen in threads.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import jwt
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import get_default_algorithms
from twisted.internet.defer import Deferred

from stalwart.codec.certificate_chains import UnreadablePem, read_private_key
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.config.settings import Settings
from stalwart.config.vault import Vault
from stalwart.directory.hashing import Hashing
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS, STORE_ERROR

RS256 = "RS256"
CACHED = 86_400
"""Seconds that others may go on with an older key set."""

_RSA_BITS = 2048
_CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1}
_OWN, _CURRENT, _RETIRED = "own-signing-key", "signing-key", "retired-signing-key"
_NEVER = 1 << 40


@frozen
class SigningKey:
    """A key, its id and the JWK of its public half (None for a shared secret, which nobody else may see)."""

    algorithm: str
    key: Any
    id: str
    public: Mapping[str, Any] | None


class SigningKeys:
    """Signs for the server. Call ``load`` first, and now and then so that keys are changed; ``close`` at the end."""

    def __init__(
        self, store: Store, settings: Settings, hashing: Hashing, clock: Any, telemetry: Telemetry, vault: Vault
    ) -> None:
        self._store = store
        self._vault = vault
        self._settings = settings
        self._hashing = hashing
        self._clock = clock
        self._telemetry = telemetry
        self._configured: tuple[str, Any] = ("", None)
        self._keys: dict[str, SigningKey] = {}
        self._default = ""
        self._unwatch = settings.watch(self._changed)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What ``sign`` can do, the default first."""
        return tuple(dict.fromkeys((self._default, RS256)))

    async def load(self) -> None:
        """Read the configured key, or make one; note which public key it replaces."""
        provider = self._settings.of(OidcProvider)
        self._configured = (provider.signature_algorithm, provider.signature_key)
        key = await self._hashing.run(self._read)
        if key is None:
            key = await self._own(provider.signature_algorithm.upper())
        await self._note("default", key)
        self._keys, self._default = {key.algorithm: key}, key.algorithm

    def close(self) -> None:
        """Stop watching the settings."""
        self._unwatch()

    async def sign(self, claims: Mapping[str, Any], algorithm: str | None = None) -> str:
        """A JWT of ``claims``, signed with ``algorithm`` if it is one of ours, else with the default."""
        key = await self._key(algorithm if algorithm in self.algorithms else self._default)
        if key.algorithm.startswith("ES"):  # some 40 us
            return _signed(claims, key)
        return await self._hashing.run(lambda: _signed(claims, key))

    async def public_keys(self) -> list[dict[str, Any]]:
        """The JWK set (RFC 7517 5): the present keys, then those that are retired."""
        present = [await self._key(algorithm) for algorithm in self.algorithms]
        shown = {key.id: dict(key.public) for key in present if key.public is not None}
        now = int(self._clock.seconds())
        retired = await self._store.read(lambda tx: tx.tokens.get(_RETIRED, _RETIRED, now))
        for jwk in (retired or {}).get("keys", ()):
            if jwk["until"] > now:
                shown.setdefault(jwk["public"]["kid"], jwk["public"])
        return list(shown.values())

    def _changed(self) -> None:
        provider = self._settings.of(OidcProvider)
        if (provider.signature_algorithm, provider.signature_key) != self._configured:
            Deferred.fromCoroutine(self.load()).addErrback(
                lambda failure: self._telemetry.emit(STORE_ERROR, reason=failure.getErrorMessage())
            )

    def _read(self) -> SigningKey | None:
        name, place = self._configured
        try:
            text = kept_text(place) if place is not None else ""
            return _signing_key(name.upper(), text) if text else None
        except (Unreadable, UnreadablePem) as problem:
            self._telemetry.emit(
                RESOURCE_BAD_PARAMETERS, object="OidcProvider", property="signatureKey", reason=str(problem)
            )
            return None

    async def _key(self, algorithm: str) -> SigningKey:
        key = self._keys.get(algorithm)
        if key is None:
            key = await self._own(algorithm)
            await self._note("beside", key)
            self._keys[algorithm] = key
        return key

    async def _own(self, algorithm: str) -> SigningKey:
        """A key of our own for ``algorithm``, made once for all processes; a shared secret cannot be made up."""
        if algorithm.startswith("HS"):
            algorithm = "ES256"
        now, rotation = int(self._clock.seconds()), self._settings.of(OidcProvider).signature_key_rotation
        kept = await self._store.read(lambda tx: tx.tokens.get(algorithm, _OWN, now))
        pem = self._opened(kept)
        if kept is None or pem is None or (rotation is not None and now - kept["since"] >= rotation // 1000):
            made = await self._hashing.run(lambda: make_pem(algorithm))
            fresh = {"pem": self._vault.seal(_OWN, made), "since": now}
        elif pem == kept["pem"]:  # from before there was a vault
            fresh = {**kept, "pem": self._vault.seal(_OWN, pem)}
        else:
            return _signing_key(algorithm, pem)
        kept = await self._store.write(lambda tx: _exchanged(tx, algorithm, kept, fresh, now))
        return _signing_key(algorithm, self._vault.open(_OWN, kept["pem"]))

    def _opened(self, kept: dict[str, Any] | None) -> str | None:
        """The key in PEM; None if there is none, or none that this vault opens."""
        try:
            return self._vault.open(_OWN, kept["pem"]) if kept is not None else None
        except Unreadable:
            return None

    async def _note(self, place: str, key: SigningKey) -> None:
        """Remember which public key is in use, and the one that it replaces for as long as somebody may need it."""
        now = int(self._clock.seconds())
        former = await self._store.read(lambda tx: tx.tokens.get(place, _CURRENT, now))
        if former is None or former["public"] != key.public:
            await self._store.write(lambda tx: self._replace(tx, place, key))

    def _replace(self, tx: Transaction, place: str, key: SigningKey) -> None:
        now = int(self._clock.seconds())
        former = tx.tokens.get(place, _CURRENT, now)
        tx.tokens.put(place, _CURRENT, {"public": key.public}, expires_at=_NEVER)
        if former is None or former["public"] in (None, key.public):
            return
        until = now + max(CACHED, self._settings.of(OidcProvider).id_token_expiry // 1000)
        retired = (tx.tokens.get(_RETIRED, _RETIRED, now) or {}).get("keys", [])
        kept = [jwk for jwk in retired if jwk["until"] > now and jwk["public"] != key.public]
        tx.tokens.put(_RETIRED, _RETIRED, {"keys": [*kept, {"public": former["public"], "until": until}]}, until)


def _exchanged(
    tx: Transaction, algorithm: str, former: dict[str, Any] | None, fresh: dict[str, Any], now: int
) -> dict[str, Any]:
    """``fresh`` in place of ``former``, or what another process has put there meanwhile."""
    kept = tx.tokens.get(algorithm, _OWN, now)
    if kept is not None and kept != former:
        return kept
    tx.tokens.put(algorithm, _OWN, fresh, expires_at=_NEVER)
    return fresh


def make_pem(algorithm: str) -> str:
    """A new private key for ``algorithm``, as PKCS#8 in PEM. RSA takes a tenth of a second."""
    curve = _CURVES.get(algorithm)
    key: Any = ec.generate_private_key(curve()) if curve is not None else rsa.generate_private_key(65537, _RSA_BITS)
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode("ascii")


def check_signature_key(algorithm: str, text: str) -> None:
    """Raises ``UnreadablePem`` with half a sentence if ``text`` is no key for ``algorithm`` (``es256``)."""
    _signing_key(algorithm.upper(), text)


def _signing_key(algorithm: str, text: str) -> SigningKey:
    if algorithm.startswith("HS"):
        return SigningKey(algorithm, text.encode(), sha256(text.encode()).hexdigest()[:16], None)
    key = read_private_key(text)
    curve = _CURVES.get(algorithm)
    if curve is not None and not (isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, curve)):
        raise UnreadablePem(f"it is not a key on the curve of {algorithm}")
    if curve is None and not (isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _RSA_BITS):
        raise UnreadablePem(f"it is not an RSA key of at least {_RSA_BITS} bits, which {algorithm} needs")
    make: Callable[[Any], Any] = get_default_algorithms()[algorithm].to_jwk
    public = json.loads(make(key.public_key()))
    public = {name: value for name, value in public.items() if name not in ("key_ops", "use", "alg", "kid")}
    id = _thumbprint(public)
    return SigningKey(algorithm, key, id, {"use": "sig", "alg": algorithm, "kid": id, **public})


def _thumbprint(public: Mapping[str, Any]) -> str:
    """RFC 7638 3: of the required members in the order of their names."""
    needed = {name: public[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in public}
    text = json.dumps(needed, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(sha256(text.encode()).digest()).decode().rstrip("=")


def _signed(claims: Mapping[str, Any], key: SigningKey) -> str:
    return jwt.encode(dict(claims), key.key, algorithm=key.algorithm, headers={"kid": key.id})
