"""x:FileStorage: limits of the files of accounts (settings C.9)."""

from __future__ import annotations

from stalwart.schema import Singleton, Size, Unsigned, prop

_LIMIT = Unsigned(min=1, nullable=True)


class FileStorage(Singleton):
    """Files of accounts."""

    max_size: int = prop(Size(), 26_214_400, "Bytes of one file.")
    max_files: int | None = prop(_LIMIT, None, "Files of one account; null is no limit.")
    max_folders: int | None = prop(_LIMIT, None, "Folders of one account; null is no limit.")
