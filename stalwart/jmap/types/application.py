"""x:Application: whoever gives one the place of the server's own interface is told so (settings C.12)."""

from __future__ import annotations

from collections.abc import Sequence

from stalwart.config import registry
from stalwart.config.operation.application import MOUNTS, segment_of
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.store import Transaction


@handles("Application")
class ApplicationHandler(Handler):
    """What is served below its prefixes is fetched by ``UpdateApps``."""

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Note which of our paths it takes from now on."""
        had = _taken(former)
        asking.memo.setdefault(MOUNTS, []).extend(segment for segment in _taken(entry) if segment not in had)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Say so."""
        notices = await super().committed(asking, done)
        taken = dict.fromkeys(asking.memo.get(MOUNTS, ()))
        return [*notices, *(f"This takes the place of the server's own interface at /{segment}." for segment in taken)]


def _taken(entry: registry.Entry | None) -> list[str]:
    if entry is None or not entry.value.enabled:
        return []
    segments = {segment_of(prefix) for prefix in entry.value.url_prefix}
    return [segment for segment in MOUNTS if segment in segments]
