"""REPORT: which question is asked."""

from __future__ import annotations

from stalwart.dav.methods import report
from tests.dav.world import ALICE, DavWorld, conditions


class ReportTests(DavWorld):
    """Bodies."""

    def test_unknown_questions(self) -> None:
        self.assertEqual(report.report.names, ("REPORT",))
        path = f"/dav/cal/{ALICE}/default"
        self.expect(400, "REPORT", path, "<D:version-tree/>")
        self.expect(400, "REPORT", path, "<D:sync-collection>", depth="1")
        self.expect(415, "REPORT", path, b"<sync-collection xmlns='DAV:'", content_type="text/plain")
        self.expect(400, "REPORT", path, b"")

    def test_questions_that_nobody_answers(self) -> None:
        self.patch(report, "reports", dict)
        body = "<D:sync-collection><D:sync-level>1</D:sync-level></D:sync-collection>"
        answer = self.expect(403, "REPORT", f"/dav/cal/{ALICE}", body)
        self.assertEqual(conditions(answer), ["D:supported-report"])

    def test_bodies_that_are_too_large(self) -> None:
        self.expect(413, "REPORT", f"/dav/cal/{ALICE}", b" " * (26 << 20))
