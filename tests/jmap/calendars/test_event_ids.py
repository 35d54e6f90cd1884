"""Tests ``stalwart.jmap.calendars.event_ids``: numbers of events and of instances, as they are written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.values import local_seconds, local_text
from stalwart.jmap.calendars.event_ids import EventIds, base_of, instance_number, recurrence_id_of
from stalwart.store.rows import LARGEST_ID

IDS = EventIds()
FIRST, LAST = local_seconds("0001-01-01T00:00:00"), local_seconds("9999-12-31T23:59:59")


class IdTests(SynchronousTestCase):
    @given(st.integers(0, LARGEST_ID), st.integers(FIRST, LAST))
    def test_an_instance_comes_back(self, base: int, local: int) -> None:
        number = instance_number(base, local)
        text = IDS.text(number)
        self.assertRegex(text, r"\A[a-z0-9]+-[0-9]{8}T[0-9]{6}\Z")
        self.assertEqual(IDS.number(text), number)
        self.assertEqual((base_of(number), recurrence_id_of(number)), (base, local_text(local)))

    @given(st.integers(0, LARGEST_ID))
    def test_an_event_comes_back(self, base: int) -> None:
        self.assertEqual(IDS.number(IDS.text(base)), base)
        self.assertEqual((base_of(base), recurrence_id_of(base)), (base, None))

    @given(st.text(max_size=40))
    def test_what_is_no_id_is_none(self, text: str) -> None:
        number = IDS.number(text)
        if number is not None:
            self.assertEqual(IDS.text(number), text)

    def test_what_is_no_time_is_none(self) -> None:
        for text in (
            "b-20270230T000000",
            "b-20270101T250000",
            "b-00000101T000000",
            "b-20270101T0000",
            "-20270101T000000",
        ):
            self.assertIsNone(IDS.number(text), text)
