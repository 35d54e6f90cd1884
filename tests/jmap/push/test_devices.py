"""Pushing to devices: what leaves when, what is tried again, and what ends a subscription."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec.structs import replace
from twisted.internet.defer import Deferred, fail

from stalwart.codec.ids import encode_id
from stalwart.directory import hashes
from stalwart.errors import Unavailable
from stalwart.jmap.push.devices import PURGE, VERIFICATIONS, Devices
from stalwart.jmap.push.places import OF_ACCOUNT
from stalwart.net.push_service import Delivered, Outcome, Push
from stalwart.store.object_types import EMAIL, MAILBOX
from stalwart.store.push_subscriptions import PushSubscription
from tests.directory.world import NOW
from tests.jmap.push.push_case import PushCase

ACCEPTED = Delivered(Outcome.ACCEPTED, 201)
REFUSED = Delivered(Outcome.REFUSED, 500, "answers 500")


class FakeService:
    """Answers by URL: a ``Delivered``, or a Deferred of one; by default it accepts."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.timeouts: list[float] = []
        self.answers: dict[str, Any] = {}

    async def deliver(self, push: Push, timeout: float = 10.0) -> Delivered:
        self.pushes.append(push)
        self.timeouts.append(timeout)
        answer = self.answers.get(push.url, ACCEPTED)
        found: Delivered = await answer if isinstance(answer, Deferred) else answer
        return found

    def taken(self) -> list[dict[str, Any]]:
        """The objects since the last call."""
        found = [json.loads(push.message) for push in self.pushes]
        self.pushes.clear()
        return found


class DeviceCase(PushCase):
    """This process leads."""

    def setUp(self) -> None:
        super().setUp()
        self.service = FakeService()
        self.announced: list[int] = []
        standing = self.directory.standing
        self.devices = Devices(
            self.store,
            self.settings,
            standing,
            self.feed,
            self.service,
            self.clock,
            self.telemetry,
            self.announced.append,
        )
        self.addCleanup(self.devices.close)
        self.devices.lead()
        self.service.taken()

    def subscribe(self, device: str = "phone", *, verified: bool = True, **members: Any) -> PushSubscription:
        """A subscription of alice, with the access of now."""
        holder = msgspec.to_builtins(self.settle(self.directory.standing.grant(self.access)))
        given: dict[str, Any] = {
            "keys": None,
            "code": "code-" + device,
            "now": NOW,
            "expires_at": NOW + 604_800,
            "types": None,
            "holder": holder,
        }

        def work(tx: Any) -> PushSubscription:
            url = f"https://push.example/{device}"
            made: PushSubscription = tx.push_subscriptions.insert(self.alice, device, url, **(given | members))
            if verified:
                made = replace(made, verified=True)
                tx.push_subscriptions.update(made)
            return made

        made: PushSubscription = self.successResultOf(self.store.write(work))
        self.devices.changed(self.alice)
        self.clock.advance(0)
        return made

    def there(self) -> set[str]:
        found = self.successResultOf(
            self.store.read(lambda tx: tx.push_subscriptions.of_account(self.alice, int(self.clock.seconds())))
        )
        return {each.device for each in found}

    def soon(self) -> None:
        self.clock.advance(0)

    def told(self, *states: dict[str, str]) -> list[dict[str, Any]]:
        return [{"@type": "StateChange", "changed": {encode_id(self.alice): each}} for each in states]


class CodeTests(DeviceCase):
    """RFC 8620 7.2.2."""

    def test_the_code_is_sent_at_once(self) -> None:
        made = self.subscribe(verified=False)
        expected = {
            "@type": "PushVerification",
            "pushSubscriptionId": encode_id(made.id),
            "verificationCode": "code-phone",
        }
        self.assertEqual(self.service.taken(), [expected])
        self.assertEqual(self.announced, [self.alice])

    def test_each_device_gets_its_own_at_once(self) -> None:
        self.subscribe("phone", verified=False)
        self.subscribe("tablet", verified=False)
        self.assertEqual([each["verificationCode"] for each in self.service.taken()], ["code-phone", "code-tablet"])

    def test_many_in_a_minute_wait(self) -> None:
        for number in range(VERIFICATIONS + 2):
            self.subscribe(str(number), verified=False)
        self.assertEqual(len(self.service.taken()), VERIFICATIONS)
        self.clock.advance(61)
        self.soon()
        self.assertEqual(len(self.service.taken()), 2)

    def test_nothing_else_is_sent_before_it_came_back(self) -> None:
        made = self.subscribe(verified=False)
        self.service.taken()
        self.touch(self.alice)
        self.clock.advance(5)
        self.assertEqual(self.service.taken(), [])
        self.successResultOf(self.store.write(lambda tx: tx.push_subscriptions.update(replace(made, verified=True))))
        self.devices.changed(self.alice)
        self.touch(self.alice)
        self.soon()
        self.assertEqual(self.service.taken(), self.told({"Mailbox": "s2"}))

    def test_one_that_fails_is_tried_again_some_times(self) -> None:
        self.service.answers["https://push.example/phone"] = REFUSED
        self.subscribe(verified=False)
        for _ in range(5):
            self.clock.advance(61)
        self.assertEqual(len(self.service.taken()), 3)
        self.assertEqual(self.there(), {"phone"})


