"""Who is told what, when, and who no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail

from stalwart.directory import hashes
from stalwart.errors import Unavailable
from stalwart.jmap.push.feed import LOOKS, ROUND, TURN
from stalwart.jmap.push.state_change import Change, Types, read_vector
from stalwart.store.object_types import EMAIL, EMAIL_DELIVERY, MAILBOX, THREAD
from tests.directory.world import NOW
from tests.jmap.push.push_case import Listener, Listening, PushCase, one_second

RETURNING = ("write", "gap", "elsewhere", "word", "arrive", "wait", "again", "again")
STEPS = ("write", "write", "elsewhere", "wait", "member", "forget", "listen", "leave")


class TellingTests(PushCase):
    """What leaves, and when."""

    def test_a_change_is_told_at_once_with_its_state(self) -> None:
        one = self.watch()
        state = self.touch(self.alice)
        self.assertEqual(one.taken(), [{self.alice: {MAILBOX: state}}])

    def test_changes_of_one_write_are_one_event(self) -> None:
        one = self.watch()

        def work(tx: Any) -> None:
            for type in (MAILBOX, EMAIL, THREAD):
                tx.objects.insert(self.alice, type, now=NOW)
            tx.objects.insert(self.staff, EMAIL, now=NOW)

        self.successResultOf(self.store.write(work))
        expected = {self.alice: {MAILBOX: 1, EMAIL: 2, THREAD: 3}, self.staff: {EMAIL: 1}}
        self.assertEqual(one.taken(), [expected])

    def test_accounts_of_others_are_not_told(self) -> None:
        bob = self.user("bob")
        one = self.watch()
        self.touch(bob)
        self.assertEqual(one.taken(), [])

    def test_types_that_nobody_asked_for_are_not_told(self) -> None:
        one, none = self.watch(frozenset((EMAIL,))), self.watch(frozenset())
        self.touch(self.alice)
        state = self.touch(self.alice, EMAIL)
        self.assertEqual((one.taken(), none.taken()), ([{self.alice: {EMAIL: state}}], []))

    def test_types_that_no_client_knows_are_not_told(self) -> None:
        one = self.watch()
        self.touch(self.alice, 999)
        self.assertEqual(one.taken(), [])

    def test_after_the_first_one_in_each_second_they_are_gathered(self) -> None:
        one = self.watch()
        self.touch(self.alice)
        self.assertEqual(len(one.taken()), 1)
        self.touch(self.alice)
        last = self.touch(self.alice)
        email = self.touch(self.alice, EMAIL)
        self.clock.advance(0.99)
        self.assertEqual(one.taken(), [])
        self.clock.advance(0.02)
        self.assertEqual(one.taken(), [{self.alice: {MAILBOX: last, EMAIL: email}}])
        self.clock.advance(10)
        self.assertEqual(one.taken(), [])

    def test_those_who_are_told_the_same_share_the_event(self) -> None:
        one, two = self.watch(), self.watch()
        self.touch(self.alice)
        self.assertIs(one.listener.changes[0], two.listener.changes[0])
        self.assertIs(one.listener.changes[0].frame, two.listener.changes[0].frame)

    def test_there_are_turns_where_there_are_many(self) -> None:
        many = [self.watch() for _ in range(TURN + 1)]
        self.touch(self.alice)
        self.assertEqual(sum(len(each.listener.changes) for each in many), TURN)
        self.clock.advance(0)
        self.assertEqual(sum(len(each.listener.changes) for each in many), TURN + 1)

    def test_whoever_closes_hears_nothing(self) -> None:
        one, two = self.watch(), self.watch()
        one.watcher.close()
        one.watcher.close()
        self.touch(self.alice)
        self.assertEqual((one.taken(), len(two.taken())), ([], 1))

    def test_whoever_fails_hears_no_more_and_takes_nobody_with_it(self) -> None:
        one, two = self.watch(), self.watch()
        self.patch(one.listener, "take", lambda change: 1 / 0)
        self.touch(self.alice)
        self.clock.advance(1)
        self.touch(self.alice)
        self.assertEqual(len(two.taken()), 2)
        self.assertIsNone(one.watcher.group)
        self.assertEqual([name for name, _ in self.events if name == "resource.error"], ["resource.error"])

    def test_known_says_how_far_all_accounts_are_told(self) -> None:
        one = self.watch()
        self.touch(self.staff)
        self.clock.advance(2)
        self.touch(self.alice, EMAIL)
        self.assertEqual(one.listener.changes[-1].known, {self.alice: 1, self.staff: 1})


class MissedTests(PushCase):
    """Clients that come again."""

    def missed(self, known: dict[int, int], types: Any = None) -> dict[int, dict[int, int]] | None:
        watcher = self.watch(types).watcher
        change = self.settle(watcher.missed(known))
        return None if change is None else {id: dict(states) for id, states in change.states.items()}

    def test_what_has_happened_since(self) -> None:
        self.touch(self.alice)
        email = self.touch(self.alice, EMAIL)
        self.assertEqual(self.missed({self.alice: 1, self.staff: 0}), {self.alice: {EMAIL: email}})

    def test_who_knows_all_has_missed_nothing(self) -> None:
        self.touch(self.alice)
        self.assertIsNone(self.missed({self.alice: 1}))

    def test_who_knows_nothing_has_missed_everything(self) -> None:
        self.touch(self.alice)
        self.touch(self.staff, EMAIL)
        self.assertEqual(self.missed({}), {self.alice: {MAILBOX: 1}, self.staff: {EMAIL: 1}})

    def test_who_knows_the_future_knows_nothing(self) -> None:
        self.touch(self.alice)
        email = self.touch(self.alice, EMAIL)
        self.touch(self.staff)
        told = {self.alice: {MAILBOX: 1, EMAIL: email}}
        self.assertEqual(self.missed({self.alice: email + 1, self.staff: 1}), told)
        self.assertEqual(
            self.missed({self.alice: 10**18 - 1, self.staff: 1}, frozenset((EMAIL,))), {self.alice: {EMAIL: 2}}
        )
        self.assertIsNone(self.missed({self.alice: email, self.staff: 1}))

    def test_only_what_was_asked_for(self) -> None:
        self.touch(self.alice)
        self.assertIsNone(self.missed({}, frozenset((EMAIL,))))

    def test_accounts_that_are_no_more_of_his_are_left_out(self) -> None:
        self.touch(self.alice)
        self.assertEqual(self.missed({12345: 7}), {self.alice: {MAILBOX: 1}})


class ElsewhereTests(PushCase):
    """What other processes have changed."""

    def elsewhere(self, account_id: int) -> int:
        """A write that this process's feed does not see."""
        observers, self.store._watch.observers = self.store._watch.observers, ()
        state = self.touch(account_id)
        self.store._watch.observers = observers
        return state

    def test_it_is_read_and_told(self) -> None:
        one = self.watch()
        state = self.elsewhere(self.alice)
        self.assertEqual(one.taken(), [])
        self.feed.hear_objects((self.alice, 4711))
        self.assertEqual(one.taken(), [{self.alice: {MAILBOX: state}}])

    def test_anything_may_have_changed(self) -> None:
        one = self.watch()
        state = self.elsewhere(self.staff)
        self.feed.hear_objects(None)
        self.feed.hear_objects(None)
        self.assertEqual(one.taken(), [{self.staff: {MAILBOX: state}}])

    def test_what_changes_here_is_told_to_the_others(self) -> None:
        one = self.watch()
        self.touch(self.alice)
        self.touch(self.staff)
        self.assertEqual(self.company.told, [self.alice, self.staff])
        one.watcher.close()
        self.touch(self.alice)
        self.assertEqual(self.company.told, [self.alice, self.staff, self.alice])

    def test_they_know_whether_anybody_watches_here(self) -> None:
        one, two = self.watch(), self.watch()
        one.watcher.close()
        self.assertEqual(self.company.watches, [True])
        two.watcher.close()
        self.assertEqual(self.company.watches, [True, False])


