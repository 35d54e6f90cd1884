"""What a worker is told on its command line: which one it is, and what the administrator asked for. No secrets."""

from __future__ import annotations

import json

from attrs import asdict, frozen

from stalwart.app.startup import Startup

LINE, MEMORY = 3, 4
"""The descriptors that a worker inherits besides the standard ones: its line to the parent, the shared memory."""


@frozen
class Plan:
    """Worker ``number`` of ``workers``; ``reactor`` is the module of the reactor to install."""

    number: int
    workers: int
    is_first: bool
    reactor: str
    startup: Startup

    def to_json(self) -> str:
        """As one argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """What ``to_json`` wrote."""
        members = json.loads(text)
        return cls(**members | {"startup": Startup(**members["startup"])})
