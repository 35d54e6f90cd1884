"""Header fields of strangers: what RFC 9110, RFC 8288 and RFC 8555 allow, and everything else."""

from __future__ import annotations

import os
import time
from email.utils import formatdate

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.acme.head_fields import LONGEST_WAIT, absolute, first, is_https, links, nonce_in, retry_after
from tests.net.acme.authority import NOW

URL = "https://ca.test/acme/new-account"
field_values = st.text(max_size=200) | st.text(alphabet='<>;,="\\ /abrelwht:s*', max_size=200)


def heads(*values: str, name: str = "link") -> dict[str, list[str]]:
    """One field."""
    return {name: list(values)}


class FirstTests(SynchronousTestCase):
    """Fields that come more than once."""

    def test_first_of_several(self) -> None:
        self.assertEqual(first({"a": ["1", "2"], "b": []}, "a"), "1")

    def test_nothing(self) -> None:
        self.assertIsNone(first({"b": []}, "b"))
        self.assertIsNone(first({}, "a"))


class RetryAfterTests(SynchronousTestCase):
    """RFC 9110 10.2.3."""

    def after(self, value: str, now: float = NOW, **others: str) -> float | None:
        return retry_after({"retry-after": [value], **{name: [text] for name, text in others.items()}}, now)

    def live_in(self, zone: str) -> None:
        """The zone of this machine, until the test ends."""
        former = os.environ.get("TZ")

        def be(zone: str | None) -> None:
            if zone is None:
                os.environ.pop("TZ", None)
            else:
                os.environ["TZ"] = zone
            time.tzset()

        be(zone)
        self.addCleanup(be, former)

    def test_seconds(self) -> None:
        self.assertEqual(self.after("120"), 120)
        self.assertEqual(self.after(" 0 "), 0)

    def test_date(self) -> None:
        self.assertEqual(self.after(formatdate(NOW + 90, usegmt=True)), 90)

    def test_date_that_is_over(self) -> None:
        self.assertEqual(self.after(formatdate(NOW - 90, usegmt=True)), 0)

    def test_obsolete_forms_of_dates_are_in_gmt_too(self) -> None:
        # RFC 9110 5.6.7: all stand for the same second, whatever the zone of this machine is
        self.live_in("Asia/Tokyo")
        for text in (
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 -0000",
        ):
            self.assertEqual(self.after(text, 784_111_777.0 - 60), 60, text)

    def test_date_is_seen_from_the_authority_s_own_clock(self) -> None:
        now = NOW + 7200  # this machine is two hours ahead
        after = self.after(formatdate(NOW + 30, usegmt=True), now, date=formatdate(NOW, usegmt=True))
        self.assertEqual(after, 30)

    def test_not_longer_than_a_month(self) -> None:
        self.assertEqual(self.after("9999999999"), LONGEST_WAIT)
        self.assertEqual(self.after("9" * 40), LONGEST_WAIT)
        self.assertEqual(self.after(formatdate(NOW + 1e9, usegmt=True)), LONGEST_WAIT)

    def test_nonsense_is_no_wish(self) -> None:
        for text in (
            "",
            "-1",
            "1.5",
            "soon",
            "٣",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "1 Jan 99999 1:1:1",
            "1" * 5000 + "x",
        ):
            self.assertIsNone(self.after(text), text)

    @given(field_values | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ .{0,6}", fullmatch=True))
    def test_any_text(self, text: str) -> None:
        found = self.after(text)
        self.assertTrue(found is None or 0 <= found <= LONGEST_WAIT)
        self.after("10", date=text)


class NonceTests(SynchronousTestCase):
    """RFC 8555 6.5.1."""

    def test_base64url(self) -> None:
        self.assertEqual(nonce_in({"replay-nonce": ["oFvnlFP1wIhRlYS2jTaXbA"]}), "oFvnlFP1wIhRlYS2jTaXbA")

    def test_others_are_ignored(self) -> None:
        for text in ("", "a b", "a=", "a+b", "a\n", "é", "a" * 513):
            self.assertIsNone(nonce_in({"replay-nonce": [text]}), text)
        self.assertIsNone(nonce_in({}))


class LinkTests(SynchronousTestCase):
    """RFC 8288 3."""

    def found(self, *values: str) -> dict[str, list[str]]:
        return links(URL, {"link": values})

    def test_of_several_fields_and_in_one(self) -> None:
        found = self.found(
            '<https://ca.test/dir>;rel="index"',
            '<https://ca.test/cert/1/1>; rel="alternate", </cert/1/2>;rel=alternate',
        )
        self.assertEqual(found["index"], ["https://ca.test/dir"])
        self.assertEqual(found["alternate"], ["https://ca.test/cert/1/1", "https://ca.test/cert/1/2"])

    def test_relations_are_words_in_any_case(self) -> None:
        found = self.found('<tos>; title="x, y"; REL="Terms-Of-Service up"')
        self.assertEqual(found, {"terms-of-service": ["https://ca.test/acme/tos"], "up": ["https://ca.test/acme/tos"]})

    def test_only_the_first_rel_counts(self) -> None:
        self.assertEqual(list(self.found("<a>; rel=up; rel=alternate")), ["up"])

    def test_quoted_text_is_no_parameter(self) -> None:
        self.assertEqual(list(self.found('<a>; title="; rel=alternate"; rel=up')), ["up"])
        self.assertEqual(list(self.found('<a>; title="\\"; rel=alternate; x=\\""; rel=up')), ["up"])

    def test_spaces_and_empty_parameters(self) -> None:
        self.assertEqual(list(self.found("< a > ; ; rel = up ;")), [])  # a space is no part of an address
        self.assertEqual(list(self.found("<a> ;; rel = up ;")), ["up"])

    def test_targets_that_are_not_https_are_left_out(self) -> None:
        for target in (
            "http://ca.test/x",
            "ftp://x/",
            "javascript:x",
            "https://u@ca.test/",
            "//[::1/x",
            "https://x:y/",
        ):
            self.assertEqual(self.found(f"<{target}>;rel=alternate"), {}, target)

    def test_link_without_a_relation(self) -> None:
        self.assertEqual(self.found("<a>", "<b>; title=up", "rel=up", "<c; rel=up"), {})

    def test_number_is_limited(self) -> None:
        found = self.found(*[", ".join(f"<{n}>;rel=alternate" for n in range(100))] * 100)
        self.assertLessEqual(len(found["alternate"]), 400)

    def test_redirect(self) -> None:
        self.assertEqual(links(URL, heads("/elsewhere", name="location")), {"redirect": ["https://ca.test/elsewhere"]})

    @given(st.lists(field_values, max_size=4), field_values)
    def test_any_text(self, values: list[str], location: str) -> None:
        for targets in links(URL, {"link": values, "location": [location]}).values():
            self.assertTrue(all(map(is_https, targets)))

    def test_long_fields_are_read_in_no_time(self) -> None:
        for text in ("<" * 100_000, "<a>" + ";  " * 50_000, '<a>;rel="' * 20_000, "<a>; a" + " " * 100_000 + "="):
            self.found(*[text] * 3)


class AddressTests(SynchronousTestCase):
    """RFC 8555 6.1."""

    def test_relative_addresses(self) -> None:
        self.assertEqual(absolute(URL, "/acct/1"), "https://ca.test/acct/1")
        self.assertEqual(absolute(URL, "https://b.test/1"), "https://b.test/1")

    def test_https_only(self) -> None:
        for url in (
            "http://ca.test/",
            "http://localhost/",
            "https:///x",
            "HTTPS",
            "",
            "https://a b/",
            "https://ca.test/#x",
        ):
            self.assertFalse(is_https(url), url)
        self.assertTrue(is_https("https://127.0.0.1:14000/dir"))

    @given(st.text(max_size=50))
    def test_any_text(self, text: str) -> None:
        found = absolute(URL, text)
        self.assertTrue(found is None or is_https(found))
