"""A marker that shows whether a password was changed elsewhere, without telling anything about it.

It is kept with the account and may be made of the stored password itself, which some directories have in clear: so it
is a keyed digest, and the key stays in the data store's secrets.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

KEY_BYTES = 32


def marker_of(key: bytes, values: Iterable[bytes]) -> str | None:
    """The same text for the same ``values`` in any order; None for none."""
    found = sorted(values)
    if not found:
        return None
    digest = blake2b(key=key, digest_size=16)
    for value in found:
        digest.update(len(value).to_bytes(8) + value)
    return digest.hexdigest()
