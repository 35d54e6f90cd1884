"""Builds what takes forms and reports, and sends reports."""

from __future__ import annotations

from typing import Any

from attrs import define

from stalwart.app.foundations import Foundations
from stalwart.mail.contact_form import ContactForm
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.recipients import Recipients
from stalwart.mail.reports.incoming import IncomingReports
from stalwart.net.dns import Resolver


@define
class ReportParts:
    """What was built."""

    contact_form: ContactForm
    incoming: IncomingReports

    def services(self) -> dict[str, Any]:
        """What routes and JMAP methods may ask for, by name."""
        return {"contact_form": self.contact_form}


def report_parts(
    below: Foundations, messages: Messages, delivering: Delivering, recipients: Recipients, quotas: Quotas
) -> ReportParts:
    """The parts; nothing runs yet."""

    def resolver() -> Resolver:
        return below.outgoing().resolver

    form = ContactForm(below.settings, messages, delivering, recipients, quotas, resolver, below.reactor)
    incoming = IncomingReports(below.store, below.settings, below.reactor, below.telemetry)
    delivering.then = incoming.take
    return ReportParts(form, incoming)
