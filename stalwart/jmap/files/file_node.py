"""The data type FileNode (draft-ietf-jmap-filenode, spec/jmap.md 17): get, changes, query, queryChanges, set, copy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stalwart.errors import StalwartError
from stalwart.groupware.locking import Touch, is_locked
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.blobs.holders import BlobHolder, linked_objects
from stalwart.jmap.files import content
from stalwart.jmap.files.capability import FILENODE
from stalwart.jmap.files.collisions import Manners
from stalwart.jmap.files.conditions import CONDITIONS, SORT_OPTIONS
from stalwart.jmap.files.node_source import NodeSource
from stalwart.jmap.files.wire import DIRECTORY, FILE
from stalwart.jmap.sharing.rights import FILE_NODE as RIGHTS
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.dates import UTCDate
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.property import Property, computed
from stalwart.jmap.standard.rules import Rules
from stalwart.jmap.standard.scalars import Boolean, Id, Nullable, String, UnsignedInt
from stalwart.store import Transaction
from stalwart.store.object_types import FILE_NODE as NUMBER

_LONGEST_NAME = 65536
_NODE_TYPES = frozenset((FILE, DIRECTORY, "symlink"))
_TIME = Property(Nullable(UTCDate()), default=None)


class NodeRules(Rules):
    """What is beside the transaction; files and folders that exchange their names."""

    of_originals = frozenset(("onDestroyRemoveChildren",))

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        Manners.of(asking)  # arguments that are wrong are so for all
        return await content.prepare_parts(asking, (*arguments.create.items(), *arguments.update.items()))

    async def prepare_copies(
        self, origin: Asking, asking: Asking, create: Mapping[str, dict[str, Any]]
    ) -> Mapping[str, StalwartError]:
        Manners.of(asking)
        return await content.prepare_parts(asking, create.items(), origin)

    def letting_go(self, tx: Transaction, asking: Asking, named: Mapping[int, Collection[str]]) -> bool:
        account_id, viewer = asking.account_id, Viewer.of(asking.access)
        nodes = tx.collections.nodes.many(account_id, [id for id, names in named.items() if "name" in names])
        for id, node in nodes.items():
            found = asking.services["file_tree"].find(tx, viewer, account_id, node)
            if is_locked(tx, found, Touch.ITSELF | Touch.NAME | Touch.BELOW, asking.now):
                return False
            place, aside = node.parent_id, f"\x01{id} {tx.objects.state(account_id, NUMBER)}"  # no other has this name
            tx.collections.move(account_id, place, node.name, place, aside, now=asking.now)
        return bool(nodes)


FILE_NODE = DataType(
    Declaration(
        name="FileNode",
        capability=FILENODE,
        properties={
            "parentId": Property(Nullable(Id()), default=None),
            "nodeType": Property(Nullable(String(choices=_NODE_TYPES)), default=None, immutable=True),
            "target": Property(Nullable(String()), default=None),
            "blobId": Property(Nullable(Id()), default=None, copied=True),
            "size": Property(Nullable(UnsignedInt()), default=None, copied=False),
            "name": Property(String(most=_LONGEST_NAME)),
            "type": Property(Nullable(String(most=255)), default=None),
            "created": _TIME,
            "modified": _TIME,
            "accessed": _TIME,
            "changed": computed(UTCDate()),
            "executable": Property(Boolean(), default=False),
            "role": Property(Nullable(String(most=255)), default=None, copied=False),
            "isSubscribed": Property(Boolean(), default=True, copied=False),
            **RIGHTS.properties(),
        },
        conditions=CONDITIONS,
        sorts=SORT_OPTIONS,
        shared=NUMBER,
    ),
    source=NodeSource(),
    rules=NodeRules(),
    supports=("get", "set", "changes", "query", "queryChanges", "copy"),
    services=("settings", "file_tree", "granting"),
)
holder = BlobHolder("FileNode", linked_objects(NUMBER), FILENODE)