class ChangeTests(DeviceCase):
    """What a verified device is told."""

    def test_a_change(self) -> None:
        self.subscribe()
        self.touch(self.alice)
        self.soon()
        self.assertEqual(self.service.taken(), self.told({"Mailbox": "s1"}))
        self.assertEqual(self.service.timeouts, [10.0])

    def test_types(self) -> None:
        self.subscribe(types=("Email", "CalendarEvent"))
        self.touch(self.alice)
        self.touch(self.alice, EMAIL)
        self.soon()
        self.assertEqual(self.service.taken(), self.told({"Email": "s2"}))

    def test_those_that_come_close_together_are_one(self) -> None:
        self.subscribe()
        self.touch(self.alice)
        self.touch(self.alice, EMAIL)
        self.soon()
        self.assertEqual(self.service.taken(), self.told({"Mailbox": "s1", "Email": "s2"}))
        self.touch(self.alice)
        self.touch(self.alice)
        self.soon()
        self.assertEqual(self.service.taken(), [], "one in a second")
        self.clock.advance(1.1)
        self.assertEqual(self.service.taken(), self.told({"Mailbox": "s4"}))

    def test_while_one_is_under_way_others_are_gathered(self) -> None:
        self.subscribe()
        answer: Deferred[Delivered] = Deferred()
        self.service.answers["https://push.example/phone"] = answer
        self.touch(self.alice)
        self.soon()
        self.touch(self.alice)
        self.touch(self.alice)
        self.clock.advance(5)
        self.assertEqual(len(self.service.taken()), 1)
        self.service.answers.clear()
        answer.callback(ACCEPTED)
        self.clock.advance(1.1)
        self.assertEqual(self.service.taken(), self.told({"Mailbox": "s3"}))

    def test_of_one_account_only_some_are_under_way(self) -> None:
        answers: list[Deferred[Delivered]] = []
        for number in range(OF_ACCOUNT + 5):
            answers.append(Deferred())
            self.service.answers[f"https://push.example/{number}"] = answers[-1]
            self.subscribe(str(number))
        self.touch(self.alice)
        self.soon()
        self.assertEqual(len(self.service.pushes), OF_ACCOUNT)
        answers[0].callback(ACCEPTED)
        self.assertEqual(len(self.service.pushes), OF_ACCOUNT + 1)

    def test_a_message_that_would_be_too_long_is_several(self) -> None:
        self.set_jmap(maxPushSize=512)
        groups = [self.settle(self.accounts.create_group(f"g{n}", self.domain_id)) for n in range(20)]
        members = {encode_id(each): True for each in groups}
        self.patch_account(self.alice, {"memberGroupIds": members})
        self.subscribe()

        def work(tx: Any) -> None:
            for each in groups:
                tx.objects.insert(each, MAILBOX, now=NOW)

        self.successResultOf(self.store.write(work))
        self.soon()
        lengths = [len(push.message) for push in self.service.pushes]
        self.assertTrue(all(length <= 512 for length in lengths), lengths)
        told = [account for each in self.service.taken() for account in each["changed"]]
        self.assertEqual(sorted(told), sorted(members))

    def test_who_does_not_lead_sends_nothing(self) -> None:
        self.devices.close()
        self.subscribe()
        self.touch(self.alice)
        self.clock.advance(5)
        self.assertEqual((self.service.taken(), self.announced), ([], [self.alice]))

    def test_who_begins_to_lead_takes_all_over(self) -> None:
        self.devices.close()
        self.subscribe()
        self.devices.lead()
        self.touch(self.alice)
        self.soon()
        self.assertEqual(len(self.service.taken()), 1)

    def test_a_subscription_made_in_another_process_is_heard_of(self) -> None:
        made = self.subscribe(verified=False)
        self.service.taken()
        self.successResultOf(self.store.write(lambda tx: tx.push_subscriptions.update(replace(made, verified=True))))
        self.devices.hear((self.alice,))
        self.touch(self.alice)
        self.soon()
        self.assertEqual(len(self.service.taken()), 1)


