"""PROPPATCH changes what it is asked to, in the order of the document, or nothing."""

from __future__ import annotations

from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.methods import proppatch
from stalwart.groupware.kinds import CALENDARS
from tests.dav.world import ALICE, DavWorld, found, statuses

NOTE = f"/dav/file/{ALICE}/note.txt"
CALENDAR = f"/dav/cal/{ALICE}/default/"


def setting(properties: str) -> str:
    return f"<D:set><D:prop>{properties}</D:prop></D:set>"


def removing(properties: str) -> str:
    return f"<D:remove><D:prop>{properties}</D:prop></D:remove>"


def update(*instructions: str) -> str:
    return f"<D:propertyupdate>{''.join(instructions)}</D:propertyupdate>"


class ProppatchTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        self.expect(201, "PUT", NOTE, b"words")

    def test_live_properties_are_set_and_removed(self) -> None:
        self.assertEqual(proppatch.proppatch.names, ("PROPPATCH",))
        before = self.text(NOTE, "D:getetag")
        body = update(
            setting(
                "<D:displayname>My note</D:displayname><D:creationdate>2001-02-03T04:05:06Z</D:creationdate>"
                "<D:getcontenttype>text/plain</D:getcontenttype>"
            )
        )
        answer = self.expect(207, "PROPPATCH", NOTE, body)
        self.assertEqual(set(statuses(answer)[NOTE].values()), {200})
        self.assertEqual(answer.headers["etag"], self.text(NOTE, "D:getetag"))
        self.assertNotEqual(answer.headers["etag"], before)
        self.assertEqual(self.text(NOTE, "D:displayname"), "My note")
        self.assertEqual(self.text(NOTE, "D:creationdate"), "2001-02-03T04:05:06Z")
        self.assertEqual(self.expect(200, "GET", NOTE).headers["content-type"], "text/plain")
        answer = self.expect(207, "PROPPATCH", NOTE, update(removing("<D:displayname/>")))
        self.assertEqual(statuses(answer), {NOTE: {"D:displayname": 204}})
        self.assertIsNone(self.text(NOTE, "D:displayname"))

    def test_what_nobody_knows_is_kept_as_it_came(self) -> None:
        body = b"""<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:" xmlns:x="urn:x"><D:set xml:lang="de"><D:prop>
            <x:author kind="a&amp;b"><x:name>M\xc3\xbcller</x:name></x:author><author xmlns="urn:y">other</author>
            </D:prop></D:set></D:propertyupdate>"""
        self.expect(207, "PROPPATCH", NOTE, body, content_type="text/xml")
        of_one = self.properties(NOTE, "x:author xmlns:x='urn:x'", "y:author xmlns:y='urn:y'")[NOTE]
        self.assertEqual(of_one["urn:y:author"].text, "other")
        kept = of_one["urn:x:author"]
        self.assertEqual((kept.get("kind"), kept[0].text), ("a&b", "Müller"))
        self.assertEqual(kept.get("{http://www.w3.org/XML/1998/namespace}lang"), "de")
        everything = found(self.expect(207, "PROPFIND", NOTE, "<D:propfind><D:allprop/></D:propfind>", depth="0"))
        self.assertIn("urn:x:author", everything[NOTE])
        self.expect(207, "PROPPATCH", NOTE, update(removing("<x:author xmlns:x='urn:x'/><x:gone xmlns:x='urn:x'/>")))
        self.assertEqual(
            [*self.properties(NOTE, "x:author xmlns:x='urn:x'", "y:author xmlns:y='urn:y'")[NOTE]], ["urn:y:author"]
        )

    def test_instructions_are_carried_out_in_order(self) -> None:
        name = "<x:a xmlns:x='urn:x'>{}</x:a>"
        self.expect(
            207, "PROPPATCH", NOTE, update(setting(name.format(1)), removing(name.format("")), setting(name.format(2)))
        )
        self.assertEqual(self.properties(NOTE, "x:a xmlns:x='urn:x'")[NOTE]["urn:x:a"].text, "2")
        self.expect(207, "PROPPATCH", NOTE, update(setting(name.format(1)), removing(name.format(""))))
        self.assertEqual(self.properties(NOTE, "x:a xmlns:x='urn:x'")[NOTE], {})

    def test_one_failure_leaves_all_as_it_was(self) -> None:
        body = update(
            setting("<D:displayname>New</D:displayname><D:getetag>x</D:getetag>"), removing("<D:getcontentlength/>")
        )
        answer = self.expect(207, "PROPPATCH", NOTE, body)
        self.assertEqual(statuses(answer), {NOTE: {"D:displayname": 424, "D:getetag": 409, "D:getcontentlength": 409}})
        self.assertIn(b"Property cannot be modified", answer.body)
        self.assertIn(b"Property cannot be deleted", answer.body)
        self.assertIsNone(self.text(NOTE, "D:displayname"))
        self.assertEqual(answer.headers["etag"], self.text(NOTE, "D:getetag"))

    def test_values_have_bounds(self) -> None:
        answer = self.expect(207, "PROPPATCH", NOTE, update(setting(f"<D:displayname>{'é' * 126}</D:displayname>")))
        self.assertEqual(statuses(answer), {NOTE: {"D:displayname": 507}})
        large = f"<x:a xmlns:x='urn:x'>{'a' * 1000}</x:a>"
        self.expect(207, "PROPPATCH", NOTE, update(setting(large)))
        answer = self.expect(207, "PROPPATCH", NOTE, update(setting("<x:b xmlns:x='urn:x'>123456789012345</x:b>")))
        self.assertEqual(statuses(answer), {NOTE: {"urn:x:b": 507}})
        self.expect(207, "PROPPATCH", NOTE, update(setting(large)))  # in place of itself
        self.settle(self.settings.change(WebDav, {"deadPropertyMaxSize": None}))
        answer = self.expect(207, "PROPPATCH", NOTE, update(setting("<x:b xmlns:x='urn:x'/>")))
        self.assertEqual(statuses(answer), {NOTE: {"urn:x:b": 409}})
        self.settle(self.settings.change(WebDav, {"requestMaxSize": 100}))
        self.expect(413, "PROPPATCH", NOTE, update(setting(large)))

    def test_nothing_to_do_and_minimal_answers(self) -> None:
        self.expect(204, "PROPPATCH", NOTE, update())
        body = update(setting("<D:displayname>New</D:displayname>"))
        answer = self.expect(204, "PROPPATCH", NOTE, body, prefer="return=minimal")
        self.assertIn("etag", answer.headers)
        self.expect(207, "PROPPATCH", NOTE, update(setting("<D:getetag/>")), prefer="return=minimal")

    def test_places(self) -> None:
        body = update(setting("<A:default-alarm-vevent-date>x</A:default-alarm-vevent-date>"))
        self.expect(404, "PROPPATCH", f"{NOTE}x", body)
        self.expect(403, "PROPPATCH", "/dav/cal/", body)
        self.expect(405, "PROPPATCH", f"/dav/pal/{ALICE}/", body)
        self.expect(403, "PROPPATCH", NOTE, body, user="bob")
        self.expect(412, "PROPPATCH", NOTE, body, if_match='"x"')
        home = f"/dav/cal/{ALICE}/"
        answer = self.expect(207, "PROPPATCH", home, body)
        self.assertEqual(statuses(answer), {home: {"A:default-alarm-vevent-date": 200}})
        self.assertEqual(self.text(home, "A:default-alarm-vevent-date"), "x")
        self.assertEqual(
            statuses(self.expect(207, "PROPPATCH", home, update(setting("<D:displayname>x</D:displayname>")))),
            {home: {"D:displayname": 409}},
        )

    def test_what_windows_sends_is_taken(self) -> None:
        body = update(
            setting(
                '<Z:Win32CreationTime xmlns:Z="urn:schemas-microsoft-com:">Mon, 01 Jan 2024 10:00:00 GMT'
                "</Z:Win32CreationTime>"
                '<Z:Win32FileAttributes xmlns:Z="urn:schemas-microsoft-com:">00000020</Z:Win32FileAttributes>'
            )
        )
        answer = self.expect(207, "PROPPATCH", NOTE, body)
        self.assertEqual(set(statuses(answer)[NOTE].values()), {200})


