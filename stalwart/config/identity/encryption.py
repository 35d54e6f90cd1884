"""Encryption at rest: whether stored mail is encrypted with a public key of the account (settings C.1)."""

from __future__ import annotations

from stalwart.schema import REQUIRED, Boolean, ObjectId, Union, Variant, prop


class Disabled(Variant):
    """Mail is stored as it came."""


class _Encrypted(Variant):
    """What all ciphers need."""

    public_key: int = prop(ObjectId("PublicKey"), REQUIRED, "Key of the account that mail is encrypted with.")
    encrypt_on_append: bool = prop(Boolean(), False, "Encrypt messages that clients store, too.")
    allow_spam_training: bool = prop(Boolean(), False, "Let the spam filter learn before encryption.")


class Aes128(_Encrypted):
    """AES with 128 bits."""


class Aes256(_Encrypted):
    """AES with 256 bits."""


class Aes256Gcm(_Encrypted):
    """AES-GCM with 256 bits; S/MIME keys only."""


class ChaCha20Poly1305(_Encrypted):
    """ChaCha20-Poly1305; S/MIME keys only."""


EncryptionAtRest = Union(
    "EncryptionAtRest",
    Disabled,
    Aes128,
    Aes256,
    Aes256Gcm,
    ChaCha20Poly1305,
    doc="Whether and how stored mail is encrypted.",
)
