"""The Content-Disposition field of a download (RFC 6266), with names in any script (RFC 8187)."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

_LONGEST = 255
_ATTR_CHAR = "!#$&+-.^_`|~"
_PLAIN = frozenset('"%')
_LEFT_OUT = frozenset(("Cc", "Cs", "Zl", "Zp"))
_DIRECTIONS = frozenset(("\u061c", "\u200e", "\u200f", *map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))))
_SEPARATORS = str.maketrans("/\\", "__")


def attachment(name: str) -> str:
    """The value that has a client save the content as ``name``.

    Control characters are left out, so that no name can end the field; so are those that turn the direction of
    writing, which show ``exe.txt`` where a name ends in ``txt.exe``. No name leads to another folder (RFC 6266 4.3).
    Where ``filename`` alone would be read in several ways, ``filename*`` says it exactly and ``filename`` comes close.
    """
    kept = (each for each in name[:_LONGEST] if unicodedata.category(each) not in _LEFT_OUT and each not in _DIRECTIONS)
    shown = "".join(kept).translate(_SEPARATORS).strip()
    if not shown.strip("."):
        return "attachment"
    close = shown.encode("ascii", "replace").decode().replace("?", "_") if not shown.isascii() else shown
    escaped = close.replace('"', '\\"')
    field = f'attachment; filename="{escaped}"'
    if shown.isascii() and not _PLAIN.intersection(shown):
        return field
    return f"{field}; filename*=UTF-8''{quote(shown, safe=_ATTR_CHAR)}"
