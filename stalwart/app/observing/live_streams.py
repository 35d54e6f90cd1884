"""Puts together what live traces and live metrics need."""

from __future__ import annotations

from typing import Any

from stalwart.api.live_streams import LiveStreams
from stalwart.api.metrics import LiveMetrics
from stalwart.app.company import Company
from stalwart.app.foundations import Foundations
from stalwart.telemetry.figures.gathering import Figures
from stalwart.telemetry.tracing.subscriptions import Subscriptions


def live_services(below: Foundations, company: Company, figures: Figures) -> dict[str, Any]:
    """The services of the streams; the trace has the events of the whole ``company``."""
    subscriptions = Subscriptions(below.telemetry, below.reactor)
    company.share_trace(subscriptions)
    return {
        "subscriptions": subscriptions,
        "live_streams": LiveStreams(company.places, below.telemetry, below.directory),
        "live_metrics": LiveMetrics(figures, below.reactor),
    }
