"""A change takes down what is to be and says how it went; nothing is written before."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.bodies import read_proppatch
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.changing import CANNOT_CHANGE, Change, Unsettable, is_there
from stalwart.dav.declaring import On
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import Level, Resource
from stalwart.groupware.traits import DEAD
from stalwart.groupware.viewers import Viewer
from tests.dav.world import xml


class _Asking:
    def __init__(self, account_id: int) -> None:
        self.viewer = Viewer(account_id)


def change(viewer: int = 7, *, is_own: bool = True, **given: Any) -> Change:
    """Of a calendar of account 7."""
    found = Resource(CALENDARS, Home(7, "alice"), ("work",), Level.COLLECTION, is_own=is_own)
    asking: Any = _Asking(viewer)
    return Change(asking, found, On.CALENDAR, WebDav(), **given)


class ChangeTests(SynchronousTestCase):
    def test_the_owner_says_what_all_see(self) -> None:
        made = change(data={"color": "red"}, own={"color": "blue"})
        made.put("color", "green", privately=True)
        made.put("displayName", None)
        self.assertEqual((made.data, made.own), ({"color": "green"}, {}))

    def test_others_say_what_they_see(self) -> None:
        made = change(8, is_own=False, data={"displayName": "Work"})
        made.put("displayName", "Hers")
        self.assertEqual((made.data, made.own), ({"displayName": "Work"}, {"displayName": "Hers"}))
        made.put("displayName", None)
        made.put("description", None)
        self.assertEqual(made.own, {"displayName": None})

    def test_members_of_a_group_have_colours_of_their_own(self) -> None:
        made = change(8, data={"color": "red"})
        made.put("color", "blue", privately=True)
        made.put("displayName", "Ours")
        self.assertEqual((made.data, made.own), ({"color": "red", "displayName": "Ours"}, {"color": "blue"}))

    def test_what_could_be_done_depends_on_what_could_not(self) -> None:
        body = (
            "<D:propertyupdate><D:set><D:prop><D:displayname>x</D:displayname><D:getetag/><z/></D:prop></D:set>"
            "<D:remove><D:prop><D:displayname/></D:prop></D:remove></D:propertyupdate>"
        )
        went, is_well = change().carry_out(read_proppatch(xml(body)).instructions)
        self.assertFalse(is_well)
        told = {each.name.local: (each.status, each.description) for each in went}
        self.assertEqual(told["getetag"], (409, CANNOT_CHANGE))
        self.assertEqual((told["displayname"][0], told["z"][0]), (409, 424))

    def test_what_nobody_knows_is_counted(self) -> None:
        made = change()
        body = "<D:propertyupdate><D:set><D:prop><z>{}</z></D:prop></D:set></D:propertyupdate>"
        self.assertTrue(made.carry_out(read_proppatch(xml(body.format("x" * 1000))).instructions)[1])
        self.assertEqual([each[1:2] + each[3:] for each in made.data[DEAD]], [["z", 1001]])
        went, _ = made.carry_out(read_proppatch(xml(body.format("x" * 1023))).instructions)
        self.assertEqual([each.status for each in went], [507])

    def test_values_have_a_bound(self) -> None:
        self.assertEqual(change().bounded("é" * 125), "é" * 125)
        self.assertEqual(self.assertRaises(Unsettable, change().bounded, "é" * 126).status, 507)
        self.assertTrue(is_there(change().found))
