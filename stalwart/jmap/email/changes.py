"""``Email/changes`` and ``Email/queryChanges`` (RFC 8621 4.3, 4.5).

The changes of the list of a mailbox by time of receipt are exact. Those of its unread or flagged e-mails and of all
mail may name more than has moved, as RFC 8620 5.6 allows. Of searches, and of lists with collapsed threads, none are
told.
"""

from __future__ import annotations

from collections.abc import Iterable

from stalwart.errors import NotFound
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.email.filter import PlainList, plain_list
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.source import Difference, Query
from stalwart.jmap.standard.states import State
from stalwart.store import Transaction
from stalwart.store.object_types import EMAIL as EMAIL_NUMBER

MOST_MOVED = 200
"""How many changed e-mails are looked for in a list one by one; after more, querying anew is as good."""


class EmailSource(ObjectSource):
    """The log of changes, and what it means for lists."""

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        plain = plain_list(query.filter, query.sort)
        collapse = ArgumentReader(asking.rest).flag("collapseThreads")
        if plain is None or collapse or since.origin is not None:
            return None
        if plain.mailbox is not None and plain.shown is None:
            return _of_mailbox(tx, asking.account_id, plain.mailbox, plain.ascending, since, limit)
        return _moved(tx, asking.account_id, plain, since)


EMAIL_CHANGES = DataType(EMAIL, EmailSource(EMAIL_NUMBER), supports=("changes", "queryChanges"))


def _of_mailbox(
    tx: Transaction, account_id: int, mailbox: int, ascending: bool, since: State, limit: int
) -> Difference | None:
    try:
        changes = tx.mail.list_changes(account_id, mailbox, since.number, limit=limit, ascending=ascending)
    except NotFound:
        return None
    if changes is None or changes.too_many:
        return None
    return Difference(changes.removed, changes.added, changes.total)


def _moved(tx: Transaction, account_id: int, plain: PlainList, since: State) -> Difference | None:
    """Everything that changed is taken out, and put in again where it is now."""
    changes = tx.objects.changes(account_id, EMAIL_NUMBER, since.number, MOST_MOVED)
    if changes is None or changes.has_more:
        return None
    fixed = plain.mailbox is None and plain.shown is None  # when it was received never changes
    moved = () if fixed else changes.updated
    added = _places(tx, account_id, plain, (*changes.created, *moved))
    total = tx.mail.page(account_id, limit=0, mailbox=plain.mailbox, shown=plain.shown, calculate_total=True).total
    return Difference((*moved, *changes.destroyed), sorted(added), total)


def _places(tx: Transaction, account_id: int, plain: PlainList, ids: Iterable[int]) -> Iterable[tuple[int, int]]:
    for id in ids:
        try:
            page = tx.mail.page(
                account_id,
                limit=0,
                mailbox=plain.mailbox,
                shown=plain.shown,
                ascending=plain.ascending,
                anchor=id,
            )
        except NotFound:
            continue
        yield page.position, id
