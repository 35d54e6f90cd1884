"""Where the blobs of this process are, by x:BlobStore as it is at the start."""

from __future__ import annotations

from typing import Any

from twisted.python.failure import Failure

from stalwart.config.blob_places import blob_files_of, former_places
from stalwart.config.storage.blob_store import Default
from stalwart.errors import Invalid, StalwartError, Unavailable
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
    former = await store.read(former_places)

    def choose(_: BlobFiles) -> list[str]:
        """The folder of keys and the one of blobs may take the disk a while."""
        reasons: list[str] = []

        def files_of(place: Any) -> BlobFiles | None:
            try:
                return blob_files_of(place, placed.folder / "tmp")
            except Invalid as problem:
                reasons.append(problem.detail)
                return MissingPlace(problem.detail)

        if isinstance(chosen, Default):
            try:
                placed.begin().abort()
            except Unavailable as problem:
                told = f"Values of 64 KiB and more cannot be kept in {placed.folder}, and the server is not ready"
                reasons.append(f"{told}: {problem.detail}")
        placed.choose(files_of(chosen), [files for place in former if (files := files_of(place)) is not None])
        return reasons

    for reason in await store.blob_work(choose):
        telemetry.emit(STORE_ERROR, reason=reason)
    before = clock.seconds() - _UNFINISHED
    store.blob_work(lambda files: files.discard_unfinished(before), writes=True).addErrback(_told)


def _told(failure: Failure) -> None:
    """The store has told of it."""
    failure.trap(StalwartError)
