"""Pages of mail walk an index: no statement reads a whole table, nothing is sorted. Writes find each row by its key.

Tests ``stalwart.store.sql.mail_lists``, ``stalwart.store.sql.mail_writing``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store import MemoryStore
from stalwart.store.mail_rows import Combined, Condition
from tests.contract.store_mail import about
from tests.contract.store_mail_lists import Filled
from tests.contract.store_mailboxes import ACCOUNT, email
from tests.store.opened import session_of

BOX = "(account_id=? AND container_id=?)"
OF_THREAD = "(account_id=? AND container_id=? AND thread_id=? AND sort_at>?)"


class PlanTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)
        self.successResultOf(self.store.write(Filled))

    def plan(self, work: Callable[[Any], object]) -> list[str]:
        """What SQLite means to do for each step of the statements that ``work`` runs."""

        def explain(tx: Any) -> list[str]:
            session = session_of(tx)
            self.transaction = tx
            statements: list[str] = []
            session._connection.set_trace_callback(statements.append)
            work(tx.mail)
            session._connection.set_trace_callback(None)
            return [row[3] for statement in statements for row in session.all(f"EXPLAIN QUERY PLAN {statement}")]

        steps: list[str] = self.successResultOf(self.store.write(explain))
        return steps

    def assert_page_walks(self, *expected: str, **options: Any) -> None:
        steps = self.plan(lambda mail: mail.page(ACCOUNT, limit=50, **options))
        read = [step for step in steps if not step.startswith("CORRELATED")]
        self.assertEqual([step.partition(" USING ")[2] for step in read], list(expected), steps)

    def test_a_mailbox(self) -> None:
        for ascending in (False, True):
            self.assert_page_walks(f"COVERING INDEX member_list {BOX}", mailbox=1, ascending=ascending)

    def test_what_is_unread_or_flagged_in_a_mailbox(self) -> None:
        self.assert_page_walks(f"COVERING INDEX member_unread {BOX}", mailbox=1, shown="unread")
        self.assert_page_walks(f"COVERING INDEX member_flagged {BOX}", mailbox=1, shown="flagged")

    def test_threads_of_a_mailbox(self) -> None:
        walks = (f"COVERING INDEX member_list {BOX}", f"COVERING INDEX member_thread {OF_THREAD}")
        self.assert_page_walks(*walks, mailbox=1, collapse=True)
        unread = (f"COVERING INDEX member_unread {BOX}", f"INDEX member_thread {OF_THREAD}")
        self.assert_page_walks(*unread, mailbox=1, collapse=True, shown="unread")
        first = (f"COVERING INDEX member_list {BOX}", f"COVERING INDEX member_thread {OF_THREAD.replace('>', '<')}")
        self.assert_page_walks(*first, mailbox=1, collapse=True, ascending=True)

    def test_all_mail(self) -> None:
        of_thread = "COVERING INDEX email_thread (account_id=? AND thread_id=? AND received_at>?)"
        self.assert_page_walks("COVERING INDEX email_recv (account_id=?)")
        self.assert_page_walks("COVERING INDEX email_unread (account_id=?)", shown="unread")
        self.assert_page_walks("COVERING INDEX email_flagged (account_id=?)", shown="flagged")
        self.assert_page_walks("COVERING INDEX email_recv (account_id=?)", of_thread, collapse=True)
        self.assert_page_walks(
            "COVERING INDEX email_unread (account_id=?)",
            of_thread.removeprefix("COVERING "),
            collapse=True,
            shown="unread",
        )

    def test_totals_of_mailboxes_are_not_counted(self) -> None:
        counter = "INDEX sqlite_autoindex_container_1 (account_id=? AND id=?)"
        self.assert_page_walks(counter, f"COVERING INDEX member_list {BOX}", mailbox=1, calculate_total=True)

    def test_rows_are_found_one_by_one(self) -> None:
        steps = self.plan(lambda mail: mail.list_rows(ACCOUNT, [1, 2, 3]))
        self.assertEqual(steps, ["SEARCH email USING INDEX sqlite_autoindex_email_1 (account_id=? AND id=?)"])
        steps = self.plan(lambda mail: mail.threads(ACCOUNT, [1, 2, 3]))
        self.assertEqual(steps, ["SEARCH email USING COVERING INDEX email_thread (account_id=? AND thread_id=?)"])

    def test_changes_of_a_list_walk_what_changed(self) -> None:
        steps = self.plan(lambda mail: mail.list_changes(ACCOUNT, 1, 0, limit=50))
        walks = [step for step in steps if "member" in step]
        changed = "SEARCH member USING INDEX member_seq (account_id=? AND container_id=? AND seq>?)"
        before = f"SEARCH m USING COVERING INDEX member_list {BOX[:-1]} AND (sort_at,item_id)>(?,?))"
        between = f"{before[:-1]} AND (sort_at,item_id)<(?,?))"
        self.assertEqual(walks[:3], [changed, changed, before])
        self.assertEqual(set(walks[3:]), {between})

    def test_places_in_a_list_are_one_walk(self) -> None:
        found = "INDEX sqlite_autoindex_email_1 (account_id=? AND id=?)"
        for options, index, place in (
            ({"mailbox": 1}, f"member_list {BOX[:-1]}", "(sort_at,item_id)"),
            ({"mailbox": 1, "shown": "unread"}, f"member_unread {BOX[:-1]}", "(sort_at,item_id)"),
            ({}, "email_recv (account_id=?", "(received_at,id)"),
            ({"shown": "unread"}, "email_unread (account_id=?", "(received_at,id)"),
        ):
            page = self.successResultOf(self.store.read(lambda tx, o=options: tx.mail.page(ACCOUNT, limit=3, **o)))
            steps = self.plan(lambda mail, p=page, o=options: mail.indexes(ACCOUNT, p.ids, **o))
            walks = [step.partition(" USING ")[2] for step in steps]
            self.assertEqual(walks[0], found)
            between = f"COVERING INDEX {index} AND {place}>(?,?) AND {place}<(?,?))"
            self.assertEqual(walks[-len(page.ids) + 1 :], [between] * (len(page.ids) - 1))

    def test_searches_walk_by_time_or_from_what_is_rare(self) -> None:
        inbox, work = Condition("in_mailbox", 1), Condition("has_keyword", "work")
        large = Condition("min_size", 5)
        for filter, walk in (
            (large, "SEARCH e USING INDEX email_recv (account_id=?)"),
            (Combined("AND", (inbox, large)), f"SEARCH m USING COVERING INDEX member_list {BOX}"),
            (
                Combined("AND", (inbox, Condition("before", 30))),
                f"SEARCH m USING COVERING INDEX member_list {BOX[:-1]} AND sort_at<?)",
            ),
            (
                Combined("AND", (inbox, work)),
                "SEARCH k USING COVERING INDEX sqlite_autoindex_keyword_1 (account_id=? AND keyword=?)",
            ),
        ):
            steps = self.plan(lambda mail, filter=filter: mail.matching(ACCOUNT, filter, limit=50))
            self.assertIn(walk, steps)
            self.assertEqual([step for step in steps if "SCAN" in step and step != "SCAN r"], [])

    def test_few_that_another_search_found_are_looked_up_one_by_one(self) -> None:
        among = Condition("among", frozenset(range(500)))
        for filter in (among, Combined("AND", (Condition("in_mailbox", 1), among))):
            steps = self.plan(lambda mail, filter=filter: mail.matching(ACCOUNT, filter, limit=50))
            self.assertIn("SCAN json_each VIRTUAL TABLE INDEX 1:", steps)
            self.assertIn("SEARCH e USING INDEX sqlite_autoindex_email_1 (account_id=? AND id=?)", steps)

    def test_a_search_walks_the_threads_of_emails_by_their_index(self) -> None:
        for keyword in ("$seen", "$flagged", "work"):
            for test in ("all_in_thread_have_keyword", "some_in_thread_have_keyword", "none_in_thread_have_keyword"):
                steps = self.plan(
                    lambda mail, test=test, k=keyword: mail.matching(ACCOUNT, Condition(test, k), limit=9)
                )
                (step,) = (step for step in steps if step.startswith("SEARCH t"))
                self.assertIn("email_thread (account_id=? AND thread_id=?)", step)

    def test_a_flag_is_walked_by_its_index(self) -> None:
        for condition, index in (
            (Condition("has_keyword", "$flagged"), "email_flagged"),
            (Condition("not_keyword", "$seen"), "email_unread"),
        ):
            steps = self.plan(lambda mail, condition=condition: mail.matching(ACCOUNT, condition, limit=9))
            self.assertEqual(steps, [f"SEARCH e USING COVERING INDEX {index} (account_id=?)"])

    def test_a_search_asks_for_each_email_which_mailboxes_it_is_in(self) -> None:
        inbox = Condition("in_mailbox", 1)
        for filter in (Combined("NOT", (inbox,)), Condition("in_mailbox_other_than", frozenset({1}))):
            steps = self.plan(lambda mail, filter=filter: mail.matching(ACCOUNT, filter, limit=50))
            self.assertIn("SEARCH t USING INDEX member_item (account_id=? AND item_id=?)", steps)

    def test_writes_find_rows_by_their_keys(self) -> None:
        def work(mail: Any) -> None:
            emails = mail.page(ACCOUNT, limit=9).ids
            mail.update_email(ACCOUNT, emails[0], now=9, keywords={"work", "$draft"})
            mail.update_email(ACCOUNT, emails[1], now=9, mailboxes={2})
            mail.destroy_emails(ACCOUNT, emails[2:4], now=9)
            mail.add_email(ACCOUNT, email(self.transaction, 1, 2, **about(1, 2, 3)), now=9)
            mail.destroy_emails(ACCOUNT, range(512), now=9)

        wide = {"SEARCH m USING COVERING INDEX email_recv (account_id=?)"}
        steps = [step for step in self.plan(work) if step not in wide]
        self.assertEqual([step for step in steps if step.endswith("(account_id=?)")], [])
        self.assertEqual([step for step in steps if "SCAN" in step and "CONSTANT" not in step], [])
        self.assertEqual(
            {step for step in steps if "SEARCH member USING INDEX member_" in step},
            {"SEARCH member USING INDEX member_item (account_id=? AND item_id=?)"},
        )
