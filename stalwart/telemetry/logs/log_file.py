"""A log file that a new one follows every day, hour or minute (settings C.10, x:Tracer of the kind Log).

``RollingFile`` is the file itself and blocks, as disks do; ``log_writer`` keeps that away from everybody else. It is
opened anew when somebody moved or removed it, so tools that rotate files need no signal. Old files are never deleted.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from pathlib import Path

from stalwart.codec import log_lines

Entry = tuple[float, bytes]
"""When (seconds since the epoch), and the whole line."""

_ENDINGS = {"daily": ".%Y-%m-%d", "hourly": ".%Y-%m-%dT%H", "minutely": ".%Y-%m-%dT%H-%M", "never": ""}
_ENDING = re.compile(r"(?:\.\d{4}-\d\d-\d\d(?:T\d\d(?:-\d\d)?)?)?")
_LONGEST_PREFIX = 64
_End = tuple[int, int, int]
"""Device and number of a file, and its size."""

_NOWHERE: _End = (0, 0, 0)
_HEAD = 256  # bytes that tell what a file is
_AT_ONCE = 512  # entries of one write
_FILE_MODE, _FOLDER_MODE = 0o640, 0o750


def file_name(prefix: str, rotation: str, moment: float) -> str:
    """What the file of ``moment`` is called; ``rotation`` is a LogRotateFrequency. Times are UTC."""
    return prefix + time.strftime(_ENDINGS[rotation], time.gmtime(moment))


def is_file_name(prefix: str) -> bool:
    """Whether names of files can begin with it, and no path can be in it."""
    return prefix != "" and prefix.isprintable() and "/" not in prefix and len(prefix) <= _LONGEST_PREFIX


def newest_file(folder: Path, prefix: str) -> Path | None:
    """The file with such a name that was written last, None if there is none. Raises OSError."""
    found: list[tuple[int, str]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(prefix) and _ENDING.fullmatch(entry.name, len(prefix)) and entry.is_file():
                    found.append((entry.stat().st_mtime_ns, entry.name))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return folder / max(found)[1] if found else None


def why_not_writable(folder: Path, prefix: str, rotation: str, moment: float) -> str | None:
    """The system's reason why no log can be kept in ``folder``, None if it can. Makes the folder; blocks."""
    try:
        _check(prefix)
        folder.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
        path = folder / file_name(prefix, rotation, moment)
        if os.path.lexists(path):
            os.close(_opened(path))
        else:
            trial = folder / f".{prefix}.{os.getpid()}.trial"
            os.close(_opened(trial))
            trial.unlink()
    except (OSError, ValueError) as problem:
        return reason_of(problem)
    return None


def reason_of(problem: OSError | ValueError) -> str:
    """What the system says."""
    return getattr(problem, "strerror", None) or str(problem)


class RollingFile:
    """The files of one ``folder`` and ``prefix``. Of one thread at a time."""

    def __init__(self, folder: Path, prefix: str, rotation: str) -> None:
        self.folder = folder
        self.prefix = prefix
        self.rotation = rotation
        self._path: Path | None = None
        self._descriptor = -1
        self._begun = b""
        """What is written of the first entry that waits, at the end of the file ``_begun_in``."""
        self._begun_in = _NOWHERE
        self._is_ragged = False  # somebody left a line without an end

    def append(self, entries: deque[Entry]) -> None:
        """Write ``entries``, taking out what is written. Raises OSError, ValueError; the rest is still there."""
        while entries:
            name = self._name(entries[0])
            self._open(self.folder / name)
            self._begin_again(entries)
            if self._is_ragged:
                self._is_ragged = os.write(self._descriptor, b"\n") != 1
            written = os.write(self._descriptor, b"".join(self._of(name, islice(entries, _AT_ONCE))))
            begun = _take_out(entries, written)
            self._begun = self._begun + begun if len(begun) == written else begun
            self._begun_in = self._end() if self._begun else _NOWHERE

    def close(self) -> None:
        """Close the file, if one is open."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _begin_again(self, entries: deque[Entry]) -> None:
        """An entry whose beginning is in another file, which may be gone, is written as a whole."""
        if self._begun and not _goes_on(self._begun_in, self._end()):
            moment, rest = entries.popleft()
            entries.appendleft((moment, self._begun + rest))
            self._begun = b""

    def _end(self) -> _End:
        found = os.fstat(self._descriptor)
        return found.st_dev, found.st_ino, found.st_size

    def _of(self, name: str, entries: Iterable[Entry]) -> Iterator[bytes]:
        """The first of ``entries``, as long as they belong to the file ``name``."""
        return (data for _, data in takewhile(lambda entry: self._name(entry) == name, entries))

    def _name(self, entry: Entry) -> str:
        return file_name(self.prefix, self.rotation, entry[0])

    def _open(self, path: Path) -> None:
        """Have ``path`` open, whatever happened to it since the last time."""
        if self._descriptor >= 0 and self._path == path and self._is_in_place(path):
            return
        self.close()
        _check(self.prefix)
        self.folder.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
        self._descriptor, self._path = _opened(path), path
        device, number, size = self._end()
        goes_on = bool(self._begun) and _goes_on(self._begun_in, (device, number, size))
        self._is_ragged = size > 0 and not goes_on and os.pread(self._descriptor, 1, size - 1) != b"\n"

    def _is_in_place(self, path: Path) -> bool:
        try:
            found = os.stat(path)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._descriptor))


def _opened(path: Path) -> int:
    """Open for appending; only an ordinary file, since others might never take what is written, and only a log."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags, _FILE_MODE)
    except OSError as problem:
        if problem.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "It is a link to something else") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "It is no ordinary file")
        if not log_lines.begins_log(os.pread(descriptor, _HEAD, 0)):
            raise OSError(errno.EINVAL, "There is a file of this name that is no log of this server")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check(prefix: str) -> None:
    if not is_file_name(prefix):
        raise OSError(errno.EINVAL, "The prefix cannot begin the name of a file")


def _goes_on(begun: _End, now: _End) -> bool:
    """Whether it is the same file, and not another one with the number of one that is gone."""
    return begun[:2] == now[:2] and now[2] >= begun[2]


def _take_out(entries: deque[Entry], written: int) -> bytes:
    """Take out what is written; what is of an entry that is not written to its end."""
    while written:
        moment, data = entries.popleft()
        if len(data) > written:
            entries.appendleft((moment, data[written:]))
            return data[:written]
        written -= len(data)
    return b""
