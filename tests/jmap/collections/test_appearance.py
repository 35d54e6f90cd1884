"""What the owner, members of a group and guests see of a collection, and what each may change for whom."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.collections.appearance import TRAITS, Appearance, Onlooker

OWNER, MEMBER, GUEST = Onlooker(True, True), Onlooker(False, True), Onlooker(False, False)
VALUES: dict[str, Any] = {
    "name": "Other",
    "description": "Text",
    "color": "#112233",
    "sortOrder": 5,
    "isSubscribed": True,
    "isVisible": False,
    "includeInAvailability": "attending",
    "timeZone": "Europe/Berlin",
    "defaultAlertsWithTime": {"a": {}},
    "defaultAlertsWithoutTime": {"a": {}},
}
FOR_ALL = {"name", "description", "timeZone"}


class AppearanceTests(SynchronousTestCase):
    def test_there_is_a_value_to_try_for_each(self) -> None:
        self.assertEqual(VALUES.keys(), TRAITS.keys())

    def test_everybody_sees_what_he_has_set(self) -> None:
        for onlooker in (OWNER, MEMBER, GUEST):
            for name, value in VALUES.items():
                seen = Appearance({}, {}, onlooker)
                TRAITS[name].write(seen, value)
                self.assertEqual(TRAITS[name].read(seen), value, (name, onlooker))

    def test_who_speaks_for_all(self) -> None:
        for onlooker, told in ((OWNER, VALUES.keys()), (MEMBER, FOR_ALL), (GUEST, set())):
            for name, value in VALUES.items():
                seen = Appearance({}, {}, onlooker)
                TRAITS[name].write(seen, value)
                self.assertEqual(bool(seen.data), name in told, (name, onlooker))
                self.assertEqual(bool(seen.own), name not in told, (name, onlooker))

    def test_guests_begin_with_what_the_owner_says(self) -> None:
        owner = Appearance({}, {}, OWNER)
        for name, value in VALUES.items():
            TRAITS[name].write(owner, value)
        guest = Appearance(owner.data, {}, GUEST)
        for name, value in VALUES.items():
            expected = {"isSubscribed": False, "includeInAvailability": "none"}.get(name, value)
            self.assertEqual(TRAITS[name].read(guest), expected, name)

    def test_what_a_guest_takes_away_is_gone_for_him_alone(self) -> None:
        data = {"color": "#112233", "timeZone": "Europe/Berlin"}
        guest = Appearance(dict(data), {}, GUEST)
        for name in data:
            TRAITS[name].write(guest, None)
            self.assertIsNone(TRAITS[name].read(guest))
        self.assertEqual(guest.data, data)

    def test_what_is_said_for_all_ends_what_was_said_in_private(self) -> None:
        seen = Appearance({}, {"displayName": "Mine"}, MEMBER)
        TRAITS["name"].write(seen, "Ours")
        self.assertEqual((seen.data, seen.own), ({"displayName": "Ours"}, {}))

    def test_owner_is_subscribed_until_he_says_no(self) -> None:
        for onlooker, at_first in ((OWNER, True), (MEMBER, True), (GUEST, False)):
            seen = Appearance({}, {}, onlooker)
            self.assertEqual(TRAITS["isSubscribed"].read(seen), at_first)
            TRAITS["isSubscribed"].write(seen, not at_first)
            self.assertEqual(TRAITS["isSubscribed"].read(seen), not at_first)

    def test_a_zone_that_nobody_knows_is_none(self) -> None:
        text = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\n"
            "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
            "END:VCALENDAR\r\n"
        )
        for said, shown in ((text, None), (text.replace("Mine", "Asia/Tokyo"), "Asia/Tokyo"), ("Mine", None)):
            self.assertEqual(TRAITS["timeZone"].read(Appearance({"timeZoneText": said}, {}, OWNER)), shown)
