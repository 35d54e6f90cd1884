"""TLSA records (RFC 6698 2.1) as SMTP uses them (RFC 7671, RFC 7672 3.1): which count, and whether a
certificate matches.

Certificate usages 0 and 1 and unknown parameters are unusable for SMTP and dropped (RFC 7672 3.1.3).
Validating a path below a DANE-TA anchor needs OpenSSL and is in ``net.dane``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any, Protocol

from attrs import field, frozen

from stalwart.codec.certificates import MalformedCertificate, public_key_info

DANE_TA = 2
DANE_EE = 3
WHOLE, KEY = 0, 1

_MATCHING = {0: "Full", 1: "Sha256", 2: "Sha512"}
_LENGTHS = {1: 32, 2: 64}


class Record(Protocol):
    """A TLSA record as the resolver gives it: the four fields of RFC 6698 2.1."""

    @property
    def usage(self) -> int: ...

    @property
    def selector(self) -> int: ...

    @property
    def matching(self) -> int: ...

    @property
    def data(self) -> bytes: ...


@frozen
class Association:
    """One usable record."""

    usage: int
    selector: int
    matching: int
    data: bytes = field(repr=bytes.hex)

    @property
    def is_end_entity(self) -> bool:
        """DANE-EE(3): the record is about the server's own certificate."""
        return self.usage == DANE_EE

    def matches(self, certificate: bytes) -> bool:
        """Whether the record is about this certificate (DER).

        :raises MalformedCertificate: the public key cannot be found in it.
        """
        selected = certificate if self.selector == WHOLE else public_key_info(certificate)
        if self.matching == 1:
            selected = hashlib.sha256(selected).digest()
        elif self.matching == 2:
            selected = hashlib.sha512(selected).digest()
        return hmac.compare_digest(selected, self.data)

    def wire(self) -> dict[str, Any]:
        """The record as the diagnosis shows it; ``data`` is a list of byte values."""
        return {
            "is_end_entity": self.is_end_entity,
            "is_spki": self.selector == KEY,
            "matching": _MATCHING[self.matching],
            "data": list(self.data),
        }


@frozen
class TlsaSet:
    """The usable records of one host; ``dropped`` counts the others."""

    entries: tuple[Association, ...] = ()
    dropped: int = 0

    @classmethod
    def from_records(cls, records: Iterable[Record]) -> TlsaSet:
        """Keep what SMTP can use."""
        entries, dropped = [], 0
        for record in records:
            if _usable(record):
                entries.append(Association(record.usage, record.selector, record.matching, bytes(record.data)))
            else:
                dropped += 1
        return cls(tuple(entries), dropped)

    @property
    def has_end_entities(self) -> bool:
        """Whether a DANE-EE(3) record is among them."""
        return any(entry.is_end_entity for entry in self.entries)

    @property
    def has_intermediates(self) -> bool:
        """Whether a DANE-TA(2) record is among them."""
        return any(not entry.is_end_entity for entry in self.entries)

    def match_end_entity(self, leaf: bytes) -> Association | None:
        """The DANE-EE record that is about ``leaf`` (DER), if any; names and dates do not count (RFC 7671
        5.1).

        :raises MalformedCertificate: ``leaf`` is no certificate.
        """
        for entry in self.entries:
            if entry.is_end_entity and entry.matches(leaf):
                return entry
        return None

    def texts(self) -> tuple[str, ...]:
        """The records as they are written (RFC 6698 2.2)."""
        return tuple(f"{one.usage} {one.selector} {one.matching} {one.data.hex()}" for one in self.entries)

    def wire(self) -> dict[str, Any]:
        """The set as the diagnosis shows it."""
        return {
            "entries": [entry.wire() for entry in self.entries],
            "has_end_entities": self.has_end_entities,
            "has_intermediates": self.has_intermediates,
        }


def _usable(record: Record) -> bool:
    if record.usage not in (DANE_TA, DANE_EE) or record.selector not in (WHOLE, KEY):
        return False
    if record.matching not in _MATCHING or not record.data:
        return False
    return len(record.data) == _LENGTHS.get(record.matching, len(record.data))  # a digest of wrong length never matches


__all__ = ["DANE_EE", "DANE_TA", "Association", "MalformedCertificate", "Record", "TlsaSet"]