class ReadingTests(DeviceCase):
    """Subscriptions that change while others are read."""

    def slow_standing(self) -> Deferred[None]:
        """Until this fires, the first look at an access waits."""
        gate: Deferred[None] = Deferred()
        waits = [gate]
        whole = self.devices.standing.access

        async def access(grant: Any) -> Any:
            if waits:
                await waits.pop()
            return await whole(grant)

        self.patch(self.devices.standing, "access", access)
        return gate

    def test_what_is_heard_while_the_account_is_read_is_read_too(self) -> None:
        gate = self.slow_standing()
        self.subscribe("phone", verified=False)
        self.subscribe("tablet", verified=False)
        gate.callback(None)
        self.clock.advance(1)
        self.assertEqual({each["verificationCode"] for each in self.service.taken()}, {"code-phone", "code-tablet"})

    def test_one_that_cannot_be_read_stops_no_other(self) -> None:
        self.subscribe("broken", holder={"a": 1}, verified=False)
        self.subscribe("phone", verified=False)
        self.assertEqual([each["verificationCode"] for each in self.service.taken()], ["code-phone"])
        self.assertIn("resource.error", [name for name, _ in self.events])

    def test_an_account_that_cannot_be_read_stops_no_other(self) -> None:
        whole = self.devices._take_account

        async def take(account_id: int, now: int) -> None:
            if account_id == self.staff:
                raise RuntimeError("out of order")
            await whole(account_id, now)

        self.patch(self.devices, "_take_account", take)
        self.devices.hear((self.staff,))
        self.subscribe(verified=False)
        self.assertEqual(len(self.service.taken()), 1)
        self.assertIn("resource.error", [name for name, _ in self.events])

    def test_a_store_that_fails_at_first_is_asked_for_all_again(self) -> None:
        self.devices.close()
        self.subscribe()
        whole = self.store.read
        self.patch(self.store, "read", lambda work: fail(Unavailable("The disk is full.")))
        self.devices.lead()
        self.patch(self.store, "read", whole)
        self.clock.advance(6)
        self.touch(self.alice)
        self.soon()
        self.assertEqual(len(self.service.taken()), 1)


class FailureTests(DeviceCase):
    """Push services that do not take it."""

    def setUp(self) -> None:
        super().setUp()
        self.subscribe()
        self.url = "https://push.example/phone"

    def change_and_wait(self, *seconds: float) -> None:
        self.touch(self.alice)
        self.soon()
        for each in seconds:
            self.clock.advance(each)

    def test_it_is_tried_again_with_what_came_meanwhile(self) -> None:
        self.service.answers[self.url] = REFUSED
        self.change_and_wait(30)
        self.touch(self.alice, EMAIL)
        del self.service.answers[self.url]
        self.assertEqual(len(self.service.taken()), 1)
        self.clock.advance(31)
        self.assertEqual(self.service.taken(), self.told({"Mailbox": "s1", "Email": "s2"}))

    def test_it_is_given_up_after_some_attempts_and_the_next_change_is_told(self) -> None:
        self.service.answers[self.url] = REFUSED
        self.change_and_wait(*[61] * 5)
        self.assertEqual(len(self.service.taken()), 3)
        del self.service.answers[self.url]
        self.change_and_wait(2)
        self.assertEqual(self.service.taken(), self.told({"Mailbox": "s2"}))
        self.assertEqual(self.there(), {"phone"})

    def test_a_push_service_may_ask_for_more_time(self) -> None:
        self.service.answers[self.url] = Delivered(Outcome.LATER, 429, "wants to wait", 600.0)
        self.change_and_wait(*[61] * 9)
        self.assertEqual(len(self.service.taken()), 1)
        self.clock.advance(61)
        self.assertEqual(len(self.service.taken()), 1)

    def test_one_that_is_too_large_is_not_tried_again(self) -> None:
        self.service.answers[self.url] = Delivered(Outcome.TOO_LARGE, 413, "too large")
        self.change_and_wait(*[61] * 5)
        self.assertEqual(len(self.service.taken()), 1)

    def test_one_that_is_gone_is_removed(self) -> None:
        self.service.answers[self.url] = Delivered(Outcome.GONE, 410, "is gone")
        self.change_and_wait()
        self.assertEqual((self.there(), len(self.devices), self.feed._groups), (set(), 0, {}))

    def test_a_fault_of_ours_ends_nothing(self) -> None:
        self.service.answers[self.url] = fail(RuntimeError("out of order"))
        self.change_and_wait()
        self.assertIn("resource.error", [name for name, _ in self.events])
        del self.service.answers[self.url]
        self.change_and_wait(2)
        self.assertEqual(self.service.taken()[-1:], self.told({"Mailbox": "s2"}))

    def test_the_url_is_in_no_event(self) -> None:
        self.service.answers[self.url] = REFUSED
        self.change_and_wait(*[61] * 5)
        self.assertNotIn("push.example", repr(self.events))


