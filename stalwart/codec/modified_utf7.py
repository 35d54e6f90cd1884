"""Names of mailboxes as IMAP and Maildir write them: UTF-7 with ``&`` in place of ``+`` (RFC 3501 5.1.3)."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error

_SHIFTED = re.compile(r"&([^-]*)-")


def decode_name(written: str) -> str:
    """The name; what is no such text stays as it is written."""
    return _SHIFTED.sub(lambda match: _decoded(match[0], match[1]), written)


def _decoded(whole: str, inside: str) -> str:
    if not inside:
        return "&"
    padded = inside.replace(",", "/") + "=" * (-len(inside) % 4)
    try:
        return b64decode(padded, validate=True).decode("utf-16-be")
    except (Error, ValueError):
        return whole
