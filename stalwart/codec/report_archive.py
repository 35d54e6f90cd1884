"""What is packed in an attachment with a report: gzip (RFC 1952), or the first file of a ZIP archive; bounded.

How large the content may become is said by the caller, and no more than that is ever unpacked. Encrypted archives and
other methods than deflate are refused; directories before the file are passed over.
"""

from __future__ import annotations

import struct
import zlib

_GZIP = b"\x1f\x8b"
_LOCAL = struct.Struct("<4sHHHHHIIIHH")  # APPNOTE 4.3.7
_LOCAL_MARK = b"PK\x03\x04"
_ENCRYPTED = 1
_STORED, _DEFLATED = 0, 8
_MOST_DIRECTORIES = 10
_PIECE = 65536


class UnusableArchive(Exception):
    """It cannot be unpacked, or becomes too large; the message is half a sentence."""


def unpacked(data: bytes, most: int) -> bytes:
    """The content of ``data``, which is returned as it is where it is no archive.

    :raises UnusableArchive: it is damaged, encrypted, or has more than ``most`` octets.
    """
    if data.startswith(_GZIP):
        return _inflated(data, 0, 31, most)
    if data.startswith(_LOCAL_MARK):
        return _first_file(data, most)
    if len(data) > most:
        raise _too_large(most)
    return data


def _first_file(data: bytes, most: int) -> bytes:
    at = 0
    for _ in range(_MOST_DIRECTORIES):
        if len(data) - at < _LOCAL.size or not data.startswith(_LOCAL_MARK, at):
            break
        _, _, flags, method, _, _, crc, packed, _, name, extra = _LOCAL.unpack_from(data, at)
        begin = at + _LOCAL.size + name + extra
        if data[at + _LOCAL.size : at + _LOCAL.size + name].endswith(b"/"):
            at = begin + packed
            continue
        if flags & _ENCRYPTED:
            raise UnusableArchive("it is encrypted")
        if method == _STORED:
            found = data[begin : begin + packed]
            if len(found) > most:
                raise _too_large(most)
        elif method == _DEFLATED:
            found = _inflated(data, begin, -15, most)
        else:
            raise UnusableArchive("it is packed in an unknown way")
        if crc and zlib.crc32(found) != crc:
            raise UnusableArchive("it is damaged")
        return found
    raise UnusableArchive("there is no file in it")


def _inflated(data: bytes, begin: int, window: int, most: int) -> bytes:
    """Octets from ``begin`` on, unpacked."""
    unpacker = zlib.decompressobj(window)
    found: list[bytes] = []
    size = 0
    pending: bytes = b""
    view = memoryview(data)
    try:
        while not unpacker.eof:
            if not pending:
                pending = bytes(view[begin : begin + _PIECE])
                begin += _PIECE
                if not pending:
                    raise UnusableArchive("it is incomplete")
            piece = unpacker.decompress(pending, _PIECE)
            pending = unpacker.unconsumed_tail
            size += len(piece)
            if size > most:
                raise _too_large(most)
            found.append(piece)
    except zlib.error:
        raise UnusableArchive("it is damaged") from None
    return b"".join(found)


def _too_large(most: int) -> UnusableArchive:
    return UnusableArchive(f"it has more than {most} octets")
