"""What takes effect with the next start only, or not yet at all, and the sentence that says so (settings A.11)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stalwart.schema import Declaration

if TYPE_CHECKING:
    from stalwart.jmap.registry.handler import Change

_WHOLE = frozenset(
    (
        *("BlobStore", "Coordinator", "DataStore", "InMemoryStore"),
        *("MetricsStore", "SearchStore", "TracingStore"),
    )
)
_PROPERTIES = {"SystemSettings": ("defaultHostname",)}  # http-service 1.5: published URLs are fixed at the start


def restart_notices(declaration: Declaration, done: Iterable[Change]) -> list[str]:
    """One sentence if something of ``done`` waits for a restart, or for the part that will obey it; else none."""
    name = declaration.type_name
    if not declaration.enforced:
        return [f"{name} is stored; nothing in this server obeys it yet."]
    if name in _WHOLE:
        return [f"The change of {name} takes effect when the server is restarted."]
    waiting = [
        property
        for property in _PROPERTIES.get(name, ())
        if any(member.partition("/")[0] == property for change in done for member in change.data)
    ]
    return [f"{property} takes effect when the server is restarted." for property in waiting]
