"""A data type over collections of a kind, with all that address books and calendars have in common."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final

from stalwart.groupware.kinds import Kind
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.collections.first import with_first
from stalwart.jmap.collections.rules import CollectionRules
from stalwart.jmap.collections.source import CollectionSource
from stalwart.jmap.sharing.rights import Vocabulary
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.rules import Repeated
from stalwart.jmap.standard.sorting import Sort

LONGEST_DESCRIPTION: Final = 254
"""In octets."""
LARGEST_ORDER: Final = (1 << 31) - 1
"""The greatest ``sortOrder``, which clients of DAV know as a number of 32 bits."""


def collection_type(
    name: str,
    capability: str,
    kind: Kind,
    rights: Vocabulary,
    properties: Mapping[str, Property],
    *,
    removing: str,
    not_empty: str,
) -> DataType:
    """The type ``name``; ``removing`` and ``not_empty`` are those of ``CollectionRules``."""
    source = CollectionSource(kind, rights)
    return DataType(
        Declaration(
            name=name,
            capability=capability,
            properties=properties,
            sorts={each: Sort.by(each) for each in ("name", "sortOrder")},
            shared=kind.type,
            permitted_as={"Query": "Get"},
        ),
        source=source,
        rules=CollectionRules(source, removing, not_empty),
        supports=("get", "set", "changes", "query"),
        services=("homes", "bin", "granting"),
        before=with_first(kind),
        repeated=Repeated(kind.type, _seen_by),
    )


def _seen_by(asking: Asking) -> Hashable:
    return Viewer.of(asking.access)
