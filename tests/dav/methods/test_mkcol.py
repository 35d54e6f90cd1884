"""MKCOL and MKCALENDAR make collections with all that is asked for, or none."""

from __future__ import annotations

from stalwart.config.collaboration.address_book import AddressBook
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.methods import mkcol
from tests.dav.world import ALICE, DavWorld, conditions, statuses

HOME = f"/dav/cal/{ALICE}"


def mkcalendar(properties: str, root: str = "A:mkcalendar") -> str:
    return f"<{root}><D:set><D:prop>{properties}</D:prop></D:set></{root}>"


class MkcolTests(DavWorld):
    def test_folders_need_a_place(self) -> None:
        self.assertEqual(mkcol.mkcol.names, ("MKCOL", "MKCALENDAR"))
        made = self.expect(201, "MKCOL", f"/dav/file/{ALICE}/a/")
        self.assertEqual((made.body, "etag" in made.headers), (b"", True))
        self.expect(405, "MKCOL", f"/dav/file/{ALICE}/a")
        self.expect(409, "MKCOL", f"/dav/file/{ALICE}/b/c")
        self.expect(405, "MKCOL", f"/dav/file/{ALICE}")
        self.expect(404, "MKCOL", "/dav/file/nobody%40example.test/a")
        self.expect(403, "MKCOL", f"/dav/file/{ALICE}/c", user="bob")
        self.expect(405, "MKCALENDAR", f"/dav/file/{ALICE}/c")

    def test_calendars_are_made_below_their_home_only(self) -> None:
        self.expect(201, "MKCOL", f"{HOME}/work")
        self.expect(201, "MKCALENDAR", f"{HOME}/home/")
        self.expect(405, "MKCALENDAR", f"{HOME}/home")
        self.expect(405, "MKCOL", f"{HOME}/work/deeper")
        self.expect(403, "MKCOL", HOME)
        self.expect(405, "MKCALENDAR", f"/dav/card/{ALICE}/friends")
        self.assertEqual(self.text(f"{HOME}/work/", "D:displayname"), "work")

    def test_properties_are_set_with_the_collection(self) -> None:
        answer = self.expect(
            201,
            "MKCALENDAR",
            f"{HOME}/work",
            mkcalendar(
                "<D:displayname>Work</D:displayname><A:calendar-description>What I do</A:calendar-description>"
                "<I:calendar-color>#FF2968FF</I:calendar-color><I:calendar-order>3</I:calendar-order>"
                "<D:resourcetype><D:collection/><A:calendar/></D:resourcetype>"
                '<A:supported-calendar-component-set><A:comp name="VTODO"/></A:supported-calendar-component-set>'
            ),
        )
        self.assertTrue(answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?><A:mkcalendar-response'))
        self.assertEqual(set(statuses(answer)[""].values()), {200})
        self.assertEqual(self.text(f"{HOME}/work", "D:displayname"), "Work")
        self.assertEqual(self.text(f"{HOME}/work", "A:calendar-description"), "What I do")
        self.assertEqual(self.text(f"{HOME}/work", "I:calendar-color"), "#FF2968")
        self.assertEqual(self.text(f"{HOME}/work", "I:calendar-order"), "3")
        found = self.properties(f"{HOME}/work", "A:supported-calendar-component-set")
        (components,) = (each["A:supported-calendar-component-set"] for each in found.values())
        self.assertEqual([each.get("name") for each in components], ["VTODO"])

    def test_the_answer_is_shorter_if_that_is_preferred(self) -> None:
        body = mkcalendar("<D:displayname>Work</D:displayname>", "D:mkcol")
        self.assertIn(b"<D:mkcol-response", self.expect(201, "MKCOL", f"{HOME}/a", body).body)
        self.assertEqual(self.expect(201, "MKCOL", f"{HOME}/b", body, prefer="return=minimal").body, b"")

    def test_one_property_that_cannot_be_leaves_nothing(self) -> None:
        answer = self.expect(
            403,
            "MKCOL",
            f"/dav/card/{ALICE}/friends",
            mkcalendar(
                "<D:resourcetype><D:collection/><A:calendar/></D:resourcetype><D:displayname>Friends</D:displayname>",
                "D:mkcol",
            ),
        )
        self.assertIn(b"<D:mkcol-response", answer.body)
        self.assertIn(b"<D:valid-resourcetype/>", answer.body)
        self.assertEqual(statuses(answer), {"": {"D:resourcetype": 403, "D:displayname": 424}})
        self.expect(404, "PROPFIND", f"/dav/card/{ALICE}/friends", depth="0")
        empty = "<A:supported-calendar-component-set/>"
        answer = self.expect(403, "MKCALENDAR", f"{HOME}/x", mkcalendar(empty))
        self.assertEqual(statuses(answer), {"": {"A:supported-calendar-component-set": 412}})

    def test_a_body_that_says_nothing_is_refused(self) -> None:
        path = f"/dav/file/{ALICE}/a"
        self.expect(415, "MKCOL", path, b"afafafaf", content_type="xzy-foo/bar-512")
        self.expect(400, "MKCOL", path, b"<not xml", content_type="text/xml")
        self.expect(400, "MKCOL", path, b"<x/>", content_type="text/xml")
        bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
        self.expect(400, "MKCOL", path, bomb, content_type="text/xml")

    def test_there_are_only_so_many(self) -> None:
        self.settle(self.settings.change(Calendar, {"maxCalendars": 2}))
        self.settle(self.settings.change(AddressBook, {"maxAddressBooks": 1}))
        self.expect(201, "MKCALENDAR", f"{HOME}/second")
        refused = self.expect(412, "MKCALENDAR", f"{HOME}/third")
        self.assertEqual(conditions(refused), ["D:quota-not-exceeded"])
        self.expect(412, "MKCOL", f"/dav/card/{ALICE}/second")

    def test_names_that_make_no_path_are_refused(self) -> None:
        for name in ("%2e%2e", "..", ".", "a%2fb", "a%00b", "%01", "%ff"):
            self.expect(400, "MKCOL", f"/dav/file/{ALICE}/{name}")
        deep = "/".join(["a"] * 1000)
        self.assertIn(self.ask("MKCOL", f"/dav/file/{ALICE}/{deep}").status, (400, 409, 414))

    def test_names_are_the_same_however_they_are_composed(self) -> None:
        self.expect(201, "MKCOL", f"/dav/file/{ALICE}/caf%C3%A9")
        self.expect(405, "MKCOL", f"/dav/file/{ALICE}/cafe%CC%81")
        self.assertEqual(
            [*self.properties(f"/dav/file/{ALICE}/cafe%cc%81", "D:getetag")], [f"/dav/file/{ALICE}/caf%C3%A9/"]
        )
