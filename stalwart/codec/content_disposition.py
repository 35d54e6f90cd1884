"""The Content-Disposition field of a download (RFC 6266), with names in any script (RFC 8187)."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

_LONGEST = 255
_ATTR_CHAR = "!#$&+-.^_`|~"
_PLAIN = frozenset('"\\%')


def attachment(name: str) -> str:
    """The value that has a client save the content as ``name``.

    Control characters are left out, so that no name can end the field. Where ``filename`` alone would be read in
    several ways, ``filename*`` says it exactly and ``filename`` comes close.
    """
    shown = "".join(each for each in name[:_LONGEST] if unicodedata.category(each) not in ("Cc", "Cs"))
    if not shown:
        return "attachment"
    close = shown.encode("ascii", "replace").decode().replace("?", "_") if not shown.isascii() else shown
    escaped = close.replace("\\", "\\\\").replace('"', '\\"')
    field = f'attachment; filename="{escaped}"'
    if shown.isascii() and not _PLAIN.intersection(shown):
        return field
    return f"{field}; filename*=UTF-8''{quote(shown, safe=_ATTR_CHAR)}"
