"""Letters to people at home, and what their addresses lead to."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError

from stalwart.config import registry
from stalwart.config.identity.account import Account
from stalwart.mail import circles
from stalwart.mail.delivery import reports
from stalwart.store.queue_rows import WAITING
from tests.mail.queue.world import MESSAGE, QueueCase

NOW = 1_800_000_000
SUCCESS = reports.success


class LocalTests(QueueCase):
    """The route to the mailboxes of this server."""

    def has(self, name: str) -> int:
        """How many messages somebody has."""
        id = self.ids[name]
        return len(self.successResultOf(self.store.read(lambda tx: tx.mail.page(id, limit=99).ids)))

    def test_it_is_in_the_mailbox_with_its_return_path(self) -> None:
        self.lead()
        self.put("bob@example.test")
        self.assertEqual((self.has("bob"), self.waiting(), self.sender.sent), (1, 0, []))
        bob = self.ids["bob"]

        def content(tx: Any) -> bytes:
            (id,) = tx.mail.page(bob, limit=9).ids
            found: bytes = tx.blobs.get(tx.mail.list_rows(bob, [id])[id].blob)
            return found

        self.assertTrue(self.successResultOf(self.store.read(content)).startswith(b"Return-Path: <alice@example.test>"))

    def test_nobody_of_that_name_comes_back(self) -> None:
        self.lead()
        self.put("carol@example.test", "bob@example.test")
        self.assertEqual(self.reported, [("bounce", ["carol@example.test"])])
        self.assertEqual((self.has("bob"), self.has("alice"), self.waiting()), (1, 1, 0))

    def test_a_full_mailbox_is_tried_again(self) -> None:
        self.successResultOf(
            self.store.write(
                lambda tx: registry.update(
                    tx, Account, self.ids["bob"], {"quotas": {"maxDiskQuota": 10}}, now=NOW, by_server=True
                )
            )
        )
        self.settle(self.settings.reload())
        self.lead()
        id = self.put("bob@example.test")
        self.assertEqual((self.recipient(id).state, self.recipient(id).attempts), (WAITING, 1))

    def test_what_comes_again_after_a_crash_is_there_once(self) -> None:
        self.put("bob@example.test")
        tried = self.recording.tried

        async def dies(*_given: object) -> None:
            raise CancelledError  # the server ends here

        self.patch(self.recording, "tried", dies)
        self.lead()
        self.assertEqual((self.has("bob"), self.waiting()), (1, 1))
        self.patch(self.recording, "tried", tried)
        self.stop()
        self.restart()
        self.assertEqual((self.has("bob"), self.waiting()), (1, 0))

    def test_members_elsewhere_get_one_letter_though_the_server_ends(self) -> None:
        self.mailing_list("all", "bob@example.test", "x@remote.test")
        self.mailing_list("far", "y@remote.test")
        tried = self.recording.tried

        async def dies(letter: Any, *rest: Any) -> None:
            if letter.recipients[0].destination == "example.test":
                raise CancelledError  # the server ends here
            await tried(letter, *rest)

        self.patch(self.recording, "tried", dies)
        self.put("all@example.test", "far@example.test")
        self.lead()
        self.stop()
        self.patch(self.recording, "tried", tried)
        self.restart()
        self.put("far@example.test")
        self.assertEqual(sorted(self.sender.sent), ["x@remote.test", "y@remote.test", "y@remote.test"])
        self.assertEqual((self.has("bob"), self.waiting()), (1, 0))

    def test_success_is_told_to_who_wants_to_know(self) -> None:
        self.lead()
        self.put("bob@example.test", notify=["SUCCESS"])
        self.assertEqual(self.reported, [("success", ["bob@example.test"])])

    def test_what_is_told_of_success(self) -> None:
        made: list[str] = []

        async def write(about: Any, fates: Any, now: int) -> bytes:
            made.append((await SUCCESS(about, fates, now)).decode())
            return made[-1].encode()

        self.patch(reports, "success", write)
        self.mailing_list("far", "y@remote.test")
        self.lead()
        for address in ("bob@example.test", "far@example.test"):
            self.put(address, notify=["SUCCESS"])
        self.assertEqual(len(made), 2)
        for report in made:
            self.assertIn("Action: delivered\r\n", report)
            self.assertIn("the message was delivered.", report)
            self.assertNotIn("Remote-MTA", report)

    def test_a_circle_is_called_one(self) -> None:
        self.mailing_list("far", "y@remote.test")
        self.lead()
        self.put("far@example.test", content=b"Received: from x by y; now\r\n" * 100 + MESSAGE)
        self.assertEqual(self.sender.sent, ["y@remote.test"])
        statuses: list[str] = []

        async def write(about: Any, fates: Any, now: int) -> bytes:
            statuses.extend(fate.outcome.status for fate in fates)
            return MESSAGE

        self.patch(reports, "bounce", write)
        self.patch(circles, "MOST_PASSED", 101)
        self.put("far@example.test", content=b"Received: from x by y; now\r\n" * 101 + MESSAGE, hold_until=NOW + 60)
        self.patch(circles, "MOST_PASSED", 100)
        self.later(120, 120)
        self.assertEqual((statuses, self.sender.sent), (["5.4.6"], ["y@remote.test"]))

    def test_nobody_is_told_at_half_an_address(self) -> None:
        self.lead()
        self.put("carol@example.test", return_path="alice@")
        self.assertEqual((self.reported, self.waiting()), ([], 0))

    def test_members_of_a_list_elsewhere_get_letters_of_their_own(self) -> None:
        self.mailing_list("all", "bob@example.test", "x@remote.test")
        self.lead()
        self.put("all@example.test")
        self.assertEqual((self.has("bob"), self.sender.sent, self.waiting()), (1, ["x@remote.test"], 0))
        (shipment,) = self.sender.shipments
        self.assertNotEqual(shipment.return_path, "")

    def test_an_address_that_leads_elsewhere_only_does_so(self) -> None:
        self.mailing_list("far", "x@remote.test", "y@remote.test")
        self.lead()
        self.put("far@example.test", return_path="")
        (shipment,) = self.sender.shipments
        self.assertEqual([each.address for each in shipment.recipients], ["x@remote.test", "y@remote.test"])
        self.assertEqual((shipment.return_path, self.waiting()), ("", 0))

    def test_an_address_that_nobody_can_read_comes_back(self) -> None:
        self.lead()
        self.put("a b@example.test")
        self.assertEqual(self.reported, [("bounce", ["a b@example.test"])])
