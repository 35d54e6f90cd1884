"""Shared memory for a test, processes that hold its locks, and work that is killed between two instructions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.workers.memory import SharedMemory

_HOLD = "import fcntl, sys; fcntl.lockf(3, fcntl.LOCK_EX, 1, {position}); print(flush=True); sys.stdin.read()"


class MemoryCase(SynchronousTestCase):
    """``self.memory`` for three workers."""

    workers = 3

    def setUp(self) -> None:
        self.memory = SharedMemory.create(self.workers)
        self.addCleanup(self.memory.close)


@contextmanager
def held(memory: SharedMemory, position: int) -> Iterator[subprocess.Popen[bytes]]:
    """Another process has a lock and keeps it, as one that is stopped would."""
    code = f"import os; os.dup2({memory.descriptor}, 3); " + _HOLD.format(position=position)
    with running(code, memory.descriptor, isolated=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process


@contextmanager
def running(code: str, descriptor: int, *, isolated: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """A process with the memory behind ``descriptor``, killed at the end if it still runs."""
    command = [sys.executable, *(["-I", "-S"] if isolated else []), "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, pass_fds=(descriptor,), stdin=pipe, stdout=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


class Killed(BaseException):
    """The process is dead."""


def killed_at(step: int, module: Any, work: Callable[[], object]) -> bool:
    """Do ``work``, but end it before instruction number ``step`` in ``module``; whether it got that far."""
    left = step
    former = sys.gettrace()

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if event == "opcode":
            left -= 1
            if left < 0:
                raise Killed
        return local

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename != module.__file__:
            return None
        frame.f_trace_opcodes = True
        return local

    sys.settrace(trace)
    try:
        work()
    except Killed:
        return True
    finally:
        sys.settrace(former)
    return False
