"""Reports about DMARC and TLS as the rest of the server sees them: those of others, and what ours will say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from attrs import frozen

from stalwart.store.rows import LARGEST_ID

Ids = list[int]


@frozen
class ReportRow:
    """A report that has come. ``digest`` is the same for the same report, ``words`` what it is found by, in lower case,
    ``body`` the report itself, compressed.
    """

    id: int
    kind: str
    digest: str
    domain: str
    tenant_id: int | None
    sender: str
    recipients: tuple[str, ...]
    subject: str
    words: str
    expires_at: int | None
    body: bytes


@frozen
class ReportSearch:
    """Reports of a kind with ids from ``first`` to ``last``; None is any."""

    kind: str
    first: int = 0
    last: int = LARGEST_ID
    domain: str | None = None
    tenant_id: int | None = None
    texts: tuple[str, ...] = ()


@frozen
class TlsCount:
    """So many sessions under a policy, with or without a failure. ``policy`` and ``failure`` are texts that mean
    something to whoever counts.
    """

    day: int
    domain: str
    digest: str
    policy: str
    failure: str | None
    sessions: int


class MailReports(Protocol):
    """Reports of other servers."""

    def insert(self, report: ReportRow) -> bool:
        """A new report; False if there is one of its kind with its digest."""

    def many(self, kind: str, ids: Iterable[int]) -> dict[int, ReportRow]:
        """Those of the reports that there are, by id, in the order of ``ids``."""

    def search(self, search: ReportSearch, *, descending: bool, offset: int, limit: int) -> Ids:
        """The ids of what is found, in their order, from ``offset`` on."""

    def count(self, search: ReportSearch) -> int:
        """How many are found."""

    def position(self, search: ReportSearch, id: int, *, descending: bool) -> int | None:
        """The place of ``id`` in what is found, the first being 0; None if it is not there."""

    def delete(self, kind: str, id: int) -> bool:
        """Remove one; False if there was none."""

    def trim(self, kind: str, keep: int, limit: int) -> int:
        """Remove the oldest of a kind, all but ``keep``, at most ``limit``; answers how many."""

    def purge(self, now: int, limit: int) -> int:
        """Remove those that are over, at most ``limit``; answers how many."""


class TlsCounts(Protocol):
    """Sessions with other servers, by day (days since 1970) and domain."""

    def add(self, counts: Iterable[TlsCount], most: int) -> None:
        """Count further sessions. Of a domain on a day at most ``most`` kinds are counted."""

    def domains(self, before: int, after: tuple[int, str], limit: int) -> list[tuple[int, str]]:
        """Days before ``before`` and their domains, those that follow ``after``, in order."""

    def of_domain(self, day: int, domain: str) -> Sequence[TlsCount]:
        """All that was counted, the most frequent first."""

    def remove(self, day: int, domain: str) -> None:
        """Forget a domain on a day."""

    def purge(self, before: int, limit: int) -> int:
        """Forget days before ``before``, at most ``limit`` rows; answers how many."""
