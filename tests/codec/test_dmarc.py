"""DMARC records."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dmarc import Dmarc, read


def one(record: str) -> Dmarc:
    """What a single record says."""
    found = read([record])
    assert found is not None
    return found


class Records(SynchronousTestCase):
    def assert_problem(self, record: str, words: str, broken: bool = False) -> None:
        found = one(record)
        self.assertIn(words, "; ".join(found.problems))
        self.assertEqual(found.broken, broken)

    def test_usual_record(self) -> None:
        found = one("v=DMARC1; p=reject; sp=quarantine; adkim=s; rua=mailto:a@b.test!10m,mailto:c@d.test; pct=100")
        self.assertEqual((found.policy, found.subdomain_policy, found.percent), ("reject", "quarantine", 100))
        self.assertEqual(found.rua, ("mailto:a@b.test", "mailto:c@d.test"))
        self.assertEqual((found.problems, found.broken), ((), False))

    def test_other_records_do_not_count(self) -> None:
        self.assertIsNone(read(["v=DMARC12; p=none", "p=none", "v=spf1 -all"]))

    def test_several_records(self) -> None:
        found = read(["v=DMARC1; p=none"] * 2)
        assert found is not None
        self.assertTrue(found.broken)
        self.assertIn("2 DMARC records", found.problems[0])

    def test_no_policy(self) -> None:
        self.assert_problem("v=DMARC1; sp=none", "p is missing", True)

    def test_no_policy_but_reports(self) -> None:
        self.assertEqual(one("v=DMARC1; rua=mailto:a@b.test").policy, "none")

    def test_unknown_policy(self) -> None:
        self.assert_problem("v=DMARC1; p=block", "p is none of", True)

    def test_unknown_policy_of_subdomains(self) -> None:
        self.assert_problem("v=DMARC1; p=reject; sp=x; rua=mailto:a@b.test", "sp is none of")

    def test_policy_none(self) -> None:
        self.assert_problem("v=DMARC1; p=none; rua=mailto:a@b.test", "asks receivers to do nothing")

    def test_policy_not_second(self) -> None:
        self.assert_problem("v=DMARC1; rua=mailto:a@b.test; p=reject", "right after v")

    def test_no_reports(self) -> None:
        self.assert_problem("v=DMARC1; p=reject", "no address for reports")

    def test_share_of_the_mail(self) -> None:
        self.assert_problem("v=DMARC1; p=reject; pct=20; rua=mailto:a@b.test", "20 percent")
        self.assertEqual(one("v=DMARC1; p=reject; pct=20").percent, 20)

    def test_share_that_is_none(self) -> None:
        self.assert_problem("v=DMARC1; p=reject; pct=200; rua=mailto:a@b.test", "pct is not a number")

    def test_address_without_scheme(self) -> None:
        self.assert_problem("v=DMARC1; p=reject; rua=a@b.test", "not a URI")

    def test_alignment(self) -> None:
        self.assert_problem("v=DMARC1; p=reject; aspf=x; rua=mailto:a@b.test", "aspf is neither r nor s")

    def test_duplicate_tag(self) -> None:
        self.assert_problem("v=DMARC1; p=none; p=reject", "malformed", True)

    @given(st.text(max_size=80))
    def test_any_text_is_survived(self, tail: str) -> None:
        self.assertLessEqual(one("v=DMARC1;" + tail).percent, 100)
