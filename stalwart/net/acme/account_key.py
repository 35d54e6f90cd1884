"""The key of an account, and what is signed with it (RFC 8555 6.2, RFC 7515): requests, bindings, changes of keys.

Keys are ES256 as a rule; ES384 and RS256 are for accounts that were made elsewhere. Nothing here is ever logged.
josepy is imported with the first key, because many servers get their certificates otherwise.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from stalwart.codec.certificate_chains import UnreadablePem, read_private_key
from stalwart.net.acme.problems import AcmeProblem
from stalwart.net.acme.resources import ExternalAccount

_MAC_KEY = re.compile(r"[A-Za-z0-9_-]{1,2048}\Z")


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class AccountKey:
    """A private key that signs requests."""

    def __init__(self, pem: str) -> None:
        """Raises AcmeProblem for keys that cannot sign."""
        import josepy

        curves: dict[type[ec.EllipticCurve], Any] = {ec.SECP256R1: josepy.ES256, ec.SECP384R1: josepy.ES384}
        try:
            key: Any = read_private_key(pem, trusted=True)
        except UnreadablePem as problem:
            raise AcmeProblem("local", f"The account key cannot be used: {problem}.") from None
        if isinstance(key, rsa.RSAPrivateKey):
            self._key: Any = josepy.JWKRSA(key=key)
            self._algorithm = josepy.RS256
        elif isinstance(key, ec.EllipticCurvePrivateKey) and type(key.curve) in curves:
            self._key = josepy.JWKEC(key=key)
            self._algorithm = curves[type(key.curve)]
        else:
            raise AcmeProblem("local", "The account key is neither RSA nor of the curves P-256 and P-384.")
        public = self._key.public_key()
        self.jwk: dict[str, Any] = {**public.fields_to_partial_json(), "kty": public.typ}
        self.thumbprint = base64url(public.thumbprint())  # RFC 7638

    def sign(self, payload: bytes, protected: Mapping[str, Any]) -> dict[str, str]:
        """A JWS in the flattened form; ``alg`` is added to what is protected."""
        named = {"alg": self._algorithm.name, **protected}
        return _signed(named, payload, lambda data: self._algorithm.sign(self._key.key, data))

    def bound_to(self, external: ExternalAccount, url: str) -> dict[str, str]:
        """The binding to an account that exists elsewhere (RFC 8555 7.3.4); ``url`` is that of newAccount.

        Raises AcmeProblem if the MAC key is none.
        """
        from josepy import HS256

        mac = external.mac_key.strip().rstrip("=").replace("+", "-").replace("/", "_")
        if not _MAC_KEY.match(mac) or len(mac) % 4 == 1:
            raise AcmeProblem("externalAccountRequired", "The HMAC key of the external account is not base64url.")
        secret = urlsafe_b64decode(mac + "=" * (-len(mac) % 4))
        protected = {"alg": "HS256", "kid": external.key_id, "url": url}
        return _signed(protected, msgspec.json.encode(self.jwk), lambda data: HS256.sign(secret, data))

    def succeeding(self, former: AccountKey, account: str, url: str) -> dict[str, str]:
        """The inner JWS with which this key takes over ``account`` from ``former`` (RFC 8555 7.3.5)."""
        payload = msgspec.json.encode({"account": account, "oldKey": former.jwk})
        return self.sign(payload, {"jwk": self.jwk, "url": url})


def _signed(protected: Mapping[str, Any], payload: bytes, sign: Any) -> dict[str, str]:
    head, body = base64url(msgspec.json.encode(protected)), base64url(payload)
    return {"protected": head, "payload": body, "signature": base64url(sign(f"{head}.{body}".encode("ascii")))}
