"""Creation references in settings objects: ``#cid`` counts where an id belongs and is text elsewhere (settings A.2).

Which members can hold ids follows from the declaration; values, keys of sets and steps of patch pointers below them
are looked at (RFC 8620 5.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from stalwart.jmap.standard.references import CreatedIds, mentioned, resolved
from stalwart.schema import (
    BlobId,
    Declaration,
    Expression,
    Map,
    Nested,
    ObjectId,
    ObjectList,
    PropertyType,
    Set,
    Union,
)


def resolve(declaration: Declaration, members: dict[str, Any], created: CreatedIds) -> dict[str, Any]:
    """``members`` (of a creation or a patch) with the creation references that are known replaced by ids."""
    holding = _holding(declaration)
    if not created.created_ids or not any(_first(name) in holding for name in members):
        return members
    changed: dict[str, Any] = {}
    for name, value in members.items():
        changed.update(resolved({name: value}, created) if _first(name) in holding else {name: value})
    return changed


def referred(declaration: Declaration, members: Mapping[str, Any]) -> Iterator[str]:
    """The creation ids that ``members`` refer to."""
    holding = _holding(declaration)
    for name, value in members.items():
        if _first(name) in holding:
            yield from mentioned({name: value})


def _first(path: str) -> str:
    return path.partition("/")[0]


def _holding(declaration: Declaration) -> frozenset[str]:
    shape: Any = declaration
    return _names(shape)


@cache
def _names(shape: Any) -> frozenset[str]:
    """The members of a class or union that have an id in or below them."""
    return frozenset(
        declared.name for kind in _kinds(shape) for declared in kind.properties.values() if _holds_ids(declared.type)
    )


def _holds_ids(type: PropertyType) -> bool:
    if isinstance(type, ObjectId | BlobId):
        return True
    if isinstance(type, Set):
        return _holds_ids(type.of)
    if isinstance(type, Map):
        return _holds_ids(type.key) or _holds_ids(type.value)
    if isinstance(type, Expression) or not isinstance(type, Nested | ObjectList):
        return False
    shape: Any = type.shape
    return bool(_names(shape))


def _kinds(shape: Any) -> Iterable[Any]:
    return shape.variants.values() if isinstance(shape, Union) else (shape,)
