"""Mailboxes as the standard methods see them: ``tx.mail.mailboxes`` in wire form (RFC 8621 2).

Every row is made into a whole object, which costs less than choosing. Queries look at all mailboxes of the account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from stalwart.codec.dav.rights import Rights as Granted
from stalwart.codec.ids import encode_id
from stalwart.errors import Conflict, DanglingReference, Linked, NotFound
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.accounts import belongs
from stalwart.jmap.errors import SetRefused, Untimely
from stalwart.jmap.mail import mailbox_tree as tree
from stalwart.jmap.mail.capability import MAIL_SHARE
from stalwart.jmap.mail.mailbox_rights import MAY_SHARE, Rights, rights
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.mail.subscriptions import is_subscribed, with_subscription
from stalwart.jmap.sharing.changing import share, shown_grants
from stalwart.jmap.sharing.rights import MAILBOX as RIGHTS
from stalwart.jmap.sharing.rights import SHARE_WITH
from stalwart.jmap.sharing.seeing import is_visible, visible_changes
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.asking import Asking, Change, number_of
from stalwart.jmap.standard.filters import predicate
from stalwart.jmap.standard.sorting import ordered
from stalwart.jmap.standard.source import Difference, Found, Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Listed, Window
from stalwart.mail.messages.folders import name_key
from stalwart.store.mail_rows import MailboxRow
from stalwart.store.object_types import MAILBOX
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

_ALL = (1 << 63) - 1


@frozen
class Shape:
    """Whether results are sorted, and filtered, as a tree."""

    sorted: bool
    filtered: bool

    @classmethod
    def of(cls, asking: Asking) -> Shape:
        """From the arguments of the type's own; raises ``MethodError`` ``invalidArguments``."""
        reader = ArgumentReader(asking.rest)
        return cls(reader.flag("sortAsTree"), reader.flag("filterAsTree"))


