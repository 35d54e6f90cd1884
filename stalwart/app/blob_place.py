"""Where the blobs of this process are, by x:BlobStore as it is at the start."""

from __future__ import annotations

from typing import Any

from twisted.python.failure import Failure

from stalwart.config.blob_places import blob_files_of
from stalwart.errors import Invalid, StalwartError
from stalwart.store import Store
from stalwart.store.blob_files import BlobFiles
from stalwart.store.blob_places import MissingPlace, PlacedBlobFiles
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR

_UNFINISHED = 86_400


async def choose_blob_place(store: Store, chosen: Any, clock: Any, telemetry: Telemetry) -> None:
    """Have blobs kept where ``chosen`` says. Where that cannot be, or does not answer, the server starts nevertheless,
    so that the settings can be changed; what needs a blob fails with the reason.
    """
    files = store.blob_files
    if not isinstance(files, PlacedBlobFiles):
        return
    placed = files

    def choose(_: BlobFiles) -> str:
        """The folder of keys and the one of blobs may take the disk a while."""
        try:
            found = blob_files_of(chosen, placed.folder / "tmp")
        except Invalid as problem:
            placed.choose(MissingPlace(problem.detail))
            return problem.detail
        if found is not None:
            placed.choose(found)
        return ""

    reason = await store.blob_work(choose)
    if reason:
        telemetry.emit(STORE_ERROR, reason=reason)
    before = clock.seconds() - _UNFINISHED
    store.blob_work(lambda files: files.discard_unfinished(before), writes=True).addErrback(_told)


def _told(failure: Failure) -> None:
    """The store has told of it."""
    failure.trap(StalwartError)
