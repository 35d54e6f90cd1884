"""The composition root: builds every part once, in the order of the floors, and takes them down in reverse.

What a part needs is handed to it here and nowhere else. Three modes: normal; recovery (STALWART_RECOVERY_MODE, one plain
listener, limits off); bootstrap (``--config`` names a file that does not exist: nothing is written, the store is in
memory, one administrator with two permissions).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import define
from twisted.internet.interfaces import IProtocolFactory
from twisted.logger import Logger

from stalwart.app.environment import Environment, base_url
from stalwart.app.listeners import Listeners, Wanted, wanted_listeners
from stalwart.app.tap import Startup
from stalwart.config.network import NetworkListener
from stalwart.config.settings import Settings
from stalwart.config.system import SystemSettings
from stalwart.directory.directory import Directory
from stalwart.errors import Invalid
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SERVER_BOOTSTRAP_MODE, SERVER_RECOVERY_MODE, SERVER_STARTUP

DEFAULT_LISTENERS = ({"name": "http", "bind": {"[::]:8080": True}, "protocol": "http", "useTls": False},)


@define
class House:
    """A running server."""

    mode: str
    store: Store
    settings: Settings
    directory: Directory
    listeners: Listeners
    front: Any
    wanted: Callable[[], list[Wanted]]
    telemetry: Telemetry

    async def reload(self) -> None:
        """Read the settings again and bind or close listeners accordingly."""
        await self.settings.reload()
        await self.listeners.change(self.wanted())

    async def close(self, grace: float) -> None:
        """Stop accepting, let running requests end within ``grace`` seconds, flush and close everything."""
        await self.listeners.close()
        await self.front.close(grace)
        await self.directory.close()
        await self.store.close()