@frozen
class MailboxSource:
    """``Source`` over the mailboxes of the mail repository."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        return tx.objects.state(asking.account_id, MAILBOX)

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        mailboxes, account_id = tx.mail.mailboxes, asking.account_id
        rows = mailboxes.list(account_id) if ids is None else list(mailboxes.many(account_id, ids).values())
        looking = Looking.of(tx, asking)
        if looking.granted is not None:
            seen = {id for id, granted in looking.granted.items() if is_visible(granted)}
            rows = [row for row in rows if row.id in seen]
        rows = rows[:limit]
        if SHARE_WITH in names:
            shared = tx.shares.of_objects(account_id, [row.id for row in rows if looking.may_share(row)])
            return [(row.id, {**looking.wire_form(row), SHARE_WITH: _shown(shared.get(row.id))}) for row in rows]
        return [(row.id, looking.wire_form(row)) for row in rows]

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        return visible_changes(tx, asking, MAILBOX, since, limit)

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        new = change.new
        data = with_subscription(None, asking.account_id, asking.access.account_id, new["isSubscribed"])
        with _refusing(tx, asking):
            made = tx.mail.mailboxes.create(
                asking.account_id,
                new["name"],
                name_key(new["name"]),
                now=asking.now,
                parent_id=parent_number(new["parentId"]),
                role=new["role"],
                sort_order=new["sortOrder"],
                data=data,
            )
        self._inherit(tx, asking, made)
        if new.get(SHARE_WITH):
            self._share(tx, asking, made, None, new[SHARE_WITH])
        return made.id

    def _inherit(self, tx: Transaction, asking: Asking, made: MailboxRow) -> None:
        """What a guest makes in a mailbox is shared with all with whom that is."""
        if made.parent_id is not None and not belongs(asking.access, asking.account_id):
            tx.shares.replace(asking.account_id, made.id, tx.shares.of_object(asking.account_id, made.parent_id))

    def _share(self, tx: Transaction, asking: Asking, row: MailboxRow, old: Any, new: Any) -> None:
        tx.objects.update(asking.account_id, row.id, now=asking.now)
        share(tx, asking, RIGHTS, (row.id, MAILBOX, row.name), old, new)

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        row = known(tx, asking, change)
        columns = _columns(change, row, asking)
        with _refusing(tx, asking):
            tx.mail.mailboxes.update(asking.account_id, row.id, now=asking.now, **columns)
        if SHARE_WITH in change.changed:
            self._share(tx, asking, row, change.old[SHARE_WITH], change.new[SHARE_WITH])
        return None

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        remove = bool(asking.rest.get("onDestroyRemoveEmails"))
        with _refusing(tx, asking):
            tx.mail.mailboxes.delete(asking.account_id, change.id or 0, now=asking.now, remove_emails=remove)

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        raise NotImplementedError("mailboxes are not copied")

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        results, _ = self._results(tx, asking, query, Shape.of(asking))
        return QueryAnswer(window.cut(Listed(results)))

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        """Every mailbox of which more than counts changed is removed and added anew, with what is below it in a tree.

        No query depends on counts.
        """
        shape = Shape.of(asking)
        changes = self.changes(tx, asking, since, limit)
        if changes is None or changes.has_more:
            return None
        results, parents = self._results(tx, asking, query, shape)
        moved = set(self._moved(tx, asking, changes, since)) if query.names or shape.sorted or shape.filtered else set()
        if shape.sorted or shape.filtered:
            moved = tree.with_descendants(moved, parents)
        touched = moved.union(changes.created)
        added = [(index, id) for index, id in enumerate(results) if id in touched]
        removed = [*sorted(moved.difference(changes.created)), *changes.destroyed]
        return Difference(removed, added, len(results))

    def _moved(self, tx: Transaction, asking: Asking, changes: Changes, since: State) -> Iterator[int]:
        if changes.only_counts:
            return
        for id in changes.updated:
            object = tx.objects.get(asking.account_id, id)
            if object is not None and object.prop_seq > since.number:
                yield id

    def _results(
        self, tx: Transaction, asking: Asking, query: Query, shape: Shape
    ) -> tuple[list[int], dict[int, int | None]]:
        rows = self.fetch(tx, asking, None, query.names, _ALL)
        parents = {id: parent_number(each["parentId"]) for id, each in rows}
        matches = predicate(query.filter, asking.declared.conditions)
        matching = {id for id, each in rows if matches(each)}
        if shape.filtered:
            matching = tree.rooted(matching, parents)
        order = [id for id, _ in ordered(rows, query.sort)]
        if shape.sorted:
            order = tree.as_tree(order, parents)
        return [id for id in order if id in matching], parents


@frozen
class Looking:
    """Somebody who looks at mailboxes of an account: ``held`` is what his permissions allow, ``granted`` what he may do
    with each, None where all is his.
    """

    account_id: int
    user_id: int
    held: Rights
    granted: Mapping[int, Granted] | None
    shares: bool

    @classmethod
    def of(cls, tx: Transaction, asking: Asking) -> Looking:
        """Who asks."""
        access, account_id = asking.access, asking.account_id
        granted = Sight.of(tx, access, account_id).rights
        shares = MAIL_SHARE in asking.request.using
        return cls(account_id, access.account_id, rights(access.permissions), granted, shares)

    def may_share(self, row: MailboxRow) -> bool:
        """Whether he may share a mailbox, and know with whom it is shared."""
        return bool(self.held.of(row, self._granted(row), shares=True)[MAY_SHARE])

    def wire_form(self, row: MailboxRow) -> dict[str, Any]:
        """All properties of a mailbox but ``id`` and ``shareWith``, as he sees it."""
        granted = self._granted(row)
        is_read = granted is None or Granted.READ_ITEMS in granted
        parent = row.parent_id
        if parent is not None and self.granted is not None and not is_visible(self.granted.get(parent, Granted.NONE)):
            parent = None  # it is not there for him
        return {
            "name": row.name,
            "parentId": None if parent is None else encode_id(parent),
            "role": row.role,
            "sortOrder": row.sort_order,
            "totalEmails": row.total if is_read else 0,
            "unreadEmails": row.unread if is_read else 0,
            "totalThreads": row.total_threads if is_read else 0,
            "unreadThreads": row.unread_threads if is_read else 0,
            "myRights": self.held.of(row, granted, shares=self.shares),
            "isSubscribed": is_subscribed(row.data, self.account_id, self.user_id, is_guest=granted is not None),
        }

    def _granted(self, row: MailboxRow) -> Granted | None:
        return None if self.granted is None else self.granted.get(row.id, Granted.NONE)


def _shown(grants: Mapping[int, int] | None) -> dict[str, Any] | None:
    return shown_grants(RIGHTS, grants) if grants else None


def parent_number(id: str | None) -> int | None:
    """The number of a ``parentId``; -1 for one that no mailbox can have."""
    if id is None:
        return None
    number = number_of(id)
    return -1 if number is None else number


def known(tx: Transaction, asking: Asking, change: Change) -> MailboxRow:
    """The mailbox that is changed. Raises NotFound."""
    row = None if change.id is None else tx.mail.mailboxes.get(asking.account_id, change.id)
    if row is None:
        raise NotFound
    return row


def _columns(change: Change, row: MailboxRow, asking: Asking) -> dict[str, Any]:
    """The arguments of ``mailboxes.update``."""
    new, changed = change.new, change.changed
    columns: dict[str, Any] = {"name": new["name"], "name_key": name_key(new["name"])}
    if "parentId" in changed:
        columns["parent_id"] = parent_number(new["parentId"])
    if "role" in changed:
        columns["role"] = new["role"]
    if "sortOrder" in changed:
        columns["sort_order"] = new["sortOrder"]
    if "isSubscribed" in changed:
        user_id = asking.access.account_id
        columns["data"] = with_subscription(row.data, asking.account_id, user_id, new["isSubscribed"])
    return columns


@contextmanager
def _refusing(tx: Transaction, asking: Asking) -> Iterator[None]:
    """What the store refuses, in the words of RFC 8621 2.5; what who asks does not see is not named."""
    try:
        yield
    except Linked as problem:
        if problem.linked[0][0] == "Mailbox":
            raise Untimely("mailboxHasChild", "There are mailboxes in this one.") from None
        raise SetRefused("mailboxHasEmail", "There are e-mails in this mailbox.") from None
    except DanglingReference:
        raise SetRefused("invalidProperties", "There is no such mailbox.", ("parentId",)) from None
    except Conflict as problem:
        if problem.property == "role":
            raise Untimely("invalidProperties", "Another mailbox has this role.", ("role",)) from None
        if problem.property != "name" or problem.holder is None:
            raise
        number = problem.holder[1]
        is_seen = is_visible(Viewer.of(asking.access).rights_on(tx, asking.account_id, number))
        known = {"existingId": encode_id(number)} if is_seen else {}
        text = "There is a mailbox with this name in the same place."
        raise Untimely("alreadyExists", text, ("name",), **known) from None
