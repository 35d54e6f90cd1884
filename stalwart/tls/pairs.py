"""A certificate chain with its private key as it is kept in memory: bytes, and what choosing among thousands needs.

Nothing is parsed twice: what a handshake needs beyond the bytes is made by ``contexts`` when it is first served.
"""

from __future__ import annotations

import re
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Iterable, Iterator
from functools import lru_cache

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from stalwart.codec.certificate_chains import (
    SigningKey,
    UnreadablePem,
    belongs,
    certificates,
    read_chain,
    read_private_key,
    read_signing_key,
)

LEAST_RSA_BITS = 2048
"""Clients refuse shorter keys, and OpenSSL does not serve them (its security level 2)."""

_SHARED_ISSUERS = 1024
_NAME = re.compile(r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_NAME = 253
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]+)-----END \1-----")
_PKCS_8 = "PRIVATE KEY"
_EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")  # its OID (RFC 5480 2.1.1)


class UnusablePair(UnreadablePem):
    """The chain and the key can be read, but not served; the message is half a sentence."""


@frozen(eq=False)
class Pair:
    """A chain in DER, the server's own certificate first, and its key as PKCS #8 in DER.

    Issuers are the same objects in all pairs that have them, so that thousands of certificates share them. ``names``
    are lower case, in A-labels, and may begin with ``*.``; the dates are seconds since the epoch.
    """

    chain: tuple[bytes, ...] = field(repr=False)
    key: bytes = field(repr=False)
    names: frozenset[str]
    not_before: int
    not_after: int

    def is_valid(self, now: float) -> bool:
        """Whether ``now`` lies within its dates (RFC 5280 4.1.2.5)."""
        return self.not_before <= now <= self.not_after


def read_pair(chain_pem: str, key_pem: str) -> Pair:
    """The pair in two PEM texts; takes about a millisecond, so a thread is the place for it.

    :raises UnreadablePem: with half a sentence, also if the two do not belong together.
    """
    chain = read_chain(chain_pem)
    key = read_signing_key(key_pem)
    if not belongs(key, chain):
        raise UnusablePair("the private key is not the one of the certificate")
    return made_pair(
        [each.public_bytes(Encoding.DER) for each in certificates(chain_pem)],
        key,
        chain.names,
        chain.not_before,
        chain.not_after,
    )


def stored_pair(chain_pem: str, key_pem: str, names: Iterable[str], not_before: int, not_after: int) -> Pair:
    """The pair in two texts that ``read_pair`` has read before, and this server alone has kept since.

    Nothing is checked again, which takes a tenth of the time: to check one RSA key takes longer than all the rest.

    :raises UnreadablePem: there is no such thing in the texts.
    """
    chain = tuple(der for label, der in _blocks(chain_pem) if label.endswith("CERTIFICATE"))
    label, key = next(((label, der) for label, der in _blocks(key_pem) if label.endswith(_PKCS_8)), ("", b""))
    if not chain or not key:
        raise UnreadablePem("there is no certificate, or no private key, in PEM")
    if label == _PKCS_8 and _EC_PUBLIC_KEY in key:
        return _pair(chain, key, names, not_before, not_after)
    private = read_private_key(key_pem, trusted=True)
    if not isinstance(private, SigningKey):
        raise UnreadablePem("it is neither an RSA nor an elliptic curve key")
    return made_pair(chain, private, names, not_before, not_after)


def _blocks(text: str) -> Iterator[tuple[str, bytes]]:
    """Label and content of each part of a PEM text (RFC 7468 2)."""
    for found in _BLOCK.finditer(text):
        try:
            yield found[1], a2b_base64(found[2])
        except NotBase64:
            raise UnreadablePem("it is damaged") from None


def made_pair(chain: Iterable[bytes], key: SigningKey, names: Iterable[str], not_before: int, not_after: int) -> Pair:
    """The pair of parts that belong together.

    :raises UnusablePair: nobody would accept the key.
    """
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < LEAST_RSA_BITS:
        raise UnusablePair(f"the RSA key is shorter than {LEAST_RSA_BITS} bits")
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return _pair(tuple(chain), der, names, not_before, not_after)


def _pair(chain: tuple[bytes, ...], key: bytes, names: Iterable[str], not_before: int, not_after: int) -> Pair:
    hosts = frozenset(name for name in map(host_name, names) if name is not None)
    return Pair((chain[0], *map(_shared, chain[1:])), key, hosts, not_before, not_after)


@lru_cache(maxsize=_SHARED_ISSUERS)
def _shared(issuer: bytes) -> bytes:
    """The object that stands for all equal ones."""
    return issuer


def host_name(name: str) -> str | None:
    """``name`` as clients may ask for it; None if they cannot: common names are also those of companies."""
    lowered = name.rstrip(".").lower()
    return lowered if len(lowered) <= _LONGEST_NAME and _NAME.fullmatch(lowered) else None
