"""What takes forms and reports is built with the rest of mail, and so is what sends reports."""

from __future__ import annotations

from typing import Any

from stalwart.mail.contact_form import ContactForm
from stalwart.mail.delivery.shipment import TlsResult
from stalwart.mail.reports.incoming import IncomingReports
from tests.app.world import HouseCase

PARTS = "stalwart.app.report_parts"


class ReportPartsTests(HouseCase):
    def test_parts(self) -> None:
        house = self.open()
        parts = house.mail.reports
        self.assertEqual(type(parts).__module__, PARTS)
        self.assertIsInstance(house.mail.services()["contact_form"], ContactForm)
        self.assertIsInstance(parts.incoming, IncomingReports)

    def test_mail_that_was_delivered_is_looked_at(self) -> None:
        house = self.open()
        self.assertEqual(house.mail.delivering.then, house.mail.reports.incoming.take)

    def test_sessions_are_counted(self) -> None:
        house = self.open()
        sender: Any = house.mail.sending.sender
        self.assertEqual(sender._tls_result, house.mail.reports.counting.note)
        sender._tls_result(TlsResult("a.test", "no-policy-found"))
        self.assertEqual(len(house.mail.reports.counting._waiting), 1)
