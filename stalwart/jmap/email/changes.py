"""``Email/changes`` and ``Email/queryChanges`` (RFC 8621 4.3, 4.5).

The changes of the list of a mailbox by time of receipt are exact. Those of its unread or flagged e-mails and of all
mail may name more than has moved, as RFC 8620 5.6 allows. Of searches, and of lists with collapsed threads, none are
told.
"""

from __future__ import annotations

from functools import partial

from stalwart.errors import NotFound
from stalwart.jmap.accounts import belongs
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.email.filter import PlainList, plain_list
from stalwart.jmap.mail.passing import PassingMail
from stalwart.jmap.sharing.seeing import item_changes, seen_state
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.object_changes import too_many_changes
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.rules import Repeated
from stalwart.jmap.standard.source import Difference, Query
from stalwart.jmap.standard.states import State
from stalwart.store import Transaction
from stalwart.store.object_types import EMAIL as EMAIL_NUMBER
from stalwart.store.object_types import MAILBOX
from stalwart.store.rows import Changes

MOST_MOVED = 1000
"""How many changed e-mails are looked for in a list one by one; after more, querying anew is as good."""


class EmailSource(ObjectSource):
    """The log of changes, and what it means for lists. Of mailboxes that are shared lists tell none."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        return seen_state(tx, asking, EMAIL_NUMBER)

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        if belongs(asking.access, asking.account_id):
            return super().changes(tx, asking, since, limit)
        passing = partial(PassingMail.since, tx, asking)
        return item_changes(tx, asking, EMAIL_NUMBER, MAILBOX, since, limit, passing)

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        if not belongs(asking.access, asking.account_id):
            return None
        plain = plain_list(query.filter, query.sort)
        collapse = ArgumentReader(asking.rest).flag("collapseThreads")
        if plain is None or collapse or since.origin is not None:
            return None
        if plain.mailbox is not None and plain.shown is None:
            return _of_mailbox(tx, asking, plain.mailbox, plain.ascending, since, limit)
        return _moved(tx, asking, plain, since)


EMAIL_CHANGES = DataType(
    EMAIL, EmailSource(EMAIL_NUMBER), supports=("changes", "queryChanges"), repeated=Repeated(EMAIL_NUMBER)
)


def _of_mailbox(
    tx: Transaction, asking: Asking, mailbox: int, ascending: bool, since: State, limit: int
) -> Difference | None:
    """No more is looked for than the client wants; raises ``MethodError`` ``tooManyChanges``."""
    wanted = asking.max_changes
    most = limit if wanted is None else min(limit, wanted)
    try:
        changes = tx.mail.list_changes(asking.account_id, mailbox, since.number, limit=most, ascending=ascending)
    except NotFound:
        return None
    if changes is not None and changes.too_many and wanted == most:
        raise too_many_changes(most)
    if changes is None or changes.too_many:
        return None
    return Difference(changes.removed, changes.added, changes.total)


def _moved(tx: Transaction, asking: Asking, plain: PlainList, since: State) -> Difference | None:
    """Everything that changed is taken out, and put in again where it is now."""
    account_id = asking.account_id
    changes = tx.objects.changes(account_id, EMAIL_NUMBER, since.number, MOST_MOVED)
    if changes is None or changes.has_more:
        return None
    fixed = plain.mailbox is None and plain.shown is None  # when it was received never changes
    moved = () if fixed else changes.updated
    added = tx.mail.indexes(
        account_id,
        (*changes.created, *moved),
        mailbox=plain.mailbox,
        shown=plain.shown,
        ascending=plain.ascending,
    )
    total = None
    if asking.wants_total:  # counting takes a walk through the list
        total = tx.mail.page(account_id, limit=0, mailbox=plain.mailbox, shown=plain.shown, calculate_total=True).total
    return Difference((*moved, *changes.destroyed), added, total)
