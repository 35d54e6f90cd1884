"""Lists of e-mails, how they change, and searches (RFC 8621 4.4, RFC 8620 5.5 and 5.6).

Tests ``stalwart.store.sql.mail_lists`` and ``stalwart.store.sql.mail_matching``.
"""

from __future__ import annotations

from typing import Any

from stalwart.errors import Invalid, NotFound
from stalwart.store.mail_rows import Combined, Condition, EmailPage, Filter, ListChanges, Sort
from stalwart.store.object_types import EMAIL
from tests.contract.store_case import StoreCase
from tests.contract.store_mail import SEEN, about, add
from tests.contract.store_mailboxes import ACCOUNT, account


class Filled:
    """Two mailboxes and six e-mails in three threads; those at 30 come twice."""

    def __init__(self, tx: Any) -> None:
        self.inbox, self.other = account(tx, "inbox", "Other")

        def make(at: int, thread: int, *keywords: str, both: bool = False, **options: Any) -> int:
            places = (self.inbox, self.other) if both else (self.inbox,)
            made = add(tx, *places, received_at=at, keywords=frozenset(keywords), **about(thread), **options)
            return made.id

        self.a = make(10, 1, "$seen", size=500, from_key="zoe", sent_at=99)
        self.b = make(20, 2, "work", size=100, from_key="adam", subject_key="b", has_attachment=True)
        self.c = make(30, 1, "$flagged", "work", both=True, size=300, from_key="mia", subject_key="a")
        self.d = make(30, 3, "$seen", "$flagged", size=200, to_key="x", sent_at=5)
        self.e = make(40, 2, size=50)
        self.f = add(tx, self.other, received_at=50, keywords=SEEN, size=400, **about(3)).id


