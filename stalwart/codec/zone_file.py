"""DNS records as lines of a zone file (RFC 1035 5.1): what people paste where they keep their zone.

Names are absolute, so the lines mean the same in every zone. There is no TTL: that of the zone counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

_STRING = 255  # octets, RFC 1035 3.3
_PLAIN = range(0x20, 0x7F)
_MARKED = frozenset(b'"\\')


@frozen
class ZoneRecord:
    """A record of ``name``, A-labels without the dot at the end.

    ``data`` is in presentation form, but that of TXT is the text itself.
    """

    name: str
    type: str
    data: str

    @property
    def line(self) -> str:
        """The record as it stands in a zone file; a long text takes several lines."""
        data = character_strings(self.data.encode()) if self.type == "TXT" else self.data
        return f"{self.name}. IN {self.type} {data}"


def zone_text(records: Iterable[ZoneRecord]) -> str:
    """The lines of ``records``, each ended."""
    return "".join(f"{record.line}\n" for record in records)


def character_strings(octets: bytes) -> str:
    """A text as TXT records have it: quoted, and in parts where it is longer than one string can be."""
    if len(octets) <= _STRING:
        return quoted(octets)
    parts = (octets[start : start + _STRING] for start in range(0, len(octets), _STRING))
    return "(\n" + "".join(f"    {quoted(part)}\n" for part in parts) + ")"


def quoted(octets: bytes) -> str:
    """One string between quotes, octets that mean something there, or are no ASCII, escaped."""
    return '"' + "".join(map(_shown, octets)) + '"'


def _shown(octet: int) -> str:
    if octet in _MARKED:
        return "\\" + chr(octet)
    return chr(octet) if octet in _PLAIN else f"\\{octet:03d}"
