"""Ids of applications that nobody stores: the id itself carries, sealed, what the application has registered (auth-api
4.2).

The same registration gives the same id. Changing ``OidcProvider.encryptionKey`` voids them all; one alone cannot be
taken back. Sealed is a version byte, the redirect URIs, a mask of scopes, the name and the signature algorithm of ID
tokens; numbers are LEB128, texts have their length in front.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from stalwart.codec.sealing import Sealer
from stalwart.provider.grants import Client
from stalwart.provider.scopes import SCOPES

PREFIX = "swc1."
LONGEST = 1024
"""An id has to fit, with everything else, into the address of a sign-in page."""

_CONTEXT = "oauth-client"
_VERSION = 1
_HIGHEST = 1 << 16


@frozen
class Carried:
    """What an id carries. ``scopes`` None: the application may ask for any."""

    redirect_uris: tuple[str, ...]
    scopes: frozenset[str] | None = None
    name: str | None = None
    signing_algorithm: str | None = None


def write_id(sealer: Sealer, carried: Carried) -> str:
    """The id that carries ``carried``; whether it is short enough is the caller's business."""
    return PREFIX + sealer.seal_fixed(_CONTEXT, _packed(carried))


def read_id(sealer: Sealer, client_id: str) -> Client | None:
    """The application with an id of ours; None for every other text."""
    if not client_id.startswith(PREFIX) or len(client_id) > LONGEST:
        return None
    payload = sealer.open(_CONTEXT, client_id[len(PREFIX) :])
    if payload is None or payload[:1] != bytes((_VERSION,)):
        return None
    carried = _unpacked(payload)
    return Client(
        client_id,
        "stateless",
        carried.name,
        frozenset(carried.redirect_uris),
        carried.scopes,
        signing_algorithm=carried.signing_algorithm,
    )


def _packed(carried: Carried) -> bytes:
    mask = 0 if carried.scopes is None else sum(1 << SCOPES.index(name) for name in carried.scopes)
    parts = [bytes((_VERSION,)), _number(len(carried.redirect_uris))]
    parts += (_text(uri) for uri in carried.redirect_uris)
    parts += (_number(mask), _text(carried.name or ""), _text(carried.signing_algorithm or ""))
    return b"".join(parts)


def _unpacked(payload: bytes) -> Carried:
    reader = _Reader(payload)
    uris = tuple(reader.text() for _ in range(reader.number()))
    mask = reader.number()
    scopes = frozenset(_names(mask)) if mask else None
    return Carried(uris, scopes, reader.text() or None, reader.text() or None)


def _names(mask: int) -> Iterable[str]:
    return (name for bit, name in enumerate(SCOPES) if mask >> bit & 1)


def _number(value: int) -> bytes:
    assert 0 <= value < _HIGHEST, value
    packed = bytearray()
    while value >= 0x80:
        packed.append(value & 0x7F | 0x80)
        value >>= 7
    packed.append(value)
    return bytes(packed)


def _text(value: str) -> bytes:
    raw = value.encode()
    return _number(len(raw)) + raw


class _Reader:
    """Takes apart what this server has sealed itself."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._at = 1  # behind the version

    def number(self) -> int:
        """The next number."""
        value = shift = 0
        while True:
            byte = self._payload[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def text(self) -> str:
        """The next text."""
        size = self.number()
        raw = self._payload[self._at : self._at + size]
        self._at += size
        return raw.decode()
