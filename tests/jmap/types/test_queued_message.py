"""x:QueuedMessage: what waits, tried again, changed and cancelled."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import decode_id, encode_id
from stalwart.jmap.types.queued_message import PAUSED
from stalwart.mail.queue.outcomes import settled
from stalwart.mail.submissions import PENDING, queued
from stalwart.store.object_types import EMAIL_SUBMISSION
from stalwart.store.queue_rows import DELIVERED, Answer, NewRecipient
from tests.contract.store_queue import letter
from tests.directory.world import NOW
from tests.jmap.registry.world import RegistryWorld

LATER = NOW + 100_000


class Waking:
    """The service ``mail_queue`` as far as it is asked."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


class QueuedMessageTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.queue = Waking()
        self.serve(mail_queue=self.queue)
        self.first = self.put(70, "bob@remote.test", "carol@other.test", due=NOW + 500, env_id="e", received_ip="")
        self.second = self.put(71, "dave@remote.test", due=NOW + 100, queue="local", return_path="", tenant_id=9)

    def put(self, id: int, *addresses: str, due: int, queue: str = "remote", **members: Any) -> str:
        recipients = [
            NewRecipient(address=each, queue=queue, destination=each.partition("@")[2], due=due, expires_at=LATER)
            for each in addresses
        ]
        members = {"created_at": NOW} | members
        self.successResultOf(self.store.write(lambda tx: tx.queue.insert(letter(tx, id, **members), recipients, NOW)))
        return encode_id(id)

    def row(self, id: str) -> Any:
        return self.successResultOf(self.store.read(lambda tx: tx.queue.get(decode_id(id))))

    def change(self, id: str, number: int, **members: Any) -> None:
        from msgspec.structs import replace

        row = replace(self.row(id).recipients[number], **members)
        self.successResultOf(self.store.write(lambda tx: tx.queue.change(decode_id(id), [settled(row)], NOW)))

    def test_pause_is_told_to_who_looks_and_to_who_is_in_a_hurry(self) -> None:
        patch = {"update": {self.first: {"nextRetry": "2000-01-01T00:00:00Z"}}}
        for paused in (True, False):
            self.successResultOf(self.store.write(lambda tx, paused=paused: tx.queue.pause(paused)))
            calls: list[tuple[str, dict[str, Any]]] = [("query", {}), ("set", patch)]
            for method, arguments in calls:
                told = self.ask(f"x:QueuedMessage/{method}", arguments).get("notices")
                self.assertEqual((method, told), (method, [PAUSED] if paused else None))

    def test_wire_form(self) -> None:
        found = self.get("QueuedMessage", self.first)
        self.assertEqual(found["returnPath"], "me@example.org")
        self.assertEqual((found["nextRetry"], found["nextNotify"]), ("2027-01-15T08:08:20Z", None))
        self.assertEqual((found["flags"], found["envId"], found["priority"]), ({"authenticated": True}, "e", 0))
        self.assertTrue(found["blobId"].startswith("B"))
        self.assertEqual(set(found["recipients"]), {"bob@remote.test", "carol@other.test"})
        recipient = found["recipients"]["bob@remote.test"]
        self.assertEqual((recipient["queueName"], recipient["status"]), ("remote", {"@type": "Scheduled"}))
        self.assertEqual(recipient["expires"], {"@type": "Ttl", "expiresAt": "2027-01-16T11:46:40Z"})

    def test_what_hosts_have_said_is_shown(self) -> None:
        answer = Answer(code=250, enhanced="2.0.0", hostname="mx", text="ok")
        self.change(self.first, 0, state=DELIVERED, answer=answer)
        self.change(self.first, 1, attempts=2, answer=Answer(error="dnsError", message="none"), attempts_left=3)
        found = self.get("QueuedMessage", self.first)["recipients"]
        done, late = found["bob@remote.test"], found["carol@other.test"]
        self.assertEqual(done["status"]["@type"], "Completed")
        self.assertEqual((done["status"]["responseCode"], done["status"]["responseHostname"]), (250, "mx"))
        self.assertEqual(late["status"]["@type"], "TemporaryFailure")
        self.assertEqual((late["status"]["errorType"], late["status"]["errorMessage"]), ("dnsError", "none"))
        self.assertEqual(late["expires"], {"@type": "Attempts", "expiresAttempts": 5})

    def test_filters_and_sorting(self) -> None:
        def found(**given: Any) -> list[str]:
            return self.ids("QueuedMessage", filter=given)

        self.assertEqual(self.ids("QueuedMessage"), [self.second, self.first])
        down = [{"property": "due", "isAscending": False}]
        self.assertEqual(self.ids("QueuedMessage", sort=down), [self.first, self.second])
        self.assertEqual(found(text="carol"), [self.first])
        self.assertEqual(found(to="dave@remote.test"), [self.second])
        self.assertEqual(found(returnPath="me@example.org"), [self.first])
        self.assertEqual(found(queueName="local"), [self.second])
        self.assertEqual(found(dueIsGreaterThan="2027-01-15T08:05:00Z"), [self.first])
        total = self.ask("x:QueuedMessage/query", {"calculateTotal": True, "filter": {"text": "remote.test"}})
        self.assertEqual((total["total"], total["ids"]), (2, [self.second, self.first]))

    def test_unknown_conditions_are_refused(self) -> None:
        for given in (
            {"nothing": 1},
            {"text": 5},
            {"due": "soon"},
            {"textIsLessThan": "x"},
            {"to": "x" * 2000},
            {"text": " "},
            {"to": ""},
            {"text": "\0"},
        ):
            error = self.error("x:QueuedMessage/query", {"filter": given})
            self.assertEqual(error["type"], "unsupportedFilter", given)
        error = self.error("x:QueuedMessage/query", {"sort": [{"property": "size"}]})
        self.assertEqual(error["type"], "unsupportedSort")

    def test_a_moment_in_the_past_tries_it_now(self) -> None:
        self.update("QueuedMessage", self.first, nextRetry="2000-01-01T00:00:00Z")
        self.assertEqual([each.due for each in self.row(self.first).recipients], [NOW, NOW])
        self.assertEqual(self.queue.woken, 1)

    def test_it_can_be_put_off(self) -> None:
        self.update("QueuedMessage", self.first, nextRetry="2027-01-15T10:00:00Z", priority=-7, envId=None)
        found = self.row(self.first)
        self.assertEqual(([each.due for each in found.recipients]), [NOW + 7200] * 2)
        self.assertEqual((found.priority, found.env_id), (-7, None))

    def test_one_recipient_is_cancelled_then_the_last(self) -> None:
        self.update("QueuedMessage", self.first, **{"recipients/bob@remote.test": None})
        self.assertEqual([each.address for each in self.row(self.first).recipients], ["carol@other.test"])
        self.update("QueuedMessage", self.first, **{"recipients/carol@other.test": None})
        self.assertIsNone(self.row(self.first))

    def test_times_of_a_recipient_can_be_changed(self) -> None:
        path = "recipients/bob@remote.test"
        changes = {f"{path}/retryDue": "2027-01-15T08:00:09Z", f"{path}/retryCount": 4}
        expires = {"@type": "Attempts", "expiresAttempts": 9}
        self.update("QueuedMessage", self.first, **changes, **{f"{path}/expires": expires})
        bob, carol = self.row(self.first).recipients
        self.assertEqual((bob.due, bob.attempts, bob.attempts_left, bob.notice_at), (NOW + 9, 4, 5, None))
        self.assertEqual(carol.due, NOW + 500)

    def test_what_the_server_sets_is_its_own(self) -> None:
        self.assertEqual(self.not_updated("QueuedMessage", self.first, size=3)["type"], "invalidPatch")
        recipient = {"retryDue": "2030-01-01T00:00:00Z", "notifyDue": "2030-01-01T00:00:00Z"}
        recipient["expires"] = {"@type": "Attempts", "expiresAttempts": 3}  # type: ignore[assignment]
        error = self.not_updated("QueuedMessage", self.first, **{"recipients/new@remote.test": recipient})
        self.assertEqual(error["type"], "forbidden")

    def test_it_is_cancelled(self) -> None:
        self.destroy("QueuedMessage", self.first)
        self.assertIsNone(self.row(self.first))
        self.assertEqual(self.not_destroyed("QueuedMessage", self.first)["type"], "notFound")
        self.assertEqual(self.not_updated("QueuedMessage", self.first, priority=1)["type"], "notFound")

    def test_the_submission_says_that_it_was_cancelled(self) -> None:
        jane = 4711
        addresses = ("bob@remote.test", "carol@other.test")
        data = {"undoStatus": PENDING, "deliveryStatus": {each: queued() for each in addresses}}
        self.successResultOf(self.store.write(lambda tx: tx.accounts.create(jane, "jane", "user")))
        made = self.store.write(lambda tx: tx.objects.insert(jane, EMAIL_SUBMISSION, now=NOW, data=data).id)
        submission = self.successResultOf(made)
        id = self.put(72, *addresses, due=NOW, account_id=jane, submission_id=submission)

        def told() -> dict[str, Any]:
            return dict(self.successResultOf(self.store.read(lambda tx: tx.objects.get(jane, submission))).data)

        self.update("QueuedMessage", id, **{"recipients/bob@remote.test": None})
        statuses = told()["deliveryStatus"]
        self.assertEqual([each["delivered"] for each in statuses.values()], ["no", "queued"])
        self.destroy("QueuedMessage", id)
        self.assertEqual(told()["undoStatus"], "canceled")
        self.assertEqual(told()["deliveryStatus"]["carol@other.test"]["delivered"], "no")

    def test_nobody_puts_one_in_here(self) -> None:
        self.assertEqual(self.not_created("QueuedMessage", priority=1)["type"], "forbidden")

    def test_administrators_of_a_tenant_see_its_own(self) -> None:
        from attrs import evolve

        self.who = evolve(self.who, tenant_id=9)
        self.assertEqual(self.ids("QueuedMessage"), [self.second])
        listed = self.ask("x:QueuedMessage/get", {"ids": None})["list"]
        self.assertEqual([each["id"] for each in listed], [self.second])
        self.assertEqual(self.ask("x:QueuedMessage/get", {"ids": [self.first]})["notFound"], [self.first])
        self.assertEqual(self.not_destroyed("QueuedMessage", self.first)["type"], "notFound")
        self.destroy("QueuedMessage", self.second)
