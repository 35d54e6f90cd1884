"""The head of an answer as an HPACK block (RFC 7541, RFC 9113 8.3.2), made from its HTTP/1.1 text.

The front makes one text for both protocols. Fields are sent as literals that enter no table: nothing has to be
searched, a peer cannot make us keep anything, and no secret is compressed together with what an attacker chose
(RFC 7541 7.1). What this costs is about a hundred bytes for each answer. Encoded lines are kept, because most answers
share most of theirs.
"""

from __future__ import annotations

from hpack.hpack import encode_integer
from hpack.table import HeaderTable

FIRST = b"\x20"  # before the first block: our table has no size, RFC 7541 6.3
CONTINUE = b"\x08\x03100"

_KEPT = 1024
_LONGEST_KEPT = 256
_NEVER_INDEXED = frozenset(
    ("set-cookie", "www-authenticate", "location", "x-request-id")
)  # secret, or different each time
_DROPPED = frozenset(("connection", "transfer-encoding", "keep-alive", "proxy-connection", "upgrade"))  # RFC 9113 8.2.2

_static_names: dict[str, int] = {}
for _index, (_name, _) in enumerate(HeaderTable.STATIC_TABLE, 1):
    _static_names.setdefault(_name.decode(), _index)
_statuses = {
    value.decode(): bytes((0x80 | index,))
    for index, (name, value) in enumerate(HeaderTable.STATIC_TABLE, 1)
    if name == b":status"
}
_kept: dict[str, bytes] = {}


def field_block(head: bytes) -> bytes:
    """The block for the head of an HTTP/1.1 response, up to and with its empty line."""
    lines = head.decode("latin-1").split("\r\n")
    code = lines[0][9:12]
    status = _statuses.get(code) or b"\x08\x03" + code.encode("ascii")
    found = [status]
    for line in lines[1:-2]:
        encoded = _kept.get(line)
        found.append(_encoded(line) if encoded is None else encoded)
    return b"".join(found)


def _encoded(line: str) -> bytes:
    name, _, value = line.partition(":")
    name, value = name.lower(), value.strip(" \t")
    if name in _DROPPED:
        return b""
    pattern = 0x10 if name in _NEVER_INDEXED else 0x00  # RFC 7541 6.2.3, 6.2.2
    index = _static_names.get(name)
    if index is not None:
        start = encode_integer(index, 4)
        start[0] |= pattern
        field = bytes(start)
    else:
        field = bytes((pattern,)) + _string(name)
    field += _string(value)
    if not pattern and len(line) <= _LONGEST_KEPT:
        if len(_kept) >= _KEPT:
            _kept.clear()
        _kept[line] = field
    return field


def _string(text: str) -> bytes:
    data = text.encode("latin-1")
    return bytes(encode_integer(len(data), 7)) + data
