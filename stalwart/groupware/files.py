"""Folders and files (spec/dav.md 4.4 to 4.8): functions over a transaction that write what was checked before.

The content is a blob. A new file can be used by whom its folder was shared with, until the folder is shared in another
way or the file is moved elsewhere; folders in folders cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.errors import OverQuota
from stalwart.groupware.kinds import FILES
from stalwart.groupware.resources import Resource
from stalwart.groupware.traits import MODIFIED
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Blob, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.collection_rows import Member, NewItem

MEDIA_TYPE: Final = "type"
"""The member of a file that says what it holds."""
_PLAIN: Final = "application/octet-stream"
_AT_ONCE: Final = 1000
TOO_MANY_FILES: Final = "The account has as many files as it may have."
TOO_MANY_FOLDERS: Final = "The account has as many folders as it may have."


_NO_TRAITS: Final[Mapping[str, Any]] = {}


class Files:
    """Writes files and folders within the quotas of accounts."""

    def __init__(self, settings: Any, quotas: Quotas) -> None:
        self._settings = settings
        self._quotas = quotas

    def put(
        self,
        tx: Transaction,
        found: Resource,
        content: bytes | Stored | Blob,
        media_type: str | None,
        now: int,
        traits: Mapping[str, Any] = _NO_TRAITS,
    ) -> tuple[Member, bool]:
        """Keep a file where ``found`` is; whether it is new. A ``Blob`` is one that is there already. Of ``traits``
        those that are None go; when it was modified is when it is put, if they do not say else. Raises OverQuota,
        Unavailable.
        """
        blob = content if isinstance(content, Blob) else _kept(tx, content, now)
        self._quotas.check(tx, found.account_id, blob.size - (found.member.size if found.member is not None else 0))
        data: dict[str, Any] = {}
        if found.member is not None:
            there = tx.objects.get(found.account_id, found.member.item_id)
            data = dict(there.data or {}) if there is not None else {}
        else:
            self._check_count(tx, found.account_id, is_folder=False)
        if media_type and media_type.partition(";")[0].strip().lower() != _PLAIN:
            data[MEDIA_TYPE] = media_type
        elif media_type:
            data.pop(MEDIA_TYPE, None)
        for trait, value in {MODIFIED: None, **traits}.items():
            data.pop(trait, None)
            if value is not None:
                data[trait] = value
        item = NewItem(int.from_bytes(blob.hash[:4]), blob=blob.hash, size=blob.size, data=data)
        is_new = found.member is None
        member, _ = tx.collections.put(found.account_id, found.place, found.name, item, now=now, is_new=is_new)
        if is_new and found.parents:
            grants = tx.shares.of_object(found.account_id, found.place)
            if grants:
                tx.shares.replace(found.account_id, member.item_id, grants)
        return member, is_new

    def shared_anew(
        self, tx: Transaction, account_id: int, folder_id: int, before: Mapping[int, int], after: Mapping[int, int]
    ) -> None:
        """A folder is shared in another way: so are the files in it that had their rights from it."""
        if before == after or not before:
            return
        last = ""
        while members := tx.collections.members(account_id, folder_id, after=last, limit=_AT_ONCE):
            files = [member.item_id for member in members if not member.is_collection]
            alike = [id for id, grants in tx.shares.of_objects(account_id, files).items() if grants == before]
            tx.collections.nodes.note_changed(account_id, alike)
            for id in alike:
                tx.shares.replace(account_id, id, after)
            last = members[-1].segment

    def make_folder(self, tx: Transaction, found: Resource, data: dict[str, Any], now: int) -> Member:
        """A folder where ``found`` is. Raises OverQuota."""
        self._check_count(tx, found.account_id, is_folder=True)
        return tx.collections.create(found.account_id, FILES.type, found.place, found.name, now=now, data=data)

    def used(self, tx: Transaction, account_id: int) -> int:
        """The octets that an account takes."""
        return self._quotas.used(tx, account_id)

    def room(self, tx: Transaction, account_id: int) -> int | None:
        """The octets that there is room for in an account; None if it has no bound."""
        return self._quotas.room(tx, account_id, 0).octets

    def _check_count(self, tx: Transaction, account_id: int, *, is_folder: bool) -> None:
        limits = self._settings.of(FileStorage)
        folders = tx.collections.count(account_id, FILES.type) if limits.max_files or limits.max_folders else 0
        if is_folder and limits.max_folders is not None and folders >= limits.max_folders:
            raise OverQuota(TOO_MANY_FOLDERS)
        most = limits.max_files
        if not is_folder and most is not None and tx.objects.count(account_id, FILES.type) - folders >= most:
            raise OverQuota(TOO_MANY_FILES)


def _kept(tx: Transaction, content: bytes | Stored, now: int) -> Blob:
    return tx.blobs.put(content, now) if isinstance(content, bytes) else tx.blobs.adopt(content, now)
