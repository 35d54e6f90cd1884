"""Reports of other servers, and sessions that are counted for ours.

Tests ``stalwart.store.mail_reports`` and ``stalwart.store.sql.mail_reports``.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.store.mail_reports import ReportRow, ReportSearch, TlsCount
from tests.contract.store_case import StoreCase

ROW = ReportRow(
    *(10, "dmarc", "d1", "a.test", None, "x@b.test", ("p@a.test", "q@a.test"), "Report", "report 100% b.test"),
    *(1000, b"\x00\xff"),
)
ROWS = [
    ROW,
    evolve(ROW, id=11, digest="d2", domain="c.test", tenant_id=7, expires_at=None),
    evolve(ROW, id=12, digest="d3", words="another", expires_at=500),
    evolve(ROW, id=13, kind="tls"),
]
POLICY = '{"type":"sts"}'


def counted(day: int, domain: str, digest: str = "s", sessions: int = 1, failure: str | None = None) -> TlsCount:
    return TlsCount(day, domain, digest, POLICY, failure, sessions)


class MailReportContract(StoreCase):
    async def fill_reports(self) -> None:
        self.assertTrue(all(await self.write(lambda tx: [tx.mail_reports.insert(each) for each in ROWS])))

    async def reports(self, search: ReportSearch = ReportSearch("dmarc"), **page: Any) -> list[int]:
        page = {"descending": False, "offset": 0, "limit": 100} | page
        found: list[int] = await self.read(lambda tx: tx.mail_reports.search(search, **page))
        return found

    async def test_reports_are_kept_with_all_they_have(self) -> None:
        await self.fill_reports()
        found = await self.read(lambda tx: tx.mail_reports.many("dmarc", [12, 5, 10, 13]))
        self.assertEqual(list(found.items()), [(12, ROWS[2]), (10, ROW)])

    async def test_the_same_report_is_kept_once(self) -> None:
        await self.fill_reports()
        again = evolve(ROW, id=99, subject="Again")
        self.assertFalse(await self.write(lambda tx: tx.mail_reports.insert(again)))
        self.assertEqual(await self.reports(), [10, 11, 12])

    async def test_reports_are_searched(self) -> None:
        await self.fill_reports()
        self.assertEqual(await self.reports(descending=True, offset=1, limit=1), [11])
        for search, found in {
            ReportSearch("tls"): [13],
            ReportSearch("dmarc", first=11): [11, 12],
            ReportSearch("dmarc", last=11): [10, 11],
            ReportSearch("dmarc", domain="a.test"): [10, 12],
            ReportSearch("dmarc", tenant_id=7): [11],
            ReportSearch("dmarc", texts=("100%", "b.test")): [10, 11],
            ReportSearch("dmarc", texts=("100_",)): [],
            ReportSearch("arf"): [],
        }.items():
            self.assertEqual(await self.reports(search), found, search)
            self.assertEqual(await self.read(lambda tx, search=search: tx.mail_reports.count(search)), len(found))
        here = ReportSearch("dmarc", domain="a.test")
        places = await self.read(
            lambda tx: [tx.mail_reports.position(here, id, descending=False) for id in (12, 11, 13)]
        )
        self.assertEqual(places, [1, None, None])

    async def test_reports_go(self) -> None:
        await self.fill_reports()
        self.assertFalse(await self.write(lambda tx: tx.mail_reports.delete("tls", 10)))
        self.assertTrue(await self.write(lambda tx: tx.mail_reports.delete("dmarc", 10)))
        self.assertFalse(await self.write(lambda tx: tx.mail_reports.delete("dmarc", 10)))
        self.assertEqual(await self.reports(), [11, 12])

    async def test_reports_are_over(self) -> None:
        await self.fill_reports()
        self.assertEqual(await self.write(lambda tx: tx.mail_reports.purge(499, 10)), 0)
        self.assertEqual(await self.write(lambda tx: tx.mail_reports.purge(1000, 2)), 2)
        self.assertEqual(await self.write(lambda tx: tx.mail_reports.purge(10_000, 10)), 1)
        self.assertEqual(await self.reports(), [11])

    async def test_the_oldest_make_room(self) -> None:
        await self.fill_reports()
        self.assertEqual(await self.write(lambda tx: tx.mail_reports.trim("dmarc", 3, 10)), 0)
        self.assertEqual(await self.write(lambda tx: tx.mail_reports.trim("dmarc", 1, 1)), 1)
        self.assertEqual(await self.write(lambda tx: tx.mail_reports.trim("dmarc", 1, 10)), 1)
        self.assertEqual((await self.reports(), await self.reports(ReportSearch("tls"))), ([12], [13]))

    async def test_sessions_are_added_up(self) -> None:
        first = [counted(5, "a.test", sessions=3), counted(5, "a.test", "f", failure="{}"), counted(6, "a.test")]
        await self.write(lambda tx: tx.tls_counts.add(first, 10))
        await self.write(lambda tx: tx.tls_counts.add([counted(5, "a.test", "f", 9, "{}")], 10))
        found = await self.read(lambda tx: tx.tls_counts.of_domain(5, "a.test"))
        self.assertEqual(found, [counted(5, "a.test", "f", 10, "{}"), counted(5, "a.test", sessions=3)])
        self.assertEqual(await self.read(lambda tx: tx.tls_counts.of_domain(7, "a.test")), [])

    async def test_kinds_of_sessions_are_bounded(self) -> None:
        many = [counted(5, "a.test", str(number)) for number in range(5)]
        await self.write(lambda tx: tx.tls_counts.add([*many, many[0], counted(5, "b.test")], 3))
        found = await self.read(lambda tx: tx.tls_counts.of_domain(5, "a.test"))
        self.assertEqual([(each.digest, each.sessions) for each in found], [("0", 2), ("1", 1), ("2", 1)])
        self.assertEqual(len(await self.read(lambda tx: tx.tls_counts.of_domain(5, "b.test"))), 1)

    async def test_days_and_domains(self) -> None:
        given = [
            counted(6, "a.test"),
            counted(5, "b.test"),
            counted(5, "a.test"),
            counted(5, "a.test", "f"),
            counted(7, "x"),
        ]
        await self.write(lambda tx: tx.tls_counts.add(given, 10))
        found = await self.read(lambda tx: tx.tls_counts.domains(7, (-1, ""), 10))
        self.assertEqual(found, [(5, "a.test"), (5, "b.test"), (6, "a.test")])
        found = await self.read(lambda tx: tx.tls_counts.domains(7, (5, "a.test"), 1))
        self.assertEqual(found, [(5, "b.test")])
        await self.write(lambda tx: tx.tls_counts.remove(5, "a.test"))
        self.assertEqual(await self.write(lambda tx: tx.tls_counts.purge(7, 1)), 1)
        found = await self.read(lambda tx: tx.tls_counts.domains(99, (-1, ""), 10))
        self.assertEqual(found, [(6, "a.test"), (7, "x")])
