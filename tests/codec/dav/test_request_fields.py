"""Header fields other than conditions."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.paths import Target
from stalwart.codec.dav.request_fields import (
    Depth,
    Preferences,
    depth,
    destination,
    lock_timeout,
    malformed_body_status,
    overwrites,
    preferences,
    schedule_reply_wanted,
    schedule_tag,
)


class FieldTests(SynchronousTestCase):
    def test_depth(self) -> None:
        for field, wanted in (
            ("0", Depth.ZERO),
            ("1", Depth.ONE),
            ("infinity", Depth.INFINITY),
            (" Infinite ", Depth.INFINITY),
            ("1,noroot", None),
            ("2", None),
            ("", None),
            (None, None),
        ):
            self.assertIs(depth(field), wanted)

    def test_overwrite(self) -> None:
        for field, wanted in ((None, True), ("T", True), ("F", False), (" f ", False), ("no", True)):
            self.assertIs(overwrites(field), wanted)

    def test_destination(self) -> None:
        self.assertEqual(destination("http://h.test/dav/file/a/b/"), Target("file", "a", ("b",), True))
        self.assertEqual(destination("/dav/file/a/b%23c"), Target("file", "a", ("b#c",)))
        for field in (None, "", "http://h.test/", "/dav/file/a/%2f", "/dav/file/a/b#c"):
            self.assertIsNone(destination(field))

    def test_timeout(self) -> None:
        for field, wanted in (
            (None, 3600),
            ("Infinite", 3600),
            ("Second-60", 60),
            ("second-60", 60),
            ("Second-4100000000", 3600),
            ("Second-0", 1),
            ("Infinite, Second-60", 3600),
            ("Second-60, Infinite", 60),
            ("Second-", 3600),
            ("Second--1", 3600),
        ):
            self.assertEqual(lock_timeout(field, 3600), wanted)

    def test_preferences(self) -> None:
        for field, wanted in (
            (None, Preferences()),
            ("return=minimal", Preferences(minimal=True)),
            ("Return = Minimal", Preferences(minimal=True)),
            ('return="minimal"', Preferences(minimal=True)),
            ("return=representation", Preferences(representation=True)),
            ("depth-noroot, return=minimal", Preferences(minimal=True, depth_noroot=True)),
            ("depth-noroot;return=minimal", Preferences(minimal=True, depth_noroot=True)),
            ("return=minimal, return=representation", Preferences(minimal=True)),
            ("wait=10, respond-async", Preferences()),
            ("x-return=minimal", Preferences()),
        ):
            self.assertEqual(preferences(field), wanted)
        self.assertEqual(preferences(None, "t"), Preferences(minimal=True))
        self.assertEqual(preferences(None, "f"), Preferences())
        self.assertEqual(preferences("return=representation", "t"), Preferences(representation=True))

    def test_schedule_tags(self) -> None:
        for field, wanted in (('"12"', 12), ("12", 12), (None, None), ('"a"', None), ("", None), ("-1", None)):
            self.assertEqual(schedule_tag(field), wanted)

    def test_schedule_replies(self) -> None:
        for field, wanted in ((None, True), ("T", True), ("F", False)):
            self.assertIs(schedule_reply_wanted(field), wanted)

    def test_the_status_of_bodies_that_cannot_be_read(self) -> None:
        for field, wanted in (
            ("application/xml; charset=utf-8", 400),
            ("text/XML", 400),
            ("application/x+xml", 400),
            ("text/plain", 415),
            (None, 400),
        ):
            self.assertEqual(malformed_body_status(field), wanted)
