"""Push is built with the house, hears what others change, and is taken down with it."""

from __future__ import annotations

from stalwart.app import push_parts as push_parts_module
from stalwart.config.collaboration.jmap import Jmap
from stalwart.errors import TooMany
from stalwart.groupware.alarms import Alert
from stalwart.jmap.push.calendar_alert import calendar_alert
from tests.app.world import HouseCase


class PushPartsTests(HouseCase):
    def test_parts_are_services(self) -> None:
        push = self.open().mail.push
        found = push.services()
        self.assertEqual(set(found), {"push_streams", "push_devices", "push_addresses", "push_key"})
        self.assertRegex(found["push_key"](), r"\A[A-Za-z0-9_-]{87}\Z")
        self.assertIs(found["push_streams"].feed, push.feed)

    def test_an_account_may_not_have_all_descriptors(self) -> None:
        self.patch(push_parts_module, "descriptor_limit", lambda: 40)
        streams = self.open().mail.push.streams
        for _ in range(10):
            streams.admit(7)
            self.enterContext(streams.open(7, "eventsource"))
        self.assertRaises(TooMany, streams.admit, 7)

    def test_push_services_are_public_unless_a_setting_says_otherwise(self) -> None:
        house = self.open()
        allow = house.mail.push.services()["push_addresses"]
        self.assertEqual([allow(ip) for ip in ("9.9.9.9", "127.0.0.1", "10.0.0.1", "::1")], [True, False, False, False])
        self.settle(house.foundations.settings.change(Jmap, {"pushToPrivateNetworks": True}))
        self.assertTrue(allow("127.0.0.1"))

    def test_the_key_stays_the_same_and_the_one_that_leads_pushes(self) -> None:
        house = self.open()
        key = house.mail.push.key.public
        self.assertTrue(house.mail.push.devices._leads)
        self.shut(house)
        self.assertFalse(house.mail.push.devices._leads)
        self.assertEqual(self.open().mail.push.key.public, key)

    def test_what_others_change_is_passed_on(self) -> None:
        push = self.open().mail.push
        heard: list[object] = []
        self.patch(push.feed, "hear_objects", heard.append)
        self.patch(push.devices, "hear", heard.append)
        push.hear_objects({1})
        push.hear_subscriptions(None)
        self.assertEqual(heard, [{1}, None])

    def test_alerts_are_told_here_and_everywhere(self) -> None:
        push = self.open().mail.push
        heard: list[object] = []
        self.patch(push.feed, "alert", lambda *given: heard.append(("here", *given)))
        self.patch(push.company, "told_alert", lambda *given: heard.append(("there", *given)))
        alert = Alert(7, 8, "x", None, "k1", 9)
        push.alert(alert)
        told = calendar_alert(alert)
        self.assertEqual(heard, [("there", 9, told), ("here", 9, told)])
        push.hear_alert(9, told)
        self.assertEqual(heard[2:], [("here", 9, told)])
