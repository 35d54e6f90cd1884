"""The properties of PushSubscription."""

from __future__ import annotations

from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.push.subscription_properties import (
    LIFETIME,
    PROPERTIES,
    SECRET,
    SHOWN,
    end_of,
    keys_of,
    members,
    types_stored,
)
from stalwart.jmap.standard.dates import utc_date
from stalwart.store.push_subscriptions import PushSubscription
from tests.codec.push_receiver import Receiver

NOW = 1_800_000_000
MADE = PushSubscription(
    7, 1, "phone", "https://push.example/1", ("p", "a"), "code", False, NOW + 60, NOW, ("Email",), None, None
)


class PropertyTests(SynchronousTestCase):
    def test_url_and_keys_are_told_nobody(self) -> None:
        self.assertEqual(set(SHOWN) | SECRET, set(PROPERTIES))
        self.assertEqual(SECRET, {"url", "keys"})

    def test_the_code_is_shown_once_it_came_back(self) -> None:
        self.assertIsNone(members(MADE)["verificationCode"])
        self.assertEqual(members(replace(MADE, verified=True))["verificationCode"], "code")

    def test_the_end_is_in_the_future_and_within_a_week(self) -> None:
        self.assertEqual(end_of(None, NOW), NOW + LIFETIME)
        self.assertEqual(end_of(utc_date(NOW + 60), NOW), NOW + 60)
        self.assertEqual(end_of("2099-01-01T00:00:00Z", NOW), NOW + LIFETIME)
        for given in (utc_date(NOW), utc_date(NOW - 1), "1970-01-01T00:00:00Z"):
            self.assertRaises(SetRefused, end_of, given, NOW)

    def test_no_types_are_all(self) -> None:
        self.assertEqual([types_stored(each) for each in (None, [], ["B", "A", "B"])], [None, None, ("B", "A")])

    def test_keys_must_be_usable(self) -> None:
        p256dh, auth = Receiver().keys
        self.assertIsNone(keys_of(None))
        self.assertEqual(keys_of({"p256dh": p256dh, "auth": auth}), (p256dh, auth))
        for wrong in ({"p256dh": "x", "auth": auth}, {"p256dh": p256dh, "auth": "x"}):
            problem = self.assertRaises(SetRefused, keys_of, wrong)
            self.assertEqual(problem.type, "invalidProperties")
