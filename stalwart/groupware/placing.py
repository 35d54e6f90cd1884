"""Copies and moves of calendars, address books, folders and of what is in them (spec/dav.md 4.8): functions over a
transaction that write what was checked before.

An event or a card that is copied within its account is shown in both collections and stays one; everything else becomes
another one. What is in the way goes into the bin first.
"""

from __future__ import annotations

from typing import Any, Final

from stalwart.config.collaboration.address_book import AddressBook
from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.errors import OverQuota
from stalwart.groupware.bin import Bin
from stalwart.groupware.files import TOO_MANY_FILES, TOO_MANY_FOLDERS
from stalwart.groupware.kinds import CALENDARS, FILES
from stalwart.groupware.own_alerts import was_written
from stalwart.groupware.resources import Level, Resource
from stalwart.groupware.violations import Rule, Violation
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member

_TOO_MANY_ITEMS: Final = "The account has as many events or cards as it may have."


class Placing:
    """Gives things another place, or a second one."""

    def __init__(self, settings: Any, quotas: Quotas, bin: Bin) -> None:
        self._settings = settings
        self._quotas = quotas
        self._bin = bin

    def copy(self, tx: Transaction, source: Resource, to: Resource, levels: int | None, now: int) -> Member:
        """Have ``source`` at ``to`` as well, with so many levels of what is in it. Raises Violation, OverQuota."""
        member = source.member
        assert member is not None
        if to.member is not None and to.account_id == source.account_id and to.member.item_id == member.item_id:
            return to.member
        links = source.kind is not FILES and source.account_id == to.account_id
        if source.level is Level.ITEM and source.kind is not FILES:
            self._check_uid(tx, source, to)
        if not links:
            self._check_room(tx, source, to)
        self._clear(tx, to, now)
        if links and source.level is Level.ITEM:
            linked = tx.collections.link(source.account_id, member.item_id, to.place, to.name, now=now)
            return _elsewhere(tx, to, linked, now)
        if links:
            return self._link_all(tx, source, to, levels, now)
        return _elsewhere(tx, to, self._copied(tx, source, to, levels, now), now)

    def move(self, tx: Transaction, source: Resource, to: Resource, now: int) -> Member:
        """Have ``source`` at ``to`` and not where it was. Raises Violation, OverQuota."""
        member = source.member
        assert member is not None
        if source.level is Level.ITEM and source.kind is not FILES:
            self._check_uid(tx, source, to, moves=True)
        if source.account_id != to.account_id:
            self._check_room(tx, source, to)
            self._clear(tx, to, now)
            moved = self._copied(tx, source, to, None, now)
            tx.collections.remove(source.account_id, source.place, source.name, now=now)
            return _elsewhere(tx, to, moved, now)
        if to.member is not None and to.member.item_id == member.item_id:
            tx.collections.remove(source.account_id, source.place, source.name, now=now)
            return to.member
        self._clear(tx, to, now)
        if source.kind is FILES and source.level is Level.ITEM and source.place != to.place:
            _share_as_there(tx, source, to)
        moved = tx.collections.move(source.account_id, source.place, source.name, to.place, to.name, now=now)
        return _elsewhere(tx, to, moved, now)

    def _clear(self, tx: Transaction, to: Resource, now: int) -> None:
        if to.member is not None:
            self._bin.remove(tx, to, now)

    def _copied(self, tx: Transaction, source: Resource, to: Resource, levels: int | None, now: int) -> Member:
        copied = tx.collections.copy(
            source.account_id, source.place, source.name, to.account_id, to.place, to.name, now=now, levels=levels
        )
        if source.kind is FILES and source.level is Level.ITEM and to.parents:
            grants = tx.shares.of_object(to.account_id, to.place)
            if grants:  # what is new in a folder can be used by whom the folder was shared with
                tx.shares.replace(to.account_id, copied.item_id, grants)
        return copied

    def _link_all(self, tx: Transaction, source: Resource, to: Resource, levels: int | None, now: int) -> Member:
        """Another collection that shows the same items."""
        account_id = source.account_id
        made = tx.collections.copy(
            account_id, source.place, source.name, account_id, to.place, to.name, now=now, levels=0
        )
        if levels != 0:
            after = ""
            while found := tx.collections.members(account_id, source.inside, after=after, limit=1000):
                for each in found:
                    tx.collections.link(account_id, each.item_id, made.item_id, each.segment, now=now)
                after = found[-1].segment
        member = tx.collections.member(account_id, to.place, to.name)
        assert member is not None
        return member

    def _check_uid(self, tx: Transaction, source: Resource, to: Resource, *, moves: bool = False) -> None:
        """No two items of a collection have one UID (RFC 4791 4.1)."""
        member = source.member
        assert member is not None
        row = tx.objects.get(source.account_id, member.item_id)
        if row is None or row.uid is None:
            return
        for holder in tx.collections.by_uid(to.account_id, member.type, row.uid):
            is_elsewhere = holder.collection_id != to.place
            is_replaced = to.member is not None and holder.item_id == to.member.item_id
            is_itself = moves and (to.account_id, holder.collection_id, holder.segment) == (
                *(source.account_id, source.place, source.name),
            )
            if not (is_elsewhere or is_replaced or is_itself):
                is_told = holder.item_id not in to.discretion.secret
                raise Violation(Rule.UID_TAKEN, holder=(holder.collection_id, holder.segment) if is_told else None)

    def _check_room(self, tx: Transaction, source: Resource, to: Resource) -> None:
        """Whether the account has room for what comes, and for so many."""
        octets, files, folders = self._measured(tx, source)
        self._quotas.check(tx, to.account_id, octets - (to.member.size if to.member is not None else 0))
        if source.kind is not FILES:
            self._check_items(tx, to, files)
            return
        limits = self._settings.of(FileStorage)
        if limits.max_files is None and limits.max_folders is None:
            return
        there = tx.collections.count(to.account_id, FILES.type)
        if limits.max_folders is not None and there + folders > limits.max_folders:
            raise OverQuota(TOO_MANY_FOLDERS)
        if (
            limits.max_files is not None
            and tx.objects.count(to.account_id, FILES.type) - there + files > limits.max_files
        ):
            raise OverQuota(TOO_MANY_FILES)

    def _check_items(self, tx: Transaction, to: Resource, more: int) -> None:
        settings, kind = self._settings, to.kind
        most = settings.of(Calendar).max_events if kind is CALENDARS else settings.of(AddressBook).max_contacts
        if most is not None and tx.objects.count(to.account_id, kind.item_type) + more > most:
            raise OverQuota(_TOO_MANY_ITEMS)

    def _measured(self, tx: Transaction, source: Resource) -> tuple[int, int, int]:
        """Octets, files and folders of what is at ``source``."""
        if source.level is Level.ITEM:
            row = tx.objects.get(source.account_id, source.member.item_id) if source.member is not None else None
            return (row.size if row is not None else 0), 1, 0  # with what is attached
        octets, files, folders = 0, 0, [source.inside]
        for folder in folders:
            after = ""
            while found := tx.collections.members(source.account_id, folder, after=after, limit=1000):
                octets += sum(each.size for each in found)
                folders += (each.item_id for each in found if each.is_collection)
                files += sum(not each.is_collection for each in found)
                after = found[-1].segment
        return octets, files, len(folders)


