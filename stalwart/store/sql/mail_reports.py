"""Reports about DMARC and TLS in their tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from stalwart.store.mail_reports import ReportRow, ReportSearch, TlsCount
from stalwart.store.sql.found import Found, literal
from stalwart.store.sql.lists import insert_new, select_in
from stalwart.store.sql.session import Session

_REPORT = "id, kind, digest, domain, tenant_id, sender, recipients, subject, words, expires_at, body"
_COUNT = "day, domain, digest, policy, failure, sessions"


class SqlMailReports:
    """``store.MailReports`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def insert(self, report: ReportRow) -> bool:
        recipients = msgspec.json.encode(report.recipients).decode()
        row = (
            *(report.id, report.kind, report.digest, report.domain, report.tenant_id, report.sender, recipients),
            *(report.subject, report.words, report.expires_at, report.body),
        )
        return insert_new(self._session, f"INSERT INTO mail_report({_REPORT})", [row]) > 0

    def many(self, kind: str, ids: Iterable[int]) -> dict[int, ReportRow]:
        wanted = list(ids)
        rows = select_in(self._session, f"SELECT {_REPORT} FROM mail_report WHERE kind = ? AND id IN", kind, ids=wanted)
        found = {row[0]: _report(row) for row in rows}
        return {id: found[id] for id in wanted if id in found}

    def search(self, search: ReportSearch, *, descending: bool, offset: int, limit: int) -> list[int]:
        return self._found(search).ids(descending, offset, limit)

    def count(self, search: ReportSearch) -> int:
        return self._found(search).count()

    def position(self, search: ReportSearch, id: int, *, descending: bool) -> int | None:
        return self._found(search).position(id, descending)

    def delete(self, kind: str, id: int) -> bool:
        return self._session.changed("DELETE FROM mail_report WHERE kind = ? AND id = ?", kind, id) > 0

    def trim(self, kind: str, keep: int, limit: int) -> int:
        row = self._session.one(
            "SELECT id FROM mail_report WHERE kind = ? ORDER BY id DESC LIMIT 1 OFFSET ?", kind, max(0, keep - 1)
        )
        return self._removed("kind = ? AND id < ?", "id", limit, kind, row[0]) if row else 0

    def purge(self, now: int, limit: int) -> int:
        return self._removed("expires_at <= ?", "expires_at", limit, now)

    def _removed(self, where: str, order: str, limit: int, *values: Any) -> int:
        return self._session.changed(
            f"DELETE FROM mail_report WHERE id IN (SELECT id FROM mail_report WHERE {where} ORDER BY {order} LIMIT ?)",
            *(*values, limit),
        )

    def _found(self, search: ReportSearch) -> Found:
        where = "kind = ? AND id >= ? AND id <= ?"
        values: list[Any] = [search.kind, search.first, search.last]
        for column, wanted in (("domain", search.domain), ("tenant_id", search.tenant_id)):
            if wanted is not None:
                where += f" AND {column} = ?"
                values.append(wanted)
        for text in search.texts:
            where += " AND words LIKE ? ESCAPE '!'"
            values.append(f"%{literal(text)}%")
        return Found(self._session, "mail_report", where, tuple(values))


class SqlTlsCounts:
    """``store.TlsCounts`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, counts: Iterable[TlsCount], most: int) -> None:
        kinds: dict[tuple[int, str], int] = {}
        for each in counts:
            key = (each.day, each.domain)
            known = self._session.changed(
                "UPDATE tls_count SET sessions = sessions + ? WHERE day = ? AND domain = ? AND digest = ?",
                *(each.sessions, *key, each.digest),
            )
            if known:
                continue
            if key not in kinds:
                row = self._session.one("SELECT COUNT(*) FROM tls_count WHERE day = ? AND domain = ?", *key)
                kinds[key] = int(row[0])
            if kinds[key] < most:
                kinds[key] += 1
                self._session.later(
                    f"INSERT INTO tls_count({_COUNT}) VALUES (?, ?, ?, ?, ?, ?)",
                    *(*key, each.digest, each.policy, each.failure, each.sessions),
                )

    def domains(self, before: int, after: tuple[int, str], limit: int) -> list[tuple[int, str]]:
        rows = self._session.all(
            "SELECT DISTINCT day, domain FROM tls_count WHERE day < ? AND (day, domain) > (?, ?)"
            " ORDER BY day, domain LIMIT ?",
            *(before, *after, limit),
        )
        return [(day, domain) for day, domain in rows]

    def of_domain(self, day: int, domain: str) -> Sequence[TlsCount]:
        rows = self._session.all(
            f"SELECT {_COUNT} FROM tls_count WHERE day = ? AND domain = ? ORDER BY sessions DESC, digest", day, domain
        )
        return [TlsCount(*row) for row in rows]

    def remove(self, day: int, domain: str) -> None:
        self._session.later("DELETE FROM tls_count WHERE day = ? AND domain = ?", day, domain)

    def purge(self, before: int, limit: int) -> int:
        return self._session.changed(
            "DELETE FROM tls_count WHERE (day, domain, digest) IN"
            " (SELECT day, domain, digest FROM tls_count WHERE day < ? ORDER BY day LIMIT ?)",
            *(before, limit),
        )


def _report(row: tuple[Any, ...]) -> ReportRow:
    id, kind, digest, domain, tenant_id, sender, recipients, subject, words, expires_at, body = row
    people = tuple(msgspec.json.decode(recipients))
    return ReportRow(
        *(id, kind, digest, domain, tenant_id, sender, people, subject, words, expires_at, bytes(body)),
    )
