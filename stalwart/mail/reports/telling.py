"""Tells other domains once a day how TLS with their hosts went, where they ask for it (RFC 8460).

What was counted on a day is due some hours after its end, later for some domains than for others. A domain gets its
report by mail, signed and through the queue, or by POST, or both; what was counted is forgotten in the transaction that
queues the message, so a crash repeats no mail and loses none. A report that nobody takes is given up after some days.
Reports have the same name however often they are made.
"""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any, Final, Protocol

from attrs import evolve, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as TooLate
from twisted.web.http_headers import Headers

from stalwart.codec.expression import EvaluationError, ExpressionIO, Value
from stalwart.codec.expression.values import integer_of, text_of, truth
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.codec.smtp.received import date
from stalwart.codec.tls_report import PolicyResult, TlsReport, write_report
from stalwart.codec.tls_report_message import GZIP_TYPE, Envelope, report_message
from stalwart.codec.tls_rpt import Rua
from stalwart.codec.typed_address import typed_address
from stalwart.config.mail.tls_report_settings import TlsReportSettings
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.errors import StalwartError
from stalwart.mail.delivery.reporting import ReportingUnusable, find_reporting
from stalwart.mail.queue.letter import Letter, LetterRecipient
from stalwart.mail.reports.counting import DAY, policies_of
from stalwart.net.dns import Resolver
from stalwart.net.https import FetchFailed
from stalwart.net.web_requests import WebAnswer
from stalwart.schema import ExpressionValue
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.telemetry import Telemetry
from stalwart.telemetry.report_events import (
    OUTGOING_ERROR,
    OUTGOING_FAULT,
    OUTGOING_HTTP,
    OUTGOING_NOBODY,
    OUTGOING_NOT_FOUND,
    OUTGOING_TLS,
)

SPREAD: Final = 4 * 3600
"""Seconds over which reports about a day are spread."""
RETRY: Final = 3600
"""Seconds until a report is tried again that nobody took."""
GIVEN_UP: Final = 3 * DAY
"""Seconds after the end of a day when its reports are given up."""
LOOK: Final = 900.0
"""Seconds between two looks at what is due."""
PATIENCE: Final = 120.0
"""Seconds that one report may take."""
MOST_PLACES: Final = 10
"""Addresses that a report is sent to."""
MOST_REPORTS: Final = 50_000
"""Reports that are remembered to be tried again."""

_PAGE: Final = 200
_PURGED: Final = 2000
_LARGEST: Final = 50 << 20


class Queue(Protocol):
    """See ``mail.queue.queue.MailQueue``."""

    async def prepare(self, content: bytes | Stored) -> bytes | Stored: ...
    def add(self, tx: Transaction, letter: Letter, now: int) -> int: ...
    def queued(self, letter: Letter, id: int) -> None: ...


class Signs(Protocol):
    """See ``mail.authentication.signing.Signing``."""

    async def signed(self, content: bytes | Stored, domain: str) -> bytes: ...


class Posts(Protocol):
    """See ``net.web_requests.WebRequests``."""

    async def send(
        self, method: bytes, url: str, headers: Headers, content: bytes | None = None, *, needs_body: bool = True
    ) -> WebAnswer: ...


@frozen
class Ways:
    """How reports leave."""

    queue: Queue
    signing: Signs
    posts: Callable[[], Posts]
    resolver: Callable[[], Resolver]


@frozen
class _Made:
    """A report that can be sent."""

    domain: str
    report: TlsReport
    packed: bytes
    sessions: int


