"""Texts that only this server can make and read: tokens, client ids, what a form carries, keys where they are stored.

AES-256-GCM-SIV (RFC 8452) under a key for each context, derived by HKDF (RFC 5869) from a master key; GCM-SIV because
random nonces of 96 bits may meet after 2^32 texts, and then tell no more than that two texts are equal. Where the
master key comes from is the business of ``provider.master_key`` and ``config.vault``. The texts are opaque to others.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_SHORTEST = _NONCE + 16
LONGEST = 16_384
"""Longest text that ``open`` looks at by default, in characters."""


class MasterKey(Protocol):
    """Where the key comes from; ``text`` may change while the server runs, which makes all former texts void."""

    @property
    def text(self) -> str: ...


class Sealer:
    """Seals and opens texts under ``master``."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master
        self._text = ""
        self._boxes: dict[str, AESGCMSIV] = {}

    def seal(self, context: str, payload: bytes, aad: bytes = b"") -> str:
        """``payload`` as base64url without padding; the same payload gives another text each time."""
        return self._sealed(context, os.urandom(_NONCE), payload, aad)

    def seal_fixed(self, context: str, payload: bytes, aad: bytes = b"") -> str:
        """As ``seal``, but the same payload gives the same text."""
        nonce = blake2b(payload, digest_size=_NONCE, key=self._key(f"nonce of {context}")).digest()
        return self._sealed(context, nonce, payload, aad)

    def open(self, context: str, text: str, aad: bytes = b"", *, longest: int = LONGEST) -> bytes | None:
        """What was sealed in ``context`` with ``aad``; None for anything else."""
        if len(text) > longest or not text.isascii():
            return None
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            return None
        # The decoder skips letters that are none, and the last letter may carry bits that do not count.
        if len(raw) < _SHORTEST or _encoded(raw) != text:
            return None
        try:
            return self._box(context).decrypt(raw[:_NONCE], raw[_NONCE:], aad)
        except InvalidTag:
            return None

    def _sealed(self, context: str, nonce: bytes, payload: bytes, aad: bytes) -> str:
        return _encoded(nonce + self._box(context).encrypt(nonce, payload, aad))

    def _box(self, context: str) -> AESGCMSIV:
        text = self._master.text
        if text != self._text:
            self._text, self._boxes = text, {}
        box = self._boxes.get(context)
        if box is None:
            box = self._boxes[context] = AESGCMSIV(self._key(context))
        return box

    def _key(self, context: str) -> bytes:
        return HKDF(SHA256(), 32, None, f"stalwart {context}".encode()).derive(self._master.text.encode())


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode("ascii").rstrip("=")
