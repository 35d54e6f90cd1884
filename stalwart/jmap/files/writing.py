"""One file or folder that is made, changed or destroyed (spec/jmap.md 17): what may be, then what is written.

Locks of WebDAV hold here too; as nobody can show a token, what is locked is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stalwart.codec.dav.rights import Rights
from stalwart.errors import Forbidden, NotFound, OverQuota
from stalwart.groupware.file_tree import DEEPEST, FileTree
from stalwart.groupware.locking import Touch, is_locked
from stalwart.groupware.resources import Level, Resource
from stalwart.groupware.traits import ACCESSED, CREATED, EXECUTABLE, MODIFIED, ROLE
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.errors import SetRefused, Untimely
from stalwart.jmap.files import wire
from stalwart.jmap.files.collisions import NEWEST, RENAME, REPLACE, Manners, another_name, holder_of, taken
from stalwart.jmap.files.content import content_of
from stalwart.jmap.files.names import checked_name
from stalwart.jmap.files.seeing import Sight
from stalwart.jmap.sharing.changing import Shown, share
from stalwart.jmap.sharing.rights import FILE_NODE as RIGHTS
from stalwart.jmap.sharing.rights import SHARE_WITH
from stalwart.jmap.standard.asking import Asking, Change, number_of
from stalwart.store import Blob, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.collection_rows import FileNode, home
from stalwart.store.object_types import FILE_NODE

_TOP: Final = home(FILE_NODE)
_ANY_SIZE: Final = "unlimitedUploads"
_TIMES: Final[Mapping[str, str]] = {"created": CREATED, "modified": MODIFIED, "accessed": ACCESSED}
_OF_CONTENT: Final = frozenset(("blobId", "type", "executable", *_TIMES))
_PLACED: Final = frozenset(("name", "parentId"))
_SUBSCRIBED: Final = "isSubscribed"


class Writing:
    """One change in one transaction."""

    def __init__(self, tx: Transaction, asking: Asking, change: Change) -> None:
        self._tx = tx
        self._asking = asking
        self._change = change
        self._account_id = asking.account_id
        self._viewer = Viewer.of(asking.access)
        self._tree: FileTree = asking.services["file_tree"]
        self._manners = Manners.of(asking)

    def create(self, original: FileNode | None = None, origin: Asking | None = None) -> int:
        """A new file or folder, whose content may be that of an ``original`` that ``origin`` asks for."""
        new = self._change.new
        self._check_kind()
        content = content_of(self._tx, self._asking, self._change, original, origin)
        node_type = wire.DIRECTORY if content is None else wire.FILE
        if new["nodeType"] not in (None, node_type):
            raise _wrong("A file has a blobId, a folder has none.", "nodeType", "blobId")
        new["nodeType"] = node_type
        place = self._free_place(self._parent(), checked_name(new["name"]), None)
        self._check_new(place)
        traits = self._traits(is_new=True)
        now = self._asking.now
        if content is None:
            id = self._tree.make_folder(self._tx, place, traits, now)
        else:
            id = self._put(place, content, traits)
        self._write_further(id)
        return id

    def update(self) -> None:
        """What the patch says."""
        node, changed = self._node(), self._change.changed
        self._check_kind(node)
        held = self._tree.find(self._tx, self._viewer, self._account_id, node).rights
        self._require(held, Rights.RENAME, _PLACED | {"role"}, "It may not be renamed.")
        self._require(held, Rights.MODIFY | Rights.MODIFY_ITEMS, _OF_CONTENT, "It may not be changed.")
        if not _PLACED.isdisjoint(changed):
            self._move(node, held)
            node = self._node()
        if "size" in changed and "blobId" not in changed:
            raise _wrong("The size is that of the content.", "size")
        if not (_OF_CONTENT | {"role"}).isdisjoint(changed):
            self._write(node)
        if not {SHARE_WITH, _SUBSCRIBED}.isdisjoint(changed):
            self._write_further(node.id, former=self._change.old)

    def destroy(self) -> None:
        """Put it into the bin, with all that is in it if the client says so."""
        self._remove(self._node())

    def _node(self) -> FileNode:
        id = self._change.id or 0
        found = self._tx.collections.nodes.many(self._account_id, [id]).get(id)
        if found is None:
            raise NotFound
        return found

    def _parent(self) -> int:
        """The number of the folder that it is to be in."""
        given = self._change.new["parentId"]
        if given is None:
            return _TOP
        number = number_of(given) or 0
        found = self._tx.collections.nodes.many(self._account_id, [number]).get(number)
        if found is None or not found.is_folder:
            raise _wrong("There is no such folder.", "parentId")
        return number

    def _check_kind(self, node: FileNode | None = None) -> None:
        """Whether it is given nothing that only the other kind can have."""
        new, changed = self._change.new, self._change.changed
        if new["target"] is not None or new.get("nodeType") == "symlink":
            raise _wrong("There are no symbolic links here.", "nodeType", "target")
        is_folder = new["blobId"] is None
        if node is not None and is_folder != node.is_folder:
            raise _wrong("A file stays a file, and a folder a folder.", "blobId")
        if is_folder and (changed.get("type") is not None or changed.get("executable")):
            raise _wrong("Only files have a type and can be programs.", "type", "executable")
        if is_folder and changed.get("size") is not None:
            raise _wrong("Folders have no size.", "size")
        if not is_folder and changed.get("role") is not None:
            raise _wrong("Only folders have roles.", "role")
        said = changed.get("type")
        if said is not None and not wire.is_media_type(said):
            raise _wrong("The type is no media type.", "type")
        if changed.get("role") is not None:
            self._check_role(changed["role"])

    def _check_role(self, role: str) -> None:
        if role not in wire.ROLES:
            raise _wrong("There is no such role.", "role")
        if role == "root" and self._change.new["parentId"] is not None:
            raise _wrong("The root is in no folder.", "role", "parentId")
        holders = self._tx.objects.with_member(self._account_id, FILE_NODE, ROLE, role, 2)
        if any(each.id != self._change.id for each in holders):
            raise Untimely("invalidProperties", "Another folder has this role.", ("role",))

    def _require(self, held: Rights, wanted: Rights, names: frozenset[str], text: str) -> None:
        if wanted not in held and not names.isdisjoint(self._change.changed):
            raise Forbidden(text)

    def _free_place(self, folder_id: int, name: str, node: FileNode | None) -> Resource:
        """Where a node is to be, once nothing has its name there any more; or it gets another one."""
        but = None if node is None else node.id
        holder = holder_of(self._tx, self._account_id, folder_id, name, self._manners, but=but)
        if holder is not None:
            name = self._give_way(holder, folder_id, name, node)
        self._change.new["name"] = name
        place = self._tree.place(self._tx, self._viewer, self._account_id, folder_id, name)
        if place.level is Level.ORPHAN or len(place.segments) > DEEPEST:
            raise _wrong(f"Folders are at most {DEEPEST} levels deep.", "parentId")
        return place

    def _give_way(self, holder: FileNode, folder_id: int, name: str, node: FileNode | None) -> str:
        """The name that there is to be, when what had it is gone if it has to."""
        way = self._manners.on_exists
        if way == NEWEST:
            way = REPLACE if self._modified_at(node) > wire.modified_at(holder) else None
        if way == RENAME:
            return another_name(self._tx, self._account_id, folder_id, name, self._manners)
        if way != REPLACE:
            sight = Sight.of(self._tx, self._viewer, self._account_id)
            raise taken(holder, is_seen=sight.shows(holder.id))
        if node is not None and self._tx.collections.nodes.above(self._account_id, [node.id]).get(holder.id):
            raise _wrong("A folder cannot be replaced by what is in it.", "name")
        self._remove(holder)
        self._change.gone.append(holder.id)
        return name

    def _modified_at(self, node: FileNode | None) -> int:
        said = wire.seconds(self._change.new["modified"])
        if said is not None and (node is None or "modified" in self._change.changed):
            return said
        is_rewritten = node is None or "blobId" in self._change.changed
        return self._asking.now if node is None or is_rewritten else wire.modified_at(node)

    def _check_new(self, place: Resource) -> None:
        if not place.is_own and Rights.ADD_ITEMS not in place.parent_rights:
            raise Forbidden("Nothing may be added there.")
        self._check_locks(place, Touch.ITSELF | Touch.NAME)

    def _check_locks(self, found: Resource, touch: Touch) -> None:
        if is_locked(self._tx, found, touch, self._asking.now):
            raise Forbidden("It is locked by a program that works on it.")

    def _move(self, node: FileNode, held: Rights) -> None:
        changed = self._change.changed
        folder_id = self._parent() if "parentId" in changed else node.parent_id
        name = checked_name(changed["name"]) if "name" in changed else node.name
        if node.is_folder and folder_id != node.parent_id:
            self._check_tree(node, folder_id)
        if folder_id != node.parent_id and Rights.DELETE not in held:
            raise Forbidden("It may not be taken from where it is.")
        place = self._free_place(folder_id, name, node)
        if folder_id != node.parent_id and not place.is_own and Rights.ADD_ITEMS not in place.parent_rights:
            raise Forbidden("Nothing may be added there.")
        found = self._tree.find(self._tx, self._viewer, self._account_id, node)
        if (place.place, place.name) != (node.parent_id, node.name):
            self._check_locks(found, Touch.ITSELF | Touch.NAME | Touch.BELOW)
            self._check_locks(place, Touch.ITSELF | Touch.NAME)
            self._tree.move(self._tx, found, place, self._asking.now)

    def _check_tree(self, node: FileNode, folder_id: int) -> None:
        """Whether a folder would not be in itself, and nothing in it too deep."""
        below = self._tx.collections.nodes.folders_below(self._account_id, node.id)
        if folder_id in below:
            raise Untimely("invalidProperties", "Circular reference in parent ids.", ("parentId",))
        above = len(self._tx.collections.path(self._account_id, folder_id) or ()) if folder_id > 0 else 0
        # one level more for what is in the innermost folder
        if above + 1 + max(below.values()) + 1 > DEEPEST:
            raise _wrong(f"Folders are at most {DEEPEST} levels deep.", "parentId")

    def _traits(self, *, is_new: bool) -> dict[str, Any]:
        """What the client says of it; what it has said before stays."""
        new = self._change.new
        named = new if is_new else self._change.changed
        found = {trait: wire.seconds(new[name]) for name, trait in _TIMES.items() if name in named}
        if not is_new:  # null means now
            found = {trait: self._asking.now if at is None else at for trait, at in found.items()}
        if "executable" in named:
            found[EXECUTABLE] = True if new["executable"] else None
        if "role" in named:
            found[ROLE] = new["role"]
        return found

    def _put(self, place: Resource, content: bytes | Stored | Blob, traits: Mapping[str, Any]) -> int:
        new, given = self._change.new, self._change.changed
        size = len(content) if isinstance(content, bytes) else content.size
        if given.get("size") not in (None, size) and given.get("size") != self._change.old.get("size"):
            raise _wrong("The size is another one than that of the content.", "size")
        new["size"] = size
        any_size = self._asking.access.may(_ANY_SIZE)
        # null is of no known type, as is what nobody has said
        type = (new["type"] or wire.UNKNOWN_TYPE) if "type" in given or not self._change.old else None
        return self._tree.put(self._tx, place, content, type, traits, self._asking.now, any_size=any_size)

    def _write(self, node: FileNode) -> None:
        """Another content, or other words about it."""
        found = self._tree.find(self._tx, self._viewer, self._account_id, node)
        self._check_locks(found, Touch.ITSELF)
        traits = self._traits(is_new=False)
        if "blobId" in self._change.changed:
            content = content_of(self._tx, self._asking, self._change, None)
            assert content is not None  # _check_kind
            self._put(found, content, traits)
            return
        data = {MODIFIED: wire.modified_at(node), **(node.data or {}), **traits}
        if "type" in self._change.changed:
            said = self._change.new["type"]
            data["type"] = None if said in (None, wire.UNKNOWN_TYPE) else said
        data = {name: value for name, value in data.items() if value is not None}
        self._tx.collections.update(self._account_id, node.id, now=self._asking.now, data=data)

    def _write_further(self, id: int, former: Mapping[str, Any] | None = None) -> None:
        """With whom it is shared, and whether who asks wants to see it."""
        new = self._change.new
        if former is None and new[SHARE_WITH] is None and new[_SUBSCRIBED]:
            return
        if new[SHARE_WITH] != (former or {}).get(SHARE_WITH):
            self._share(id, (former or {}).get(SHARE_WITH))
        if new[_SUBSCRIBED] != (former or {_SUBSCRIBED: True}).get(_SUBSCRIBED):
            user = self._asking.access.account_id
            own = self._tx.preferences.get(self._account_id, id, user) or {}
            self._tx.preferences.set(self._account_id, id, user, {**own, _SUBSCRIBED: new[_SUBSCRIBED]})
            self._tx.collections.nodes.note_changed(self._account_id, [id])

    def _share(self, id: int, former: Shown | None) -> None:
        tx, account_id = self._tx, self._account_id
        node = tx.collections.nodes.many(account_id, [id])[id]
        tx.collections.update(account_id, id, now=self._asking.now, data=node.data)
        subject = id, FILE_NODE, node.name
        try:
            before = share(tx, self._asking, RIGHTS, subject, former, self._change.new[SHARE_WITH])
        except OverQuota as problem:
            raise _wrong(problem.detail or "", SHARE_WITH) from None
        if node.is_folder:
            self._tree.share_below(tx, account_id, id, before)

    def _remove(self, node: FileNode) -> None:
        found = self._tree.find(self._tx, self._viewer, self._account_id, node)
        if node.is_folder and self._tx.collections.nodes.count(self._account_id, node.id):
            if not self._manners.removes_children:
                raise Untimely("nodeHasChildren", "There is something in this folder.")
            below = self._tree.below(self._tx, self._account_id, node.id)
            if not self._tree.may_with_all(self._tx, self._viewer, self._account_id, below, Rights.DELETE):
                raise Forbidden("Something in this folder may not be deleted.")
        wanted = Rights.DELETE | Rights.REMOVE_ITEMS if node.is_folder else Rights.DELETE
        if wanted not in found.rights:
            raise Forbidden("It may not be deleted.")
        self._check_locks(found, Touch.ITSELF | Touch.NAME | Touch.BELOW)
        self._change.gone += self._tree.remove(self._tx, found, self._asking.now)


def _wrong(text: str, *properties: str) -> SetRefused:
    return SetRefused("invalidProperties", text, properties)
