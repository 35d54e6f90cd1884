"""The queue of mail: what is due where, what is over, and what is counted.

Tests ``stalwart.store.queue``, ``stalwart.store.queue_rows``, ``stalwart.store.sql.queue``,
``stalwart.store.sql.queue_lanes`` and ``stalwart.store.sql.queue_search``.
"""

from __future__ import annotations

from typing import Any

from stalwart.errors import Conflict, NotFound
from stalwart.store.queue_rows import (
    DELIVERED,
    FAILED,
    WAITING,
    Answer,
    LetterSearch,
    NewRecipient,
    QueuedLetter,
    QueuedRecipient,
    Settled,
)
from stalwart.store.seen import UNDELIVERED, UNDELIVERED_KEPT, of_letter
from tests.contract.store_case import StoreCase

NOW = 1000
LATER = 10**9


def letter(tx: Any, id: int, **members: Any) -> QueuedLetter:
    """A letter whose blob is there."""
    blob = tx.blobs.put(b"letter %d" % id, NOW)
    usual: dict[str, Any] = dict.fromkeys(("tenant_id", "submission_id", "env_id", "ret")) | dict.fromkeys(
        ("received_ip", "role"), ""
    )
    usual |= dict.fromkeys(("priority", "received_port"), 0) | {"body": "7BIT", "counted": (), "reports_failure": True}
    usual |= dict.fromkeys(("smtputf8", "require_tls", "dmarc_pass"), False) | {"blob": blob.hash, "size": blob.size}
    usual |= {"created_at": NOW, "return_path": "me@example.org", "source": "authenticated", "account_id": 5}
    return QueuedLetter(id=id, **(usual | members))


def to(address: str, due: int = NOW, **members: Any) -> NewRecipient:
    """A recipient in the lane of the domain."""
    given = {"queue": "remote", "destination": address.partition("@")[2], "expires_at": LATER}
    return NewRecipient(address=address, due=due, **(given | members))


def settled(former: QueuedRecipient, **members: Any) -> Settled:
    """``former`` as it is, but for ``members``."""
    kept = {name: getattr(former, name) for name in Settled.__struct_fields__ if name != "queue"}
    return Settled(**(kept | members))


