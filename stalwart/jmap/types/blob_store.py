"""``x:BlobStore``: a place is tried before it is chosen, and the one of before is remembered (settings C.11).

What would not work after the restart is refused, unless the call says ``confirm: true``: then the place may come later.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from stalwart.codec.ids import SINGLETON
from stalwart.config import registry
from stalwart.config.blob_places import prove, remember
from stalwart.config.settings import Settings
from stalwart.errors import Invalid, StalwartError
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.trial import tried
from stalwart.jmap.types.network import steps
from stalwart.schema import Declaration
from stalwart.store import Store, Transaction
from stalwart.store.blob_places import PlacedBlobFiles

STAYS = (
    "Large values that are stored already are still read from where they are, so leave that place as it is; "
    "stalwart-cli store copy --blobs brings all of them to one place."
)


@handles("BlobStore")
class BlobStoreHandler(Handler):
    """Disks and buckets are slow, so they are tried in the threads for files."""

    def __init__(self, declaration: Declaration, *, settings: Settings, store: Store, clock: Any) -> None:
        super().__init__(declaration, settings=settings)
        self._store = store
        self._clock = clock

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Refuse a place that takes nothing."""
        if asking.confirmed:
            return
        chosen: Any = self.declaration
        for step in steps(self.declaration, {SINGLETON: self.settings.of(chosen)}, changes):
            if step.after is None:
                continue
            try:
                await self._try(step.after)
            except StalwartError as problem:
                members = problem.properties if isinstance(problem, Invalid) else ()
                step.refuse(members[0] if members else _WHERE.get(step.after.tag, "@type"), problem.detail)

    def store_new(self, tx: Transaction, asking: Asking, change: Change, data: dict[str, Any]) -> registry.Entry:
        """See ``Handler``: it replaces what was chosen before."""
        former = self.existing(tx, asking, SINGLETON)
        entry = super().store_new(tx, asking, change, data)
        change.prepared = remember(tx, former.value, entry.value)
        return entry

    def store_patched(self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry) -> registry.Entry:
        """See ``Handler``."""
        entry = super().store_patched(tx, asking, change, former)
        change.prepared = remember(tx, former.value, entry.value)
        return entry

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Say what becomes of what was stored before."""
        notices = await super().committed(asking, done)
        return [*notices, STAYS] if any(change.prepared for change in done) else notices

    async def _try(self, chosen: Any) -> None:
        files = self._store.blob_files
        spool = files.folder / "tmp" if isinstance(files, PlacedBlobFiles) else Path(gettempdir())
        trying = self._store.blob_work(lambda _: prove(chosen, spool), writes=True)
        await tried(trying, self._clock, "The place of large values")


_WHERE = {"FileSystem": "path", "S3": "bucket"}
"""The member that a place is known by."""
