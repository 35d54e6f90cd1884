"""What an account's mail should be, worked out naively, and whether the tables say the same."""

from __future__ import annotations

import json
from typing import Any

from attrs import Factory, define

from stalwart.codec.ids import encode_id
from stalwart.store.mail_rows import FLAGS, Combined, Condition, Filter
from stalwart.store.object_types import EMAIL, MAILBOX, THREAD

ACCOUNT = 5


@define
class ModelEmail:
    """One e-mail."""

    thread: int
    received_at: int
    size: int
    blob: bytes
    mailboxes: set[int]
    keywords: set[str]
    references: frozenset[int]
    subject: int

    @property
    def is_unread(self) -> bool:
        return not self.keywords & {"$seen", "$draft"}


@define
class Model:
    """An account; ``trash`` is the mailbox with that role."""

    mailboxes: set[int] = Factory(set)
    trash: int | None = None
    emails: dict[int, ModelEmail] = Factory(dict)

    def joins(self, references: frozenset[int], subject: int) -> set[int]:
        """The threads with the same subject and a common reference."""
        return {m.thread for m in self.emails.values() if m.subject == subject and m.references & references}

    def thread(self, id: int) -> list[int]:
        """Its e-mails, the oldest first."""
        found = [email for email, m in self.emails.items() if m.thread == id]
        return sorted(found, key=lambda email: (self.emails[email].received_at, email))

    def counters(self, mailbox: int) -> tuple[int, int, int, int]:
        """Total, unread, and the same of threads (RFC 8621 2)."""
        inside = [m for m in self.emails.values() if mailbox in m.mailboxes]
        threads = {m.thread for m in inside}
        if mailbox == self.trash:
            unread = {m.thread for m in inside if m.is_unread}
        else:
            outside = [m for m in self.emails.values() if m.is_unread and m.mailboxes - {self.trash}]
            unread = threads & {m.thread for m in outside}
        return len(inside), sum(m.is_unread for m in inside), len(threads), len(unread)

    def matches(self, id: int, filter: Filter) -> bool:
        """Whether a search finds the e-mail."""
        m = self.emails[id]
        if isinstance(filter, Combined):
            found = [self.matches(id, part) for part in filter.filters]
            return {"AND": all(found), "OR": any(found), "NOT": not any(found)}[filter.operator]
        value: Any = filter.value
        having = [value in self.emails[other].keywords for other in self.thread(m.thread)]
        return {
            "in_mailbox": lambda: value in m.mailboxes,
            "in_mailbox_other_than": lambda: bool(m.mailboxes - value),
            "before": lambda: m.received_at < value,
            "after": lambda: m.received_at >= value,
            "min_size": lambda: m.size >= value,
            "max_size": lambda: m.size < value,
            "has_keyword": lambda: value in m.keywords,
            "not_keyword": lambda: value not in m.keywords,
            "all_in_thread_have_keyword": lambda: all(having),
            "some_in_thread_have_keyword": lambda: any(having),
            "none_in_thread_have_keyword": lambda: not any(having),
            "has_attachment": lambda: value is False,
            "among": lambda: id in value,
        }[filter.test]()

    def listed(self, filter: Filter | None, collapse: bool = False) -> tuple[int, ...]:
        """What a search finds, the latest first."""
        ids = sorted(self.emails, key=lambda id: (self.emails[id].received_at, id), reverse=True)
        found = [id for id in ids if filter is None or self.matches(id, filter)]
        if not collapse:
            return tuple(found)
        firsts: dict[int, int] = {}
        for id in found:
            firsts.setdefault(self.emails[id].thread, id)
        return tuple(firsts.values())


def check(tx: Any, session: Any, model: Model) -> None:
    """Raises AssertionError if a table of the account says something else than the model."""
    rows = tx.mail.list_rows(ACCOUNT, model.emails)
    assert rows.keys() == model.emails.keys()
    for id, m in model.emails.items():
        row = rows[id]
        assert (row.thread_id, row.received_at, row.size, row.blob) == (m.thread, m.received_at, m.size, m.blob)
        assert json.loads(row.mailboxes) == {encode_id(box): True for box in m.mailboxes}
        assert json.loads(row.keywords) == dict.fromkeys(m.keywords, True)
        assert row.flags == sum(FLAGS.get(keyword, 0) for keyword in m.keywords)
    for statement, expected in (
        (
            "SELECT item_id, container_id, thread_id, sort_at, flags FROM member WHERE dead = 0",
            {
                (id, box, m.thread, m.received_at, rows[id].flags)
                for id, m in model.emails.items()
                for box in m.mailboxes
            },
        ),
        (
            "SELECT email_id, keyword FROM keyword",
            {(id, k) for id, m in model.emails.items() for k in m.keywords if k not in FLAGS},
        ),
        (
            "SELECT thread_id, ref_hash, subject_hash, emails FROM thread_ref",
            {
                (
                    m.thread,
                    reference,
                    m.subject,
                    sum(reference in o.references for o in model.emails.values() if o.thread == m.thread),
                )
                for m in model.emails.values()
                for reference in m.references
            },
        ),
        ("SELECT hash, owner_id FROM blob_link", {(m.blob, id) for id, m in model.emails.items()}),
        (f"SELECT id FROM obj WHERE dead = 0 AND type = {EMAIL}", {(id,) for id in model.emails}),
        (f"SELECT id FROM obj WHERE dead = 0 AND type = {MAILBOX}", {(id,) for id in model.mailboxes}),
        (f"SELECT id FROM obj WHERE dead = 0 AND type = {THREAD}", {(m.thread,) for m in model.emails.values()}),
    ):
        found = session.all(statement)
        assert len(found) == len(expected) and set(found) == expected, (statement, found, expected)
    for box in tx.mail.mailboxes.list(ACCOUNT):
        counters = (box.total, box.unread, box.total_threads, box.unread_threads)
        assert counters == model.counters(box.id), (box, model.counters(box.id))
    threads = {m.thread for m in model.emails.values()}
    assert tx.mail.threads(ACCOUNT, threads) == {id: tuple(model.thread(id)) for id in threads}
    assert tx.accounts.get(ACCOUNT).used_octets == sum(m.size for m in model.emails.values())
    _check_numbers(tx, session)
    _check_pages(tx, model)


def _check_numbers(tx: Any, session: Any) -> None:
    """Numbers are there once, none is above the last, and the state of a type is its last."""
    numbers = [row[0] for row in session.all("SELECT seq FROM obj")]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers, default=0) <= tx.accounts.get(ACCOUNT).seq
    for type, last in session.all("SELECT type, MAX(seq) FROM obj GROUP BY type"):
        assert tx.objects.state(ACCOUNT, type) == last


def _check_pages(tx: Any, model: Model) -> None:
    shown: dict[str | None, Filter | None] = {
        None: None,
        "unread": Condition("not_keyword", "$seen"),
        "flagged": Condition("has_keyword", "$flagged"),
    }
    for box in (None, *model.mailboxes):
        for name, narrowed in shown.items():
            parts = [Condition("in_mailbox", box)] if box is not None else []
            filter = Combined("AND", (*parts, *([narrowed] if narrowed is not None else [])))
            for collapse in (False, True):
                expected = model.listed(filter, collapse)
                page = tx.mail.page(ACCOUNT, mailbox=box, shown=name, collapse=collapse, limit=99, calculate_total=True)
                assert (page.ids, page.total) == (expected, len(expected)), (box, name, collapse, page, expected)
