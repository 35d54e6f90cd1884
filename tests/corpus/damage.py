"""Files as they arrive when something has gone wrong: cut off, with lines doubled, exchanged, overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

SCRAPS = (
    b":",
    b";",
    b",",
    b'"',
    b"\\",
    b"\r\n",
    b"\n ",
    b"=",
    b"\x00",
    b"\xff",
    b"\xc3",
    b"BEGIN:VEVENT\r\n",
    b"END:",
    b"Z",
)


def damaged(octets: bytes, random: Random, count: int) -> Iterator[bytes]:
    """So many damaged copies."""
    ways = (_cut, _without, _doubled, _exchanged, _overwritten, _inserted)
    for _ in range(count):
        yield random.choice(ways)(octets, random)


def _cut(octets: bytes, random: Random) -> bytes:
    return octets[: random.randrange(len(octets))]


def _lines(octets: bytes) -> list[bytes]:
    return octets.splitlines(keepends=True)


def _without(octets: bytes, random: Random) -> bytes:
    lines = _lines(octets)
    del lines[random.randrange(len(lines))]
    return b"".join(lines)


def _doubled(octets: bytes, random: Random) -> bytes:
    lines = _lines(octets)
    lines.insert(random.randrange(len(lines)), random.choice(lines))
    return b"".join(lines)


def _exchanged(octets: bytes, random: Random) -> bytes:
    lines = _lines(octets)
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _overwritten(octets: bytes, random: Random) -> bytes:
    at = random.randrange(len(octets))
    return octets[:at] + bytes((random.randrange(256),)) + octets[at + 1 :]


def _inserted(octets: bytes, random: Random) -> bytes:
    at = random.randrange(len(octets))
    return octets[:at] + random.choice(SCRAPS) + octets[at:]
