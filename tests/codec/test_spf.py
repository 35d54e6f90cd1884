"""SPF records: syntax, number, the final word and lookups."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.spf import Spf, read


def one(record: str) -> Spf:
    """What a single record says."""
    found = read([record])
    assert found is not None
    return found


class Records(SynchronousTestCase):
    def assert_problem(self, record: str, words: str, broken: bool) -> None:
        found = one(record)
        self.assertIn(words, "; ".join(found.problems))
        self.assertEqual(found.broken, broken)

    def assert_fine(self, record: str, final: str | None = "-") -> None:
        found = one(record)
        self.assertEqual((found.problems, found.broken, found.final), ((), False, final))

    def test_usual_record(self) -> None:
        self.assert_fine("v=spf1 mx a:mail.example.com/24 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:x.test -all")

    def test_soft_fail(self) -> None:
        self.assert_fine("v=spf1 mx ~all", "~")

    def test_macros(self) -> None:
        self.assert_fine("v=spf1 exists:%{ir}.%{v}._spf.%{d2} exp=explain.%{d} -all")

    def test_both_prefixes(self) -> None:
        self.assert_fine("v=spf1 a/24//64 mx:b.test//48 -all")

    def test_redirect(self) -> None:
        found = one("v=spf1 redirect=_spf.example.com")
        self.assertEqual(
            (found.redirect, found.final, found.problems, found.lookups), ("_spf.example.com", None, (), 1)
        )

    def test_unknown_modifier(self) -> None:
        self.assert_fine("v=spf1 moo.cow-far_out=man:dog/cat -all")

    def test_case_does_not_matter(self) -> None:
        self.assert_fine("V=SPF1 MX -ALL")

    def test_other_records_do_not_count(self) -> None:
        self.assertIsNone(read(["v=spf10 -all", "google-site-verification=x", "spf2.0/pra -all"]))

    def test_several_records(self) -> None:
        found = read(["v=spf1 -all", "v=spf1 mx -all"])
        assert found is not None
        self.assertTrue(found.broken)
        self.assertIn("2 SPF records", found.problems[0])

    def test_everybody_may_send(self) -> None:
        self.assert_problem("v=spf1 all", "+all", False)
        self.assertEqual(one("v=spf1 +all").final, "+")

    def test_nobody_is_refused(self) -> None:
        self.assert_problem("v=spf1 mx ?all", "?all", False)

    def test_no_final_word(self) -> None:
        self.assert_problem("v=spf1 mx", "does not end in all", False)

    def test_unknown_mechanism(self) -> None:
        self.assert_problem("v=spf1 ipv4:192.0.2.1 -all", "ipv4:192.0.2.1 is not known", True)

    def test_malformed_network(self) -> None:
        self.assert_problem("v=spf1 ip4:192.0.2.0/33 -all", "malformed", True)

    def test_network_of_the_other_family(self) -> None:
        self.assert_problem("v=spf1 ip4:2001:db8::1 -all", "malformed", True)

    def test_include_without_domain(self) -> None:
        self.assert_problem("v=spf1 include: -all", "malformed", True)

    def test_argument_of_all(self) -> None:
        self.assert_problem("v=spf1 -all:x", "malformed", True)

    def test_bad_macro(self) -> None:
        self.assert_problem("v=spf1 exists:%{z}.x -all", "malformed", True)

    def test_redirect_twice(self) -> None:
        self.assert_problem("v=spf1 redirect=a.test redirect=b.test", "twice", True)

    def test_too_many_lookups(self) -> None:
        record = "v=spf1 " + " ".join(f"include:s{n}.test" for n in range(11)) + " -all"
        self.assert_problem(record, "11 DNS lookups", True)

    def test_ten_lookups(self) -> None:
        self.assert_fine("v=spf1 " + " ".join(f"include:s{n}.test" for n in range(10)) + " -all")

    def test_terms_after_all(self) -> None:
        self.assert_problem("v=spf1 -all include:x.test", "never used", False)
        self.assertEqual(one("v=spf1 -all include:x.test").lookups, 0)

    def test_ptr(self) -> None:
        self.assert_problem("v=spf1 ptr -all", "ptr should not be used", False)

    def test_endless_record(self) -> None:
        self.assert_problem("v=spf1 " + "a " * 5000, "longer than", True)

    @given(st.text(max_size=80))
    def test_any_text_is_survived(self, tail: str) -> None:
        found = one("v=spf1 " + tail)
        self.assertTrue(all(problem.isprintable() for problem in found.problems))