class GapTests(PushCase):
    """Another process has changed something, and its word is not here yet."""

    def elsewhere(self, type: int, account_id: int | None = None) -> int:
        observers, self.store._watch.observers = self.store._watch.observers, ()
        state = self.touch(account_id or self.alice, type)
        self.store._watch.observers = observers
        return state

    def missed(self, change: Change) -> Any:
        found = self.settle(self.watch().watcher.missed(read_vector(change.state)))
        return None if found is None else {id: dict(states) for id, states in found.states.items()}

    def test_who_leaves_before_that_is_told_of_it_when_he_comes_again(self) -> None:
        one = self.watch()
        thread = self.elsewhere(THREAD)
        self.touch(self.alice)
        (change,) = one.listener.changes
        one.watcher.close()
        self.assertEqual(self.missed(change)[self.alice][THREAD], thread)

    def test_it_is_read_though_no_word_ever_comes(self) -> None:
        one = self.watch()
        thread, email = self.elsewhere(THREAD), self.touch(self.alice, EMAIL)
        self.clock.advance(1)
        self.assertEqual(one.taken(), [{self.alice: {EMAIL: email}}, {self.alice: {THREAD: thread}}])

    def test_a_state_that_is_touched_has_the_number_of_somebody_else(self) -> None:
        one = self.watch()
        thread = self.elsewhere(THREAD)
        self.successResultOf(self.store.write(lambda tx: tx.objects.touch(self.alice, EMAIL_DELIVERY)))
        self.assertEqual(one.listener.changes[0].known[self.alice], 0)
        self.clock.advance(1)
        self.assertEqual(one.taken(), [{self.alice: {EMAIL_DELIVERY: thread}}, {self.alice: {THREAD: thread}}])

    def test_then_all_is_known_again(self) -> None:
        one = self.watch()
        self.elsewhere(THREAD)
        self.touch(self.alice)
        self.clock.advance(1)
        self.touch(self.alice)
        self.clock.advance(1)
        self.assertEqual(one.listener.changes[-1].known[self.alice], 3)
        self.assertIsNone(self.missed(one.listener.changes[-1]))

    def test_changes_that_nobody_is_told_of_are_no_gap(self) -> None:
        self.touch(self.alice, 999)
        self.watch()
        reads = self.patch_reads()
        for type in (MAILBOX, 999, EMAIL, 999, 999, THREAD):
            self.touch(self.alice, type)
        self.assertEqual(reads, [])

    def test_a_server_of_one_process_reads_nothing(self) -> None:
        one = self.watch()
        reads = self.patch_reads()

        def work(tx: Any) -> None:
            for type in (MAILBOX, EMAIL, THREAD, MAILBOX):
                tx.objects.insert(self.alice, type, now=NOW)
            tx.objects.touch(self.alice, EMAIL_DELIVERY)

        for _ in range(3):
            self.successResultOf(self.store.write(work))
        self.clock.advance(1)
        self.assertEqual((reads, one.listener.changes[-1].known[self.alice]), ([], 12))

    def patch_reads(self) -> list[Any]:
        """The readings of the store from now on."""
        reads: list[Any] = []
        whole = self.store.read

        def read(work: Any) -> Any:
            reads.append(work)
            return whole(work)

        self.patch(self.store, "read", read)
        return reads


