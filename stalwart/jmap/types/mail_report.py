"""x:DmarcExternalReport and x:TlsExternalReport: reports of other servers, as they are kept (design 8).

They can be read, found and destroyed; nobody makes or changes one. An id grows with time, so sorting by ``receivedAt``
is sorting by id. Who belongs to a tenant meets the reports about its domains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Final

from stalwart.codec.ids import encode_id
from stalwart.jmap.errors import MethodError, SetRefused
from stalwart.jmap.registry.filters import MOST_CONDITIONS, Condition, sort_name, text_of, unsupported_filter, words_of
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Results
from stalwart.jmap.types.history import Kept, Period
from stalwart.mail.reports.incoming import DMARC, TLS
from stalwart.mail.reports.shown import unpacked
from stalwart.store import Transaction
from stalwart.store.mail_reports import ReportRow, ReportSearch
from stalwart.telemetry.fields import moment_text
from stalwart.telemetry.spans import moment_of

MOST_BYTES: Final = 1 << 20
"""Compressed reports that one get answers, in bytes."""
_AT_ONCE: Final = 20


class _OfKind:
    """``history.Rows`` of one kind."""

    def __init__(self, tx: Transaction, kind: str) -> None:
        self._reports = tx.mail_reports
        self._kind = kind

    def many(self, ids: Iterable[int]) -> dict[int, ReportRow]:
        return self._reports.many(self._kind, ids)

    def search(self, search: ReportSearch, *, descending: bool, offset: int, limit: int) -> list[int]:
        return self._reports.search(search, descending=descending, offset=offset, limit=limit)

    def count(self, search: ReportSearch) -> int:
        return self._reports.count(search)

    def position(self, search: ReportSearch, id: int, *, descending: bool) -> int | None:
        return self._reports.position(search, id, descending=descending)


class MailReportHandler(Handler):
    """Filters: ``receivedAt`` with comparisons, ``domain``, ``text`` (words anywhere in what is told)."""

    kind: ClassVar[str]

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The reports that there are among ``ids``, None for the newest."""
        newest = ids is None
        if ids is None:
            search = ReportSearch(self.kind, tenant_id=asking.access.tenant_id)
            ids = tx.mail_reports.search(search, descending=True, offset=0, limit=limit)
        with_report = asking.wants("report")
        found: list[dict[str, Any]] = []
        size = 0
        for row in self._rows_of(tx, asking, ids):
            size += len(row.body) if with_report else 0
            if size > MOST_BYTES and found:
                if newest:
                    break
                raise MethodError("requestTooLarge", "Ask for fewer reports at once, or for reports without `report`.")
            found.append(_wire(row, asking, with_report))
        return found

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """See ``Handler.matching``."""
        search, descending = self._search(asking, conditions), comparator is None or not comparator.is_ascending
        sort_name(comparator, ("receivedAt",))
        return Kept(_OfKind(tx, self.kind), search, descending)

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Refused."""
        raise SetRefused("forbidden", "Reports come by mail.")

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Refused for what there is."""
        if not list(self._rows_of(tx, asking, [change.id or 0])):
            raise SetRefused("notFound")
        raise SetRefused("forbidden", "Reports are as they came; they can be destroyed.")

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Remove a report; the message that it came in stays."""
        id = change.id or 0
        if not list(self._rows_of(tx, asking, [id])) or not tx.mail_reports.delete(self.kind, id):
            raise SetRefused("notFound")

    def _rows_of(self, tx: Transaction, asking: Asking, ids: Sequence[int]) -> Iterator[ReportRow]:
        """Rows within reach, a few in memory at a time."""
        tenant = asking.access.tenant_id
        for begin in range(0, len(ids), _AT_ONCE):
            for row in tx.mail_reports.many(self.kind, ids[begin : begin + _AT_ONCE]).values():
                if tenant is None or row.tenant_id == tenant:
                    yield row

    def _search(self, asking: Asking, conditions: Sequence[Condition]) -> ReportSearch:
        """Raises ``MethodError`` ``unsupportedFilter``."""
        period = Period()
        domains: dict[str, None] = {}
        words: dict[str, None] = {}
        for condition in conditions:
            if condition.property == "receivedAt":
                period = period.narrowed(condition)
            elif condition.property in ("domain", "text") and condition.comparison == "=":
                if condition.property == "domain":
                    domains[text_of(condition).lower()] = None
                else:
                    words.update((word.lower(), None) for word in words_of(condition))
            else:
                raise unsupported_filter(condition.name, ("receivedAt", "domain", "text"))
        if len(words) > MOST_CONDITIONS:
            raise MethodError("unsupportedFilter", f"At most {MOST_CONDITIONS} words are supported.")
        domain = next(iter(domains), None) if len(domains) < 2 else ""  # nothing is about two
        return ReportSearch(self.kind, period.first, period.last, domain, asking.access.tenant_id, tuple(words))


@handles("DmarcExternalReport")
class DmarcReportHandler(MailReportHandler):
    """Reports about DMARC."""

    kind = DMARC


@handles("TlsExternalReport")
class TlsReportHandler(MailReportHandler):
    """Reports about TLS."""

    kind = TLS


def _wire(row: ReportRow, asking: Asking, with_report: bool) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "domain": row.domain,
        "from": row.sender,
        "to": dict.fromkeys(row.recipients, True),
        "subject": row.subject,
        "receivedAt": moment_text(moment_of(row.id)),
        "expiresAt": None if row.expires_at is None else moment_text(row.expires_at),
    }
    if asking.access.tenant_id is None:
        wire["memberTenantId"] = None if row.tenant_id is None else encode_id(row.tenant_id)
    if with_report:
        wire["report"] = unpacked(row.body)
    return {**wire, "id": encode_id(row.id)}
