"""Keys of signatures: what DNS says of one made usable (RFC 6376 3.6, RFC 8463 4), private keys that sign.

What a person should know about a key record is in ``codec.dkim_record``; here it has to be good enough to verify.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from functools import lru_cache

from attrs import frozen
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from stalwart.codec import tag_list
from stalwart.codec.certificate_chains import read_private_key
from stalwart.codec.dkim_record import SHORTEST_RSA

LONGEST_RSA = 8192
"""Bits; longer keys take too long to verify with."""

_LONGEST_RECORD = 16_384
_HAS_KEY = re.compile(r"(?:\A|;)[ \t\r\n]*p[ \t\r\n]*=")
_BLANKS = re.compile(r"[ \t\r\n]+")
_HASHED = Prehashed(SHA256())
_PKCS1 = padding.PKCS1v15()

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


class UnusableKey(Exception):
    """Nothing can be verified with the key; ``weak`` if it could but must not be (RFC 8301 3.2)."""

    def __init__(self, reason: str, *, weak: bool = False) -> None:
        super().__init__(reason)
        self.weak = weak


@frozen
class VerifyingKey:
    """A published key. ``testing``: the domain tries it out; ``exact``: identities below the domain do not count."""

    algorithm: str
    bits: int
    key: _PublicKey
    testing: bool = False
    exact: bool = False

    def fits(self, digest: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is of the SHA-256 ``digest``."""
        try:
            if isinstance(self.key, ed25519.Ed25519PublicKey):
                self.key.verify(signature, digest)  # RFC 8463 3
            else:
                self.key.verify(signature, digest, _PKCS1, _HASHED)
        except InvalidSignature:
            return False
        return True


def read_key(texts: Iterable[str]) -> VerifyingKey:
    """The key in the TXT records of a selector; of several key records the first (RFC 6376 3.6.2.2).

    :raises UnusableKey: there is none, or none that mail may be verified with.
    """
    record = next((text for text in texts if _HAS_KEY.search(text)), None)
    if record is None:
        raise UnusableKey("there is no key record")
    if len(record) > _LONGEST_RECORD:
        raise UnusableKey("the key record is too long")
    return _read(record)


@lru_cache(maxsize=512)
def _read(record: str) -> VerifyingKey:
    try:
        tags = tag_list.parse(record)
    except tag_list.MalformedTagList as malformed:
        raise UnusableKey(f"the key record is malformed: {malformed}") from None
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        raise UnusableKey("the key record is of another version")
    if "h" in tags and "sha256" not in _items(tags["h"]):
        raise UnusableKey("the key is not for SHA-256")
    if not {"*", "email"} & _items(tags.get("s", "*")):
        raise UnusableKey("the key is not for e-mail")
    if not tags["p"]:
        raise UnusableKey("the key is revoked")
    algorithm = tags.get("k", "rsa").lower()
    key, bits = _loaded(algorithm, tags["p"])
    flags = _items(tags.get("t", ""))
    return VerifyingKey(algorithm, bits, key, "y" in flags, "s" in flags)


def _loaded(algorithm: str, text: str) -> tuple[_PublicKey, int]:
    try:
        octets = base64.b64decode(_BLANKS.sub("", text), validate=True)
        if algorithm == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(octets), 256
        if algorithm != "rsa":
            raise UnusableKey("the key type is not known")
        key = load_der_public_key(octets)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise UnusableKey("the key cannot be read") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnusableKey("the key is not an RSA key")
    if key.key_size < SHORTEST_RSA:
        raise UnusableKey(f"the key has {key.key_size} bits only", weak=True)
    if key.key_size > LONGEST_RSA:
        raise UnusableKey(f"the key has {key.key_size} bits", weak=True)
    return key, key.key_size


def _items(text: str) -> set[str]:
    return {item.strip().lower() for item in text.split(":")}


@frozen
class SigningKey:
    """A private key that was checked when it was stored."""

    algorithm: str
    key: PrivateKey

    def sign(self, digest: bytes) -> bytes:
        """The signature of a SHA-256 digest."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(digest)
        return self.key.sign(digest, _PKCS1, _HASHED)


def read_signing_key(pem: str) -> SigningKey:
    """The private key in ``pem``. Raises ``UnreadablePem``, and ``UnusableKey`` if it is of another kind."""
    key = read_private_key(pem, trusted=True)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return SigningKey("ed25519-sha256", key)
    if isinstance(key, rsa.RSAPrivateKey):
        return SigningKey("rsa-sha256", key)
    raise UnusableKey("it is neither an RSA nor an Ed25519 key")