class PersonalTests(DavWorld):
    """Bob may change the properties of Alice's calendar."""

    def setUp(self) -> None:
        super().setUp()
        self.expect(207, "PROPFIND", CALENDAR, depth="0")

        def share(tx: object) -> None:
            calendar = tx.collections.member(self.alice, CALENDARS.home, "default")  # type: ignore[attr-defined]
            rights = Rights.READ | Rights.READ_ITEMS | Rights.MODIFY
            tx.shares.replace(self.alice, calendar.item_id, {self.bob: int(rights)})  # type: ignore[attr-defined]

        self.successResultOf(self.store.write(share))

    def change(self, properties: str, user: str = "alice") -> None:
        answer = self.expect(207, "PROPPATCH", CALENDAR, update(setting(properties)), user=user)
        self.assertEqual(set(statuses(answer)[CALENDAR].values()), {200})

    def test_names_and_colours_are_those_of_who_has_given_them(self) -> None:
        self.change("<D:displayname>Alice's</D:displayname><I:calendar-color>#ff0000</I:calendar-color>")
        self.assertEqual(self.text(CALENDAR, "D:displayname", user="bob"), "Alice's")
        self.change("<D:displayname>Of Alice</D:displayname><I:calendar-color>#00FF00FF</I:calendar-color>", "bob")
        self.assertEqual(self.text(CALENDAR, "D:displayname", user="bob"), "Of Alice")
        self.assertEqual(self.text(CALENDAR, "D:displayname"), "Alice's")
        self.assertEqual(self.text(CALENDAR, "I:calendar-color", user="bob"), "#00FF00")
        self.assertEqual(self.text(CALENDAR, "I:calendar-color"), "#ff0000")

    def test_a_description_can_be_taken_away_for_oneself(self) -> None:
        self.change("<A:calendar-description>Hers</A:calendar-description>")
        body = update(removing("<A:calendar-description/>"))
        self.expect(207, "PROPPATCH", CALENDAR, body, user="bob")
        self.assertIsNone(self.text(CALENDAR, "A:calendar-description", user="bob"))
        self.assertEqual(self.text(CALENDAR, "A:calendar-description"), "Hers")