class EndTests(DeviceCase):
    """Subscriptions that end."""

    def test_another_password_ends_it_before_anything_is_told(self) -> None:
        self.subscribe()
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.touch(self.alice)
        self.clock.advance(2)
        self.assertEqual((self.service.taken(), self.there()), ([], set()))

    def test_while_nothing_happens_too(self) -> None:
        self.subscribe()
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.clock.pump([1.0] * 3)
        self.assertEqual((self.there(), len(self.devices)), (set(), 0))

    def test_a_group_that_was_left_between_change_and_push_is_not_told_of(self) -> None:
        self.subscribe()
        self.touch(self.staff)
        self.join(is_member=False)
        self.soon()
        self.assertEqual(self.service.taken(), [])

    def test_it_ends_in_time(self) -> None:
        self.subscribe(expires_at=NOW + 100)
        self.clock.pump([60.0, 60.0])
        self.touch(self.alice)
        self.soon()
        self.assertEqual((self.service.taken(), len(self.devices)), ([], 0))

    def test_what_is_over_leaves_the_store(self) -> None:
        self.subscribe(expires_at=NOW + 100)
        self.clock.pump([60.0] * int(PURGE / 60 + 2))
        rows = self.successResultOf(self.store.read(lambda tx: tx.push_subscriptions.of_account(self.alice, 0)))
        self.assertEqual(rows, [])

    def test_one_that_is_destroyed(self) -> None:
        made = self.subscribe()
        self.successResultOf(self.store.write(lambda tx: tx.push_subscriptions.delete(self.alice, made.id)))
        self.devices.changed(self.alice)
        self.touch(self.alice)
        self.soon()
        self.assertEqual((self.service.taken(), self.feed._groups), ([], {}))

    def test_longer_life_keeps_what_waits(self) -> None:
        made = self.subscribe()
        self.touch(self.alice)
        self.soon()
        self.service.taken()
        self.touch(self.alice)
        self.successResultOf(
            self.store.write(lambda tx: tx.push_subscriptions.update(replace(made, expires_at=NOW + 9999)))
        )
        self.devices.changed(self.alice)
        self.clock.advance(1.1)
        self.assertEqual(self.service.taken(), self.told({"Mailbox": "s2"}))

    def test_what_is_under_way_then_is_not_lost_when_it_fails(self) -> None:
        made = self.subscribe()
        answer: Deferred[Delivered] = Deferred()
        self.service.answers[made.url] = answer
        self.touch(self.alice)
        self.soon()
        self.service.taken()
        self.successResultOf(
            self.store.write(lambda tx: tx.push_subscriptions.update(replace(made, expires_at=NOW + 9999)))
        )
        del self.service.answers[made.url]
        self.devices.changed(self.alice)
        answer.callback(REFUSED)
        self.clock.advance(1.1)
        self.assertEqual(self.service.taken(), self.told({"Mailbox": "s1"}))

    def test_a_store_that_fails_is_asked_again(self) -> None:
        whole = self.store.read
        self.patch(self.store, "read", lambda work: fail(Unavailable("The disk is full.")))
        self.devices.hear((self.alice,))
        self.assertIn("store.unexpected-error", [name for name, _ in self.events])
        self.patch(self.store, "read", whole)
        self.subscribe()
        self.clock.advance(6)
        self.touch(self.alice)
        self.soon()
        self.assertEqual(len(self.service.taken()), 1)

    def test_nothing_runs_after_the_end(self) -> None:
        self.subscribe()
        self.service.answers["https://push.example/phone"] = Deferred()
        self.touch(self.alice)
        self.soon()
        self.devices.close()
        self.feed.close()
        self.assertEqual((len(self.devices), self.feed._groups), (0, {}))
