"""The mail of accounts over one session; the work is done in ``mail_writing``, ``mail_lists``, ``mail_matching``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from stalwart.store.mail import Mailboxes, Revise
from stalwart.store.mail_rows import (
    AddedEmail,
    EmailPage,
    EmailRow,
    Filter,
    ListChanges,
    NewEmail,
    Recounted,
    Shown,
    Sort,
)
from stalwart.store.sql.blobs import SqlBlobs
from stalwart.store.sql.mail_arrivals import Arrivals
from stalwart.store.sql.mail_lists import MailLists
from stalwart.store.sql.mail_matching import Matching
from stalwart.store.sql.mail_recount import Recount
from stalwart.store.sql.mail_writing import MailWriting
from stalwart.store.sql.mailboxes import SqlMailboxes
from stalwart.store.sql.session import Session


class SqlMail:
    """``store.mail.Mail`` on a session."""

    def __init__(self, session: Session, blobs: SqlBlobs) -> None:
        self._writing = MailWriting(session, blobs)
        self._lists = MailLists(session)
        self._matching = Matching(session)
        self._recount = Recount(session)
        self._arrivals = Arrivals(session)
        self.mailboxes: Mailboxes = SqlMailboxes(session, self._writing, self._recount)

    def add_email(self, account_id: int, email: NewEmail, *, now: int) -> AddedEmail:
        return self._writing.add(account_id, email, now)

    def update_email(
        self,
        account_id: int,
        id: int,
        *,
        now: int,
        mailboxes: Set[int] | None = None,
        keywords: Set[str] | None = None,
    ) -> bool:
        return self._writing.update(account_id, id, now, mailboxes, keywords)

    def revise_email(self, account_id: int, id: int, revise: Revise, *, now: int) -> int:
        return self._writing.revise(account_id, id, now, revise)

    def destroy_emails(self, account_id: int, ids: Iterable[int], *, now: int) -> frozenset[int]:
        return self._writing.destroy(account_id, ids, now)

    def list_rows(self, account_id: int, ids: Iterable[int], *, parts: bool = False) -> dict[int, EmailRow]:
        return self._lists.rows(account_id, ids, parts)

    def mentioning(self, account_id: int, reference: int, limit: int) -> list[tuple[int, bytes]]:
        return self._lists.mentioning(account_id, reference, limit)

    def threads(self, account_id: int, ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
        return self._lists.threads(account_id, ids)

    def page(
        self,
        account_id: int,
        *,
        limit: int,
        mailbox: int | None = None,
        ascending: bool = False,
        collapse: bool = False,
        shown: Shown | None = None,
        position: int = 0,
        anchor: int | None = None,
        anchor_offset: int = 0,
        calculate_total: bool = False,
    ) -> EmailPage:
        return self._lists.page(
            account_id,
            mailbox,
            shown,
            collapse,
            ascending,
            position=position,
            anchor=anchor,
            anchor_offset=anchor_offset,
            limit=limit,
            calculate_total=calculate_total,
        )

    def matching(
        self,
        account_id: int,
        filter: Filter | None,
        sort: Sequence[Sort] = (),
        *,
        limit: int,
        collapse: bool = False,
    ) -> tuple[int, ...]:
        return self._matching.ids(account_id, filter, sort, limit, collapse)

    def list_changes(
        self, account_id: int, mailbox: int, since: int, *, limit: int, ascending: bool = False
    ) -> ListChanges | None:
        return self._lists.changes(account_id, mailbox, since, ascending, limit)

    def indexes(
        self,
        account_id: int,
        ids: Iterable[int],
        *,
        mailbox: int | None = None,
        shown: Shown | None = None,
        ascending: bool = False,
    ) -> tuple[tuple[int, int], ...]:
        return self._lists.indexes(account_id, ids, mailbox, shown, ascending)

    def count(self, account_id: int, enough: int) -> int:
        return self._arrivals.count(account_id, enough)

    def delivered(self, account_id: int, digest: bytes, *, now: int) -> AddedEmail | None:
        return self._arrivals.find(account_id, digest, now)

    def note_delivery(self, account_id: int, digest: bytes, blob: bytes, *, expires_at: int) -> None:
        self._arrivals.note(account_id, digest, blob, expires_at)

    def purge_deliveries(self, now: int, limit: int) -> int:
        return self._arrivals.purge(now, limit)

    def expunge(self, account_id: int, mailbox_id: int, *, before: int, limit: int, now: int) -> int:
        ids = self._arrivals.staying(account_id, mailbox_id, before, limit)
        if ids:
            self._writing.remove_from(account_id, ids, mailbox_id, now)
        return len(ids)

    def forget_removed(self, account_id: int, limit: int) -> int:
        return self._lists.forget_removed(account_id, limit)

    def recount(self, account_id: int, *, now: int) -> Recounted:
        return self._recount.everything(account_id, now)
