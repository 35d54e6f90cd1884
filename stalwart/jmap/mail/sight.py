"""What of the mail of an account somebody sees, and what he may do with it (RFC 8621 2, myRights).

Where he belongs that is everything, and nothing is asked. Elsewhere an e-mail is there for him if it is in a mailbox
whose items he may read; of its mailboxes he sees those. What concerns an e-mail as a whole, its keywords and its end,
takes a right on all mailboxes that it is in, seen or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from typing import Final

import msgspec
from attrs import field, frozen

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import decode_id, encode_id
from stalwart.directory.access import Access
from stalwart.errors import NotFound
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.presence import state_of
from stalwart.store.mail_rows import Combined, Condition, EmailRow, Filter
from stalwart.store.object_types import MAILBOX
from stalwart.store.store import Transaction

SEEN: Final = "$seen"
_FORBIDDEN: Final = "You may not do this in the mailboxes that the e-mail is in."
_mailbox_ids = msgspec.json.Decoder(dict[str, bool]).decode


def mail_state(tx: Transaction, access: Access, account_id: int, type: int, kind: str = "accountNotFound") -> int:
    """The state of a type of mail for somebody, of an account that must be there: another one too when his rights
    have changed. Raises ``MethodError`` ``kind``.
    """
    state, viewer = state_of(tx, account_id, type, kind), Viewer.of(access)
    return state if viewer.belongs_to(account_id) else max(state, tx.shares.last_change(account_id, viewer.grantees))


@frozen
class Sight:
    """``rights`` are those on mailboxes, by number; None where everything may be done."""

    rights: Mapping[int, Rights] | None = field(default=None)

    @classmethod
    def of(cls, tx: Transaction, access: Access, account_id: int) -> Sight:
        """That of who asks, in an account."""
        viewer = Viewer.of(access)
        if viewer.belongs_to(account_id):
            return cls()
        rights: dict[int, Rights] = {}
        for grant in tx.shares.granted(viewer.grantees, account_id):
            if grant.type == MAILBOX:
                rights[grant.object_id] = rights.get(grant.object_id, Rights.NONE) | Rights(grant.rights)
        return cls(rights)

    @property
    def is_whole(self) -> bool:
        """Whether he sees everything."""
        return self.rights is None

    def may(self, mailbox: int, right: Rights) -> bool:
        """Whether he has a right on a mailbox."""
        return self.rights is None or right in self.rights.get(mailbox, Rights.NONE)

    def readable(self, mailboxes: Iterable[int]) -> frozenset[int]:
        """Those whose items he may read."""
        return frozenset(each for each in mailboxes if self.may(each, Rights.READ_ITEMS))

    def rows(self, rows: Mapping[int, EmailRow]) -> Mapping[int, EmailRow]:
        """The e-mails that he sees, with the mailboxes that he sees."""
        if self.rights is None:
            return rows
        found: dict[int, EmailRow] = {}
        for id, row in rows.items():
            there = _mailbox_ids(row.mailboxes)
            seen = [each for each in there if self.may(decode_id(each), Rights.READ_ITEMS)]
            if seen:
                shown = msgspec.json.encode(dict.fromkeys(seen, True)).decode()
                found[id] = msgspec.structs.replace(row, mailboxes=shown) if len(seen) < len(there) else row
        return found

    def seen(self, tx: Transaction, account_id: int, ids: Collection[int]) -> frozenset[int]:
        """Those of the e-mails that he sees."""
        if self.rights is None:
            return frozenset(ids)
        return frozenset(self.rows(tx.mail.list_rows(account_id, ids)))

    def places(self, tx: Transaction, account_id: int, ids: Collection[int]) -> dict[int, frozenset[int]]:
        """The mailboxes whose items he may read, by e-mail that is in any."""
        rows = self.rows(tx.mail.list_rows(account_id, ids))
        return {id: frozenset(map(decode_id, _mailbox_ids(row.mailboxes))) for id, row in rows.items()}

    def narrowed(self, tx: Transaction, account_id: int, filter: Filter | None) -> Filter | None:
        """A filter that lets through no more than what he sees."""
        if self.rights is None:
            return filter
        hidden = {row.id for row in tx.mail.mailboxes.list(account_id)} - self.readable(self.rights)
        within = Condition("in_mailbox_other_than", frozenset(hidden))
        return within if filter is None else Combined("AND", (within, filter))

    def known(self, mailboxes: Iterable[int]) -> frozenset[int]:
        """Those that he may know of: what he cannot read is not there, unless he may put something into it."""
        both = Rights.READ_ITEMS | Rights.ADD_ITEMS
        return frozenset(each for each in mailboxes if self.rights is None or self.rights.get(each, Rights.NONE) & both)

    def check_adding(self, mailboxes: Iterable[int]) -> None:
        """Before e-mails are put into mailboxes that he knows of. Raises ``SetRefused`` ``forbidden``."""
        for each in mailboxes:
            if not self.may(each, Rights.ADD_ITEMS):
                raise SetRefused("forbidden", f'You may not add e-mails to the mailbox "{encode_id(each)}".')

    def check_revision(
        self, before: tuple[Set[int], Set[str]], after: tuple[Set[int], Set[str]]
    ) -> tuple[Set[int], Set[str]]:
        """Before an e-mail gets other mailboxes and keywords; what it is to have, with the mailboxes that he does not
        see. Raises NotFound, ``SetRefused`` ``forbidden``.
        """
        if self.rights is None:
            return after
        seen = self.readable(before[0])
        if not seen:
            raise NotFound
        self.check_adding(after[0] - seen)
        if not all(self.may(each, Rights.REMOVE_ITEMS) for each in seen - after[0]):
            raise SetRefused("forbidden", _FORBIDDEN, ("mailboxIds",))
        needed = Rights.NONE
        for keyword in before[1] ^ after[1]:
            needed |= Rights.SET_SEEN if keyword == SEEN else Rights.MODIFY_ITEMS
        if needed and not all(self.may(each, needed) for each in before[0]):
            raise SetRefused("forbidden", _FORBIDDEN, ("keywords",))
        return after[0] | (before[0] - seen), after[1]

    def destroyable(self, tx: Transaction, account_id: int, ids: Collection[int]) -> tuple[list[int], list[int]]:
        """Of these e-mails those that he may destroy, and those that he sees and may not."""
        if self.rights is None:
            return list(ids), []
        may: list[int] = []
        may_not: list[int] = []
        for id, row in tx.mail.list_rows(account_id, ids).items():
            there = [decode_id(each) for each in _mailbox_ids(row.mailboxes)]
            if all(self.may(each, Rights.REMOVE_ITEMS) for each in there) and self.readable(there):
                may.append(id)
            elif self.readable(there):
                may_not.append(id)
        return may, may_not
