"""gzip for JSON answers, where the client takes it and it is worth it (RFC 9110 8.4.1.3).

Streams are never compressed. Compression runs on the reactor, so large answers go as they are; answers that come again
and again, such as one account's permissions, are compressed once.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict

from attrs import evolve

from stalwart.codec.accept_encoding import choose_encoding
from stalwart.web.answers import Answer

LEAST = 1024
MOST = 524288
_LEVEL = 2
_KEEP_UP_TO = 65536
_KEPT_BYTES = 4194304
_TYPES = ("application/json", "application/problem+json")
_VARY = ("Vary", "Accept-Encoding")


class Compression:
    """Compressed bodies that were asked for lately, in bounded memory."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0

    def applied(self, answer: Answer, accepted: str | None) -> Answer:
        """``answer`` as this client should get it; ``accepted`` is its Accept-Encoding."""
        if not LEAST <= len(answer.body) <= MOST or answer.content_type is None:
            return answer
        if not answer.content_type.startswith(_TYPES) or any(
            n.lower() == "content-encoding" for n, _ in answer.headers
        ):
            return answer
        if choose_encoding(accepted) != "gzip":
            return evolve(answer, headers=(*answer.headers, _VARY))
        headers = (*answer.headers, ("Content-Encoding", "gzip"), _VARY)
        return evolve(answer, body=self._compressed(answer.body), headers=headers)

    def _compressed(self, body: bytes) -> bytes:
        kept = self._kept.get(body)
        if kept is not None:
            self._kept.move_to_end(body)
            return kept
        packed = gzip_bytes(body)
        if len(body) <= _KEEP_UP_TO:
            self._kept[body] = packed
            self._size += len(body) + len(packed)
            while self._size > _KEPT_BYTES:
                plain, old = self._kept.popitem(last=False)
                self._size -= len(plain) + len(old)
        return packed


def gzip_bytes(body: bytes, level: int = _LEVEL) -> bytes:
    """``body`` in the gzip format, without a time, so that equal bodies give equal bytes."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()
