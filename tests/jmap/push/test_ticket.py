"""``POST /jmap/ws/ticket``."""

from __future__ import annotations

from stalwart.jmap.push.ticket import ticket
from stalwart.jmap.standard.dates import utc_date
from tests.directory.world import NOW
from tests.jmap.push.push_desk import PushDesk, basic


class TicketTests(PushDesk):
    def test_the_answer(self) -> None:
        response = self.server.request("POST", "/jmap/ws/ticket", basic())
        self.assertEqual((response.status, response.headers["content-type"]), (200, "application/json"))
        self.assertIn("no-store", response.headers["cache-control"])
        told = response.json()
        self.assertEqual(list(told), ["value", "validUntil", "generatedOn"])
        self.assertEqual((told["validUntil"], told["generatedOn"]), (utc_date(NOW + 60), utc_date(NOW)))
        self.assertRegex(told["value"], r"\A[A-Za-z0-9_-]{43}\Z")

    def test_each_is_another_one(self) -> None:
        self.assertNotEqual(self.ticket(), self.ticket())

    def test_a_body_does_not_matter(self) -> None:
        self.assertEqual(self.server.request("POST", "/jmap/ws/ticket", basic(), b"{}").status, 200)

    def test_credentials_are_asked_for_and_a_ticket_is_none(self) -> None:
        self.assertEqual(self.server.request("POST", "/jmap/ws/ticket").status, 401)
        path = f"/jmap/ws/ticket?ticket={self.ticket()}"
        self.assertEqual(self.server.request("POST", path).status, 401)
        self.assertFalse(ticket.ticket)

    def test_nothing_else_takes_one(self) -> None:
        value = self.ticket()
        self.assertEqual(self.get(f"/jmap/session?ticket={value}", {}).status, 401)
        self.assertEqual(self.server.request("POST", f"/jmap?ticket={value}", {}, b"{}").status, 401)
