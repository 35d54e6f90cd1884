"""Builds what mail is made of: messages, folders, quotas, and what is to be found in them.

``House`` asks for the services, tells the leading process to lead, and closes; each part has its line here.
"""

from __future__ import annotations

from typing import Any

from attrs import define

from stalwart.app.company import Company
from stalwart.app.foundations import Foundations
from stalwart.app.push_parts import PushParts, push_parts
from stalwart.app.queue_parts import QueueParts, queue_parts
from stalwart.app.report_parts import ReportParts, report_parts
from stalwart.app.sieve_parts import filtering_of
from stalwart.app.smtp_parts import SmtpParts
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.recent_answers import RecentAnswers
from stalwart.jmap.submission.sending import Sending
from stalwart.jmap.submission.sending_rules import SendingRules
from stalwart.mail.authentication.checking import Checking
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.expressions import ExpressionWorld
from stalwart.mail.inbound_rates import InboundRates
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.queue.repetitions import Repetitions
from stalwart.mail.recipients import Recipients
from stalwart.mail.reports.counting import TlsCounting
from stalwart.mail.search.text_search import TextSearch
from stalwart.mail.sieve.scripts import Scripts
from stalwart.mail.submissions import note_recipients


@define
class MailParts:
    """What was built."""

    messages: Messages
    folders: Folders
    quotas: Quotas
    scripts: Scripts
    delivering: Delivering
    recipients: Recipients
    own_addresses: OwnAddresses
    text_search: TextSearch
    recent_answers: RecentAnswers
    push: PushParts
    reports: ReportParts
    expression_io: ExpressionWorld
    sending: QueueParts
    signing: Signing
    jmap_sending: Sending
    checking: Checking
    smtp: SmtpParts
    rates: InboundRates

    def services(self) -> dict[str, Any]:
        """What routes and JMAP methods may ask for, by name."""
        return {
            "messages": self.messages,
            "folders": self.folders,
            "quotas": self.quotas,
            "sieve_scripts": self.scripts,
            "delivering": self.delivering,
            "recipients": self.recipients,
            "own_addresses": self.own_addresses,
            "text_search": self.text_search,
            "search_turns": self.text_search.turns,
            "recent_answers": self.recent_answers,
            "expression_io": self.expression_io,
            "mail_queue": self.sending.queue,
            "dkim_signing": self.signing,
            "jmap_sending": self.jmap_sending,
            "mail_checks": self.checking,
            **self.push.services(),
            **self.reports.services(),
        }

    async def load(self) -> None:
        """Read what has to be known before anybody is answered."""
        await self.smtp.repetitions.load()
        await self.push.load()

    def lead(self) -> None:
        """Do what only one of several processes may do, from now on."""
        self.text_search.lead()
        self.push.lead()
        self.sending.queue.lead()
        self.reports.lead()

    async def close(self) -> None:
        """Stop what runs."""
        await self.smtp.repetitions.close()
        await self.sending.close()
        await self.reports.close()
        await self.checking.close()
        await self.push.close()
        await self.text_search.close()


def mail_parts(below: Foundations, company: Company) -> MailParts:
    """The parts; nothing runs yet."""
    store, settings, clock = below.store, below.settings, below.reactor
    quotas = Quotas(settings, clock)
    messages = Messages(store, settings, quotas, clock, below.telemetry)
    folders = Folders(store, settings, clock)
    own_addresses = OwnAddresses(settings, clock)
    signing = Signing(store, below.vault, clock, below.telemetry)
    filtering = filtering_of(below, messages, folders, quotas, own_addresses, signing)
    delivering = Delivering(store, messages, folders, clock, filtering, blob_id=lambda hash: str(BlobId(hash)))
    io = ExpressionWorld(store, settings, below.telemetry, lambda: below.outgoing().resolver, clock, below.hostname)
    recipients = Recipients(store, settings, io, clock)
    text_search = TextSearch(store, settings, clock, below.telemetry)
    push = push_parts(below, company)
    recent = RecentAnswers(store)

    counting = TlsCounting(store, clock, below.telemetry)
    sending = queue_parts(below, company, io, recipients, messages, delivering, signing, counting.note)
    to_accounts = messages, delivering, recipients, quotas
    reports = report_parts(below, *to_accounts, io, counting, sending.queue, signing)
    sending.queue.observe(note_recipients)
    filtering.dispatch.outbox = sending.queue
    rates = InboundRates(store, settings, below.telemetry, clock)
    rules = SendingRules(settings, io, below.telemetry, rates)
    jmap_sending = Sending(store, settings, own_addresses, recipients, rules, signing, sending.queue)
    checking = Checking(store, lambda: below.outgoing().resolver, clock, below.telemetry, receiver=below.hostname)
    services = sending.queue, signing, checking
    repetitions = Repetitions(store, clock)
    smtp = SmtpParts(below, io, recipients, messages, delivering, quotas, *services, own_addresses, repetitions)
    return MailParts(
        messages,
        folders,
        quotas,
        filtering.scripts,
        delivering,
        recipients,
        own_addresses,
        text_search,
        recent,
        push,
        reports,
        io,
        sending,
        signing,
        jmap_sending,
        checking,
        smtp,
        rates,
    )
