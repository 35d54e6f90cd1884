"""Delays that senders hear of, reports that they asked for, and who gets none.

Tests ``stalwart.mail.queue.aging``, ``stalwart.mail.queue.notices`` and ``stalwart.mail.queue.recording``.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.errors import Unavailable
from stalwart.mail.delivery import reports
from stalwart.mail.queue import aging
from stalwart.mail.queue.notices import wants
from stalwart.mail.queue.recording import noticed
from tests.mail.queue.world import QueueCase, accepted, postponed, row, unreachable

NOW = 1_800_000_000
DAY = 86_400


class DelayTests(QueueCase):
    """Senders hear of delays by the schedule."""

    def test_a_sender_hears_of_a_delay_once_a_step(self) -> None:
        self.sender.answering = postponed
        self.lead()
        id = self.put("b@remote.test", "c@remote.test")
        self.later(DAY - 1, 30)
        self.assertEqual(self.reported, [])
        self.later(5, 2)
        self.assertEqual(self.reported, [("delay", ["b@remote.test", "c@remote.test"])])
        self.assertEqual((self.recipient(id).notices, self.recipient(id).notice_at), (1, None))
        self.later(DAY, 30)
        self.assertEqual(len(self.reported), 1)

    def test_letters_that_were_never_tried_are_told_of_too(self) -> None:
        self.sender.answering = unreachable
        self.lead()
        self.put("a@dead.test")
        self.put("b@dead.test")
        self.later(DAY + 5, 200)
        self.assertEqual(sorted(self.reported), [("delay", ["a@dead.test"]), ("delay", ["b@dead.test"])])
        self.later(2 * DAY + 5, 200)
        self.assertEqual(sorted(name for name, _ in self.reported[2:]), ["bounce", "bounce"])
        self.assertEqual(self.waiting(), 0)

    def test_who_does_not_want_to_hear_does_not(self) -> None:
        self.sender.answering = postponed
        self.lead()
        self.put("b@remote.test", notify=["FAILURE"])
        self.later(DAY + 9, 30)
        self.assertEqual(self.reported, [])
        self.later(2 * DAY + 9, 30)
        self.assertEqual(self.reported, [("bounce", ["b@remote.test"])])

    def test_very_many_are_looked_after_in_turns(self) -> None:
        self.patch(aging, "AGED_AT_ONCE", 2)
        self.sender.answering = unreachable
        for n in range(7):
            self.put(f"a{n}@dead.test", expires_at=NOW + 50)
        self.lead()
        self.later(60, 10)
        self.assertEqual((len(self.reported), self.waiting()), (7, 0))


class SuccessTests(QueueCase):
    """RFC 3461 5.2."""

    def test_success_is_told_where_no_other_server_tells(self) -> None:
        self.sender.answering = lambda shipment, address: evolve(accepted(shipment, address), relayed_without_dsn=True)
        self.lead()
        self.put("b@remote.test", notify=["SUCCESS"])
        self.put("c@remote.test")
        self.assertEqual(self.reported, [("success", ["b@remote.test"])])

    def test_a_server_that_tells_itself_is_left_to_it(self) -> None:
        self.lead()
        self.put("b@remote.test", notify=["SUCCESS"])
        self.assertEqual(self.reported, [])

    def test_reports_are_signed_and_come_from_nobody(self) -> None:
        async def sign(content: bytes, domain: str) -> bytes:
            return b"DKIM-Signature: d=%s\r\n" % domain.encode()

        self.notices._sign = sign
        self.put("b@remote.test", return_path="x@elsewhere.test", source="unauthenticated", expires_at=NOW)
        self.lead()
        self.assertEqual(self.sender.sent, ["x@elsewhere.test"])
        (shipment,) = self.sender.shipments
        self.assertEqual(shipment.return_path, "")
        self.assertTrue((shipment.content.held or b"").startswith(b"DKIM-Signature: d=example.test\r\nSubject: bounce"))

    def test_a_report_that_cannot_be_signed_is_sent_all_the_same(self) -> None:
        async def sign(content: bytes, domain: str) -> bytes:
            raise Unavailable("no")

        self.notices._sign = sign
        self.put("b@remote.test", return_path="x@elsewhere.test", expires_at=NOW)
        self.lead()
        self.assertEqual(self.sender.sent, ["x@elsewhere.test"])

    def test_a_report_that_cannot_show_the_message_is_sent_without_it(self) -> None:
        compose = reports.bounce

        async def picky(about: Any, fates: Any, now: int) -> bytes:
            if about.content.size:
                raise ValueError("what a message")
            return await compose(about, fates, now)

        self.patch(reports, "bounce", picky)
        self.put("b@remote.test", return_path="x@elsewhere.test", expires_at=NOW)
        self.lead()
        self.assertEqual((self.sender.sent, self.waiting()), (["x@elsewhere.test"], 0))

    def test_delivery_is_written_down_although_no_report_can_be_made(self) -> None:
        async def broken(about: Any, fates: Any, now: int) -> bytes:
            raise ValueError("oh")

        self.patch(reports, "success", broken)
        self.sender.answering = lambda shipment, address: evolve(accepted(shipment, address), relayed_without_dsn=True)
        self.lead()
        self.put("b@remote.test", notify=["SUCCESS"])
        self.assertEqual((self.sender.sent, self.waiting()), (["b@remote.test"], 0))

    def test_a_letter_over_which_the_server_stumbles_is_looked_after_later(self) -> None:
        failed = self.recording.failed

        async def stumbling(letter: Any, content: Any, ends: Any) -> None:
            if ends[0].recipient.address == "a@dead.test":
                raise RuntimeError("oh")
            await failed(letter, content, ends)

        self.patch(self.recording, "failed", stumbling)
        self.sender.answering = unreachable
        for name in "xab":
            self.put(f"{name}@dead.test", expires_at=NOW + 50)
        self.lead()
        self.later(60, 10)
        self.assertEqual(sorted(to for _, to in self.reported), [["b@dead.test"], ["x@dead.test"]])
        self.patch(self.recording, "failed", failed)
        self.later(900, 10)
        self.assertEqual(self.waiting(), 0)

    def test_a_return_path_without_a_domain_gets_nothing(self) -> None:
        self.put("b@remote.test", return_path="postmaster", expires_at=NOW)
        self.lead()
        self.assertEqual((self.waiting(), self.reported), (0, []))


class WantsTests(QueueCase):
    """RFC 3461 4.1."""

    def test_what_notify_says(self) -> None:
        letter = self.found(self.put("b@remote.test"))
        assert letter is not None
        for notify, wanted in (
            ((), {"FAILURE", "DELAY"}),
            (("NEVER",), set()),
            (("SUCCESS",), {"SUCCESS"}),
            (("FAILURE", "SUCCESS"), {"FAILURE", "SUCCESS"}),
            (("DELAY",), {"DELAY"}),
        ):
            told = {event for event in ("SUCCESS", "FAILURE", "DELAY") if wants(letter, row(notify=notify), event)}
            self.assertEqual(told, wanted)

    def test_a_notice_is_counted(self) -> None:
        self.assertEqual((noticed(row(notices=1), 9).notices, noticed(row(), None).notice_at), (2, None))
