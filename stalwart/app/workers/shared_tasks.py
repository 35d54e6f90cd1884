"""Background tasks where one of several workers carries them out: what the others ask of it.

Which tasks are being worked on is in shared memory. Waking the runner and cancelling go to the leader over the parent.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection
from itertools import islice

from stalwart.app.workers.memory import TASKS_BYTES, SharedMemory
from stalwart.tasks.runner import TaskRunner
from stalwart.tasks.work import Works

_MOST = TASKS_BYTES // 8
_IDS = struct.Struct(f"<{_MOST}q")


class SharedTasks:
    """What ``x:Task`` asks of ``runner``, which runs in the worker that leads."""

    def __init__(
        self, runner: TaskRunner, memory: SharedMemory, leads: Callable[[], bool], send: Callable[..., None]
    ) -> None:
        self._runner = runner
        self._memory = memory
        self._leads = leads
        self._send = send
        runner.noted = self._note

    @property
    def works(self) -> Works:
        """What can be carried out."""
        return self._runner.works

    def wake(self) -> None:
        """See ``TaskRunner``."""
        if self._leads():
            self._runner.wake()
        else:
            self._send("wake")

    def is_running(self, id: int) -> bool:
        """See ``TaskRunner``."""
        return id in _IDS.unpack_from(self._memory.buffer, self._memory.tasks)

    def cancel(self, id: int) -> None:
        """See ``TaskRunner``."""
        if self._leads():
            self._runner.cancel(id)
        else:
            self._send("cancel", task=id)

    def _note(self, ids: Collection[int]) -> None:
        if self._leads():
            shown = list(islice(ids, _MOST))
            _IDS.pack_into(self._memory.buffer, self._memory.tasks, *shown, *[0] * (_MOST - len(shown)))
