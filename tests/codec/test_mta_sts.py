"""MTA-STS records and policies: what is taken, what is refused, what is advised."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mta_sts import (
    MalformedPolicy,
    MalformedRecord,
    Pattern,
    Policy,
    parse_policy,
    parse_record,
    policy_id,
    write_policy,
)

HEAD = b"version: STSv1\nmode: enforce\nmax_age: 1209600\n"
GOOD = b"version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\nmx: *.mail.example.com\r\nmax_age: 1209600\r\n"


class Records(SynchronousTestCase):
    def assert_malformed(self, text: str) -> None:
        self.assertRaises(MalformedRecord, parse_record, text)

    def test_rfc_8461_3_1_example(self) -> None:
        self.assertEqual(parse_record("v=STSv1; id=20160831085700Z;"), "20160831085700Z")

    def test_white_space_and_extensions(self) -> None:
        self.assertEqual(parse_record("v=STSv1 ;\tx=1; id=abc"), "abc")

    def test_first_id_counts(self) -> None:
        self.assertEqual(parse_record("v=STSv1; id=a; id=b"), "a")

    def test_other_version(self) -> None:
        self.assert_malformed("v=STSv2; id=1")

    def test_version_not_first(self) -> None:
        self.assert_malformed("id=1; v=STSv1")

    def test_version_has_case(self) -> None:
        self.assert_malformed("v=stsv1; id=1")

    def test_other_record(self) -> None:
        self.assert_malformed("v=spf1 -all")

    def test_no_id(self) -> None:
        self.assert_malformed("v=STSv1;")

    def test_id_with_other_characters(self) -> None:
        self.assert_malformed("v=STSv1; id=2026-01-01")

    def test_long_id(self) -> None:
        self.assert_malformed("v=STSv1; id=" + "1" * 33)

    def test_part_without_equals_sign(self) -> None:
        self.assert_malformed("v=STSv1; id=1; junk")

    @given(st.text(max_size=60))
    def test_nothing_but_malformed_record_is_raised(self, tail: str) -> None:
        try:
            self.assertTrue(parse_record("v=STSv1;" + tail))
        except MalformedRecord as problem:
            self.assertTrue(str(problem))


class Policies(SynchronousTestCase):
    def refusal(self, body: bytes) -> str:
        return str(self.assertRaises(MalformedPolicy, parse_policy, body))

    def advice(self, body: bytes) -> str:
        return "; ".join(parse_policy(body).advice)

    def test_good_policy(self) -> None:
        patterns = (Pattern("mx1.example.com"), Pattern("mail.example.com", wildcard=True))
        self.assertEqual(parse_policy(GOOD), Policy("enforce", patterns, 1209600))

    def test_wire_form(self) -> None:
        self.assertEqual(
            parse_policy(GOOD).wire("20261101T000000"),
            {
                "id": "20261101T000000",
                "mode": "enforce",
                "mx": [{"equals": "mx1.example.com"}, {"startsWith": "mail.example.com"}],
                "max_age": 1209600,
            },
        )

    def test_bare_line_feeds(self) -> None:
        self.assertEqual(parse_policy(GOOD.replace(b"\r", b"")), parse_policy(GOOD))

    def test_names_are_folded_to_lower_case(self) -> None:
        self.assertEqual(parse_policy(HEAD + b"mx: MX.Example.COM").mx, (Pattern("mx.example.com"),))

    def test_policy_without_a_required_field_is_none(self) -> None:
        for key in (b"version", b"mode", b"max_age"):
            body = b"\n".join(line for line in GOOD.split(b"\n") if not line.startswith(key))
            self.assertIn(f"No '{key.decode()}' entry found.", self.refusal(body))

    def test_bad_age_is_a_day(self) -> None:
        body = GOOD.replace(b"1209600", b"two weeks")
        self.assertEqual(parse_policy(body).max_age, 86400)
        self.assertIn("max_age is not a number", self.advice(body))

    def test_short_age_is_advised(self) -> None:
        self.assertIn("less than a week", self.advice(GOOD.replace(b"1209600", b"86400")))

    def test_age_of_more_than_a_year_is_advised(self) -> None:
        self.assertIn("the longest allowed", self.advice(GOOD.replace(b"1209600", b"31557601")))

    def test_first_of_a_repeated_field_counts(self) -> None:
        body = GOOD + b"mode: none\n"
        self.assertEqual(parse_policy(body).mode, "enforce")
        self.assertIn("the field mode is there more than once", self.advice(body))

    def test_unknown_fields_are_ignored(self) -> None:
        self.assertEqual(parse_policy(GOOD + b"colour: blue\n").advice, ())

    def test_u_labels_become_a_labels(self) -> None:
        found = parse_policy(HEAD + "mx: *.bücher.example\n".encode())
        self.assertEqual(found.mx, (Pattern("xn--bcher-kva.example", wildcard=True),))

    def test_dot_at_the_end_is_advised(self) -> None:
        found = parse_policy(HEAD + b"mx: mx.test.\n")
        self.assertEqual(found.mx, (Pattern("mx.test"),))
        self.assertIn("an mx name ends with a dot, which not every sender accepts", found.advice)

    def test_something_that_is_no_name_is_left_out(self) -> None:
        found = parse_policy(GOOD + b"mx: not a name\nmx: *\n")
        self.assertEqual(len(found.mx), 2)
        self.assertEqual(found.advice, ("an mx entry is not a host name and is ignored",))

    def test_unsupported_mode(self) -> None:
        self.assertEqual(self.refusal(b"mode: maybe\nmx: a.test"), 'Unsupported mode "maybe".')

    def test_unsupported_version(self) -> None:
        self.assertEqual(self.refusal(b"version: STSv2\nmx: a.test"), 'Unsupported version "STSv2".')

    def test_no_mx(self) -> None:
        self.assertEqual(self.refusal(b"version: STSv1\nmode: enforce\n"), "No 'mx' entries found.")

    def test_error_page(self) -> None:
        self.assertEqual(self.refusal(b"<html><body>404: not here</body></html>"), "No 'mx' entries found.")

    def test_removed_policy_needs_no_mx(self) -> None:
        self.assertEqual(parse_policy(b"version: STSv1\nmode: none\nmax_age: 86400\n").mode, "none")

    def test_too_large(self) -> None:
        self.assertEqual(self.refusal(b"x" * 65537), "Policy too large")

    def test_not_utf8(self) -> None:
        self.assertIn("Invalid UTF-8", self.refusal(b"mx: \xff"))

    def test_keys_have_case(self) -> None:
        self.assertEqual(self.refusal(b"MX: a.test"), "No 'mx' entries found.")

    @given(st.binary(max_size=200))
    def test_nothing_but_malformed_policy_is_raised(self, junk: bytes) -> None:
        try:
            self.assertIn(Pattern("a.test"), parse_policy(HEAD + b"mx: a.test\n" + junk).mx)
        except MalformedPolicy as problem:
            self.assertTrue(str(problem))


class Matching(SynchronousTestCase):
    def test_exact(self) -> None:
        self.assertTrue(parse_policy(GOOD).matches("MX1.example.com."))

    def test_other(self) -> None:
        self.assertFalse(parse_policy(GOOD).matches("mx2.example.com"))

    def test_wildcard_is_one_label(self) -> None:
        found = parse_policy(GOOD)
        self.assertTrue(found.matches("a.mail.example.com"))
        self.assertFalse(found.matches("a.b.mail.example.com"))
        self.assertFalse(found.matches("mail.example.com"))
        self.assertFalse(found.matches(".mail.example.com"))

    def test_mode_none_matches_everything(self) -> None:
        self.assertTrue(parse_policy(HEAD.replace(b"enforce", b"none") + b"mx: a.test").matches("b.test"))

    def test_mode_testing_is_matched(self) -> None:
        self.assertFalse(parse_policy(HEAD.replace(b"enforce", b"testing") + b"mx: a.test").matches("b.test"))


class Keeping(SynchronousTestCase):
    def seconds(self, max_age: int) -> int:
        return Policy("enforce", (), max_age).cache_seconds

    def test_as_asked(self) -> None:
        self.assertEqual((self.seconds(3600), self.seconds(31557599)), (3600, 31557599))

    def test_out_of_bounds_is_a_day(self) -> None:
        self.assertEqual((self.seconds(0), self.seconds(3599), self.seconds(31557600)), (86400, 86400, 86400))


class Writing(SynchronousTestCase):
    def test_example_of_the_specification(self) -> None:
        body = b"version: STSv1\r\nmode: testing\r\nmax_age: 604800\r\nmx: mail.example.org\r\n"
        self.assertEqual(write_policy("testing", 604800, ["mail.example.org"]), body)

    def test_names_are_sorted_once_each_and_as_in_dns(self) -> None:
        given_names = ["b.test", "*.B.test", "a.test.", "a.test", "bücher.test"]
        lines = write_policy("enforce", 1, given_names).decode("ascii").split("\r\n")[3:]
        self.assertEqual(lines, ["mx: *.b.test", "mx: a.test", "mx: b.test", "mx: xn--bcher-kva.test", ""])

    def test_what_is_no_name_adds_nothing(self) -> None:
        for name in (
            "",
            "*.",
            "*",
            "a b",
            "a.test\r\nmode: none",
            "192.0.2.1",
            "::1",
            "a" * 64,
            "x." * 200,
            "\u0130\ud800",
        ):
            self.assertNotIn(b"mx", write_policy("enforce", 1, [name]), name)

    def test_age_is_cut_to_the_longest_allowed(self) -> None:
        self.assertIn(b"max_age: 31557600\r\n", write_policy("enforce", 10**12, []))

    def test_id_is_one_that_records_may_have_and_follows_the_content(self) -> None:
        first, second = (policy_id(write_policy("enforce", age, ["a.test"])) for age in (1, 2))
        self.assertEqual(parse_record(f"v=STSv1; id={first}"), first)
        self.assertNotEqual(first, second)

    @given(st.lists(st.text(st.characters(), max_size=30), max_size=4))
    def test_our_own_reader_takes_whatever_is_written(self, names: list[str]) -> None:
        body = write_policy("testing", 604800, ["mail.test", *names])
        read = parse_policy(body)
        self.assertEqual((read.mode, read.max_age, read.advice), ("testing", 604800, ()))
        self.assertEqual(len(read.mx), body.count(b"mx: "))

    def test_patterns_as_they_are_written(self) -> None:
        self.assertEqual([pattern.text for pattern in parse_policy(GOOD).mx], ["mx1.example.com", "*.mail.example.com"])
