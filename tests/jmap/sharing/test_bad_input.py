"""What must not work, with calendars, contacts and files at once: circles, zones and blobs that are not there, accounts
that are called otherwise or gone.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config import registry
from stalwart.config.identity.account import Account
from stalwart.directory import account_records
from stalwart.groupware.file_tree import FileTree
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from tests.directory.world import NOW
from tests.jmap.sharing.both_faces import BothFacesCase

EVENT = {"title": "Lunch", "start": "2027-01-04T12:00:00", "timeZone": "Europe/Berlin", "duration": "PT1H"}


class BadInputCase(BothFacesCase):
    def more_services(self) -> dict[str, Any]:
        tools = self.tools
        tree = FileTree(self.settings, tools.homes, tools.files, tools.placing, tools.bin)
        parts = {"calendar_objects": tools.events, "placing": tools.placing, "contacts": tools.contacts}
        return {**parts, "file_tree": tree}

    def setUp(self) -> None:
        super().setUp()
        (self.calendar,) = self.jmap("Calendar/query")["ids"]
        (self.book,) = self.jmap("AddressBook/query")["ids"]

    def problem(self, type: str, members: dict[str, Any], user: str = "alice") -> dict[str, Any]:
        """The SetError of a creation."""
        answer = self.jmap(f"{type}/set", user, create={"k": members})
        self.assertIsNone(answer["created"], answer)
        return dict(answer["notCreated"]["k"])

    def upload(self, content: bytes, user: str) -> str:
        """The id of a blob in the account of who has uploaded it."""
        number = self.number(user)

        def work(tx: Any) -> str:
            blob = tx.blobs.put(content, NOW)
            tx.blobs.link(blob.hash, number, uploader(number), expires_at=NOW + 3600)
            return str(BlobId(blob.hash))

        return str(self.successResultOf(self.store.write(work)))


class InputTests(BadInputCase):
    def test_folders_are_in_no_circle(self) -> None:
        outer = self.made("FileNode", name="outer")
        inner = self.made("FileNode", name="inner", parentId=outer)
        for id, parent in ((outer, outer), (outer, inner), (inner, inner)):
            with self.subTest(f"{id} in {parent}"):
                self.assertEqual(self.unchanged("FileNode", id, {"parentId": parent})["properties"], ["parentId"])
        other = self.made("FileNode", name="other")
        answer = self.jmap("FileNode/set", update={outer: {"parentId": other}, other: {"parentId": inner}})
        self.assertEqual((list(answer["updated"]), list(answer["notUpdated"])), ([outer], [other]))
        circle = {"a": {"name": "a", "parentId": "#b"}, "b": {"name": "b", "parentId": "#a"}}
        self.assertEqual(self.refused("FileNode/set", create=circle), "invalidArguments")
        own = {"a": {"name": "a", "parentId": "#a"}}
        self.assertEqual(self.refused("FileNode/set", create=own), "invalidArguments")
        target = "https://mail.example.test/dav/file/alice%40example.test/other/outer/x"
        for verb in ("MOVE", "COPY"):
            path = "/dav/file/alice%40example.test/other/"
            self.expect(502, verb, path, Destination=target.replace("/outer/x", "/outer"))

    def test_zones_that_are_none(self) -> None:
        for zone in ("Mars/Olympus", "/custom", "", "Europe/Berlin\r\nX-A:b", "../../etc/passwd", "x" * 5000):
            with self.subTest(zone[:20]):
                problem = self.problem(
                    "CalendarEvent", {"calendarIds": {self.calendar: True}, **EVENT, "timeZone": zone}
                )
                self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["timeZone"]))
                problem = self.problem("Calendar", {"name": "x", "timeZone": zone})
                self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["timeZone"]))
                ask = {"filter": {"after": "2027-01-01T00:00:00"}, "timeZone": zone}
                self.assertEqual(self.refused("CalendarEvent/query", **ask), "invalidArguments")

    def test_patches_of_collections_into_the_void(self) -> None:
        for type, id in (("Calendar", self.calendar), ("AddressBook", self.book)):
            for patch in (
                {"nowhere": 1},
                {"name/x": "y"},
                {"shareWith/x/y/z": True},
                {"shareWith/zzzz": {"mayRead": True}},
                {"myRights/mayDelete": False},
                {"isDefault": False},
                {"": 1},
            ):
                with self.subTest(f"{type} {patch}"):
                    self.assertIn(self.unchanged(type, id, patch)["type"], ("invalidPatch", "invalidProperties"))

    def test_blobs_of_other_accounts(self) -> None:
        theirs = self.upload(b"bob's own", "bob")
        file = self.made("FileNode", "bob", name="secret", blobId=theirs)
        (there,) = self.jmap("FileNode/get", "bob", ids=[file])["list"]
        for blob in (theirs, there["blobId"]):
            for type, members, wrong in (
                ("FileNode", {"name": "x", "blobId": blob}, "blobId"),
                (
                    "CalendarEvent",
                    {**EVENT, "calendarIds": {self.calendar: True}, "links": {"a": {"blobId": blob}}},
                    "links/a/blobId",
                ),
                (
                    "ContactCard",
                    {"addressBookIds": {self.book: True}, "media": {"p": {"kind": "photo", "blobId": blob}}},
                    "media/p/blobId",
                ),
            ):
                with self.subTest(type):
                    self.assertEqual(self.problem(type, members)["properties"], [wrong])
        self.assertEqual(self.jmap("Blob/get", ids=[theirs])["notFound"], [theirs])


class AccountTests(BadInputCase):
    """Bob, with whom alice shares her calendar."""

    def setUp(self) -> None:
        super().setUp()
        self.event = self.made("CalendarEvent", calendarIds={self.calendar: True}, **EVENT)
        self.share("bob")

    def share(self, user: str) -> None:
        rights = dict.fromkeys(("mayReadItems", "mayWriteAll", "mayUpdatePrivate"), True)
        self.changed("Calendar", self.calendar, {f"shareWith/{encode_id(self.number(user))}": rights})

    def erase(self, user: str) -> None:
        """What becomes of an account that an administrator deletes."""
        number = self.number(user)

        self.successResultOf(self.store.write(lambda tx: account_records.delete(tx, number, NOW)))
        self.directory.forget(number)

    def rename(self, name: str) -> None:
        """What becomes of alice's account if an administrator calls it otherwise."""

        def work(tx: Any) -> None:
            former = registry.get(tx, Account, self.alice)
            entry = registry.update(tx, Account, self.alice, {"name": name}, now=NOW)
            account_records.moved(tx, self.alice, former.value if former else None, entry.value)

        self.successResultOf(self.store.write(work))
        self.directory.forget(self.alice)

    def test_a_home_that_is_called_otherwise(self) -> None:
        path = "/dav/cal/alice%40example.test/default/"
        state = self.jmap("CalendarEvent/get", "bob", self.alice, ids=[])["state"]
        self.rename("alicia")
        self.expect(404, "PROPFIND", path, user="bob", depth="1")
        found = self.properties(path.replace("alice", "alicia"), "D:getetag", user="bob", depth="1")
        self.assertEqual(len(found), 2)
        (shown,) = self.jmap("CalendarEvent/get", "bob", self.alice, ids=[self.event])["list"]
        self.assertEqual(shown["title"], "Lunch")
        self.assertEqual(self.jmap("CalendarEvent/changes", "bob", self.alice, sinceState=state)["updated"], [])
        account = self.session("bob")["accounts"][encode_id(self.alice)]
        self.assertEqual(account["name"], "alicia@example.test")
        (principal,) = self.jmap("Principal/get", "bob", ids=[encode_id(self.alice)])["list"]
        self.assertEqual(principal["email"], "alicia@example.test")

    def test_a_guest_who_is_gone(self) -> None:
        self.changed("CalendarEvent", self.event, {"color": "red"}, "bob", self.alice)
        self.erase("bob")
        (calendar,) = self.jmap("Calendar/get", ids=[self.calendar])["list"]
        self.assertFalse(calendar["shareWith"])
        patch = {f"shareWith/{encode_id(self.bob)}": {"mayReadItems": True}}
        self.assertEqual(self.unchanged("Calendar", self.calendar, patch)["type"], "invalidProperties")
        times = {"utcStart": "2027-01-01T00:00:00Z", "utcEnd": "2027-02-01T00:00:00Z"}
        self.assertEqual(self.refused("Principal/getAvailability", id=encode_id(self.bob), **times), "notFound")
        self.assertEqual(self.jmap("Principal/get", ids=[encode_id(self.bob)])["notFound"], [encode_id(self.bob)])
        self.changed("CalendarEvent", self.event, {"title": "Still"})
        left = self.successResultOf(
            self.store.read(lambda tx: tx.preferences.of_users(self.alice, decode_id(self.event), 9))
        )
        self.assertEqual(left, {})

    def test_an_owner_who_is_gone(self) -> None:
        self.jmap("Calendar/get", "bob", self.alice, ids=None)
        self.erase("alice")
        self.assertNotIn(encode_id(self.alice), self.session("bob")["accounts"])
        for name in ("Calendar/get", "CalendarEvent/get"):
            self.assertEqual(self.refused(name, "bob", self.alice, ids=[]), "accountNotFound")
        self.expect(404, "PROPFIND", "/dav/cal/alice%40example.test/default/", user="bob", depth="1")
        times = {"utcStart": "2027-01-01T00:00:00Z", "utcEnd": "2027-02-01T00:00:00Z"}
        own = self.jmap("Principal/getAvailability", "bob", id=encode_id(self.bob), showDetails=True, **times)
        self.assertEqual(own["list"], [])
