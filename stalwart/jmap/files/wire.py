"""Files and folders in wire form (spec/jmap.md 17), and what their properties are made of.

The store has the times of its own; what clients say of a file stands in its data (``groupware.traits``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from stalwart.codec.ids import encode_id
from stalwart.groupware.files import MEDIA_TYPE
from stalwart.groupware.traits import ACCESSED, CREATED, EXECUTABLE, MODIFIED, ROLE
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.standard.dates import utc_date
from stalwart.store.collection_rows import FileNode

FILE: Final = "file"
DIRECTORY: Final = "directory"
UNKNOWN_TYPE: Final = "application/octet-stream"
ROLES: Final = ("root", "home", "temp", "trash", "documents", "downloads", "music", "pictures", "videos")
"""What folders can be for."""
_RESTRICTED = "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE: Final = re.compile(f"{_RESTRICTED}/{_RESTRICTED}", re.ASCII)


def is_media_type(text: str) -> bool:
    """Whether it is one by its form (RFC 6838 4.2)."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def media_type(node: FileNode) -> str | None:
    """What a file holds, without parameters; None for folders."""
    if node.is_folder:
        return None
    said: str = (node.data or {}).get(MEDIA_TYPE) or UNKNOWN_TYPE
    return said.partition(";")[0].strip() or UNKNOWN_TYPE


def created_at(node: FileNode) -> int:
    """In seconds."""
    return int((node.data or {}).get(CREATED, node.created_at))


def modified_at(node: FileNode) -> int:
    """In seconds, by who wrote it, or by this server."""
    return int((node.data or {}).get(MODIFIED, node.modified_at))


def accessed_at(node: FileNode) -> int:
    """In seconds, by who read it; nobody here notes that."""
    return int((node.data or {}).get(ACCESSED, created_at(node)))


def is_executable(node: FileNode) -> bool:
    """Whether somebody has said that it is a program."""
    return bool((node.data or {}).get(EXECUTABLE))


def role(node: FileNode) -> str | None:
    """What a folder is for."""
    found: str | None = (node.data or {}).get(ROLE)
    return found


def blob_id(node: FileNode) -> str | None:
    """The content of a file."""
    return None if node.blob is None else str(BlobId(node.blob))


def parent_id(node: FileNode) -> str | None:
    """The folder that it is in."""
    return encode_id(node.parent_id) if node.parent_id > 0 else None


SHOWN: Final[Mapping[str, Callable[[FileNode], Any]]] = {
    "parentId": parent_id,
    "nodeType": lambda node: DIRECTORY if node.is_folder else FILE,
    "target": lambda node: None,
    "blobId": blob_id,
    "size": lambda node: None if node.is_folder else node.size,
    "name": lambda node: node.name,
    "type": media_type,
    "created": lambda node: utc_date(created_at(node)),
    "modified": lambda node: utc_date(modified_at(node)),
    "accessed": lambda node: utc_date(accessed_at(node)),
    "changed": lambda node: utc_date(node.modified_at),
    "executable": is_executable,
    "role": role,
}
"""The properties that are the same for all who see the file."""


def seconds(date: str | None) -> int | None:
    """A UTCDate in seconds; before 1970 they are negative."""
    return None if date is None else int(datetime.fromisoformat(date).timestamp())