def _elsewhere(tx: Transaction, to: Resource, member: Member, now: int) -> Member:
    """What is in another calendar may have other alerts there."""
    if to.kind is CALENDARS and not member.is_collection:
        was_written(tx, to.account_id, member.item_id, tx.collections.octets(to.account_id, member.item_id) or b"", now)
    return member


def depth_below(tx: Transaction, found: Resource) -> int:
    """How many collections are one in the other below a folder, at most."""
    above = {each.id: each.parent_id for each in tx.collections.of_type(found.account_id, found.kind.type)}
    depths: dict[int, int] = {found.inside: 0}
    for id in above:
        path: list[int] = []
        while id in above and id not in depths and len(path) <= found.kind.deepest:
            path.append(id)
            id = above[id]
        reached = depths.get(id, -1)
        for each in reversed(path):
            reached = reached + 1 if reached >= 0 else -1
            depths[each] = reached
    return max(depths.values())


def _share_as_there(tx: Transaction, source: Resource, to: Resource) -> None:
    """A file that has its rights from the folder that it leaves has those of the one that it comes to."""
    assert source.member is not None
    account_id, id = source.account_id, source.member.item_id
    grants = tx.shares.of_object(account_id, id)
    if grants and source.parents and grants == tx.shares.of_object(account_id, source.place):
        tx.shares.replace(account_id, id, tx.shares.of_object(account_id, to.place) if to.parents else {})
