"""``config.json``: the one file of the daemon. It holds the DataStore object, everything else is in that store.

``--data DIR`` writes it on the first start; ``--config FILE`` only reads it. A relative path in it is relative to it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from stalwart.errors import Invalid

NAME = "config.json"
LARGEST = 200_000


@frozen
class StoreFile:
    """The file at ``path``, for ``x:DataStore``; ``check`` refuses what no store can be opened with, ``look`` opens it.

    ``look(config, makes)``, for threads, says whether there is a server's data in it; an empty one is made ready if
    ``makes``. Raises Invalid, Unavailable.
    """

    path: Path
    check: Callable[[dict[str, Any]], object]
    look: Callable[[dict[str, Any], bool], bool]

    def read(self) -> dict[str, Any]:
        """The object as it is written, a relative path as it stands. Raises Invalid."""
        return _read_object(self.path)

    def write(self, config: dict[str, Any]) -> None:
        """Replace the object. Raises Invalid for one that cannot be used, or a file that cannot be written."""
        self.check(config)
        try:
            write_store_config(self.path, config)
        except OSError as problem:
            raise Invalid(f"{self.path} cannot be written: {problem.strerror}.") from problem


def is_missing(path: Path) -> bool:
    """Whether there is no such file, so that the server has to be set up.

    :raises Invalid: that cannot be told; a file that may not be read is not one that is missing.
    """
    try:
        return not path.exists()
    except OSError as problem:
        raise Invalid(f"{path} cannot be read as the configuration of the data store: {problem.strerror}.") from problem


def read_store_config(path: Path) -> dict[str, Any]:
    """The DataStore object in ``path``, its own path made absolute.

    :raises Invalid: unreadable or not one JSON object; the detail names the path.
    """
    value = _read_object(path)
    if isinstance(value.get("path"), str) and value["path"].strip():
        value["path"] = str(path.absolute().parent / value["path"])  # an absolute one stays as it is
    return value


def _read_object(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        value = json.loads(text)
    except (OSError, ValueError, RecursionError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise Invalid(f"{path} cannot be read as the configuration of the data store: {reason}.") from problem
    if not isinstance(value, dict):
        raise Invalid(f"{path} must hold one JSON object, the data store.")
    return value


def database_file(config: Mapping[str, Any]) -> Path | None:
    """The file of the database that ``config`` names; None if it is no file."""
    path = config.get("path")
    return Path(path) if config.get("@type") == "Sqlite" and isinstance(path, str) and path.strip() else None


def blob_folder(config: Mapping[str, Any], path: Path) -> Path | None:
    """Where large files are kept if the database of ``config``, which is in ``path``, is no file; None is beside it."""
    return None if config.get("@type") == "Sqlite" else path.absolute().with_name("blobs")


def embedded_store_config(data: Path, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """The DataStore object of ``data``, written there if this is its first start; ``given`` takes the place of what is
    there.

    :raises Invalid: the folder cannot be made or written.
    """
    path = data / NAME
    config = {"@type": "Sqlite", "path": "store.sqlite3"}  # beside the file, so that the folder can be moved
    try:
        if path.exists() and (given is None or _read_object(path) == given):
            return read_store_config(path)
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_store_config(path, config if given is None else given)
    except OSError as problem:
        raise Invalid(f"The data folder {data} cannot be used: {problem.strerror}.") from problem
    return read_store_config(path)


def write_store_config(path: Path, config: dict[str, Any]) -> None:
    """Replace ``path`` at once, readable by its owner only; what it was is kept as ``former_file``."""
    text = json.dumps(config) + "\n"
    if path.exists() and (former := path.read_text(encoding="utf-8")) != text:
        write_private(former_file(path), former)
    write_private(path, text)


def former_file(path: Path) -> Path:
    """Where the content of ``path`` is kept when it is replaced."""
    return path.with_name(f"{path.name}.bak")


def prepare_store_config(path: Path, config: dict[str, Any]) -> Path:
    """Write what shall become ``path`` beside it; ``os.replace`` puts it in place."""
    return _written_beside(path, json.dumps(config) + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` at once and durably, readable by its owner only."""
    os.replace(_written_beside(path, text), path)


def _written_beside(path: Path, text: str) -> Path:
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)  # a file left over keeps its own mode
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return fresh
