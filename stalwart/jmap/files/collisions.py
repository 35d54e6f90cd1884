"""What becomes of a file or folder whose name is taken (spec/jmap.md 17): the arguments of FileNode/set and /copy."""

from __future__ import annotations

import unicodedata
from typing import Final

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.jmap.errors import MethodError, Untimely
from stalwart.jmap.files.names import free_name
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.asking import Asking
from stalwart.store import Transaction
from stalwart.store.collection_rows import FileNode

REPLACE: Final = "replace"
RENAME: Final = "rename"
NEWEST: Final = "newest"
_WAYS: Final = (REPLACE, RENAME, NEWEST)
_REJECT: Final = "reject"


@frozen
class Manners:
    """``on_exists`` is None where a name that is taken is refused."""

    removes_children: bool = False
    on_exists: str | None = None
    ignores_case: bool = False

    @classmethod
    def of(cls, asking: Asking) -> Manners:
        """Raises ``MethodError`` ``invalidArguments``."""
        reader = ArgumentReader(asking.rest)
        removes = reader.flag("onDestroyRemoveChildren")
        way = reader.text("onExists")
        if way not in (None, _REJECT, *_WAYS):
            text = f'The argument "onExists" must be null or one of {", ".join(_WAYS)}.'
            raise MethodError("invalidArguments", text)
        return cls(removes, None if way == _REJECT else way, reader.flag("compareCaseInsensitively"))


def holder_of(
    tx: Transaction, account_id: int, folder_id: int, name: str, manners: Manners, *, but: int | None
) -> FileNode | None:
    """What has the name in a folder, other than ``but``; if case does not count, the one that is alike."""
    nodes = tx.collections.nodes
    if not manners.ignores_case:
        member = tx.collections.member(account_id, folder_id, name)
        found = None if member is None or member.item_id == but else member.item_id
    else:
        key = _key(name)
        alike = (node for node in nodes.inside(account_id, [folder_id]) if node.id != but and _key(node.name) == key)
        # the very same name first
        found = next((node.id for node in sorted(alike, key=lambda node: (node.name != name, node.id))), None)
    return None if found is None else nodes.many(account_id, [found]).get(found)


def another_name(tx: Transaction, account_id: int, folder_id: int, name: str, manners: Manners) -> str:
    """A name like it that nothing in the folder has."""
    taken = {node.name for node in tx.collections.nodes.inside(account_id, [folder_id])}
    return free_name(name, _Alike(taken) if manners.ignores_case else taken)


def taken(holder: FileNode, *, is_seen: bool = True) -> Untimely:
    """The refusal that names what has the name, to who sees it."""
    text = "There is something of this name in the same place."
    known = {"existingId": encode_id(holder.id)} if is_seen else {}
    return Untimely("alreadyExists", text, ("name",), **known)


class _Alike:
    def __init__(self, names: set[str]) -> None:
        self._keys = {_key(name) for name in names}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _key(name) in self._keys


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
