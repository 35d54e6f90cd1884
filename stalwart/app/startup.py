"""What the command line asks for, as plain values."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Startup:
    """``data`` or ``config`` is a path; ``endpoints`` maps ``http``, ``smtp`` ... to Twisted endpoint strings."""

    data: str | None = None
    config: str | None = None
    endpoints: Mapping[str, list[str]] = field(factory=dict)
    demo: bool = False