class MailListsContract(StoreCase):
    async def fill(self) -> Filled:
        return await self.write(Filled)

    async def page(self, **options: Any) -> EmailPage:
        return await self.read(lambda tx: tx.mail.page(ACCOUNT, **{"limit": 100, **options}))

    async def matching(self, filter: Filter | None, *sort: Sort, limit: int = 100, **options: Any) -> tuple[int, ...]:
        return await self.read(lambda tx: tx.mail.matching(ACCOUNT, filter, sort, limit=limit, **options))

    async def test_a_mailbox_is_listed_by_time_then_id(self) -> None:
        m = await self.fill()
        self.assertEqual(await self.page(mailbox=m.inbox), EmailPage((m.e, m.d, m.c, m.b, m.a), 0, None))
        self.assertEqual((await self.page(mailbox=m.inbox, ascending=True)).ids, (m.a, m.b, m.c, m.d, m.e))
        self.assertEqual((await self.page()).ids, (m.f, m.e, m.d, m.c, m.b, m.a))
        self.assertEqual((await self.page(mailbox=99)).ids, ())

    async def test_a_list_shows_the_first_email_of_each_thread(self) -> None:
        m = await self.fill()
        self.assertEqual((await self.page(mailbox=m.inbox, collapse=True)).ids, (m.e, m.d, m.c))
        self.assertEqual((await self.page(mailbox=m.inbox, collapse=True, ascending=True)).ids, (m.a, m.b, m.d))
        self.assertEqual((await self.page(collapse=True)).ids, (m.f, m.e, m.c))

    async def test_a_list_is_narrowed_by_a_flag(self) -> None:
        m = await self.fill()
        self.assertEqual((await self.page(mailbox=m.inbox, shown="unread")).ids, (m.e, m.c, m.b))
        self.assertEqual((await self.page(mailbox=m.inbox, shown="unread", collapse=True)).ids, (m.e, m.c))
        self.assertEqual((await self.page(mailbox=m.inbox, shown="flagged")).ids, (m.d, m.c))
        self.assertEqual((await self.page(shown="unread", ascending=True)).ids, (m.b, m.c, m.e))
        self.assertEqual((await self.page(shown="flagged", collapse=True)).ids, (m.d, m.c))

    async def test_totals_count_what_is_listed(self) -> None:
        m = await self.fill()
        for options, total in (
            ({"mailbox": m.inbox}, 5),
            ({"mailbox": m.inbox, "collapse": True}, 3),
            ({"mailbox": m.inbox, "shown": "unread"}, 3),
            ({"mailbox": m.inbox, "shown": "unread", "collapse": True}, 2),
            ({}, 6),
            ({"collapse": True}, 3),
            ({"mailbox": 99}, 0),
        ):
            page = await self.page(calculate_total=True, limit=1, **options)
            self.assertEqual(page.total, total, options)

    async def test_a_page_begins_where_it_is_told(self) -> None:
        m = await self.fill()
        self.assertEqual(await self.page(mailbox=m.inbox, position=1, limit=2), EmailPage((m.d, m.c), 1, None))
        self.assertEqual(await self.page(mailbox=m.inbox, position=9), EmailPage((), 9, None))
        self.assertEqual(await self.page(mailbox=m.inbox, position=-2), EmailPage((m.b, m.a), 3, None))
        self.assertEqual((await self.page(mailbox=m.inbox, position=-9, limit=1)), EmailPage((m.e,), 0, None))
        self.assertEqual((await self.page(mailbox=m.inbox, limit=0)).ids, ())

    async def test_a_page_is_the_same_from_either_end(self) -> None:
        m = await self.fill()
        for options in ({"mailbox": m.inbox}, {"mailbox": m.inbox, "collapse": True}, {}, {"ascending": True}):
            whole = (await self.page(**options)).ids
            for position in range(len(whole) + 2):
                for limit in range(4):
                    page = await self.page(position=position, limit=limit, calculate_total=True, **options)
                    expected = EmailPage(whole[position : position + limit], position, len(whole))
                    self.assertEqual(page, expected)

    async def test_where_e_mails_are_in_a_list(self) -> None:
        m = await self.fill()
        for options in ({"mailbox": m.inbox}, {"mailbox": m.inbox, "shown": "unread"}, {}, {"ascending": True}):
            whole = (await self.page(**options)).ids
            for wanted in (whole, whole[::2], (), (m.f, m.a, 99, -1, 1 << 70, m.a)):
                found = await self.read(lambda tx, o=options, w=wanted: tx.mail.indexes(ACCOUNT, w, **o))
                self.assertEqual(found, tuple((index, id) for index, id in enumerate(whole) if id in wanted))

    async def test_a_page_begins_at_an_anchor(self) -> None:
        m = await self.fill()
        self.assertEqual(await self.page(mailbox=m.inbox, anchor=m.c, limit=2), EmailPage((m.c, m.b), 2, None))
        self.assertEqual((await self.page(mailbox=m.inbox, anchor=m.c, anchor_offset=-1)).position, 1)
        self.assertEqual((await self.page(mailbox=m.inbox, anchor=m.c, anchor_offset=-9)).position, 0)
        self.assertEqual((await self.page(anchor=m.a, ascending=True, anchor_offset=1, limit=1)).ids, (m.b,))
        self.assertEqual((await self.page(mailbox=m.inbox, collapse=True, anchor=m.c)).position, 2)
        for options in ({"anchor": m.f}, {"anchor": 99}, {"anchor": m.a, "collapse": True}):
            failing = self.page(mailbox=m.inbox, **options)
            with self.assertRaises(NotFound):
                await failing

    async def list_changes(self, box: int, since: int, limit: int = 50, ascending: bool = False) -> ListChanges | None:
        options = {"limit": limit, "ascending": ascending}
        return await self.read(lambda tx: tx.mail.list_changes(ACCOUNT, box, since, **options))

    async def test_changes_of_a_list_are_exact(self) -> None:
        m = await self.fill()
        state = await self.read(lambda tx: tx.objects.state(ACCOUNT, EMAIL))

        def work(tx: Any) -> tuple[int, int]:
            passing = add(tx, m.inbox)
            tx.mail.destroy_emails(ACCOUNT, [passing.id], now=9)
            tx.mail.update_email(ACCOUNT, m.b, now=9, mailboxes={m.other})
            tx.mail.update_email(ACCOUNT, m.e, now=9, keywords=SEEN)
            tx.mail.destroy_emails(ACCOUNT, [m.a], now=9)
            tx.mail.update_email(ACCOUNT, m.f, now=9, mailboxes={m.other, m.inbox})
            tx.mail.update_email(ACCOUNT, m.d, now=9, mailboxes={m.other})
            tx.mail.update_email(ACCOUNT, m.d, now=9, mailboxes={m.inbox})
            return add(tx, m.inbox, received_at=35).id, tx.objects.state(ACCOUNT, EMAIL)

        new, now = await self.write(work)
        self.assertEqual((await self.page(mailbox=m.inbox)).ids, (m.f, m.e, new, m.d, m.c))
        changed = await self.list_changes(m.inbox, state)
        self.assertEqual((set(changed.removed), changed.added), ({m.a, m.b, m.d}, ((0, m.f), (2, new), (3, m.d))))
        self.assertEqual((changed.new_state, changed.total, changed.too_many), (now, 5, False))
        ascending = await self.list_changes(m.inbox, state, ascending=True)
        self.assertEqual(ascending.added, ((1, m.d), (2, new), (4, m.f)))
        self.assertEqual(await self.list_changes(m.inbox, now), ListChanges((), (), now, 5))

    async def test_changes_of_a_list_may_be_too_many_or_too_old(self) -> None:
        m = await self.fill()
        self.assertTrue((await self.list_changes(m.inbox, 0, limit=4)).too_many)
        self.assertEqual(len((await self.list_changes(m.inbox, 0, limit=5)).added), 5)
        self.assertIsNone(await self.list_changes(m.inbox, 10_000))
        self.assertIsNone(await self.list_changes(m.inbox, -1))
        await self.refused(NotFound, lambda tx: tx.mail.list_changes(ACCOUNT, 99, 0, limit=5))

    async def test_what_left_a_list_is_forgotten_with_the_old_states(self) -> None:
        m = await self.fill()
        await self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, [m.a, m.c], now=9))
        await self.write(lambda tx: tx.mail.update_email(ACCOUNT, m.b, now=9, mailboxes={m.other}))
        self.assertEqual(await self.write(lambda tx: tx.mail.forget_removed(ACCOUNT, 9)), 0)
        await self.write(lambda tx: tx.objects.purge(ACCOUNT, EMAIL, before=10))
        gone = [await self.write(lambda tx: tx.mail.forget_removed(ACCOUNT, 2)) for _ in range(3)]
        self.assertEqual(gone, [2, 1, 0])
        self.assertIsNone(await self.list_changes(m.inbox, 3))
        low = (await self.read(lambda tx: tx.objects.get(ACCOUNT, m.b))).seq - 1
        self.assertEqual((await self.list_changes(m.inbox, low)).removed, (m.b,))

    async def test_each_condition_finds_what_it_says(self) -> None:
        m = await self.fill()
        for test, value, expected in (
            ("in_mailbox", m.other, {m.c, m.f}),
            ("in_mailbox_other_than", frozenset({m.inbox}), {m.c, m.f}),
            ("in_mailbox_other_than", frozenset({m.inbox, m.other}), set()),
            ("in_mailbox_other_than", frozenset(), {m.a, m.b, m.c, m.d, m.e, m.f}),
            ("before", 30, {m.a, m.b}),
            ("after", 30, {m.c, m.d, m.e, m.f}),
            ("min_size", 300, {m.a, m.c, m.f}),
            ("max_size", 100, {m.e}),
            ("has_keyword", "work", {m.b, m.c}),
            ("has_keyword", "$flagged", {m.c, m.d}),
            ("not_keyword", "work", {m.a, m.d, m.e, m.f}),
            ("not_keyword", "$seen", {m.b, m.c, m.e}),
            ("not_keyword", "$flagged", {m.a, m.b, m.e, m.f}),
            ("all_in_thread_have_keyword", "$seen", {m.d, m.f}),
            ("some_in_thread_have_keyword", "work", {m.a, m.b, m.c, m.e}),
            ("none_in_thread_have_keyword", "$flagged", {m.b, m.e}),
            ("has_attachment", True, {m.b}),
            ("has_attachment", False, {m.a, m.c, m.d, m.e, m.f}),
            ("among", frozenset({m.a, m.e, 99}), {m.a, m.e}),
            ("among", frozenset(), set()),
            ("among", frozenset(range(5000)), {m.a, m.b, m.c, m.d, m.e, m.f}),
        ):
            self.assertEqual(set(await self.matching(Condition(test, value))), expected, (test, value))
            denied = Combined("NOT", (Condition(test, value),))
            self.assertEqual(set(await self.matching(denied)), {m.a, m.b, m.c, m.d, m.e, m.f} - expected, (test, value))

    async def test_conditions_are_combined(self) -> None:
        m = await self.fill()
        inbox, work, small = (
            Condition("in_mailbox", m.inbox),
            Condition("has_keyword", "work"),
            Condition("max_size", 250),
        )
        both = frozenset({m.a, m.b, m.f})
        for filter, expected in (
            (Combined("AND", (inbox, work, small)), {m.b}),
            (Combined("OR", (work, small)), {m.b, m.c, m.d, m.e}),
            (Combined("NOT", (work, small)), {m.a, m.f}),
            (Combined("AND", (inbox, Condition("before", 30))), {m.a, m.b}),
            (Combined("AND", (inbox, Combined("OR", (work, Condition("in_mailbox", m.other))))), {m.b, m.c}),
            (Combined("AND", (Condition("among", both), Combined("NOT", (inbox,)))), {m.f}),
            (Combined("AND", ()), {m.a, m.b, m.c, m.d, m.e, m.f}),
            (Combined("OR", ()), set()),
            (Combined("NOT", ()), {m.a, m.b, m.c, m.d, m.e, m.f}),
        ):
            self.assertEqual(set(await self.matching(filter)), expected, filter)

    async def test_what_is_found_is_sorted(self) -> None:
        m = await self.fill()
        inbox = Condition("in_mailbox", m.inbox)
        for sort, expected in (
            ((), (m.e, m.d, m.c, m.b, m.a)),
            ((Sort("received_at", ascending=True),), (m.a, m.b, m.c, m.d, m.e)),
            ((Sort("size"),), (m.a, m.c, m.d, m.b, m.e)),
            ((Sort("sent_at", ascending=True),), (m.d, m.b, m.c, m.e, m.a)),
            ((Sort("from", ascending=True),), (m.d, m.e, m.b, m.c, m.a)),
            ((Sort("to"),), (m.d, m.e, m.c, m.b, m.a)),
            ((Sort("subject"), Sort("size")), (m.b, m.c, m.a, m.d, m.e)),
            ((Sort("has_keyword", True, "work"), Sort("received_at", True)), (m.a, m.d, m.e, m.b, m.c)),
            ((Sort("has_keyword", False, "$flagged"), Sort("size")), (m.c, m.d, m.a, m.b, m.e)),
            ((Sort("some_in_thread_have_keyword", False, "work"),), (m.e, m.c, m.b, m.a, m.d)),
            ((Sort("all_in_thread_have_keyword", False, "$seen"),), (m.d, m.e, m.c, m.b, m.a)),
        ):
            self.assertEqual(await self.matching(inbox, *sort), expected, sort)
            self.assertEqual(await self.matching(inbox, *sort, limit=2), expected[:2], sort)

    async def test_only_the_first_of_each_thread_is_kept(self) -> None:
        m = await self.fill()
        self.assertEqual(await self.matching(None, collapse=True), (m.f, m.e, m.c))
        self.assertEqual(await self.matching(None, Sort("size"), collapse=True, limit=2), (m.a, m.f))

    async def test_numbers_that_no_database_holds_find_nothing(self) -> None:
        await self.fill()
        large = 2**64 - 1
        self.assertEqual(await self.page(mailbox=large, calculate_total=True), EmailPage((), 0, 0))
        self.assertEqual((await self.page(position=large, limit=large)).ids, ())
        for test in ("in_mailbox", "after", "min_size", "among"):
            value = frozenset({large}) if test == "among" else large
            self.assertEqual(await self.matching(Condition(test, value)), ())

        def refused(tx: Any) -> None:
            for call in (
                lambda: tx.mail.page(ACCOUNT, limit=5, anchor=large),
                lambda: tx.mail.update_email(ACCOUNT, large, now=9, keywords=SEEN),
                lambda: tx.mail.list_changes(ACCOUNT, large, 0, limit=5),
                lambda: tx.mail.mailboxes.delete(ACCOUNT, large, now=9),
            ):
                with self.assertRaises(NotFound):
                    call()
            self.assertEqual(tx.mail.destroy_emails(ACCOUNT, [large], now=9), frozenset())
            self.assertEqual(tx.mail.mailboxes.ancestors(ACCOUNT, large), ())
            self.assertIsNone(tx.mail.mailboxes.by_name(ACCOUNT, large, "x"))

        await self.write(refused)

    async def test_a_filter_may_not_be_too_large(self) -> None:
        await self.fill()
        deep: Filter = Condition("before", 1)
        for _ in range(30):
            deep = Combined("NOT", (deep,))
        wide = Combined("OR", (Condition("before", 1),) * 300)
        for filter in (deep, wide):
            await self.refused(Invalid, lambda tx, filter=filter: tx.mail.matching(ACCOUNT, filter, limit=1))
        for costly in (
            Condition("some_in_thread_have_keyword", "$seen"),
            Condition("not_keyword", "work"),
            Condition("in_mailbox", 1),
        ):
            many = Combined("OR", (costly,) * 33)
            await self.refused(Invalid, lambda tx, filter=many: tx.mail.matching(ACCOUNT, filter, limit=1))
            sorts = (Sort("has_keyword", keyword="work"),) * 5
            most = Combined("OR", (costly,) * 28)
            await self.refused(
                Invalid, lambda tx, filter=most, sorts=sorts: tx.mail.matching(ACCOUNT, filter, sorts, limit=1)
            )
            await self.matching(most)
        await self.matching(Combined("OR", (Condition("has_keyword", "$seen"), Condition("min_size", 1)) * 60))
