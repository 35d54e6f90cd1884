"""Properties that many settings objects share: the name that other settings use, and a note."""

from __future__ import annotations

from typing import Any

from stalwart.schema import REQUIRED, String, prop


def unique_name(type: str, doc: str = "Name that expressions and other settings use.") -> Any:
    """A ``name`` that is chosen once and that no other object of ``type`` has; it can be queried."""
    return prop(String(), REQUIRED, doc, update="immutable", unique=f"{type}.name", index="exact")


def note() -> Any:
    """A ``description`` for people."""
    return prop(String(nullable=True), None, "Note shown in lists.")
