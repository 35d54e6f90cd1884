"""Dates: what is written is read; instants to sort by. What senders do wrong is in the corpus."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.dates import as_date, instant, of_received

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), timezones=OFFSETS)


class DateTests(SynchronousTestCase):
    def test_examples_of_the_standard(self) -> None:
        # RFC 5322 A.1.1, A.5, A.6.2
        self.assertEqual(as_date(" Fri, 21 Nov 1997 09:55:06 -0600"), "1997-11-21T09:55:06-06:00")
        value = "Thu,\r\n 13\r\n  Feb\r\n   1969\r\n  23:32\r\n     -0330 (Newfoundland Time)"
        self.assertEqual(as_date(value), "1969-02-13T23:32:00-03:30")
        self.assertEqual(as_date("21 Nov 97 09:55:06 GMT"), "1997-11-21T09:55:06Z")

    @settings(max_examples=200)
    @given(MOMENTS)
    def test_what_others_write_is_read(self, moment: datetime) -> None:
        read = as_date(format_datetime(moment))
        self.assertIsNotNone(read)
        self.assertEqual(datetime.fromisoformat(read or ""), moment.replace(microsecond=0))
        self.assertEqual(instant(read or ""), int(moment.replace(microsecond=0).timestamp()))

    @settings(max_examples=300)
    @given(st.text(st.sampled_from("0123456789:+-/, JanMoGTZ()T."), max_size=40))
    def test_any_text_is_a_date_or_none(self, text: str) -> None:
        read = as_date(text)
        self.assertTrue(read is None or instant(read) is not None or read[:4] in ("0001", "9999"))

    def test_date_of_a_received_field(self) -> None:
        value = " from x.y.test by example.net via TCP with ESMTP id ABC12345;\r\n"
        value += " for <mary@example.net>;  21 Nov 1997 10:05:43 -0600"
        self.assertEqual(of_received(value), "1997-11-21T10:05:43-06:00")
        self.assertIsNone(of_received(" from x by y"))

    def test_instant_of_nonsense(self) -> None:
        self.assertIsNone(instant("soon"))
        self.assertIsNone(instant("9999-12-31T23:59:00-23:59"))
        self.assertIsNone(instant("0001-01-01T00:00:00+00:01"))
        self.assertIsNotNone(instant("9999-12-31T23:59:59Z"))
        self.assertEqual(instant("1970-01-01T01:00:00+01:00"), 0)
        self.assertEqual(instant(datetime(2000, 1, 1, tzinfo=UTC).isoformat()), 946684800)
