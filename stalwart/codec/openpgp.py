"""OpenPGP public keys in armor, as far as they can be judged by their shape (RFC 9580 4.2, 6.2).

Packets are walked so that a truncated or foreign text is found out, and addresses are taken from user ids. The checksum
below the armor is ignored, as RFC 9580 6.1 demands. Signatures are not checked, so nothing is said about expiry.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

BEGIN, END = "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----"
_PUBLIC_KEY, _USER_ID = 6, 13
_VERSIONS = (4, 5, 6)
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}\Z")
_MOST_ADDRESSES = 100


class UnreadableOpenPgp(ValueError):
    """The text is no public key; the message is half a sentence."""


def addresses(text: str) -> tuple[str, ...]:
    """The addresses in the user ids of an armored public key. Raises ``UnreadableOpenPgp``."""
    found: dict[str, None] = {}
    for place, (tag, body) in enumerate(packets(_bare(text))):
        if place == 0 and (tag != _PUBLIC_KEY or not body or body[0] not in _VERSIONS):
            raise UnreadableOpenPgp("it does not begin with a public key")
        if tag == _USER_ID and len(found) < _MOST_ADDRESSES:
            user = body.decode("utf-8", "replace").strip().removesuffix(">")
            address = _ADDRESS.search(user.rpartition("<")[2].strip())
            if address is not None:
                found[address[0].lower()] = None
    return tuple(found)


def packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The packets of ``data``: tag and body. Raises ``UnreadableOpenPgp`` where they do not fill it."""
    if not data:
        raise UnreadableOpenPgp("it is empty")
    position = 0
    while position < len(data):
        tag, start, end = _packet(data, position)
        if end > len(data):
            raise UnreadableOpenPgp("it is truncated")
        yield tag, data[start:end]
        position = end


def _packet(data: bytes, position: int) -> tuple[int, int, int]:
    """Tag of the packet at ``position``, where its body starts and ends (RFC 9580 4.2)."""
    head = data[position]
    if not head & 0x80:
        raise UnreadableOpenPgp("it is damaged")
    if not head & 0x40:  # legacy format
        if head & 3 == 3:
            raise UnreadableOpenPgp("a packet has no length")
        return _sized(data, head >> 2 & 15, position + 1, 1 << (head & 3))
    tag, first = head & 63, data[position + 1] if position + 1 < len(data) else 255
    if first < 192:
        return tag, position + 2, position + 2 + first
    if first == 255:
        return _sized(data, tag, position + 2, 4)
    if first >= 224:  # partial lengths are for data packets only (RFC 9580 4.2.1.4)
        raise UnreadableOpenPgp("a packet has no length")
    second = data[position + 2] if position + 2 < len(data) else 0
    return tag, position + 3, position + 3 + (first - 192 << 8) + second + 192


def _sized(data: bytes, tag: int, position: int, octets: int) -> tuple[int, int, int]:
    start = position + octets
    return tag, start, start + int.from_bytes(data[position:start], "big")


def _bare(text: str) -> bytes:
    """The bytes in the armor (RFC 9580 6.2)."""
    start, end = text.find(BEGIN), text.find(END)
    if start < 0 or end < start:
        raise UnreadableOpenPgp("the armor is not complete")
    lines = [line.strip() for line in text[start + len(BEGIN) : end].strip("\r\n").splitlines()]
    while lines and ":" in lines[0]:
        lines.pop(0)
    encoded = "".join(line for line in lines if not line.startswith("="))  # the checksum
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableOpenPgp("the armor is damaged") from None
