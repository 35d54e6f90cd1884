"""What mailboxes must be like, and which may go (RFC 8621 2, 2.5; x:Email for the limits).

Siblings whose names differ only in case or composition are one name to users, so the store refuses them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Set
from typing import Any

from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.email import SPECIAL_USE, Email
from stalwart.errors import StalwartError
from stalwart.jmap.accounts import belongs
from stalwart.jmap.errors import SetRefused, Untimely
from stalwart.jmap.mail import mailbox_tree as tree
from stalwart.jmap.mail.capability import longest_name
from stalwart.jmap.mail.mailbox_source import known, parent_number
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.sharing.rights import SHARE_WITH
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change, number_of
from stalwart.jmap.standard.rules import Rules
from stalwart.mail.messages.folders import INBOX
from stalwart.mail.messages.quota import Limits
from stalwart.store.store import Transaction

ROLES = frozenset(SPECIAL_USE.names)
"""The roles that mailboxes can have. Those of views over all mail, such as ``all``, are none (RFC 6154 2)."""

_AT_ONCE = 1000
_ONLY_HIS = frozenset(("isSubscribed", SHARE_WITH))
"""What people see in their own way, and what has a right of its own."""
_ALWAYS = 1 << 62
_CONTROLS = frozenset(("Cc", "Cs", "Zl", "Zp"))


class MailboxRules(Rules):
    """Names, roles, places; the Inbox stays as it is."""

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        remove = ArgumentReader(asking.rest).flag("onDestroyRemoveEmails")
        is_alone = not (arguments.if_in_state or arguments.create or arguments.update)
        if remove and is_alone and belongs(asking.access, asking.account_id):
            await _empty_large(asking, {number for number in map(number_of, arguments.destroy) if number is not None})
        return {}

    def check(self, tx: Transaction, asking: Asking, change: Change) -> None:
        changed = change.changed
        email = asking.services["settings"].of(Email)
        sight = Sight.of(tx, asking.access, asking.account_id)
        if not sight.is_whole:
            _check_guest(sight, change)
        if change.id is None:
            self._room(tx, asking, email)
        elif not changed.keys().isdisjoint(("name", "parentId", "role")):
            self._not_the_inbox(tx, asking, change)
        if "name" in changed:
            change.new["name"] = checked_name(changed["name"], longest_name(email))
        if changed.get("role") not in (None, *ROLES):
            raise SetRefused("invalidProperties", "There is no such role.", ("role",))
        if change.id is None or "parentId" in changed:
            self._place(tx, asking, change, email.max_mailbox_depth)

    def letting_go(self, tx: Transaction, asking: Asking, named: Mapping[int, Collection[str]]) -> bool:
        for number, names in named.items():
            other: dict[str, Any] = {"role": None} if "role" in names else {}
            if "name" in names or "parentId" in names:
                other["name_key"] = f"\x01{number}"  # no name has it
            tx.mail.mailboxes.update(asking.account_id, number, now=asking.now, **other)
        return True

    def destroying(self, tx: Transaction, asking: Asking, change: Change) -> None:
        sight, removes = Sight.of(tx, asking.access, asking.account_id), asking.rest.get("onDestroyRemoveEmails")
        wanted = Rights.DELETE | Rights.REMOVE_ITEMS if removes else Rights.DELETE
        if not sight.may(change.id or 0, wanted):
            raise SetRefused("forbidden", "You may not destroy this mailbox.")
        if known(tx, asking, change).role == INBOX:
            raise SetRefused("forbidden", "The Inbox cannot be destroyed.")

    def _not_the_inbox(self, tx: Transaction, asking: Asking, change: Change) -> None:
        if known(tx, asking, change).role == INBOX:
            raise SetRefused("forbidden", "The name, the place and the role of the Inbox cannot be changed.")

    def _room(self, tx: Transaction, asking: Asking, email: Email) -> None:
        limits: Limits = asking.services["quotas"].limits(tx, asking.account_id)
        limit = limits.quotas.get("maxMailboxes", email.max_mailboxes)
        if limit is not None and tx.mail.mailboxes.count(asking.account_id) >= limit:
            raise Untimely("overQuota", f"There can be {limit} mailboxes at most.")

    def _place(self, tx: Transaction, asking: Asking, change: Change, deepest: int) -> None:
        """Whether the mailbox can be where it is wanted; that the parent exists is seen by the store."""
        parent = parent_number(change.new["parentId"])
        if parent is None and change.id is None:
            return
        parents = {row.id: row.parent_id for row in tx.mail.mailboxes.list(asking.account_id)}
        above = 0
        while parent is not None and above < deepest:
            if parent == change.id:
                text = "A mailbox cannot be in itself, nor in one that is in it."
                raise Untimely("invalidProperties", text, ("parentId",))
            above += 1
            parent = parents.get(parent)
        below = 1 if change.id is None else tree.height(change.id, parents)
        if parent is not None or above + below > deepest:
            raise Untimely("invalidProperties", f"Mailboxes are at most {deepest} levels deep.", ("parentId",))


def _check_guest(sight: Sight, change: Change) -> None:
    """What somebody may do with mailboxes that are shared with him. Raises ``SetRefused``."""
    names = change.changed.keys() if change.id is not None else frozenset()
    if names - _ONLY_HIS and not sight.may(change.id or 0, Rights.MODIFY):
        raise SetRefused("forbidden", "You may not change this mailbox.", sorted(names - _ONLY_HIS))
    if change.id is None or "parentId" in names:
        parent = parent_number(change.new["parentId"])
        if parent is None or not sight.may(parent, Rights.CREATE_CHILD):
            raise SetRefused("forbidden", "You may not put a mailbox there.", ("parentId",))


async def _empty_large(asking: Asking, doomed: Set[int]) -> None:
    """Remove the e-mails of large mailboxes that are to be destroyed, some at a time, so that others can write between.

    What is left is removed with the mailbox. Where the call does or wants more, everything happens at once.
    """
    account_id, store = asking.account_id, asking.services["store"]

    def large(tx: Transaction) -> list[int]:
        rows = tx.mail.mailboxes.list(account_id)
        parents = {row.id: row.parent_id for row in rows}
        staying = [row.id for row in rows if row.id not in doomed or row.role == INBOX]
        kept = tree.with_ancestors(staying, parents)
        return [row.id for row in rows if row.total > _AT_ONCE and row.id not in kept]

    def work(tx: Transaction) -> bool:
        left = large(tx)
        return bool(left) and tx.mail.expunge(account_id, left[0], before=_ALWAYS, limit=_AT_ONCE, now=asking.now) > 0

    if await store.read(large):
        while await store.write(work):
            pass


def checked_name(name: str, most: int) -> str:
    """``name`` as it is kept: composed (NFC, RFC 5198 3), without blanks around it. Raises ``SetRefused``."""
    kept = unicodedata.normalize("NFC", name).strip()
    if not kept:
        raise SetRefused("invalidProperties", "The name of a mailbox cannot be empty.", ("name",))
    if any(unicodedata.category(each) in _CONTROLS or _is_noncharacter(ord(each)) for each in kept):
        raise SetRefused("invalidProperties", "The name of a mailbox cannot have control characters.", ("name",))
    if len(kept.encode()) > most:
        raise SetRefused("invalidProperties", f"The name of a mailbox has at most {most} octets.", ("name",))
    return kept


def _is_noncharacter(number: int) -> bool:
    """What no JSON that we send may have (RFC 7493 2.1)."""
    return number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF
