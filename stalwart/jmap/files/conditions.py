"""By what files can be looked for and sorted (spec/jmap.md 17): over rows of the store, not over wire forms.

Conditions about the tree are answered by the numbers of folders that ``querying`` has found out before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stalwart.jmap.files import wire
from stalwart.jmap.files.capability import SORTS
from stalwart.jmap.files.names import glob
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.dates import UTCDate
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.scalars import Boolean, Id, Nullable, PropertyType, String, UnsignedInt
from stalwart.jmap.standard.sorting import Sort
from stalwart.store.collection_rows import FileNode

Of = Callable[[FileNode], Any]
_LONGEST: Final = 1024
_TEXT: Final = String(most=_LONGEST)


def _is(on: str, of: Of, type: PropertyType) -> Condition:
    return Condition(type, lambda node, value: bool(of(node) == value), (on,))


def _before(on: str, of: Of) -> Condition:
    return Condition(UTCDate(), lambda node, date: bool(of(node) < (wire.seconds(date) or 0)), (on,))


def _after(on: str, of: Of) -> Condition:
    return Condition(UTCDate(), lambda node, date: bool(of(node) >= (wire.seconds(date) or 0)), (on,))


def _matches_type(node: FileNode, pattern: str) -> bool:
    type = wire.media_type(node)
    return type is not None and glob(pattern)(type)


def _has_words(node: FileNode, text: str) -> bool:
    name = node.name.casefold()
    return all(word in name for word in text.casefold().split())


def _in_the_tree(on: str) -> Condition:
    """One that depends on folders above, of whose moves the log says nothing."""
    return Condition(Id(), None, (on,), calculable=False)


def number(id: str | None) -> int:
    """The number of a node; for one that cannot be, that of none."""
    found = None if id is None else number_of(id)
    return 0 if found is None else found


_DATES: Final[Mapping[str, Of]] = {
    "created": wire.created_at,
    "modified": wire.modified_at,
    "accessed": wire.accessed_at,
}
CONDITIONS: Final[Mapping[str, Condition]] = {
    "isTopLevel": Condition(Boolean(), None, ("parentId",)),
    "parentId": Condition(Nullable(Id()), None, ("parentId",)),
    "ancestorId": _in_the_tree("parentId"),
    "descendantId": _in_the_tree("parentId"),
    "nodeType": _is("nodeType", wire.SHOWN["nodeType"], _TEXT),
    "role": _is("role", wire.role, Nullable(_TEXT)),
    "hasAnyRole": Condition(Boolean(), lambda node, wanted: (wire.role(node) is not None) is wanted, ("role",)),
    "blobId": _is("blobId", wire.blob_id, Id()),
    "isExecutable": _is("executable", wire.is_executable, Boolean()),
    **{f"{name}Before": _before(name, of) for name, of in _DATES.items()},
    **{f"{name}After": _after(name, of) for name, of in _DATES.items()},
    "minSize": Condition(UnsignedInt(), lambda node, size: not node.is_folder and node.size >= size, ("size",)),
    "maxSize": Condition(UnsignedInt(), lambda node, size: not node.is_folder and node.size < size, ("size",)),
    "name": _is("name", lambda node: node.name, _TEXT),
    "nameMatch": Condition(_TEXT, lambda node, pattern: glob(pattern)(node.name), ("name",), searches=True),
    "type": _is("type", wire.media_type, _TEXT),
    "typeMatch": Condition(_TEXT, _matches_type, ("type",), searches=True),
    "text": Condition(_TEXT, _has_words, ("name",), searches=True),
}
"""``body`` is none of them: what is in files is not indexed."""

OF_DATA: Final = frozenset(("role", "blobId", "executable", "created", "modified", "accessed", "type"))
"""The properties that not every row of the store has."""

_KEYS: Final[Mapping[str, Of]] = {
    "name": lambda node: node.name,
    "size": lambda node: None if node.is_folder else node.size,
    "nodeType": lambda node: not node.is_folder,
    "type": wire.media_type,
    "changed": lambda node: node.modified_at,
    **_DATES,
}


def _sort(name: str) -> Sort:
    of: Callable[[Any], Any] | None = _KEYS.get(name)
    if of is None:  # the tree
        return Sort(None, ("name", "parentId"), calculable=False)
    return Sort(lambda node, members: of(node), (name,))


SORT_OPTIONS: Final[Mapping[str, Sort]] = {name: _sort(name) for name in SORTS}
