"""What is handed over: secrets stay out of sight, and destinations tell connections apart."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.mail.queued_message import DELIVERY_ERROR
from stalwart.mail.delivery import session, waiting
from stalwart.mail.delivery.shipment import Login, Mx, Relay, Shipment
from stalwart.net.smtp_dialogue import SmtpFailed
from tests.mail.delivery.sending_world import MESSAGE, HeldContent


class ShipmentTests(SynchronousTestCase):
    """Values."""

    def test_no_secret_is_shown(self) -> None:
        relay = Relay("relay.test", login=Login("jane", "secret"))
        self.assertNotIn("secret", repr(relay))
        self.assertNotIn("Hello", repr(Shipment(relay, "", (), HeldContent(MESSAGE))))

    def test_destinations_are_keys(self) -> None:
        self.assertEqual(len({Mx("a"), Mx("a"), Mx("b"), Relay("a"), Relay("a", login=Login("x", "y"))}), 4)

    def test_all_kinds_of_failure_have_a_name_in_the_queue(self) -> None:
        used = {*waiting._TELLING, *(session.error_type(SmtpFailed("", kind)) for kind in ("tls", "io", "malformed"))}
        self.assertLessEqual(used, set(DELIVERY_ERROR.names))
