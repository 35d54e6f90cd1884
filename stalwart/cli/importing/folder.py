"""A folder of this computer with all that is in it; what is neither a file nor a folder is told, and left out."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from stalwart.cli.importing.items import Item, Unreadable, unreadable
from stalwart.cli.importing.mail_files import utc
from stalwart.cli.settings.problems import Problem


class FolderSource:
    """``path``; its content goes into the folder ``into``, by default to the top."""

    def __init__(self, path: Path, into: tuple[str, ...] | None) -> None:
        if not path.is_dir():
            raise Problem(f"{path} is no folder")
        self._path = path
        self._into = into or ()

    def items(self) -> Iterator[Item]:
        """Folders before what is in them."""
        for folder, folders, files in os.walk(self._path):
            folders.sort()
            inside = Path(folder).relative_to(self._path).parts
            place = (*self._into, *inside)
            links = [name for name in folders if Path(folder, name).is_symlink()]
            for name in folders:
                if name not in links:
                    yield Item("folder", "/".join((*inside, name, "")), place, bytes, name=name)
            for name in sorted((*files, *links)):
                file = Path(folder, name)
                if why := _no_file(file):
                    yield unreadable("file", "/".join((*inside, name)), place, why)
                else:
                    yield Item(
                        "file",
                        "/".join((*inside, name)),
                        place,
                        partial(_content, file),
                        name=name,
                        media_type=mimetypes.guess_type(name)[0],
                        modified=utc(file.stat().st_mtime),
                    )

    def count(self) -> int | None:
        """How many files and folders there are."""
        return sum(len(folders) + len(files) for _, folders, files in os.walk(self._path))

    def close(self) -> None:
        """Nothing is open."""


def _no_file(path: Path) -> str:
    """Why something is not taken; an empty text if it is."""
    if path.is_symlink():
        return "it is a link, and links are not followed"
    return "" if path.is_file() else "it is no file"


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as failure:
        raise Unreadable(failure.strerror or str(failure)) from None
