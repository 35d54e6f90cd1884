"""Push in accounts of which only something is shared: what is told, and that it ends with the right."""

from __future__ import annotations

from stalwart.codec.dav.rights import Rights
from stalwart.groupware.kinds import CALENDARS
from stalwart.jmap.push.scopes import grown, scopes_of
from stalwart.jmap.push.state_change import ALERTS, Change
from stalwart.store import Transaction
from stalwart.store.object_types import CALENDAR, CALENDAR_EVENT, EMAIL, MAILBOX, SHARE_NOTIFICATION, THREAD
from tests.directory.world import NOW
from tests.jmap.push.push_case import PushCase

READ = int(Rights.READ | Rights.READ_ITEMS)


class ScopeTests(PushCase):
    def setUp(self) -> None:
        super().setUp()
        self.bob = self.user("bob")
        made = self.successResultOf(
            self.store.write(
                lambda tx: tx.collections.create(self.bob, CALENDAR, CALENDARS.home, "work", now=NOW).item_id
            )
        )
        self.calendar = made

    def share(self, rights: int, grantee: int | None = None) -> None:
        def work(tx: Transaction) -> None:
            tx.collections.update(self.bob, self.calendar, now=NOW, data=None)
            tx.shares.replace(self.bob, self.calendar, {grantee or self.alice: rights} if rights else {})

        self.successResultOf(self.store.write(work))

    def test_of_what_is_shared_changes_are_told_and_of_nothing_else(self) -> None:
        self.share(READ)
        access = self.sign_in()
        self.assertEqual(scopes_of(access), {self.alice: None, self.staff: None, self.bob: {CALENDAR, CALENDAR_EVENT}})
        one = self.watch(access=access)
        for type in (MAILBOX, EMAIL, THREAD, SHARE_NOTIFICATION):
            self.touch(self.bob, type)
        self.assertEqual(one.taken(), [])
        seq = self.touch(self.bob, CALENDAR_EVENT)
        self.assertEqual(one.taken(), [{self.bob: {CALENDAR_EVENT: seq}}])

    def test_what_was_missed_is_told_within_the_same_bounds(self) -> None:
        self.share(READ)
        self.touch(self.bob, MAILBOX)
        seq = self.touch(self.bob, CALENDAR_EVENT)
        watcher = self.watch(access=self.sign_in()).watcher
        change = self.settle(watcher.missed({self.bob: seq - 1}))
        assert change is not None
        self.assertEqual(change.states[self.bob], {CALENDAR_EVENT: seq})

    def test_who_is_given_something_hears_of_what_is_there_and_what_becomes_of_it(self) -> None:
        one, other = self.watch(), self.watch(access=self.sign_in())
        event = self.touch(self.bob, CALENDAR_EVENT)
        self.touch(self.bob, MAILBOX)
        self.share(READ)
        calendar = self.successResultOf(self.store.read(lambda tx: tx.objects.state(self.bob, CALENDAR)))
        self.clock.advance(2)
        self.assertEqual(one.taken(), [{self.bob: {CALENDAR: calendar, CALENDAR_EVENT: event}}])
        self.assertEqual(other.taken(), [{self.bob: {CALENDAR: calendar, CALENDAR_EVENT: event}}])
        self.share(READ)
        self.clock.advance(5)
        self.assertEqual([each for change in one.taken() for each in change[self.bob]], [CALENDAR])
        self.assertEqual([each.account_id for each in one.listener.accesses[-1].shared], [self.bob])
        seq = self.touch(self.bob, CALENDAR_EVENT)
        self.clock.advance(2)
        self.assertEqual(one.taken(), [{self.bob: {CALENDAR_EVENT: seq}}])

    def test_with_the_right_it_ends_before_anything_else_is_told(self) -> None:
        for grantee in (self.alice, self.staff):
            self.share(READ, grantee)
            one = self.watch(access=self.sign_in())
            self.share(0)
            self.touch(self.bob, CALENDAR_EVENT)
            self.clock.advance(5)
            self.assertEqual(one.taken(), [])
            self.assertEqual(one.listener.ended, 0)
            seq = self.touch(self.alice)
            self.clock.advance(5)
            self.assertEqual(one.taken(), [{self.alice: {MAILBOX: seq}}])
            one.watcher.close()

    def test_where_more_is_heard(self) -> None:
        some, all = frozenset({CALENDAR}), frozenset({CALENDAR, EMAIL})
        self.assertEqual(grown({1: some, 2: None, 3: all}, {1: all, 2: None, 3: some, 4: some, 5: None}), {1, 4, 5})
        self.assertEqual(grown({1: some}, {1: None}), {1})
        self.assertEqual(grown({1: None, 2: some}, {1: all}), frozenset())

    def test_to_know_when_somebody_is_busy_shows_no_account(self) -> None:
        self.share(int(Rights.SCHEDULING_READ_FREE_BUSY))
        self.assertNotIn(self.bob, scopes_of(self.sign_in()))

    def test_reminders_are_those_of_the_owner(self) -> None:
        self.share(READ)
        one = self.watch(access=self.sign_in())
        self.feed.alert(self.bob, {"@type": "CalendarAlert"})
        self.assertEqual(one.listener.changes, [])
        self.feed.alert(self.alice, {"@type": "CalendarAlert"})
        self.assertEqual(len(one.listener.changes), 1)

    def test_what_is_left_of_an_event(self) -> None:
        change = Change({1: {MAILBOX: 3, CALENDAR: 4}, 2: {MAILBOX: 5}}, {1: 4, 2: 5}, ((1, {}), (2, {})))
        seen = change.seen_by({1: frozenset({CALENDAR, ALERTS}), 3: None})
        assert seen is not None
        self.assertEqual((seen.states, seen.known, seen.alerts), ({1: {CALENDAR: 4}}, {1: 4}, ()))
        self.assertIsNone(change.seen_by({1: frozenset({EMAIL})}))
        whole = change.seen_by({2: None})
        assert whole is not None
        self.assertEqual((whole.states, len(whole.alerts)), ({2: {MAILBOX: 5}}, 1))
