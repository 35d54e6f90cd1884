"""What was imported already, in a file beside the work: an import that was interrupted goes on where it was.

One JSON value a line. The first says from where to where; each further one names things that are done. A line that a
crash has cut off is left out. What was sent when the program ended is looked for at the server before it is sent again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from hashlib import blake2s
from pathlib import Path
from typing import Any, Self

from stalwart.cli.settings.problems import Problem


class Journal:
    """The keys that are ``done``; opened for one import of ``what`` (from where, to where)."""

    def __init__(self, path: Path | None, what: Mapping[str, Any]) -> None:
        self._path = path
        self._what = dict(what)
        self._file: Any = None
        self.done: set[str] = set()

    def __enter__(self) -> Self:
        if self._path is None:
            return self
        try:
            known = self._path.read_bytes() if self._path.exists() else b""
            end = self._read(known)
            self._file = open(self._path, "ab")  # closed at the end of the block
            self._file.truncate(end)
            if not end:
                self._write({"import": self._what})
        except OSError as failure:
            raise Problem(f"the journal {self._path} cannot be used: {failure.strerror}") from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def note(self, keys: Iterable[str]) -> None:
        """These are done; it is on the disk when this returns."""
        new = [key for key in keys if key not in self.done]
        if not new:
            return
        self.done.update(new)
        if self._file is not None:
            self._write({"done": new})

    def _write(self, value: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self, known: bytes) -> int:
        """Take what the file says; where its last whole line ends."""
        end = known.rfind(b"\n") + 1
        lines = known[:end].splitlines()
        try:
            values = [json.loads(line) for line in lines]
            if values and values[0]["import"] != self._what:
                raise Problem(
                    f"{self._path} is the journal of another import; name another file with --journal, or remove it"
                )
            for value in values[1:]:
                self.done.update(value["done"])
        except (ValueError, KeyError, TypeError):
            raise Problem(f"{self._path} is no journal of an import") from None
        return end


def default_path(what: Mapping[str, Any]) -> Path:
    """Where the journal of an import is kept, if nobody says else."""
    root = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    name = blake2s(json.dumps(dict(what), sort_keys=True).encode(), digest_size=10).hexdigest()
    folder = Path(root, "stalwart-cli", "imports")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise Problem(f"there is no place for a journal ({failure.strerror}); name one with --journal") from None
    return folder / f"{name}.journal"