class QueueContract(StoreCase):
    async def test_what_was_not_delivered_is_remembered(self) -> None:
        for id in range(1, 6):
            await self.queued(id, to("a@x.test"), to("b@x.test"))

        def work(tx: Any) -> list[int]:
            for id, states in ((1, (DELIVERED, DELIVERED)), (2, (DELIVERED, FAILED)), (3, (DELIVERED, WAITING))):
                pairs = zip(tx.queue.get(id).recipients, states, strict=True)
                tx.queue.change(id, [settled(each, state=state) for each, state in pairs], NOW)
            tx.queue.drop(4, (1,), NOW)
            tx.queue.remove(5, NOW)
            return known(tx)

        def known(tx: Any) -> list[int]:
            found = tx.seen.known(0, UNDELIVERED, [of_letter(id) for id in range(1, 6)], NOW + UNDELIVERED_KEPT - 1)
            return sorted(int.from_bytes(each, "big") for each in found)

        self.assertEqual(await self.write(work), [2, 4, 5])
        await self.write(lambda tx: tx.queue.remove(3, NOW))
        self.assertEqual(await self.read(known), [2, 3, 4, 5])

    async def queued(self, id: int, *recipients: NewRecipient, **members: Any) -> QueuedLetter:
        def work(tx: Any) -> QueuedLetter:
            tx.queue.insert(letter(tx, id, **members), recipients, NOW)
            found: QueuedLetter = tx.queue.get(id)
            return found

        found: QueuedLetter = await self.write(work)
        return found

    async def changed(self, former: QueuedRecipient, **members: Any) -> bool:
        change = settled(former, **members)
        gone: bool = await self.write(lambda tx: tx.queue.change(former.letter_id, [change], NOW))
        return gone

    async def lane_ids(self, now: int, **asked: Any) -> list[str]:
        lanes = await self.read(
            lambda tx: tx.queue.lanes("remote", now, asked.get("limit", 10), asked.get("spare", ()))
        )
        return [lane.destination for lane in lanes]

    async def test_letters_of_an_account(self) -> None:
        for id in (1, 2, 3, 4):
            await self.queued(id, to("a@example.com"), account_id=None if id == 3 else 5, sent_by=8)
        await self.queued(5, to("a@example.com"), account_id=6)

        async def found(after: int | None, limit: int = 9) -> list[int]:
            ids: list[int] = await self.read(lambda tx: tx.queue.of_account(5, after, limit))
            return ids

        self.assertEqual((await found(None), await found(1), await found(None, 2)), ([1, 2, 4], [2, 4], [1, 2]))
        kept = await self.read(lambda tx: tx.queue.get(3))
        self.assertEqual((kept.account_id, kept.sent_by), (None, 8))
        self.assertEqual(await self.read(lambda tx: tx.queue.get(4).account_id), 5)

    async def test_a_letter_is_kept_with_all_it_has(self) -> None:
        recipient = to("a@example.com", notice_at=7, attempts_left=3, orcpt="rfc822;x", notify=("DELAY",))
        found = await self.queued(1, recipient, env_id="e", priority=-5, submission_id=9, counted=("q",), tenant_id=4)
        self.assertEqual((found.env_id, found.priority, found.submission_id, found.tenant_id), ("e", -5, 9, 4))
        (kept,) = found.recipients
        self.assertEqual((kept.address, kept.queue, kept.destination), ("a@example.com", "remote", "example.com"))
        self.assertEqual((kept.state, kept.notice_at, kept.attempts_left, kept.orcpt), (WAITING, 7, 3, "rfc822;x"))
        self.assertEqual((kept.notify, kept.answer), (("DELAY",), Answer()))
        self.assertEqual(await self.read(lambda tx: tx.queue.many([2, 1])), {1: found})
        self.assertEqual(await self.read(lambda tx: tx.queue.many([1], kept.lane)), {1: found})
        other = await self.read(lambda tx: tx.queue.many([1], kept.lane + 1))
        self.assertEqual(other[1].recipients, ())

    async def test_an_id_is_used_once_and_the_blob_must_be_there(self) -> None:
        await self.queued(1, to("a@example.com"))
        await self.refused(Conflict, lambda tx: tx.queue.insert(letter(tx, 1), [to("a@example.com")], NOW))
        nothing = b"\0" * 32
        await self.refused(NotFound, lambda tx: tx.queue.insert(letter(tx, 2, blob=nothing), [to("a@x.y")], NOW))
        self.assertEqual(await self.read(lambda tx: tx.queue.count()), 1)

    async def test_lanes_come_up_when_something_is_due(self) -> None:
        await self.queued(1, to("a@one.example", NOW + 5), to("b@two.example", NOW + 1), to("c@one.example", NOW + 9))
        self.assertEqual(await self.lane_ids(NOW), [])
        self.assertEqual(await self.lane_ids(NOW + 5), ["two.example", "one.example"])
        self.assertEqual(await self.lane_ids(NOW + 5, limit=1), ["two.example"])
        (two, one) = await self.read(lambda tx: tx.queue.lanes("remote", NOW + 5, 10))
        self.assertEqual((one.waiting, two.waiting), (2, 1))
        self.assertEqual(await self.lane_ids(NOW + 5, spare=[two.id], limit=1), ["one.example"])
        self.assertEqual(await self.read(lambda tx: tx.queue.next_due("remote")), NOW + 1)
        self.assertEqual(await self.read(lambda tx: tx.queue.next_due("remote", [two.id])), NOW + 5)
        self.assertIsNone(await self.read(lambda tx: tx.queue.next_due("local")))
        await self.queued(2, to("d@one.example", NOW))
        self.assertEqual(await self.lane_ids(NOW), ["one.example"])

    async def test_parts_of_the_queue_are_told_apart(self) -> None:
        await self.queued(1, to("a@one.example"), to("b@one.example", queue="local"), to("c@one.example", queue="dsn"))
        self.assertEqual(await self.read(lambda tx: tx.queue.queues()), ["dsn", "local", "remote"])
        (lane,) = await self.read(lambda tx: tx.queue.lanes("local", NOW, 10))
        self.assertEqual(lane.waiting, 1)

    async def test_letters_are_taken_by_priority_then_by_due(self) -> None:
        for id, due, priority in ((1, 3, 0), (2, 1, 0), (3, 2, -10), (4, 9, -20), (5, 2, 0)):
            await self.queued(id, to("a@x.example", NOW + due), to("b@x.example", NOW + due), priority=priority)
        (lane,) = await self.read(lambda tx: tx.queue.lanes("remote", NOW + 3, 10))

        async def taken(limit: int, spare: tuple[int, ...] = ()) -> list[int]:
            found: list[int] = await self.read(lambda tx: tx.queue.take(lane.id, NOW + 3, limit, spare))
            return found

        self.assertEqual(await taken(10), [3, 2, 5, 1])
        self.assertEqual(await taken(2), [3, 2])
        self.assertEqual(await taken(2, (3, 5)), [2, 1])

    async def test_who_is_done_with_waits_no_longer_and_the_last_takes_the_letter_along(self) -> None:
        found = await self.queued(1, to("a@x.example"), to("b@y.example", NOW + 50))
        first, second = found.recipients
        self.assertFalse(await self.changed(first, state=DELIVERED, attempts=1, answer=Answer(code=250, text="ok")))
        self.assertEqual(await self.lane_ids(NOW + 99), ["y.example"])
        now = await self.read(lambda tx: tx.queue.get(1))
        self.assertEqual([each.state for each in now.recipients], [DELIVERED, WAITING])
        self.assertEqual(now.recipients[0].answer, Answer(code=250, text="ok"))
        self.assertTrue(await self.changed(second, state=DELIVERED))
        self.assertIsNone(await self.read(lambda tx: tx.queue.get(1)))
        self.assertEqual(await self.read(lambda tx: tx.queue.queues()), [])
        self.assertEqual(await self.read(lambda tx: tx.blobs.links(found.blob, 0, NOW)), [])
        self.assertFalse(await self.changed(second, state=DELIVERED), "settling what is gone changes nothing")

    async def test_who_is_done_with_stays_so(self) -> None:
        found = await self.queued(1, to("a@x.example"), to("b@x.example"))
        await self.changed(found.recipients[0], state=DELIVERED)
        await self.changed(found.recipients[0], due=NOW + 9)
        now = await self.read(lambda tx: tx.queue.get(1))
        self.assertEqual(now.recipients[0].state, DELIVERED)
        lane = await self.read(lambda tx: tx.queue.lane(found.recipients[0].lane))
        self.assertEqual(lane.waiting, 1)

    async def test_recipients_are_taken_out(self) -> None:
        found = await self.queued(1, to("a@x.example"), to("b@x.example"), to("c@y.example"))
        self.assertFalse(await self.write(lambda tx: tx.queue.drop(1, [0, 2, 7], NOW)))
        now = await self.read(lambda tx: tx.queue.get(1))
        self.assertEqual([each.address for each in now.recipients], ["b@x.example"])
        self.assertIsNone(await self.read(lambda tx: tx.queue.lane(found.recipients[2].lane)))
        self.assertTrue(await self.write(lambda tx: tx.queue.drop(1, [1], NOW)))
        self.assertIsNone(await self.read(lambda tx: tx.queue.get(1)))

    async def test_a_letter_that_is_tried_says_so(self) -> None:
        found = await self.queued(1, to("a@x.example"))
        self.assertFalse(found.tried)
        self.assertTrue(await self.write(lambda tx: tx.queue.begin(1)))
        self.assertTrue((await self.read(lambda tx: tx.queue.get(1))).tried)
        self.assertFalse(await self.write(lambda tx: tx.queue.begin(2)))

    async def test_who_begins_ends_once(self) -> None:
        await self.queued(1, to("a@x.example"))

        async def is_tried() -> bool:
            return bool((await self.read(lambda tx: tx.queue.get(1))).tried)

        for _ in range(2):
            await self.write(lambda tx: tx.queue.begin(1))
        seen = []
        for _ in range(3):
            await self.write(lambda tx: tx.queue.release(1))
            seen.append(await is_tried())
        self.assertEqual(seen, [True, False, False])
        await self.write(lambda tx: tx.queue.begin(1))
        self.assertTrue(await is_tried())

    async def test_a_lane_may_be_put_behind_others(self) -> None:
        found = await self.queued(1, to("a@x.example"))
        await self.queued(2, to("b@y.example", NOW + 3))
        await self.write(lambda tx: tx.queue.correct(found.recipients[0].lane, NOW + 5))
        self.assertEqual(await self.lane_ids(NOW + 5), ["y.example", "x.example"])

    async def test_a_later_attempt_is_found_when_the_lane_was_corrected(self) -> None:
        found = await self.queued(1, to("a@x.example"))
        await self.changed(found.recipients[0], due=NOW + 300, attempts=1)
        self.assertEqual(await self.lane_ids(NOW), ["x.example"], "its due may be too early")
        lane = found.recipients[0].lane
        self.assertEqual(await self.read(lambda tx: tx.queue.take(lane, NOW, 10)), [])
        await self.write(lambda tx: tx.queue.correct(lane))
        self.assertEqual(await self.lane_ids(NOW + 299), [])
        self.assertEqual(await self.lane_ids(NOW + 300), ["x.example"])

    async def test_a_lane_at_rest_is_not_due_whatever_comes(self) -> None:
        found = await self.queued(1, to("a@x.example"), to("b@x.example", NOW + 5000))
        lane, answer = found.recipients[0].lane, Answer(error="connectionError", message="refused")
        await self.write(lambda tx: tx.queue.rest(lane, NOW + 100, 2, answer))
        await self.queued(2, to("c@x.example"))
        self.assertEqual(await self.lane_ids(NOW + 99), [])
        self.assertEqual(await self.lane_ids(NOW + 100), ["x.example"])
        row = await self.read(lambda tx: tx.queue.lane(lane))
        self.assertEqual((row.failures, row.answer, row.waiting), (2, answer, 3))
        await self.write(lambda tx: tx.queue.hurry(2, NOW + 3))
        self.assertEqual(await self.lane_ids(NOW + 3), ["x.example"])

    async def test_something_due_earlier_brings_a_resting_lane_up_when_its_rest_is_over(self) -> None:
        found = await self.queued(1, to("a@x.example", NOW + 900))
        await self.write(lambda tx: tx.queue.rest(found.recipients[0].lane, NOW + 100, 1, Answer()))
        await self.queued(2, to("b@x.example"))
        self.assertEqual(await self.lane_ids(NOW + 100), ["x.example"])

    async def test_a_recipient_may_be_moved_to_another_part(self) -> None:
        found = await self.queued(1, to("a@x.example"))
        await self.changed(found.recipients[0], queue="slow", due=NOW + 2)
        self.assertEqual(await self.read(lambda tx: tx.queue.queues()), ["slow"])
        (lane,) = await self.read(lambda tx: tx.queue.lanes("slow", NOW + 2, 1))
        self.assertEqual(await self.read(lambda tx: tx.queue.take(lane.id, NOW + 2, 1)), [1])

    async def test_what_is_over_and_what_is_overdue_is_found(self) -> None:
        await self.queued(1, to("a@x.example", expires_at=50, notice_at=20), to("b@x.example", expires_at=50))
        await self.queued(2, to("a@x.example", expires_at=40))
        self.assertEqual(await self.read(lambda tx: (tx.queue.next_expiry(), tx.queue.next_notice())), (40, 20))
        self.assertEqual(await self.read(lambda tx: tx.queue.expired(39, 10)), [])
        self.assertEqual(await self.read(lambda tx: tx.queue.expired(50, 10)), [2, 1])
        self.assertEqual(await self.read(lambda tx: tx.queue.expired(50, 10, [2])), [1])
        self.assertEqual(await self.read(lambda tx: tx.queue.overdue(20, 10)), [1])
        self.assertEqual(await self.read(lambda tx: (tx.queue.next_expiry([2]), tx.queue.next_notice([1]))), (50, None))
        await self.write(lambda tx: (tx.queue.remove(1, NOW), tx.queue.remove(2, NOW)))
        self.assertEqual(await self.read(lambda tx: (tx.queue.next_expiry(), tx.queue.next_notice())), (None, None))

    async def test_a_letter_with_many_recipients_hides_no_other_that_is_over(self) -> None:
        await self.queued(1, *(to(f"a{n}@x.example", expires_at=50 + n % 3) for n in range(9)))
        await self.queued(2, to("a@x.example", expires_at=53))
        self.assertEqual(await self.read(lambda tx: tx.queue.expired(60, 1, [1])), [2])
        self.assertEqual(await self.read(lambda tx: tx.queue.expired(60, 2)), [1, 2])
        self.assertEqual(await self.read(lambda tx: tx.queue.next_expiry([1])), 53)

    async def test_a_proof_leaves_nothing(self) -> None:
        await self.write(lambda tx: tx.queue.prove())
        self.assertEqual(await self.read(lambda tx: (tx.queue.used("proof"), tx.queue.is_paused())), ((0, 0), False))

    async def test_letters_are_counted_by_their_keys(self) -> None:
        first = await self.queued(1, to("a@x.example"), counted=("all", "me"))
        second = await self.queued(2, to("a@x.example"), counted=("all",))
        total = first.size + second.size
        self.assertEqual(await self.read(lambda tx: tx.queue.used("all")), (2, total))
        self.assertEqual(await self.read(lambda tx: tx.queue.used("me")), (1, first.size))
        self.assertTrue(await self.write(lambda tx: tx.queue.remove(1, NOW)))
        self.assertFalse(await self.write(lambda tx: tx.queue.remove(1, NOW)))
        self.assertEqual(await self.read(lambda tx: tx.queue.used("all")), (1, second.size))
        self.assertEqual(await self.read(lambda tx: tx.queue.used("me")), (0, 0))

    async def test_it_is_paused_until_the_contrary_is_said(self) -> None:
        for paused in (False, True, True, False, False):
            await self.write(lambda tx, paused=paused: tx.queue.pause(paused))
            self.assertEqual(await self.read(lambda tx: tx.queue.is_paused()), paused)

    async def test_priority_and_envelope_id_can_be_changed(self) -> None:
        await self.queued(1, to("a@x.example"))
        self.assertTrue(await self.write(lambda tx: tx.queue.touch(1, NOW, priority=-3, env_id="n")))
        self.assertFalse(await self.write(lambda tx: tx.queue.touch(2, NOW, priority=-3)))
        found = await self.read(lambda tx: tx.queue.get(1))
        self.assertEqual((found.priority, found.env_id), (-3, "n"))

    async def test_letters_are_searched(self) -> None:
        await self.queued(1, to("Anna@x.example", NOW + 3), return_path="Me@example.org", tenant_id=4)
        await self.queued(2, to("b_b@y.example", NOW + 1, queue="local"), return_path="")
        await self.queued(3, to("c@x.example", NOW + 2), return_path="you@example.org")

        async def found(search: LetterSearch, *, descending: bool = False) -> list[int]:
            page: list[int] = await self.read(
                lambda tx: tx.queue.search(search, descending=descending, offset=0, limit=10)
            )
            self.assertEqual(await self.read(lambda tx: tx.queue.count_found(search)), len(page))
            for place, id in enumerate(page):
                at = await self.read(lambda tx, id=id: tx.queue.position(search, id, descending=descending))
                self.assertEqual(at, place)
            return page

        self.assertEqual(await found(LetterSearch()), [2, 3, 1])
        self.assertEqual(await found(LetterSearch(), descending=True), [1, 3, 2])
        self.assertEqual(await found(LetterSearch(text=("anna",))), [1])
        self.assertEqual(await found(LetterSearch(text=("EXAMPLE.ORG", "x.example"))), [3, 1])
        self.assertEqual(await found(LetterSearch(to=("b_b",))), [2])
        self.assertEqual(await found(LetterSearch(to=("a_n",))), [])
        self.assertEqual(await found(LetterSearch(return_path="")), [2])
        self.assertEqual(await found(LetterSearch(return_path="me@EXAMPLE.org")), [1])
        self.assertEqual(await found(LetterSearch(queue="remote")), [3, 1])
        self.assertEqual(await found(LetterSearch(due=((">", NOW + 1), ("<=", NOW + 2)))), [3])
        self.assertEqual(await found(LetterSearch(tenant_id=4)), [1])
        self.assertIsNone(await self.read(lambda tx: tx.queue.position(LetterSearch(tenant_id=4), 2, descending=False)))
        page = await self.read(lambda tx: tx.queue.search(LetterSearch(), descending=False, offset=1, limit=1))
        self.assertEqual(page, [3])
