"""Encryption of push messages for the one who subscribed (RFC 8291), as one record of `aes128gcm` (RFC 8188).

Keys and salts are handed in: a message needs a key pair and a salt of its own. Nothing is decrypted here; that is for
user agents.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MOST = 3993
"""Octets of a message and its padding: what is left of 4096, which every push service takes (RFC 8291 4)."""

SALT_SIZE = 16

_RECORD_SIZE = 4096
_POINT, _SECRET = 65, 16  # octets
_LONGEST = 128  # characters of a key
_BASE64URL = re.compile(r"([A-Za-z0-9_-]*)(={0,2})\Z")
_LAST_RECORD = b"\x02"  # RFC 8188 2: the delimiter before the padding of the last record


class UnusableKeys(ValueError):
    """Nothing can be encrypted with these keys; the message is half a sentence."""


class MessageTooLong(ValueError):
    """The message, with its padding, is longer than ``MOST``."""


def encrypt(
    message: bytes,
    p256dh: str,
    auth: str,
    *,
    private_key: ec.EllipticCurvePrivateKey,
    salt: bytes,
    padding: int = 0,
) -> bytes:
    """The body of a push: ``message`` and ``padding`` octets for the subscription with the keys ``p256dh``, ``auth``.

    ``private_key`` is on P-256; it and ``salt`` must be new for each message. Raises ``UnusableKeys``,
    ``MessageTooLong``.
    """
    point, secret = check_keys(p256dh, auth)
    if len(message) + padding > MOST:
        raise MessageTooLong(f"it has {len(message) + padding} octets, more than {MOST}")
    sender = encoded_point(private_key.public_key())
    shared = private_key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    key = _derived(secret, shared, b"WebPush: info\0" + point + sender, 32)  # RFC 8291 3.4
    return record(message, key, salt, key_id=sender, padding=padding)


def check_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """The keys of a subscription as octets: a point in uncompressed form, and a secret (RFC 8291 2, 3.1, 3.2).

    Both are base64url, with or without padding. Raises ``UnusableKeys``.
    """
    point, secret = _octets("p256dh", p256dh), _octets("auth", auth)
    if len(point) != _POINT or point[0] != 4:
        raise UnusableKeys("p256dh is no uncompressed point of 65 octets")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise UnusableKeys("p256dh is no point of the curve P-256") from None
    if len(secret) != _SECRET:
        raise UnusableKeys(f"auth is not of {_SECRET} octets")
    return point, secret


def encoded_point(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public key as an uncompressed point: 65 octets."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def record(message: bytes, key: bytes, salt: bytes, *, key_id: bytes = b"", padding: int = 0) -> bytes:
    """``message`` as content of one record, sealed with what comes of ``key`` (RFC 8188 2)."""
    if len(salt) != SALT_SIZE:
        raise ValueError(f"a salt has {SALT_SIZE} octets")
    box = AESGCM(_derived(salt, key, b"Content-Encoding: aes128gcm\0", 16))
    nonce = _derived(salt, key, b"Content-Encoding: nonce\0", 12)  # of record 0
    head = salt + _RECORD_SIZE.to_bytes(4, "big") + bytes((len(key_id),)) + key_id
    return head + box.encrypt(nonce, message + _LAST_RECORD + bytes(padding), None)


def _derived(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(key)


def _octets(name: str, text: str) -> bytes:
    found = _BASE64URL.match(text) if len(text) <= _LONGEST else None
    if found is None or len(found[1]) % 4 == 1 or (found[2] and len(text) % 4):
        raise UnusableKeys(f"{name} is not base64url")
    return urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))
