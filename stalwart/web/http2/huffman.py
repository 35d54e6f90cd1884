"""Strings in the Huffman code of HPACK (RFC 7541 5.2, appendix B), a byte at a time.

``hpack`` has the code as an automaton that reads half bytes. Here two of its steps are one, kept as soon as they were
needed; there are at most 65536 of them.
"""

from __future__ import annotations

from hpack.huffman_table import HUFFMAN_COMPLETE, HUFFMAN_EMIT_SYMBOL, HUFFMAN_FAIL, HUFFMAN_TABLE

_Step = tuple[int, bytes, int]  # the next state, shifted; what it says; whether the string may end there

_steps: dict[int, _Step] = {}


class NotHuffman(ValueError):
    """The bytes are not a string in that code."""


def decode_huffman(data: bytes) -> bytes:
    """The string behind ``data``.

    :raises NotHuffman: a code that does not exist, or padding that is none.
    """
    state, may_end = 0, 1
    steps, found = _steps, []
    for byte in data:
        step = steps.get(state + byte)
        if step is None:
            step = steps[state + byte] = _step(state + byte)
        state, said, may_end = step
        found.append(said)
    if not may_end:
        raise NotHuffman
    return b"".join(found)


def _step(number: int) -> _Step:
    state, said = number >> 8, b""
    flags = 0
    for half in (number >> 4 & 15, number & 15):
        state, flags, symbol = HUFFMAN_TABLE[state * 16 + half]
        if flags & HUFFMAN_FAIL:
            raise NotHuffman
        if flags & HUFFMAN_EMIT_SYMBOL:
            said += bytes((symbol,))
    return state << 8, said, flags & HUFFMAN_COMPLETE
