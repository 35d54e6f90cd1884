"""Reports on their way through ``stalwart.mail.queue.strategies``: TLS is used where it works, and stops none."""

from __future__ import annotations

from stalwart.config.mail.strategy import MtaOutboundStrategy
from stalwart.config.mail.tls_strategy import MtaTlsStrategy
from stalwart.mail.delivery.shipment import RecipientOutcome, Shipment
from tests.mail.queue.world import QueueCase

STRICT = {"name": "strict", "startTls": "require", "dane": "require", "mtaSts": "require"}


def without_tls(shipment: Shipment, address: str) -> RecipientOutcome:
    """The handshake goes wrong."""
    return RecipientOutcome(address, "temporary", "4.7.5", "mx.remote.test", error_type="tlsError", message="no")


class OnTheWayTests(QueueCase):
    def test_policies_and_certificates_stop_no_report(self) -> None:
        self.settle(self.settings.create(MtaTlsStrategy, STRICT))
        self.settle(self.settings.change(MtaOutboundStrategy, {"tls": {"match": {}, "else": "'strict'"}}))
        self.lead()
        self.put("b@remote.test")
        self.put("b@remote.test", source="report")
        other, report = (self.settle(each.strategy("mx.remote.test")).tls for each in self.sender.shipments)
        self.assertEqual((other.starttls, other.dane, other.mta_sts), ("require", "require", "require"))
        self.assertEqual((report.starttls, report.dane, report.mta_sts), ("optional", "disable", "disable"))
        self.assertTrue(report.allow_invalid_certs)
        self.assertEqual(report.handshake, other.handshake)

    def test_what_failed_with_tls_is_tried_without(self) -> None:
        self.sender.answering = without_tls
        self.lead()
        self.put("b@remote.test", source="report")
        self.later(4000)
        first, second = (self.settle(each.strategy("mx.remote.test")).tls for each in self.sender.shipments[:2])
        self.assertEqual((first.starttls, second.starttls), ("optional", "disable"))

    def test_sessions_with_reports_are_not_counted(self) -> None:
        self.lead()
        self.put("b@remote.test")
        self.put("b@remote.test", source="report")
        self.assertEqual([each.counts_tls for each in self.sender.shipments], [True, False])
