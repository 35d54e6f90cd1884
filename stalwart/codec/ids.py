"""Object ids on the wire: a number of 64 bits in base 32, and time-ordered numbers for types that have no
counter.

The alphabet is Stalwart's (`a` to `z`, then `792013`), so that ids look alike to its clients; every id is a
valid JMAP Id (RFC 8620 1.2). Whether something has the id is not asked here.
"""

from __future__ import annotations

ALPHABET = "abcdefghijklmnopqrstuvwxyz792013"
_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
_SHORT = tuple(pair.removeprefix("a") if number < 32 else pair for number, pair in enumerate(_PAIRS))
_DIGITS = b"0123456789abcdefghijklmnopqrstuv"  # as int reads them
_AS_DIGITS = bytes(_DIGITS[ALPHABET.index(chr(octet))] if chr(octet) in ALPHABET else ord("!") for octet in range(256))
_LONGEST = 13  # 13 digits of 5 bits hold 65 bits
_LIMIT = 1 << 64

_SNOWFLAKE_EPOCH_MS = 1_577_836_800_000  # 2020-01-01T00:00:00Z; 41 bits of milliseconds reach the year 2089
_SEQUENCE_BITS = 22


def encode_id(number: int) -> str:
    """``number`` (0 to 2**64 - 1) as an id; raises ValueError outside that range."""
    if 0 <= number < 1024:
        return _SHORT[number]
    if not 0 <= number < _LIMIT:
        raise ValueError("an id has 64 bits")
    digits = _PAIRS[number & 1023]
    number >>= 10
    while number >= 1024:
        digits = _PAIRS[number & 1023] + digits
        number >>= 10
    return _SHORT[number] + digits


def decode_id(text: str) -> int:
    """The number that ``text`` stands for; raises ValueError if it is no id in its shortest form."""
    if not 0 < len(text) <= _LONGEST or (text[0] == "a" and len(text) > 1):
        raise ValueError("not an id")
    number = int(text.encode("ascii", "replace").translate(_AS_DIGITS), 32)
    if number >= _LIMIT:
        raise ValueError("not an id")
    return number


def lettered(number: int, count: int = 1) -> int:
    """The first of ``count`` numbers in a row, none below ``number``, whose ids all begin with a letter.

    Clients may trip over ids that begin with a digit, or have nothing but digits (RFC 8620 1.2).
    """
    while True:
        unit = 1 << max(number.bit_length() - 1, 0) // 5 * 5
        if number + count <= 26 * unit:
            return number
        number = 32 * unit


def snowflake(now_ms: int, sequence: int) -> int:
    """A number of 63 bits that sorts by time; ``sequence`` tells apart what one millisecond makes."""
    elapsed = max(0, now_ms - _SNOWFLAKE_EPOCH_MS)
    return (elapsed << _SEQUENCE_BITS | sequence & (1 << _SEQUENCE_BITS) - 1) & ((1 << 63) - 1)


SINGLETON = decode_id("singleton")
