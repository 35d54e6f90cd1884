"""Whatever happens to mail in whatever order: tables, counters and the change log say what a naive model says."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.trial.unittest import SynchronousTestCase

from stalwart.store import MemoryStore
from stalwart.store.mail_rows import Combined, Condition, Filter, NewEmail, Recounted
from stalwart.store.object_types import EMAIL, MAILBOX, THREAD
from tests.store.opened import session_of
from tests.store.sql.mail_model import ACCOUNT, Model, ModelEmail, check

NOW = 9
EXAMPLES = 400 if os.environ.get("SOAK") else 15
KEYWORDS = st.sets(st.sampled_from(["$seen", "$draft", "$flagged", "$answered", "work", "later"]), max_size=4)
PLACES = st.sets(st.integers(0, 9), min_size=1, max_size=3)
TIMES = st.integers(1, 6)

REFERENCES = st.frozensets(st.integers(1, 8), min_size=1, max_size=3)
EMAILS = st.tuples(PLACES, KEYWORDS, TIMES, st.integers(0, 50), REFERENCES, st.sampled_from([1, 1, 1, 1, 2]))


def conditions(boxes: list[int], emails: list[int]) -> st.SearchStrategy[Filter]:
    """Any filter about these mailboxes and e-mails."""
    keyword = st.sampled_from(["$seen", "$flagged", "work", "never"])
    box = st.sampled_from(boxes)
    ids = st.frozensets(st.sampled_from([*emails, 999]))
    leaf: st.SearchStrategy[Filter] = st.one_of(
        st.builds(Condition, st.just("in_mailbox"), box),
        st.builds(Condition, st.just("in_mailbox_other_than"), st.frozensets(box)),
        st.builds(Condition, st.sampled_from(["before", "after"]), TIMES),
        st.builds(Condition, st.sampled_from(["min_size", "max_size"]), st.integers(0, 50)),
        st.builds(Condition, st.sampled_from(["has_keyword", "not_keyword"]), keyword),
        st.builds(
            Condition, st.sampled_from([f"{word}_in_thread_have_keyword" for word in ("all", "some", "none")]), keyword
        ),
        st.builds(Condition, st.just("among"), ids),
    )
    operators = st.sampled_from(["AND", "OR", "NOT"])
    return st.recursive(
        leaf, lambda part: st.builds(Combined, operators, st.lists(part, max_size=3).map(tuple)), max_leaves=6
    )


class Follower:
    """A client that applies /changes, and the changes of one list."""

    def __init__(self) -> None:
        self.known: dict[int, set[int]] = {EMAIL: set(), MAILBOX: set(), THREAD: set()}
        self.states = dict.fromkeys(self.known, 0)
        self.list_state = 0
        self.listed: list[int] = []

    def follow(self, tx: Any, box: int) -> None:
        for type, known in self.known.items():
            found = tx.objects.changes(ACCOUNT, type, self.states[type])
            assert set(found.updated) <= known, "updated before it was created"
            known |= set(found.created)
            known -= set(found.destroyed)
            self.states[type] = found.new_state
        changed = tx.mail.list_changes(ACCOUNT, box, self.list_state, limit=1000)
        removed = set(changed.removed)
        self.listed = [id for id in self.listed if id not in removed]
        for index, id in changed.added:
            self.listed.insert(index, id)
        assert changed.total == len(self.listed)
        self.list_state = changed.new_state


class MailMachine(RuleBasedStateMachine):
    """Mail of one account; the first mailbox is never removed."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.model = Model()
        self.follower = Follower()
        self.inbox = 0
        self.count = 0

    def teardown(self) -> None:
        self.store.close()

    def write(self, work: Callable[[Any], Any]) -> Any:
        results: list[Any] = []
        self.store.write(work).addBoth(results.append)
        if hasattr(results[0], "raiseException"):
            results[0].raiseException()
        return results[0]

    def boxes(self, places: set[int]) -> set[int]:
        ordered = sorted(self.model.mailboxes)
        return {ordered[place % len(ordered)] for place in places}

    def email(self, place: int) -> int:
        ordered = sorted(self.model.emails)
        return ordered[place % len(ordered)]

    @initialize(emails=st.lists(EMAILS, min_size=3, max_size=10))
    def begin(self, emails: list[Any]) -> None:
        self.write(lambda tx: tx.accounts.create(ACCOUNT, "alice", "user"))
        self.inbox = self.create(role=None)
        self.create(role="trash")
        self.create(role=None)
        self.add_some(emails)

    def create(self, role: str | None) -> int:
        self.count += 1
        name = f"box {self.count}"
        made = self.write(lambda tx: tx.mail.mailboxes.create(ACCOUNT, name, name, now=NOW, role=role))
        self.model.mailboxes.add(made.id)
        if role == "trash":
            self.model.trash = made.id
        return int(made.id)

    @precondition(lambda self: len(self.model.mailboxes) < 5)
    @rule()
    def create_mailbox(self) -> None:
        self.create(role=None)

    @precondition(lambda self: len(self.model.mailboxes) > 2)
    @rule(place=st.integers(0, 9))
    def delete_mailbox(self, place: int) -> None:
        (box,) = self.boxes({place})
        if box == self.inbox:
            return
        self.write(lambda tx: tx.mail.mailboxes.delete(ACCOUNT, box, now=NOW, remove_emails=True))
        self.model.mailboxes.discard(box)
        self.model.trash = None if self.model.trash == box else self.model.trash
        for id, email in list(self.model.emails.items()):
            email.mailboxes.discard(box)
            if not email.mailboxes:
                del self.model.emails[id]

    @rule(place=st.integers(0, 9))
    def choose_the_trash(self, place: int) -> None:
        (box,) = self.boxes({place})
        old = self.model.trash
        if old is not None:
            self.write(lambda tx: tx.mail.mailboxes.update(ACCOUNT, old, now=NOW, role=None))
        self.write(lambda tx: tx.mail.mailboxes.update(ACCOUNT, box, now=NOW, role="trash"))
        self.model.trash = box

    @rule(emails=st.lists(EMAILS, min_size=1, max_size=5))
    def add_some(self, emails: list[Any]) -> None:
        for email in emails:
            self.add(*email)

    def add(
        self, places: set[int], keywords: set[str], at: int, size: int, references: frozenset[int], subject: int
    ) -> None:
        boxes = self.boxes(places)
        joins = self.model.joins(references, subject)
        self.count += 1

        def work(tx: Any) -> Any:
            blob = tx.blobs.put(b"message %d" % self.count, now=NOW)
            email = NewEmail(
                blob=blob.hash,
                size=size,
                received_at=at,
                mailboxes=frozenset(boxes),
                keywords=frozenset(keywords),
                references=references,
                subject_hash=subject,
            )
            return blob.hash, tx.mail.add_email(ACCOUNT, email, now=NOW)

        blob, made = self.write(work)
        assert made.thread_id == min(joins) if joins else made.thread_id not in self.threads()
        moved = [id for id, email in self.model.emails.items() if email.thread in joins - {made.thread_id}]
        assert sorted(old for old, _ in made.moved) == sorted(moved)
        for old, new in made.moved:
            self.model.emails[new] = self.model.emails.pop(old)
            self.model.emails[new].thread = made.thread_id
        self.model.emails[made.id] = ModelEmail(
            made.thread_id, at, size, blob, set(boxes), set(keywords), references, subject
        )

    def threads(self) -> set[int]:
        return {email.thread for email in self.model.emails.values()}

    @precondition(lambda self: self.model.emails)
    @rule(place=st.integers(0, 99), places=st.none() | PLACES, keywords=st.none() | KEYWORDS)
    def update(self, place: int, places: set[int] | None, keywords: set[str] | None) -> None:
        id = self.email(place)
        email = self.model.emails[id]
        boxes = None if places is None else self.boxes(places)
        differs = (boxes or email.mailboxes) != email.mailboxes or keywords not in (None, email.keywords)
        before = self.write(lambda tx: tx.accounts.get(ACCOUNT).seq)
        changed = self.write(lambda tx: tx.mail.update_email(ACCOUNT, id, now=NOW, mailboxes=boxes, keywords=keywords))
        assert changed == differs
        assert (self.write(lambda tx: tx.accounts.get(ACCOUNT).seq) > before) == differs
        email.mailboxes = boxes or email.mailboxes
        email.keywords = email.keywords if keywords is None else set(keywords)

    @precondition(lambda self: self.model.emails)
    @rule(places=st.sets(st.integers(0, 99), min_size=1, max_size=4))
    def destroy(self, places: set[int]) -> None:
        ids = {self.email(place) for place in places}
        assert self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, [*ids, 999], now=NOW)) == ids
        for id in ids:
            del self.model.emails[id]

    @rule()
    def follow(self) -> None:
        self.write(lambda tx: self.follower.follow(tx, self.inbox))
        assert self.follower.known[EMAIL] == self.model.emails.keys()
        assert self.follower.known[MAILBOX] == self.model.mailboxes
        assert self.follower.known[THREAD] == self.threads()
        assert tuple(self.follower.listed) == self.model.listed(Condition("in_mailbox", self.inbox))

    @rule(data=st.data(), collapse=st.booleans())
    def search(self, data: st.DataObject, collapse: bool) -> None:
        filter = data.draw(conditions(sorted(self.model.mailboxes), sorted(self.model.emails)))
        found = self.write(lambda tx: tx.mail.matching(ACCOUNT, filter, limit=999, collapse=collapse))
        assert found == self.model.listed(filter, collapse), filter

    @invariant()
    def tables_agree(self) -> None:
        if self.inbox:
            self.write(lambda tx: check(tx, session_of(tx), self.model))

    @invariant()
    def nothing_is_to_be_put_right(self) -> None:
        if self.inbox:
            assert self.write(lambda tx: tx.mail.recount(ACCOUNT, now=NOW)) == Recounted((), 0)


class MailModelTests(SynchronousTestCase):
    def test_tables_agree_with_the_model(self) -> None:
        run_state_machine_as_test(
            MailMachine,
            settings=settings(max_examples=EXAMPLES, stateful_step_count=20, suppress_health_check=list(HealthCheck)),
        )
