"""What runs scripts is built with the house, and sends with its queue: ``stalwart.app.sieve_parts``."""

from __future__ import annotations

from stalwart.mail.sieve.filtering import Filtering
from tests.app.world import HouseCase


class SievePartsTests(HouseCase):
    def test_delivering_asks_it_and_it_has_the_queue(self) -> None:
        services = self.open().mail.services()
        filtering = services["delivering"]._filtering
        self.assertIsInstance(filtering, Filtering)
        self.assertIs(filtering.dispatch.outbox, services["mail_queue"])
        self.assertIs(filtering.scripts, services["sieve_scripts"])
