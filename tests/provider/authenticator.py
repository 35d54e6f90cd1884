"""A software authenticator and the browser around it: makes and uses passkeys as WebAuthn 3 6 says, without any device.

``create`` takes PublicKeyCredentialCreationOptionsJSON and gives a RegistrationResponseJSON, ``get`` takes
PublicKeyCredentialRequestOptionsJSON and gives an AuthenticationResponseJSON. Keys are ES256, attestation is `none`.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import cbor2
from attrs import define, field
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "https://mail.example.test"

_UP, _UV, _BE, _BS, _AT = 0x01, 0x04, 0x08, 0x10, 0x40


@define
class Credential:
    """A passkey as its authenticator has it."""

    id: bytes
    rp_id: str
    user_handle: bytes
    key: ec.EllipticCurvePrivateKey
    count: int


@define
class Authenticator:
    """One device. ``counts`` False is one that always reports 0; ``verifies`` is whether it checks its user."""

    origin: str = ORIGIN
    verifies: bool = True
    counts: bool = True
    backed_up: bool = False
    transports: tuple[str, ...] = ("internal", "hybrid")
    credentials: list[Credential] = field(factory=list)

    def create(self, options: dict[str, Any], id: bytes | None = None) -> dict[str, Any]:
        """Make a credential; with an ``id`` that it does not choose itself, if it shall cheat."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = Credential(id or os.urandom(16), options["rp"]["id"], decoded(options["user"]["id"]), key, 0)
        self.credentials.append(made)
        attested = bytes(16) + len(made.id).to_bytes(2, "big") + made.id + cose(key)
        data = self._data(made, _AT) + attested
        client = self._client("webauthn.create", options["challenge"])
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": encoded(client),
            "attestationObject": encoded(attestation),
            "transports": list(self.transports),
        }
        return self._answer(made, response)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Use the credential that was made last among those that are allowed."""
        allowed = [decoded(one["id"]) for one in options.get("allowCredentials") or ()]
        mine = [one for one in self.credentials if one.rp_id == options["rpId"] and (not allowed or one.id in allowed)]
        used = mine[-1]
        used.count += self.counts
        data = self._data(used, 0)
        client = self._client("webauthn.get", options["challenge"])
        signature = used.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": encoded(client),
            "authenticatorData": encoded(data),
            "signature": encoded(signature),
            "userHandle": encoded(used.user_handle),
        }
        return self._answer(used, response)

    def _data(self, credential: Credential, flags: int) -> bytes:
        """The authenticator data of WebAuthn 3 6.1, without extensions."""
        flags |= _UP | (_UV if self.verifies else 0) | (_BE | _BS if self.backed_up else 0)
        return sha256(credential.rp_id.encode()).digest() + bytes([flags]) + credential.count.to_bytes(4, "big")

    def _client(self, type: str, challenge: str) -> bytes:
        members = {"type": type, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(members).encode()

    def _answer(self, credential: Credential, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": encoded(credential.id),
            "rawId": encoded(credential.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }


def cose(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half as a COSE key (RFC 9053 7.1.1)."""
    numbers = key.public_key().public_numbers()
    return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})


def encoded(raw: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes again."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
