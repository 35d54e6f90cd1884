"""Settings of a test: ``limit(world, WebDav, maxResults=2)``."""

from __future__ import annotations

from typing import Any

from tests.dav.world import DavWorld


def limit(world: DavWorld, declaration: Any, **members: Any) -> None:
    """Have the server see these members of settings until the test ends."""
    before, changed = world.settings.of, declaration.from_wire(members)
    world.patch(world.settings, "of", lambda wanted: changed if wanted is declaration else before(wanted))
