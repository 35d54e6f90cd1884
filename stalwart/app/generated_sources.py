"""The source of methods that attrs generates, which it keeps for debuggers: 2 MiB that a server never reads.

A traceback still names such a method and its class; it cannot show the line.
"""

from __future__ import annotations

import linecache
from typing import Any

_GENERATED = "<attrs generated"


class _WrittenSources(dict[str, Any]):
    """Lines by name of file, for ``linecache``."""

    def setdefault(self, name: str, lines: Any = None) -> Any:
        """What attrs calls for each class."""
        return lines if name.startswith(_GENERATED) else super().setdefault(name, lines)


def forget_generated_sources() -> None:
    """Keep no source of generated methods from now on; called before the modules of the server are imported."""
    linecache.cache = _WrittenSources(linecache.cache)
