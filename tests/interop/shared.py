"""The one test network that all tests of a run share; it goes down when the run ends."""

from __future__ import annotations

import atexit
from functools import cache

from tests.interop.internet import Internet, missing


@cache
def skip_reason(*programs: str) -> str | None:
    """Why tests in the network cannot run here; ``programs`` are those a test needs besides."""
    return missing(programs)


@cache
def network() -> Internet:
    """The network, brought up at first use."""
    internet = Internet()
    atexit.register(internet.down)
    internet.up(tied=True)
    return internet
