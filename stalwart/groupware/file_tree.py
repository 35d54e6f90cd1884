"""Files and folders by their numbers, for those who do not know their URLs: where they are, what is below them, and the
writes that belong to them (spec/jmap.md 17). What WebDAV does by names is done by the same parts.

Rights stand at each file and folder. What is made here begins with those of its folder; who shares a folder shares what
is in it, unless that was shared in a way of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.errors import NotFound, TooLarge
from stalwart.groupware.bin import Bin
from stalwart.groupware.files import Files
from stalwart.groupware.homes import Home, Homes
from stalwart.groupware.kinds import FILES
from stalwart.groupware.placing import Placing
from stalwart.groupware.resources import Resource, locate
from stalwart.groupware.viewers import Viewer
from stalwart.store import Blob, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.collection_rows import FileNode

DEEPEST: Final = 128
"""How many names the URL of a file can have."""
_AT_ONCE: Final = 500


class FileTree:
    """Finds and writes within transactions."""

    def __init__(self, settings: Any, homes: Homes, files: Files, placing: Placing, bin: Bin) -> None:
        self._settings = settings
        self._homes = homes
        self._files = files
        self._placing = placing
        self._bin = bin

    def find(self, tx: Transaction, viewer: Viewer, account_id: int, node: FileNode) -> Resource:
        """Where a file or folder is."""
        return self.place(tx, viewer, account_id, node.parent_id, node.name)

    def place(self, tx: Transaction, viewer: Viewer, account_id: int, folder_id: int, name: str) -> Resource:
        """A place in a folder or in the home, whatever is there. Raises NotFound: no such folder."""
        above = tx.collections.path(account_id, folder_id) if folder_id > 0 else ()
        if above is None:
            raise NotFound
        return locate(tx, viewer, FILES, self._home(tx, account_id), (*above, name))

    def put(
        self,
        tx: Transaction,
        found: Resource,
        content: bytes | Stored | Blob,
        media_type: str | None,
        traits: Mapping[str, Any],
        now: int,
        *,
        any_size: bool = False,
    ) -> int:
        """Keep a file; answers its number. Raises OverQuota, TooLarge."""
        size = len(content) if isinstance(content, bytes) else content.size
        if size > self._settings.of(FileStorage).max_size and not any_size:
            raise TooLarge
        return self._files.put(tx, found, content, media_type, now, traits)[0].item_id

    def make_folder(self, tx: Transaction, found: Resource, traits: Mapping[str, Any], now: int) -> int:
        """A new folder, which can be used by whom the one that it is in was shared with. Raises OverQuota."""
        data = {name: value for name, value in traits.items() if value is not None}
        made = self._files.make_folder(tx, found, data, now)
        grants = tx.shares.of_object(found.account_id, found.place) if found.parents else {}
        if grants:
            tx.shares.replace(found.account_id, made.item_id, grants)
        return made.item_id

    def move(self, tx: Transaction, found: Resource, to: Resource, now: int) -> None:
        """Give it another name or place, where nothing is."""
        self._placing.move(tx, found, to, now)

    def remove(self, tx: Transaction, found: Resource, now: int) -> list[int]:
        """Put it into the bin; the numbers of all that goes with it."""
        assert found.member is not None
        below = [] if not found.member.is_collection else list(self.below(tx, found.account_id, found.member.item_id))
        self._bin.remove(tx, found, now)
        return below

    def below(self, tx: Transaction, account_id: int, folder_id: int) -> Iterator[int]:
        """The numbers of all that is in a folder, and in what is in it."""
        nodes = tx.collections.nodes
        for node in nodes.inside(account_id, nodes.folders_below(account_id, folder_id)):
            yield node.id

    def may_with_all(
        self, tx: Transaction, viewer: Viewer, account_id: int, ids: Iterable[int], wanted: Rights
    ) -> bool:
        """Whether who asks has all of these rights on each of them."""
        if viewer.belongs_to(account_id):
            return True
        listed = list(ids)
        for start in range(0, len(listed), _AT_ONCE):
            some = listed[start : start + _AT_ONCE]
            rights = viewer.rights_on_some(tx, account_id, some)
            if any(wanted not in rights.get(id, Rights.NONE) for id in some):
                return False
        return True

    def share_below(self, tx: Transaction, account_id: int, folder_id: int, before: Mapping[int, int]) -> None:
        """A folder that ``before`` could use is shared in another way: so is what had the same rights below it."""
        after = tx.shares.of_object(account_id, folder_id)
        if before == after:
            return
        below = list(self.below(tx, account_id, folder_id))
        shared = tx.shares.of_objects(account_id, below)
        alike = [id for id in below if shared.get(id, {}) == before]
        tx.collections.nodes.note_changed(account_id, alike)
        for id in alike:
            tx.shares.replace(account_id, id, after)

    def _home(self, tx: Transaction, account_id: int) -> Home:
        home = self._homes.get(tx, account_id)
        if home is None:
            raise NotFound
        return home
