"""A thread for work on blob files: reading, writing, hashing; several share one queue. It holds no connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stalwart.store.blob_files import BlobFiles
from stalwart.store.threads.work import Failed, Outcome, Queue, Work


class FileWorker:
    """Runs works from ``queue`` until it meets None. ``answer`` is called in the thread."""

    def __init__(self, queue: Queue, files: BlobFiles, answer: Callable[[list[Outcome]], None]) -> None:
        self._queue = queue
        self._files = files
        self._answer = answer

    def run(self) -> None:
        """The body of the thread."""
        while (work := self._queue.get()) is not None:
            if work.claim():
                self._answer([(work, self._outcome(work))])

    def _outcome(self, work: Work) -> Any:
        try:
            return work.function(self._files)
        except BaseException as error:
            return Failed(error)