class SlowTests(PushCase):
    """Readings that take their time."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting: list[Callable[[], None]] = []
        self.whole = self.store.read

    def hold(self) -> None:
        """From now on: what is read is what there is at that time, and comes later."""

        def read(work: Any) -> Deferred[Any]:
            found, later = self.whole(work), Deferred[Any]()
            self.waiting.append(lambda: found.chainDeferred(later))
            return later

        self.patch(self.store, "read", read)

    def arrive(self) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each()

    def test_a_change_while_the_first_states_are_read_is_told(self) -> None:
        grant = self.settle(self.directory.standing.grant(self.access))
        self.hold()
        listener = Listener()
        self.feed.watch(listener, self.access, None, one_second).secured(grant)
        state = self.touch(self.alice)
        self.arrive()
        self.arrive()
        self.clock.advance(2)
        self.assertEqual(listener.taken()[-1], {self.alice: {MAILBOX: state}})

    def test_a_reading_that_is_older_than_what_is_known_changes_nothing(self) -> None:
        one = self.watch()
        self.touch(self.alice)
        self.hold()
        self.feed.hear_objects(None)
        state = self.touch(self.alice)
        self.arrive()
        self.clock.advance(2)
        self.assertEqual(one.taken(), [{self.alice: {MAILBOX: 1}}, {self.alice: {MAILBOX: state}}])

    def test_a_store_that_fails_is_asked_again(self) -> None:
        one = self.watch()
        observers, self.store._watch.observers = self.store._watch.observers, ()
        state = self.touch(self.alice)
        self.store._watch.observers = observers
        self.patch(self.store, "read", lambda work: fail(Unavailable("The disk is full.")))
        self.feed.hear_objects((self.alice,))
        self.assertIn(
            ("store.unexpected-error", {"reason": "The disk is full."}), [(n, dict(k)) for n, k in self.events]
        )
        self.patch(self.store, "read", self.whole)
        self.clock.advance(1.1)
        self.assertEqual(one.taken(), [{self.alice: {MAILBOX: state}}])


class AccessTests(PushCase):
    """Nobody hears of what he may not see any more."""

    def test_a_new_password_ends_it_before_anything_is_told(self) -> None:
        one = self.watch()
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.touch(self.alice)
        self.assertEqual((one.taken(), one.listener.ended), ([], 1))
        self.clock.advance(10)
        self.assertEqual(one.listener.ended, 1)

    def test_it_ends_soon_when_nothing_happens(self) -> None:
        many = [self.watch() for _ in range(LOOKS * 2)]
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.clock.pump([1.0] * 4)
        self.assertEqual({each.listener.ended for each in many}, {1})

    def test_who_leaves_a_group_hears_of_the_rest(self) -> None:
        one = self.watch()
        self.join(is_member=False)

        def work(tx: Any) -> None:
            tx.objects.insert(self.staff, MAILBOX, now=NOW)
            tx.objects.insert(self.alice, MAILBOX, now=NOW)

        self.successResultOf(self.store.write(work))
        self.assertEqual(one.taken(), [{self.alice: {MAILBOX: 1}}])
        self.assertNotIn(self.staff, one.listener.accesses[-1].group_ids)
        self.touch(self.staff)
        self.clock.advance(2)
        self.assertEqual(one.taken(), [])

    def test_what_is_being_gathered_then_is_told(self) -> None:
        one = self.watch()
        self.touch(self.alice)
        self.clock.advance(0.5)
        self.join(is_member=False)
        self.touch(self.alice, EMAIL)
        self.touch(self.staff)
        self.clock.advance(0.5)
        self.clock.advance(1)
        self.assertEqual(one.taken(), [{self.alice: {MAILBOX: 1}}, {self.alice: {EMAIL: 2}}])

    def test_who_joins_a_group_hears_of_it(self) -> None:
        self.join(is_member=False)
        self.access = self.sign_in()
        one = self.watch()
        self.join()
        self.clock.advance(1.1)
        self.touch(self.staff)
        self.assertEqual(one.taken(), [{self.staff: {MAILBOX: 1}}])

    def test_what_was_changed_of_others_costs_only_a_look(self) -> None:
        one = self.watch()
        self.user("bob")
        self.directory.hear(None)
        state = self.touch(self.alice)
        self.assertEqual((one.taken(), one.listener.ended), ([{self.alice: {MAILBOX: state}}], 0))

    def test_sign_ins_end_in_time(self) -> None:
        row = self.successResultOf(
            self.store.write(lambda tx: tx.sign_ins.insert(self.alice, "app", {}, now=NOW, expires_at=NOW + 60))
        )
        one = self.watch(access=evolve(self.access, session_id=row.id))
        self.clock.pump([1.0] * int(ROUND + 2))
        self.assertEqual(one.listener.ended, 1)

    def test_a_watcher_without_grant_is_told_what_it_may_hear(self) -> None:
        listener = Listener()
        watcher = self.feed.watch(listener, self.access, None, one_second)
        self.directory.forget(self.alice)
        self.touch(self.alice)
        self.assertEqual(listener.taken(), [], "nobody knows yet what it rests on")
        watcher.secured(self.settle(self.directory.standing.grant(self.access)))
        self.assertEqual(listener.taken(), [{self.alice: {MAILBOX: 1}}])


class EndTests(PushCase):
    def test_nothing_is_left(self) -> None:
        before = len(self.clock.getDelayedCalls())
        one, two = self.watch(), self.watch(frozenset((EMAIL,)))
        self.touch(self.alice)
        self.touch(self.alice)
        one.watcher.close()
        two.watcher.close()
        self.assertEqual((self.feed._accounts, self.feed._groups, self.feed._dirty), ({}, {}, {}))
        self.assertEqual(len(self.clock.getDelayedCalls()), before)

    def test_a_feed_that_is_closed_tells_nobody(self) -> None:
        one = self.watch()
        self.feed.close()
        self.touch(self.alice)
        self.assertEqual(one.taken(), [])


class AnythingTests(PushCase):
    """Whatever happens in whatever order, who may hear of an account knows its states in the end."""

    def setUp(self) -> None:
        """A world for each run."""

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), max_size=25))
    def test_nothing_is_lost(self, steps: list[tuple[str, int]]) -> None:
        super().setUp()
        self.listening: list[tuple[Listening, Types, dict[int, int]]] = []
        for name, number in steps:
            getattr(self, f"_{name}")(number)
        self.clock.pump([0.5] * 8)
        states = self.states()
        for one, types, before in self.listening:
            told: dict[int, int] = {}
            for change in one.taken():
                for type, state in change.get(self.alice, {}).items():
                    self.assertGreaterEqual(state, told.get(type, 0), steps)
                    told[type] = state
            wanted = {type: state for type, state in states.items() if types is None or type in types}
            new = {type for type, state in wanted.items() if state != before.get(type)}
            self.assertEqual(told, {type: wanted[type] for type in new | told.keys()}, steps)
        self.feed.close()

    def states(self) -> dict[int, int]:
        found: dict[int, int] = self.successResultOf(self.store.read(lambda tx: tx.objects.states(self.alice)))
        return found

    def _write(self, number: int) -> None:
        self.touch(self.alice if number % 2 else self.staff, (MAILBOX, EMAIL, THREAD)[number // 2])

    def _elsewhere(self, number: int) -> None:
        observers, self.store._watch.observers = self.store._watch.observers, ()
        self._write(number)
        self.store._watch.observers = observers
        self.feed.hear_objects((self.alice, self.staff) if number else None)

    def _wait(self, number: int) -> None:
        self.clock.advance(number / 4)

    def _member(self, number: int) -> None:
        self.join(is_member=bool(number % 2))

    def _forget(self, number: int) -> None:
        self.directory.hear(None)

    def _listen(self, number: int) -> None:
        types = (None, frozenset((EMAIL,)), frozenset((EMAIL, MAILBOX)))[number % 3]
        self.access = self.sign_in()
        self.listening.append((self.watch(types), types, self.states()))

    def _leave(self, number: int) -> None:
        if self.listening:
            self.listening.pop(number % len(self.listening))[0].watcher.close()


class MarkTests(PushCase):
    """Up to where a watcher has been told everything."""

    def test_it_leaves_out_what_is_pending_and_what_waits_for_a_look_at_the_access(self) -> None:
        self.touch(self.alice, THREAD)
        watcher = self.watch().watcher

        def marked() -> int:
            return read_vector(self.successResultOf(Deferred.fromCoroutine(watcher.mark()))).get(self.alice, 0)

        self.assertEqual(marked(), 1)
        told, pending = self.touch(self.alice), self.touch(self.alice, EMAIL)
        self.assertEqual(marked(), pending - 1)
        self.clock.advance(1)
        self.assertEqual(marked(), pending)
        watcher.waiting = Change({self.alice: {MAILBOX: told}}, {})
        self.assertEqual(marked(), told - 1)


class ReturningTests(PushCase):
    """A client that goes and comes again with what it was told last, while two processes write."""

    def setUp(self) -> None:
        """A world for each run."""

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.sampled_from(RETURNING), st.integers(0, 2)), min_size=3, max_size=25), st.booleans())
    def test_nothing_is_lost(self, steps: list[tuple[str, int]], is_alone: bool) -> None:
        super().setUp()
        self.grant = self.settle(self.directory.standing.grant(self.access))
        self.waiting: list[Callable[[], None]] = []
        self.told: dict[int, int] = {}
        self.vector = ""
        self.one = Listener()
        self.watcher = self.feed.watch(self.one, self.access, None, one_second)
        self.watcher.secured(self.grant)
        if not is_alone:  # so what is pending outlives a break
            self.feed.watch(Listener(), self.access, None, one_second).secured(self.grant)
        whole = self.store.read

        def read(work: Any) -> Deferred[Any]:
            found, later = whole(work), Deferred[Any]()
            self.waiting.append(lambda: found.chainDeferred(later))
            return later

        self.patch(self.store, "read", read)
        for name, number in (*steps, ("word", 0), ("arrive", 0), ("wait", 2), ("again", 0)):
            getattr(self, f"_{name}")((MAILBOX, EMAIL, THREAD)[number])
        self.patch(self.store, "read", whole)
        self.assertEqual(self.told, self.successResultOf(whole(lambda tx: tx.objects.states(self.alice))), steps)
        self.feed.close()

    def _write(self, type: int) -> None:
        self.touch(self.alice, type)

    def _elsewhere(self, type: int) -> None:
        observers, self.store._watch.observers = self.store._watch.observers, ()
        self.touch(self.alice, type)
        self.store._watch.observers = observers

    def _gap(self, type: int) -> None:
        self._elsewhere(type)
        self._write(THREAD if type == EMAIL else EMAIL)

    def _word(self, _: int) -> None:
        self.feed.hear_objects((self.alice,))

    def _arrive(self, _: int) -> None:
        while self.waiting:
            self.waiting.pop(0)()

    def _wait(self, seconds: int) -> None:
        self.clock.advance(seconds / 2)

    def _hear(self, change: Change | None) -> None:
        if change is not None:
            self.told.update(change.states.get(self.alice, {}))
            self.vector = change.state

    def _again(self, type: int) -> None:
        for change in self.one.changes:
            self._hear(change)
        self.watcher.close()
        self.one = Listener()
        self.watcher = self.feed.watch(self.one, self.access, None, one_second)
        self.watcher.secured(self.grant)
        missed = Deferred.fromCoroutine(self.watcher.missed(read_vector(self.vector)))
        self._arrive(type)
        change = self.successResultOf(missed)
        self._hear(change)
        if change is None:
            self.vector = self.successResultOf(Deferred.fromCoroutine(self.watcher.mark()))
