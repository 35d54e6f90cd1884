"""What takes forms and reports is built with the rest of mail."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.report_parts import ReportParts
from stalwart.mail.contact_form import ContactForm


class ReportPartsTests(SynchronousTestCase):
    def test_services(self) -> None:
        form = ContactForm.__new__(ContactForm)
        self.assertEqual(ReportParts(form).services(), {"contact_form": form})
