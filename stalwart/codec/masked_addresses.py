"""Addresses that prove themselves: ``<prefix>.<code>@<domain>`` (settings C.5, MaskedEmail).

The code is a 128-bit number in base 36: the id of the masked address, the seconds that it lives for (0: for ever), and
a check of both. So most guesses are turned away without a look into the store. It is no signature: who knows how it is
made can make one, and an id that does not exist is found out by looking it up.
"""

from __future__ import annotations

from attrs import frozen

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LONGEST_LIFETIME = (1 << 32) - 1
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}
_LONGEST_CODE = 25
_LOW = (1 << 32) - 1


@frozen
class Code:
    """What a code says; ``lifetime`` in seconds from the making of the address, 0 for ever."""

    id: int
    lifetime: int


def code(id: int, lifetime: int = 0) -> str:
    """The code of the masked address ``id``. Raises ValueError for numbers of more than 64 and 32 bits."""
    if not (0 <= id < 1 << 64 and 0 <= lifetime <= LONGEST_LIFETIME):
        raise ValueError("out of bounds")
    number = id << 64 | lifetime << 32 | _check(id, lifetime)
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if not number:
            return text


def read_code(text: str) -> Code | None:
    """What ``text`` says, or None if it is no code."""
    if not 0 < len(text) <= _LONGEST_CODE:
        return None
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number * 36 + value
    id, lifetime = number >> 64, number >> 32 & _LOW
    if number >= 1 << 128 or number & _LOW != _check(id, lifetime):
        return None
    return Code(id, lifetime)


def read_local_part(local: str) -> Code | None:
    """What the part of an address before the ``@`` says, or None if it is not that of a masked address."""
    prefix, dot, last = local.rpartition(".")
    return read_code(last) if dot and prefix else None


def _check(id: int, lifetime: int) -> int:
    return (id & _LOW) ^ (id >> 32) ^ lifetime
