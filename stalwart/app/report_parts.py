"""Builds what takes forms and reports, and what sends reports of ours."""

from __future__ import annotations

from typing import Any

from attrs import define

from stalwart.app.foundations import Foundations
from stalwart.codec.expression import ExpressionIO
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.contact_form import ContactForm
from stalwart.mail.delivery.addresses import is_public
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.queue.queue import MailQueue
from stalwart.mail.recipients import Recipients
from stalwart.mail.reports.counting import TlsCounting
from stalwart.mail.reports.incoming import IncomingReports
from stalwart.mail.reports.telling import TlsReporting, Ways
from stalwart.net.dns import Resolver
from stalwart.net.web_requests import WebRequests

POST_TIMEOUT = 60.0
_ANSWER_LIMIT = 4096


@define
class ReportParts:
    """What was built."""

    contact_form: ContactForm
    incoming: IncomingReports
    counting: TlsCounting
    reporting: TlsReporting

    def services(self) -> dict[str, Any]:
        """What routes and JMAP methods may ask for, by name."""
        return {"contact_form": self.contact_form}

    def lead(self) -> None:
        """Send reports, from now on; for the leading process."""
        self.reporting.lead()

    async def close(self) -> None:
        """Stop; what was counted until now is written. The queue has been closed before."""
        self.reporting.close()
        await self.counting.close()


def report_parts(
    below: Foundations,
    messages: Messages,
    delivering: Delivering,
    recipients: Recipients,
    quotas: Quotas,
    io: ExpressionIO,
    counting: TlsCounting,
    queue: MailQueue,
    signing: Signing,
) -> ReportParts:
    """The parts; nothing runs yet. ``counting`` is what the queue tells of sessions."""
    store, settings, clock = below.store, below.settings, below.reactor

    def resolver() -> Resolver:
        return below.outgoing().resolver

    def allow(ip: str) -> bool:
        return is_public(ip) or settings.of(Diagnosis).allow_private_targets

    def posts() -> WebRequests:
        trusted = below.outgoing.trust_store
        return WebRequests(clock, trusted, limit=_ANSWER_LIMIT, timeout=POST_TIMEOUT, allow=allow)

    form = ContactForm(store, settings, messages, delivering, recipients, quotas, resolver, clock)
    incoming = IncomingReports(store, settings, clock, below.telemetry)
    delivering.then = incoming.take
    ways = Ways(queue, signing, posts, resolver)
    reporting = TlsReporting(store, settings, io, ways, below.telemetry, clock)
    return ReportParts(form, incoming, counting, reporting)
