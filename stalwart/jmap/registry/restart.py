"""What takes effect with the next start only, or not yet at all, and the sentence that says so (settings A.11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stalwart.schema import Declaration

_WHOLE = frozenset(("BlobStore", "Coordinator", "DataStore", "InMemoryStore", "SearchStore"))
_PROPERTIES = {
    "ClusterRole": ("tasks",),
    "SystemSettings": ("defaultHostname",),  # http-service 1.5: published URLs are fixed at the start
}


def restart_notices(declaration: Declaration, written: Iterable[Mapping[str, Any]]) -> list[str]:
    """One sentence if something of ``written`` (objects, patches) waits for a restart or is not obeyed yet."""
    name = declaration.type_name
    if not declaration.enforced:
        return [f"{name} is stored; nothing in this server obeys it yet."]
    if name in _WHOLE:
        return [f"The change of {name} takes effect when the server is restarted."]
    waiting = [
        property
        for property in _PROPERTIES.get(name, ())
        if any(member.partition("/")[0] == property for members in written for member in members)
    ]
    return [f"{property} takes effect when the server is restarted." for property in waiting]
