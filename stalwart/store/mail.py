"""The mail of accounts as the rest of the server sees it (RFC 8621 2 to 4), without MIME and without JMAP's words.

Changes of Mailbox, Email and Thread are in ``Transaction.objects``, under the numbers of ``object_types``. Every
object that an operation changes gets one number of its own. A call that raises an error of ours changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, Protocol

from msgspec import UNSET, UnsetType

from stalwart.store.mail_rows import (
    AddedEmail,
    EmailPage,
    EmailRow,
    Filter,
    ListChanges,
    MailboxRow,
    NewEmail,
    Recounted,
    Shown,
    Sort,
)

Rows = list[MailboxRow]

Revise = Callable[[Set[int], Set[str]], tuple[Set[int], Set[str]]]
"""What an e-mail is to have in place of its mailboxes and keywords."""


class Mailboxes(Protocol):
    """Mailboxes with their counters. How deep they nest and that there are no cycles is the caller's business."""

    def create(
        self,
        account_id: int,
        name: str,
        name_key: str,
        *,
        now: int,
        parent_id: int | None = None,
        role: str | None = None,
        sort_order: int = 0,
        data: Mapping[str, Any] | None = None,
    ) -> MailboxRow:
        """A new one. Raises Conflict (``property`` is ``name`` or ``role``, ``holder`` who has it), DanglingReference
        (parent), NotFound (account).
        """

    def update(
        self,
        account_id: int,
        id: int,
        *,
        now: int,
        name: str | UnsetType = UNSET,
        name_key: str | UnsetType = UNSET,
        parent_id: int | UnsetType | None = UNSET,
        role: str | UnsetType | None = UNSET,
        sort_order: int | UnsetType = UNSET,
        data: Mapping[str, Any] | UnsetType | None = UNSET,
    ) -> MailboxRow:
        """Change what is given; nothing is logged if nothing differs. Raises as ``create``, and NotFound."""

    def delete(self, account_id: int, id: int, *, now: int, remove_emails: bool = False) -> None:
        """Remove a mailbox; with ``remove_emails`` what is in no other one is destroyed.

        Raises NotFound, Linked: ``linked`` names children (``Mailbox``), or else an e-mail in it (``Email``).
        """

    def get(self, account_id: int, id: int) -> MailboxRow | None:
        """By id."""

    def many(self, account_id: int, ids: Iterable[int]) -> dict[int, MailboxRow]:
        """Those that there are, by id, in the order of ``ids``."""

    def list(self, account_id: int) -> Rows:
        """All, by id."""

    def count(self, account_id: int) -> int:
        """How many there are."""

    def by_role(self, account_id: int, role: str) -> MailboxRow | None:
        """The one with a role."""

    def by_name(self, account_id: int, parent_id: int | None, name_key: str) -> MailboxRow | None:
        """The child of ``parent_id`` with that name."""

    def ancestors(self, account_id: int, id: int, limit: int = 100) -> tuple[int, ...]:
        """The parent, its parent and so on, at most ``limit``."""


class Mail(Protocol):
    """E-mails in mailboxes and threads."""

    @property
    def mailboxes(self) -> Mailboxes: ...

    def add_email(self, account_id: int, email: NewEmail, *, now: int) -> AddedEmail:
        """Store an e-mail and hold its blob.

        It joins the oldest thread with the same subject hash and a common reference. Several such threads become one,
        whose newcomers get new ids (the thread of an e-mail is immutable, RFC 8621 4.1.1), unless they are too many:
        then it joins the largest. Raises Invalid (no mailbox), DanglingReference (mailbox), NotFound (account, blob).
        """

    def update_email(
        self,
        account_id: int,
        id: int,
        *,
        now: int,
        mailboxes: Set[int] | None = None,
        keywords: Set[str] | None = None,
    ) -> bool:
        """Give it other mailboxes or keywords, the full sets; False if it has them already.

        Raises NotFound, Invalid (no mailbox), DanglingReference (mailbox).
        """

    def revise_email(self, account_id: int, id: int, revise: Revise, *, now: int) -> int:
        """As ``update_email``, with what ``revise`` makes of the sets that it has; what that raises passes.

        Answers the change number of the e-mail, which is the state of all then; 0 if it has them already.
        """

    def destroy_emails(self, account_id: int, ids: Iterable[int], *, now: int) -> frozenset[int]:
        """Remove e-mails, the last of a thread with the thread; answers which of them there were."""

    def list_rows(self, account_id: int, ids: Iterable[int], *, parts: bool = False) -> dict[int, EmailRow]:
        """Those that there are, by id, in the order of ``ids``; with the places of ``parts`` if wanted."""

    def threads(self, account_id: int, ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """The e-mails of threads, the oldest first, by thread, in the order of ``ids``."""

    def mentioning(self, account_id: int, reference: int, limit: int) -> list[tuple[int, bytes]]:
        """Ids and fragments of the e-mails in threads where that reference is found, the oldest first."""

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
        """A piece of a list by time of receipt (equal ones by id in the same direction), of one mailbox or of all mail.

        ``collapse`` shows the first e-mail of each thread only. A negative ``position`` counts from the end. Raises
        NotFound if the ``anchor`` is not in the list.
        """

    def matching(
        self,
        account_id: int,
        filter: Filter | None,
        sort: Sequence[Sort] = (),
        *,
        limit: int,
        collapse: bool = False,
    ) -> tuple[int, ...]:
        """The first ``limit`` ids of what matches, sorted, by default the latest first; the id decides last, in the
        direction of the last key.

        Raises Invalid for a filter that is too large or too deep.
        """

    def list_changes(
        self, account_id: int, mailbox: int, since: int, *, limit: int, ascending: bool = False
    ) -> ListChanges | None:
        """How the list of a mailbox by time of receipt, not collapsed, changed after the Email state ``since``.

        None means cannotCalculateChanges (RFC 8620 5.6). Raises NotFound (mailbox).
        """

    def indexes(
        self,
        account_id: int,
        ids: Iterable[int],
        *,
        mailbox: int | None = None,
        shown: Shown | None = None,
        ascending: bool = False,
    ) -> tuple[tuple[int, int], ...]:
        """Where e-mails are in a list that is not collapsed, (index, id), lowest index first; those in it, that is."""

    def count(self, account_id: int, enough: int) -> int:
        """How many e-mails an account has; where they are fewer than ``enough``, rather too many than too few."""

    def delivered(self, account_id: int, digest: bytes, *, now: int) -> AddedEmail | None:
        """An e-mail of the blob that ``note_delivery`` was called with for ``digest``, if there is one and it is not
        over.
        """

    def note_delivery(self, account_id: int, digest: bytes, blob: bytes, *, expires_at: int) -> None:
        """The message with ``digest``, a delivery, is in ``blob``; remembered until ``expires_at``."""

    def purge_deliveries(self, now: int, limit: int) -> int:
        """Forget deliveries that are over, at most ``limit``; answers how many."""

    def expunge(self, account_id: int, mailbox_id: int, *, before: int, limit: int, now: int) -> int:
        """Take out of a mailbox what came into it before a time, at most ``limit``; answers how many e-mails.

        Those that are in no other mailbox are destroyed.
        """

    def forget_removed(self, account_id: int, limit: int) -> int:
        """Forget what left mailboxes before the oldest Email state that changes are known from, at most ``limit``;
        answers how many.
        """

    def recount(self, account_id: int, *, now: int) -> Recounted:
        """Count everything anew and put right what differs: for maintenance, it reads all mail of the account."""
