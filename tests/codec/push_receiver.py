"""The other side of Web Push: what a user agent does with what it gets (RFC 8188 2, RFC 8291 3).

Keys are derived with HMAC alone, by the letter of the RFCs, so that no step is shared with the code under test.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64encode

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()


def text_of(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def private_key(raw: bytes) -> ec.EllipticCurvePrivateKey:
    """A key on P-256 from its octets."""
    return ec.derive_private_key(int.from_bytes(raw, "big"), CURVE)


@frozen
class Receiver:
    """A user agent with its key pair and its secret."""

    key: ec.EllipticCurvePrivateKey = field(factory=lambda: ec.generate_private_key(CURVE))
    secret: bytes = field(factory=lambda: os.urandom(16))

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def keys(self) -> tuple[str, str]:
        """`p256dh` and `auth`."""
        return text_of(self.point), text_of(self.secret)

    def read(self, body: bytes) -> tuple[bytes, int]:
        """The message and the octets of its padding. Raises an error for what is not for this receiver."""
        sender = body[21 : 21 + body[20]]
        peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender)
        pseudo = hmac.digest(self.secret, self.key.exchange(ec.ECDH(), peer), "sha256")
        return content(body, hmac.digest(pseudo, b"WebPush: info\0" + self.point + sender + b"\1", "sha256"))


def content(body: bytes, key: bytes) -> tuple[bytes, int]:
    """What is in a body of one record, and how many octets of padding."""
    salt, size, rest = body[:16], int.from_bytes(body[16:20], "big"), body[21 + body[20] :]
    if not 17 <= len(rest) <= size:
        raise ValueError("not one record")
    pseudo = hmac.digest(salt, key, "sha256")
    own = hmac.digest(pseudo, b"Content-Encoding: aes128gcm\0\1", "sha256")[:16]
    nonce = hmac.digest(pseudo, b"Content-Encoding: nonce\0\1", "sha256")[:12]
    plain = AESGCM(own).decrypt(nonce, rest, None)
    found = plain.rstrip(b"\0")
    if not found.endswith(b"\2"):
        raise ValueError("no last record")
    return found[:-1], len(plain) - len(found)
