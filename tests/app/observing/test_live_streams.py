"""The services of live streams."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.company import Alone
from stalwart.app.observing.live_streams import live_services
from stalwart.telemetry import Telemetry


class Below:
    """Foundations, as far as streams stand on them."""

    def __init__(self) -> None:
        self.telemetry = Telemetry()
        self.reactor = Clock()
        self.directory = None


class Shares(Alone):
    """A company that notes what it is given."""

    shared: Any = None

    def share_trace(self, subscriptions: Any) -> None:
        self.shared = subscriptions


class ServicesTests(SynchronousTestCase):
    """What routes ask for."""

    def test_trace_is_shared_with_the_company(self) -> None:
        below: Any = Below()
        company = Shares()
        figures: Any = None
        services = live_services(below, company, figures)
        self.assertEqual(set(services), {"subscriptions", "live_streams", "live_metrics"})
        self.assertIs(company.shared, services["subscriptions"])
        live_services(below, Alone(), figures)
