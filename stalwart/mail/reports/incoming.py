"""Reports of other servers: recognised when their mail is delivered, and kept for x:TlsExternalReport and
x:DmarcExternalReport (design 8).

Only mail to the report address of a domain is looked at, and only what is said about a domain of ours is kept. The mail
itself is delivered in any case, and whatever goes wrong here changes nothing about that. One message is read at a time;
a report that comes twice is kept once, and of very many the oldest go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore
from twisted.internet.defer import TimeoutError as TooLate

from stalwart.codec.dmarc_report import AggregateReport
from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.mime.part import Part
from stalwart.codec.tls_report import TlsReport
from stalwart.config.domains.domain import Domain
from stalwart.config.settings import Settings
from stalwart.config.storage.retention import DataRetention
from stalwart.mail.messages import fragment
from stalwart.mail.messages.arriving import Prepared
from stalwart.mail.report_address import report_uri
from stalwart.mail.reports.recognising import LARGEST_MESSAGE, Found, recognised
from stalwart.mail.reports.shown import dmarc_report_shown, packed, tls_report_shown
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import BlobFiles
from stalwart.store.mail_reports import ReportRow
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event
from stalwart.telemetry.report_events import (
    REPORT_DMARC,
    REPORT_DMARC_UNREADABLE,
    REPORT_DMARC_WARNINGS,
    REPORT_ERROR,
    REPORT_OTHER,
    REPORT_TLS,
    REPORT_TLS_UNREADABLE,
    REPORT_TLS_WARNINGS,
    REPORT_UNPACKABLE,
)
from stalwart.telemetry.spans import new_span

DMARC: Final = "dmarc"
TLS: Final = "tls"
MOST_KEPT: Final = 20_000
"""Reports of a kind."""
PATIENCE: Final = 30.0
"""Seconds that a delivery waits for its report to be read."""

_TRIMMED: Final = 100
_LONGEST_WORDS: Final = 4000
_LONGEST_SUBJECT: Final = 500
_MAILTO: Final = "mailto:"
_UNREADABLE: Final = {"tls": REPORT_TLS_UNREADABLE, "dmarc": REPORT_DMARC_UNREADABLE, "archive": REPORT_UNPACKABLE}


@frozen
class Sent:
    """A report with what is to be kept of it; ``failures`` are sessions or messages."""

    kind: str
    domain: str
    report_id: str
    digest: str
    words: str
    body: bytes
    successes: int
    failures: int


@frozen
class Looked:
    """What a thread has found in a message."""

    reports: tuple[Sent, ...]
    problems: tuple[Found, ...]


@frozen
class _Known:
    """The domains of the settings by their names, and the addresses that they want reports at."""

    source: tuple[tuple[int, Domain], ...]
    by_name: dict[str, Domain]
    addresses: frozenset[str]


class IncomingReports:
    """Keeps reports out of mail. ``clock`` is the reactor."""

    def __init__(self, store: Store, settings: Settings, clock: Any, telemetry: Telemetry) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._telemetry = telemetry
        self._turn = DeferredSemaphore(1)
        self._domains = _Known((), {}, frozenset())

    def is_wanted(self, recipients: Iterable[str]) -> bool:
        """Whether one of ``recipients`` is where a domain of ours wants its reports."""
        addresses = self._known().addresses
        return any(_plain(each) in addresses for each in recipients)

    async def take(self, prepared: Prepared, sender: str, recipients: Sequence[str]) -> None:
        """Keep the reports in a message that was delivered to ``recipients``. Raises nothing but cancellations."""
        if prepared.size > LARGEST_MESSAGE or not self.is_wanted(recipients):
            return
        taking: Deferred[None] = self._turn.run(
            lambda: Deferred.fromCoroutine(self._take(prepared, sender, recipients))
        )
        taking.addTimeout(PATIENCE, self._clock)
        try:
            await taking
        except CancelledError:
            raise
        except TooLate:
            self._telemetry.emit(REPORT_ERROR, reason=f"it took longer than {PATIENCE:g} seconds", **{"from": sender})
        except Exception as problem:
            self._telemetry.emit(REPORT_ERROR, reason=f"{type(problem).__name__}: {problem}", **{"from": sender})

    async def _take(self, prepared: Prepared, sender: str, recipients: Sequence[str]) -> None:
        if prepared.content is None:
            looked = await self._store.blob_work(partial(_look_into_file, prepared.hash, prepared.parsed.root))
        else:
            content = prepared.content
            looked = await self._store.blob_work(lambda files: _look(content, prepared.parsed.root))
        for problem in looked.problems:
            self._telemetry.emit(_UNREADABLE[problem.kind], reason=problem.problem, **{"from": sender})
        subject = _subject(prepared)
        for report in looked.reports:
            await self._keep(report, sender, recipients, subject)

    async def _keep(self, report: Sent, sender: str, recipients: Sequence[str], subject: str) -> None:
        domain = self._ours(report.domain)
        if domain is None:
            self._telemetry.emit(REPORT_OTHER, domain=report.domain, **{"from": sender})
            return
        now = self._clock.seconds()
        held = self._settings.of(DataRetention).hold_mta_reports_for
        row = ReportRow(
            id=new_span(now),
            kind=report.kind,
            digest=report.digest,
            domain=report.domain,
            tenant_id=domain.member_tenant_id,
            sender=sender,
            recipients=tuple(recipients),
            subject=subject,
            words=f"{report.words} {sender} {subject}".lower()[:_LONGEST_WORDS],
            expires_at=None if held is None else int(now) + held // 1000,
            body=report.body,
        )

        def write(tx: Transaction) -> bool:
            is_new = tx.mail_reports.insert(row)
            if is_new:
                tx.mail_reports.trim(row.kind, MOST_KEPT, _TRIMMED)
            return is_new

        if await self._store.write(write):
            self._telemetry.emit(
                _event(report),
                domain=report.domain,
                id=report.report_id,
                totalSuccesses=report.successes,
                totalFailures=report.failures,
                **{"from": sender},
            )

    def _ours(self, name: str) -> Domain | None:
        """The domain of ours that ``name`` is, or lies in."""
        names, rest = self._known().by_name, name
        while rest:
            if rest in names:
                return names[rest]
            rest = rest.partition(".")[2]
        return None

    def _known(self) -> _Known:
        source = self._settings.all(Domain)
        if source is not self._domains.source:
            by_name = {name: domain for _, domain in source for name in (*domain.aliases, domain.name)}
            uris = (report_uri(domain.report_address_uri, name) for name, domain in by_name.items())
            mail = (uri.removeprefix(_MAILTO) for uri in uris if uri is not None and uri.startswith(_MAILTO))
            self._domains = _Known(source, by_name, frozenset(_plain(unquote(each)) for each in mail))
        return self._domains


def _plain(address: str) -> str:
    """An address as it is compared: in lower case, the domain in A-labels."""
    local, at, domain = address.lower().rpartition("@")
    try:
        return f"{local}{at}{to_ascii(domain)}"
    except InvalidName:
        return address.lower()


def _look_into_file(hash: bytes, root: Part, files: BlobFiles) -> Looked:
    return _look(files.read(hash), root)


def _look(data: bytes, root: Part) -> Looked:
    found = recognised(data, root)
    reports = tuple(_sent(each.report) for each in found if each.report is not None)
    return Looked(reports, tuple(each for each in found if each.report is None))


def _sent(report: TlsReport | AggregateReport) -> Sent:
    if isinstance(report, TlsReport):
        domain = next(each.domain for each in report.policies if each.domain)
        kinds = {detail.result_type for each in report.policies for detail in each.details}
        named = [report.organization_name, report.contact_info, report.report_id, domain, *sorted(kinds)]
        successes = sum(each.successful for each in report.policies)
        made = TLS, packed(tls_report_shown(report)), successes
    else:
        domain = report.policy.domain
        addresses = dict.fromkeys(each.source_ip for each in report.records)
        named = [report.org_name, report.email, report.report_id, domain, *addresses]
        successes = sum(each.count for each in report.records) - report.failed
        made = DMARC, packed(dmarc_report_shown(report)), successes
    kind, body, successes = made
    same = "\0".join((named[0].lower(), report.report_id, domain, str(report.begin), str(report.end)))
    digest = blake2b(same.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return Sent(kind, domain, report.report_id, digest, " ".join(named), body, successes, report.failed)


def _subject(prepared: Prepared) -> str:
    found = fragment.read(prepared.parsed.fragment).subject
    subject = msgspec.json.decode(found) if isinstance(found, msgspec.Raw) else None
    return subject[:_LONGEST_SUBJECT] if isinstance(subject, str) else ""


def _event(report: Sent) -> Event:
    if report.kind == TLS:
        return REPORT_TLS_WARNINGS if report.failures else REPORT_TLS
    return REPORT_DMARC_WARNINGS if report.failures else REPORT_DMARC
