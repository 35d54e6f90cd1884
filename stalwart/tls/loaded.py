"""Pairs as OpenSSL wants them: parsed when they are first served, and kept as long as memory allows.

To parse a P-256 key takes 35 us and 2.4 KiB, a certificate 20 us and 4.7 KiB, a handshake about 700 us. So the keys of
thousands are kept, and the certificates of those that are asked for most.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, load_certificate, load_privatekey

from stalwart.tls.pairs import Pair

MOST_KEYS = 6144
MOST_CERTIFICATES = 512

_lib: Any = SSL._lib
Parsed = TypeVar("Parsed")


class _Recent(Generic[Parsed]):
    """What ``parse`` makes of pairs; of the ``most`` that were used last it is kept."""

    def __init__(self, most: int, parse: Callable[[Pair], Parsed]) -> None:
        self._most = most
        self._parse = parse
        self._kept: OrderedDict[int, tuple[Pair, Parsed]] = OrderedDict()  # by id; the pair is held, so ids stay

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, pair: Pair) -> Parsed:
        """It, parsed now if need be."""
        known = self._kept.get(id(pair))
        if known is not None:
            self._kept.move_to_end(id(pair))
            return known[1]
        parsed = self._parse(pair)
        self._kept[id(pair)] = pair, parsed
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return parsed


class LoadedPairs:
    """Puts pairs on connections."""

    def __init__(self, most_keys: int = MOST_KEYS, most_certificates: int = MOST_CERTIFICATES) -> None:
        self._keys: _Recent[Any] = _Recent(most_keys, lambda pair: load_privatekey(FILETYPE_ASN1, pair.key))
        self._certificates: _Recent[Any] = _Recent(
            most_certificates, lambda pair: load_certificate(FILETYPE_ASN1, pair.chain[0])
        )

    @property
    def counts(self) -> tuple[int, int]:
        """How many keys and certificates are held."""
        return len(self._keys), len(self._certificates)

    def use(self, connection: SSL.Connection, pair: Pair) -> None:
        """Have ``connection`` serve the certificate and the key of ``pair``, without its issuers.

        The public methods of pyOpenSSL encode and parse both again for each connection, a tenth of a handshake.

        :raises SSL.Error: OpenSSL does not take them.
        """
        certificate, key = self._certificates.of(pair), self._keys.of(pair)
        raw: Any = connection
        taken = _lib.SSL_use_certificate(raw._ssl, certificate._x509) == 1
        if not taken or _lib.SSL_use_PrivateKey(raw._ssl, key._pkey) != 1:
            reasons: Any = SSL
            reasons._raise_current_error()
