"""Content-Transfer-Encoding (RFC 2045 6), read as tolerantly as mail needs it, in pieces of bounded size.

Base64 may be folded anywhere, hold foreign characters, lack its padding or consist of several padded runs;
quoted-printable may hold broken escapes; uuencode is read because old senders name it.
An unknown encoding is left as it is.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

PIECE = 1 << 18
IDENTITY = frozenset({"7bit", "8bit", "binary"})

_SPELLINGS = {
    "7-bit": "7bit",
    "7bits": "7bit",
    "8-bit": "8bit",
    "8bits": "8bit",
    "8bit/mime": "8bit",
    "none": "7bit",
    "base-64": "base64",
    "b64": "base64",
    "quoted_printable": "quoted-printable",
    "quotedprintable": "quoted-printable",
    "quoted": "quoted-printable",
    "qp": "quoted-printable",
    "uuencode": "x-uuencode",
    "x-uue": "x-uuencode",
    "uue": "x-uuencode",
}
_KNOWN = IDENTITY | {"base64", "quoted-printable", "x-uuencode"}
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FOREIGN = bytes(octet for octet in range(256) if octet not in _ALPHABET and octet != 0x3D)
_BLANKS_AT_END = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n)")
_BLANK_BEFORE_END = (b" \n", b" \r\n", b"\t\n", b"\t\r\n")
_CR_AFTER_ESCAPE = re.compile(rb"=\r(?!\n)")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4}\b[^\n]*\n", re.M)


def canonical(name: str) -> str:
    """The usual spelling of an encoding's name, in lower case."""
    name = name.strip().strip('"').strip().lower()
    return _SPELLINGS.get(name, name) or "7bit"


def is_known(encoding: str) -> bool:
    """Whether ``pieces`` can do more with it than hand on the octets."""
    return encoding in _KNOWN


def decode(data: bytes, encoding: str) -> bytes:
    """All of ``data`` decoded."""
    return b"".join(pieces(data, 0, len(data), encoding))


def pieces(data: bytes, begin: int, end: int, encoding: str) -> Iterator[bytes]:
    """``data[begin:end]`` decoded, piece by piece."""
    if encoding == "base64":
        return _base64(data, begin, end)
    if encoding == "quoted-printable":
        return _quoted_printable(data, begin, end)
    if encoding == "x-uuencode":
        return _uuencode(data, begin, end)
    return (data[at : min(at + PIECE, end)] for at in range(begin, end, PIECE))


def size(data: bytes, begin: int, end: int, encoding: str) -> int:
    """How many octets ``pieces`` yields."""
    if encoding == "base64":
        return _base64_size(data, begin, end)
    if encoding in ("quoted-printable", "x-uuencode"):
        return sum(len(piece) for piece in pieces(data, begin, end, encoding))
    return end - begin


def _base64(data: bytes, begin: int, end: int) -> Iterator[bytes]:
    pending = b""
    for at in range(begin, end, PIECE):
        kept = pending + data[at : min(at + PIECE, end)].translate(None, _FOREIGN)
        if b"=" in kept:
            *ended, kept = kept.split(b"=")
            decoded = b"".join([_run(run) for run in ended if run])
            if decoded:
                yield decoded
        whole = len(kept) & ~3
        if whole:
            yield binascii.a2b_base64(kept[:whole])
        pending = kept[whole:]
    if len(pending) > 1:
        yield _run(pending)


def _run(run: bytes) -> bytes:
    """A run of the alphabet up to its padding; a single letter too many says nothing."""
    rest = len(run) & 3
    if rest == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + b"=" * (4 - rest if rest > 1 else 0))


def _base64_size(data: bytes, begin: int, end: int) -> int:
    total = run = 0
    for at in range(begin, end, PIECE):
        kept = data[at : min(at + PIECE, end)].translate(None, _FOREIGN)
        if b"=" in kept:
            *ended, kept = kept.split(b"=")
            for each in ended:
                total += (run + len(each)) * 3 // 4
                run = 0
        run += len(kept)
    return total + run * 3 // 4


def _quoted_printable(data: bytes, begin: int, end: int) -> Iterator[bytes]:
    while begin < end:
        stop = min(begin + PIECE, end)
        if stop < end:
            line_end = data.rfind(b"\n", begin, stop)
            if line_end >= 0:
                stop = line_end + 1
            else:  # no escape is cut apart
                escape = data.rfind(b"=", stop - 2, stop)
                stop = escape if escape >= 0 else stop
        piece = data[begin:stop]
        begin = stop
        if any(blank in piece for blank in _BLANK_BEFORE_END):  # RFC 2045 6.7 (3)
            piece = _BLANKS_AT_END.sub(b"", piece)
        if b"=\r" in piece and _CR_AFTER_ESCAPE.search(piece):
            piece = _CR_AFTER_ESCAPE.sub(b"=\n", piece)
        yield binascii.a2b_qp(piece)


def _uuencode(data: bytes, begin: int, end: int) -> Iterator[bytes]:
    first = _UU_BEGIN.search(data, begin, end)
    if first is None:
        yield from pieces(data, begin, end, "binary")
        return
    begin = first.end()
    collected: list[bytes] = []
    while begin < end:
        stop = data.find(b"\n", begin, end)
        stop = end if stop < 0 else stop
        line = data[begin:stop].rstrip(b"\r")
        begin = stop + 1
        if line == b"end":
            break
        collected.append(_uu_line(line))
        if len(collected) >= 4096:
            yield b"".join(collected)
            collected.clear()
    yield b"".join(collected)


def _uu_line(line: bytes) -> bytes:
    if not line:
        return b""
    for attempt in (line, line[: ((line[0] - 32 & 63) * 4 + 5) // 3]):
        try:
            return binascii.a2b_uu(attempt)
        except binascii.Error:
            continue
    return b""
