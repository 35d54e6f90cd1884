"""The index follows mail: at once for whoever searches, in the background in the leading process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from stalwart.codec.search_terms import FORM
from stalwart.errors import Invalid, Unavailable
from stalwart.mail.search import finding
from stalwart.mail.search.finding import Finder
from stalwart.mail.search.text_search import PATIENCE, TextSearch
from stalwart.store import Transaction
from stalwart.telemetry.measures import TEXT_INDEX_WAITING
from tests.mail.search.archive import ACCOUNT, ArchiveCase, message


class SlowStore:
    """A store whose threads answer when they are told to."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.held: list[Callable[[], None]] = []
        self.fault: Exception | None = None
        self.watch = store.watch
        self.write = store.write

    def read(self, work: Any) -> Any:
        if self.fault is not None:
            raise self.fault
        return self.store.read(work)

    def blob_work(self, work: Any) -> Any:
        answer: Deferred[Any] = Deferred()

        def go_on() -> None:
            if not answer.called:
                self.store.blob_work(work).chainDeferred(answer)

        self.held.append(go_on)
        return answer

    def go_on(self) -> None:
        held, self.held = self.held, []
        for each in held:
            each()


class SlowReads:
    """A store whose searches are carried out when they are told to, even if nobody waits for them any more."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.held: list[tuple[Any, Deferred[Any]]] = []
        self.watch = store.watch
        self.write = store.write

    def read(self, work: Any) -> Any:
        if "TextSearch.search" not in work.__qualname__:
            return self.store.read(work)
        answer: Deferred[Any] = Deferred()
        self.held.append((work, answer))
        return answer

    def count(self) -> int:
        return len(self.held)

    def go_on(self) -> list[Deferred[Any]]:
        held, self.held = self.held, []
        found = [(self.store.read(work), answer) for work, answer in held]
        return [result if answer.called else result.chainDeferred(answer) or answer for result, answer in found]


class TextSearchCase(ArchiveCase):
    def ready(self, search: TextSearch | None = None, account_id: int = ACCOUNT) -> Deferred[None]:
        return Deferred.fromCoroutine((search or self.search).ready(account_id))

    def slow(self) -> tuple[SlowStore, TextSearch]:
        store = SlowStore(self.store)
        return store, self.searching(store)

    def names(self) -> list[str]:
        return [name for name, _ in self.events]


class SearchTests(TextSearchCase):
    """What a search waits for, and what ends it."""

    def asking(self, search: TextSearch, text: str = "needle", account_id: int = ACCOUNT) -> Deferred[set[int]]:
        conditions = [("text", text)]
        work = lambda tx, finder: set(finder.find(*conditions[0]))  # noqa: E731
        return Deferred.fromCoroutine(search.search(account_id, conditions, work))

    def test_what_waits_is_found(self) -> None:
        ids = {self.put(message("needle")) for _ in range(3)}
        self.assertEqual(self.successResultOf(self.asking(self.search)), ids)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_conditions_on_fields_are_worked_out_together(self) -> None:
        ids = [self.put(message(X_A=f"a{number}")) for number in range(3)]
        conditions = [("header", ["X-A", f"a{number}"]) for number in range(3)]
        finders: list[Finder] = []

        def work(_tx: Transaction, finder: Finder) -> list[set[int]]:
            finders.append(finder)
            return [set(finder.find(*each)) for each in conditions]

        self.patch(finding, "MOST_READ", 3)
        asked = Deferred.fromCoroutine(self.search.search(ACCOUNT, conditions, work))
        self.assertEqual(self.successResultOf(asked), [{id} for id in ids])
        self.assertEqual(len(finders), 1)

    def test_too_large_a_search_is_refused_and_the_next_one_is_not(self) -> None:
        many = " ".join(f"w{number}" for number in range(60))
        self.failureResultOf(self.asking(self.search, many), Invalid)
        self.assertEqual(self.successResultOf(self.asking(self.search)), set())

    def test_searches_of_an_account_follow_one_another(self) -> None:
        store = SlowReads(self.store)
        search = self.searching(store)
        first, second, other = (self.asking(search, account_id=id) for id in (ACCOUNT, ACCOUNT, 6))
        self.assertEqual(store.count(), 2)
        store.go_on()
        self.assertEqual(self.successResultOf(first), set())
        self.assertEqual(self.successResultOf(other), set())
        self.assertNoResult(second)
        store.go_on()
        self.assertEqual(self.successResultOf(second), set())

    def test_a_search_that_nobody_waits_for_ends(self) -> None:
        self.successResultOf(self.ready())
        store = SlowReads(self.store)
        search = self.searching(store)
        asked = self.asking(search)
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        (late,) = store.go_on()
        self.failureResultOf(late, Invalid)
        following = self.asking(search)
        store.go_on()
        self.assertEqual(self.successResultOf(following), set())


class ReadyTests(TextSearchCase):
    def test_what_waits_is_indexed_before_a_search(self) -> None:
        ids = {self.put(message("needle")) for _ in range(3)}
        self.successResultOf(self.ready())
        self.assertEqual((self.find("text", "needle"), self.waiting()), (ids, 0))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_other_accounts_go_on_waiting(self) -> None:
        box = self.account(6)
        self.put(message(), 6, box)
        self.put(message())
        self.successResultOf(self.ready())
        self.assertEqual(self.read(lambda tx: (tx.mail_text.waiting(5), tx.mail_text.waiting(6))), (0, 1))

    def test_it_takes_as_many_goes_as_needed(self) -> None:
        self.settings.change(Search={"indexBatchSize": 2})
        ids = {self.put(message("needle")) for _ in range(7)}
        self.successResultOf(self.ready())
        self.assertEqual(self.find("text", "needle"), ids)
        self.assertEqual(self.names().count("message-ingest.search-index"), 4)

    def test_a_search_does_not_wait_for_ever(self) -> None:
        store, search = self.slow()
        self.put(message())
        waiting = self.ready(search)
        self.clock.advance(PATIENCE - 0.1)
        self.assertNoResult(waiting)
        self.clock.advance(0.2)
        self.successResultOf(waiting)
        self.assertEqual(self.waiting(), 1)
        store.go_on()
        self.assertEqual((self.waiting(), store.held), (0, []))

    def test_it_says_how_many_and_how_many_milliseconds(self) -> None:
        store, search = self.slow()
        self.put(message())
        self.ready(search)
        self.clock.advance(0.25)
        store.go_on()
        (keys,) = [keys for name, keys in self.events if name == "message-ingest.search-index"]
        self.assertEqual((keys["total"], keys["elapsed"]), (1, 250))

    def test_searches_of_an_account_wait_for_one_run(self) -> None:
        store, search = self.slow()
        self.put(message())
        both = [self.ready(search), self.ready(search)]
        self.assertEqual(len(store.held), 1)
        store.go_on()
        for each in both:
            self.successResultOf(each)

    def test_a_run_ends_when_nobody_waits(self) -> None:
        self.settings.change(Search={"indexBatchSize": 1})
        store, search = self.slow()
        for _ in range(3):
            self.put(message())
        waiting = self.ready(search)
        self.clock.advance(PATIENCE)
        self.successResultOf(waiting)
        store.go_on()
        self.assertEqual((self.waiting(), store.held), (2, []))

    def test_a_search_that_is_given_up_ends(self) -> None:
        store, search = self.slow()
        self.put(message())
        waiting = self.ready(search)
        waiting.cancel()
        self.failureResultOf(waiting)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        store.go_on()
        self.successResultOf(self.ready(search))

    def test_a_fault_is_told_and_the_search_goes_on(self) -> None:
        store, search = self.slow()
        self.put(message())
        waiting = self.ready(search)
        store.fault = Unavailable("The disk is full.")
        store.go_on()
        self.successResultOf(waiting)
        self.assertIn(
            ("message-ingest.search-error", {"accountId": ACCOUNT, "reason": "The disk is full."}), self.events
        )

    def test_nothing_is_indexed_where_that_is_switched_off(self) -> None:
        self.settings.change(Search={"indexEmail": False})
        self.put(message())
        self.successResultOf(self.ready())
        self.assertEqual(self.waiting(), 1)

    def test_after_the_end_nobody_waits(self) -> None:
        self.put(message())
        self.settle_close(self.search)
        self.successResultOf(self.ready())
        self.assertEqual(self.waiting(), 1)

    def settle_close(self, search: TextSearch) -> None:
        self.successResultOf(Deferred.fromCoroutine(search.close()))


class LeadingTests(TextSearchCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(lambda: self.successResultOf(Deferred.fromCoroutine(self.search.close())))

    def pump(self, seconds: float = 0.0) -> None:
        self.clock.pump([seconds, *[0.0] * 50])

    def test_what_waits_is_indexed(self) -> None:
        ids = {self.put(message("needle")) for _ in range(250)}
        self.search.lead()
        self.pump()
        self.assertEqual((self.waiting(), self.find("text", "needle")), (0, ids))

    def test_mail_that_comes_is_noticed(self) -> None:
        self.search.lead()
        self.pump()
        self.put(message())
        self.pump(0.1)
        self.assertEqual(self.waiting(), 1)
        self.pump(0.11)
        self.assertEqual(self.waiting(), 0)

    def test_mail_that_another_process_took_is_noticed_a_little_later(self) -> None:
        self.search.lead()
        self.pump()
        self.write(lambda tx: tx.mail_text.queue(ACCOUNT, 99))
        self.pump(1.9)
        self.assertEqual(self.waiting(), 1)
        self.pump(0.2)
        self.assertEqual(self.waiting(), 0)

    def test_it_takes_less_at_a_time_while_mail_comes_in(self) -> None:
        self.search.lead()
        self.pump()
        self.pump(1.5)
        for _ in range(60):
            self.put(message())
        for _ in range(4):
            self.pump(0.2)
        totals = [keys["total"] for name, keys in self.events if name == "message-ingest.search-index"]
        self.assertEqual(totals, [25, 25, 10])
        self.assertEqual(self.waiting(), 0)

    def test_leading_twice_is_leading_once(self) -> None:
        self.search.lead()
        self.search.lead()
        self.pump()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_it_rests_while_mail_comes_in(self) -> None:
        self.settings.change(Search={"indexBatchSize": 1})
        store, self.search = self.slow()
        self.search.lead()
        self.pump()
        self.pump(1.5)
        for _ in range(60):
            self.put(message())
        self.pump(0.2)  # woken, counts, finds many new ones
        self.clock.advance(0.05)
        store.go_on()
        waiting = self.waiting()
        self.pump(0.4)  # nine times as long
        store.go_on()
        self.assertEqual(self.waiting(), waiting)
        self.pump(0.1)
        store.go_on()
        self.assertEqual(self.waiting(), waiting - 1)

    def test_how_many_wait_is_a_figure(self) -> None:
        self.settings.change(Search={"indexBatchSize": 3})
        store, self.search = self.slow()
        for _ in range(5):
            self.put(message())
        self.search.lead()
        self.pump()
        gauge = self.telemetry.series(TEXT_INDEX_WAITING)
        self.assertEqual(gauge.numbers(1), [5.0])
        store.go_on()
        self.pump(1.0)
        self.assertEqual(gauge.numbers(1), [2.0])

    def test_an_index_of_another_form_is_made_anew(self) -> None:
        id = self.put(message("needle"))
        self.write(lambda tx: tx.mail_text.reset("old"))
        self.write(lambda tx: tx.mail_text.forget([(ACCOUNT, id)]))
        self.search.lead()
        self.pump()
        self.assertEqual(self.find("text", "needle"), {id})
        self.assertEqual(self.read(lambda tx: tx.mail_text.form()), FORM)
        self.assertIn("message-ingest.search-anew", self.names())

    def test_texts_of_accounts_that_are_gone_are_forgotten(self) -> None:
        for _ in range(20):
            self.put(message("needle"))
        self.search.lead()
        self.pump()
        self.write(lambda tx: tx.accounts.delete(ACCOUNT, 9))
        self.pump(601.0)
        self.assertEqual(self.read(lambda tx: tx.mail_text.accounts(-1, 9)), [])
        self.assertEqual(self.find("text", "needle"), set())

    def test_a_fault_is_told_and_it_goes_on_later(self) -> None:
        store, self.search = self.slow()
        self.put(message())
        store.fault = Unavailable("The disk is full.")
        self.search.lead()
        self.pump()
        self.assertIn(("message-ingest.search-error", {"accountId": None, "reason": "The disk is full."}), self.events)
        store.fault = None
        self.pump(10.0)
        store.go_on()
        self.assertEqual(self.waiting(), 0)

    def test_a_message_that_cannot_be_read_is_told(self) -> None:
        id = self.put(message("x" * 70_000))
        self.store.blob_files.remove(self.read(lambda tx: tx.mail.list_rows(ACCOUNT, [id]))[id].blob, 1e12)
        self.search.lead()
        self.pump()
        told = [keys for name, keys in self.events if name == "message-ingest.search-unreadable"]
        self.assertEqual([(keys["accountId"], keys["documentId"]) for keys in told], [(ACCOUNT, id)])

    def test_the_end_stops_everything(self) -> None:
        store, self.search = self.slow()
        self.put(message())
        self.search.lead()
        self.pump()
        self.assertEqual(len(store.held), 1)
        self.successResultOf(Deferred.fromCoroutine(self.search.close()))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.put(message())
        self.search.lead()
        self.pump(5.0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nothing_is_indexed_where_that_is_switched_off(self) -> None:
        self.settings.change(Search={"indexEmail": False})
        self.put(message())
        self.search.lead()
        self.pump()
        self.assertEqual(self.waiting(), 1)
        self.settings.change(Search={"indexEmail": True})
        self.pump(2.1)
        self.assertEqual(self.waiting(), 0)