class TlsReporting:
    """Sends reports from ``lead`` to ``close``. ``clock`` is the reactor, ``io`` what rules of the settings may ask."""

    def __init__(
        self, store: Store, settings: Settings, io: ExpressionIO, ways: Ways, telemetry: Telemetry, clock: Any
    ) -> None:
        self._store = store
        self._settings = settings
        self._io = io
        self._ways = ways
        self._telemetry = telemetry
        self._clock = clock
        self._timer: Any = None
        self._running: Deferred[None] | None = None
        self._leads = False
        self._later: dict[tuple[int, str], float] = {}

    def lead(self) -> None:
        """Send what is due, from now on; for the leading process."""
        self._leads = True
        self._look()

    def close(self) -> None:
        """Stop; what was being sent is due again at the next start."""
        self._leads = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._running is not None:
            self._running.cancel()

    def _look(self) -> None:
        self._timer = None
        self._running = running = Deferred.fromCoroutine(self.send_due())
        running.addErrback(self._failed)
        running.addBoth(self._looked)

    def _looked(self, _result: object) -> None:
        self._running = None
        if self._leads:
            self._timer = self._clock.callLater(LOOK, self._look)

    def _failed(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            self._telemetry.emit(OUTGOING_FAULT, reason=failure.getErrorMessage())

    async def send_due(self) -> None:
        """Send all that is due now, one report after the other."""
        now = self._clock.seconds()
        today = int(now) // DAY
        oldest = int(now - GIVEN_UP) // DAY - 1
        await self._purge(oldest)
        after = (-1, "")
        while page := await self._store.read(partial(_page, today, after)):
            for day, domain in page:
                if self._due(day, domain) <= self._clock.seconds():
                    await self._bounded(day, domain)
            after = page[-1]

    async def _purge(self, before: int) -> None:
        """Forget days that nobody is told of any more."""
        self._later = {key: moment for key, moment in self._later.items() if key[0] >= before}
        if await self._store.read(lambda tx: tx.tls_counts.domains(before, (-1, ""), 1)):
            while await self._store.write(lambda tx: tx.tls_counts.purge(before, _PURGED)) == _PURGED:
                pass

    def _due(self, day: int, domain: str) -> float:
        """When a report is to be sent: hours after its day has ended, or when it is tried again."""
        digest = blake2b(f"{self._hostname()}\0{domain}\0{day}".encode(), digest_size=4).digest()
        delay = int.from_bytes(digest, "big") % SPREAD  # so that not all senders come at once
        return max((day + 1) * DAY + delay, self._later.get((day, domain), 0.0))

    async def _bounded(self, day: int, domain: str) -> None:
        """Send one report, whatever comes of it."""
        sending = Deferred.fromCoroutine(self._send(day, domain))
        sending.addTimeout(PATIENCE, self._clock)
        try:
            done = await sending
        except CancelledError:
            raise
        except (StalwartError, TooLate, InvalidValue) as problem:
            self._telemetry.emit(OUTGOING_ERROR, domain=domain, reason=str(problem) or "it took too long")
            done = False
        except Exception as fault:  # the reports of others do not wait for it
            self._telemetry.emit(OUTGOING_FAULT, reason=f"{domain}: {type(fault).__name__}: {fault}")
            done = False
        if done:
            self._later.pop((day, domain), None)
            return
        if self._clock.seconds() >= (day + 1) * DAY + GIVEN_UP - DAY:
            self._telemetry.emit(OUTGOING_NOT_FOUND, domain=domain, reason="nobody has taken it for days")
            await self._forget(day, domain)
        elif len(self._later) < MOST_REPORTS:
            self._later[day, domain] = self._clock.seconds() + RETRY

    async def _send(self, day: int, domain: str) -> bool:
        """Whether nothing is left to be done about a report."""
        if await self._text("send_frequency", domain) != "daily":
            await self._forget(day, domain)
            return True
        try:
            places = await find_reporting(self._ways.resolver(), domain)
        except ReportingUnusable as unusable:
            self._telemetry.emit(OUTGOING_NOBODY, domain=domain, reason=unusable.reason)
            return False
        if places is None:
            self._telemetry.emit(OUTGOING_NOBODY, domain=domain, reason="it has no TLS reporting record")
            await self._forget(day, domain)
            return True
        made = await self._make(day, domain)
        if made is None:
            return True
        places = places[:MOST_PLACES]
        mail = tuple(each.value for each in places if each.kind == "mail")
        if mail:  # first, as it may have to be repeated
            await self._mail(day, made, mail)
        posted = [await self._post(made, each) for each in places if each.kind == "http"]
        if any(posted) and not mail:
            await self._forget(day, domain)
        return bool(mail) or any(posted)

    async def _make(self, day: int, domain: str) -> _Made | None:
        """The report about a day, None if there is nothing to tell."""
        counts = await self._store.read(lambda tx: tx.tls_counts.of_domain(day, domain))
        if not counts:
            return None
        submitter = self._hostname()
        digest = blake2b(f"{domain}\0{day}".encode(), digest_size=8).hexdigest()
        report = TlsReport(
            organization_name=await self._text("org_name", domain) or submitter,
            begin=day * DAY,
            end=(day + 1) * DAY - 1,
            contact_info=await self._text("contact_info", domain) or await self._from_address(domain),
            report_id=f"{datetime.fromtimestamp(day * DAY, UTC):%Y%m%d}.{digest}@{submitter}",
            policies=policies_of(domain, counts),
        )
        most = min(max(await self._number("max_report_size", domain), 1000), _LARGEST)
        packed = await self._store.blob_work(lambda files: gzip.compress(_fitting(report, most), mtime=0))
        return _Made(domain, report, packed, sum(each.sessions for each in counts))

    async def _post(self, made: _Made, place: Rua) -> bool:
        """RFC 8460 5.4."""
        headers = Headers({"Content-Type": [GZIP_TYPE], "User-Agent": ["Stalwart"]})
        told = {"domain": made.domain, "url": place.value}
        try:
            answer = await self._ways.posts().send(b"POST", place.value, headers, made.packed, needs_body=False)
        except FetchFailed as failed:
            self._telemetry.emit(OUTGOING_ERROR, reason=failed.reason, **told)
            return False
        if 200 <= answer.status < 300:
            self._telemetry.emit(OUTGOING_HTTP, id=made.report.report_id, code=answer.status, **told)
            return True
        self._telemetry.emit(OUTGOING_ERROR, reason=f"the server answers with status {answer.status}", **told)
        return False

    async def _mail(self, day: int, made: _Made, addresses: Sequence[str]) -> None:
        """Queue the message, and forget what it tells."""
        now = self._clock.seconds()
        sender = await self._from_address(made.domain)
        submitter = sender.rpartition("@")[2]
        envelope = Envelope(
            domain=made.domain,
            submitter=submitter,
            from_name=await self._text("from_name", made.domain),
            from_address=sender,
            to=tuple(addresses),
            report_id=made.report.report_id,
            begin=made.report.begin,
            end=made.report.end,
            date=date(now),
            boundary=secrets.token_hex(16),
        )
        content = report_message(envelope, made.packed)
        signs = await self._text("dkim_sign_domain", made.domain) or submitter
        content = await self._ways.signing.signed(content, signs) + content
        recipients = tuple(LetterRecipient(each) for each in addresses)
        letter = Letter(content=content, return_path="", recipients=recipients, source="report", signed_for=signs)
        letter = evolve(letter, content=await self._ways.queue.prepare(content))

        def write(tx: Transaction) -> int:
            id = self._ways.queue.add(tx, letter, int(now))
            tx.tls_counts.remove(day, made.domain)
            return id

        id = await self._store.write(write)
        self._ways.queue.queued(letter, id)
        to = ", ".join(addresses)
        self._telemetry.emit(OUTGOING_TLS, domain=made.domain, to=to, id=made.report.report_id, total=made.sessions)

    async def _forget(self, day: int, domain: str) -> None:
        await self._store.write(lambda tx: tx.tls_counts.remove(day, domain))

    # What the settings say

    async def _from_address(self, domain: str) -> str:
        """The sender; where the rule gives no address, one of the host."""
        given = typed_address(await self._text("from_address", domain))
        return given.text if given is not None else f"noreply-tls@{self._hostname()}"

    async def _text(self, name: str, domain: str) -> str:
        value = await self._value(name, domain)
        return text_of(value) if value is not None and truth(value) else ""

    async def _number(self, name: str, domain: str) -> int:
        value = await self._value(name, domain)
        return integer_of(value) if value is not None else 0

    async def _value(self, name: str, domain: str) -> Value | None:
        """What a rule gives; its default where it goes wrong."""
        rule: ExpressionValue = getattr(self._settings.of(TlsReportSettings), name)
        for each in (rule, getattr(TlsReportSettings(), name)):
            if each.compiled is not None:
                try:
                    return await each.compiled.evaluate_async(
                        lambda asked: domain if asked == "rcpt_domain" else "", self._io
                    )
                except EvaluationError:
                    continue
        return None

    def _hostname(self) -> str:
        return self._settings.of(SystemSettings).default_hostname or "localhost"


def _page(today: int, after: tuple[int, str], tx: Transaction) -> list[tuple[int, str]]:
    return tx.tls_counts.domains(today, after, _PAGE)


def _fitting(report: TlsReport, most: int) -> bytes:
    """The report as JSON of at most ``most`` octets: details are left out, the rarest first."""
    written = write_report(report)
    details = max((len(each.details) for each in report.policies), default=0)
    while len(written) > most and details:
        details //= 2
        policies: tuple[PolicyResult, ...] = tuple(
            evolve(each, details=each.details[:details]) for each in report.policies
        )
        written = write_report(evolve(report, policies=policies))
    return written
