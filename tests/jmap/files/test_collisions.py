"""Tests ``stalwart.jmap.files.collisions``: names that are taken."""

from __future__ import annotations

from stalwart.jmap.files import collisions
from tests.jmap.files.file_case import HOME, FileCase

TESTED = collisions


class CollisionTests(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.old = self.file("a.txt", b"old")

    def made_again(self, name: str = "a.txt", modified: str | None = None, **arguments: object) -> dict[str, object]:
        """The answer to making ``a.txt`` once more."""
        members = {"name": name, "blobId": self.upload(b"new"), "modified": modified}
        return dict(self.call("set", create={"k": members}, **arguments))

    def test_a_name_is_given_once(self) -> None:
        for on_exists in (None, "reject"):
            answer = self.made_again(onExists=on_exists)
            refusal = answer["notCreated"]["k"]  # type: ignore[index]
            self.assertEqual((refusal["type"], refusal["existingId"]), ("alreadyExists", self.old))
        other = self.file("b.txt")
        self.assertEqual(self.refused(other, name="a.txt")["existingId"], self.old)
        self.made_again("e\u0301")
        self.assertEqual(self.refused(name="é")["type"], "alreadyExists")
        self.made_again("A.TXT")

    def test_the_old_one_gives_way(self) -> None:
        answer = self.made_again(onExists="replace")
        self.assertEqual(answer["destroyed"], [self.old])
        self.assertEqual(self.expect(200, "GET", f"{HOME}/a.txt").body, b"new")
        kept = self.successResultOf(self.store.read(lambda tx: tx.archive.kept(self.alice)))
        self.assertEqual(len(kept), 1)

    def test_a_folder_gives_way_with_what_is_in_it_only_if_told(self) -> None:
        folder = self.folder("docs")
        inside = self.file("x", parent=folder)
        answer = self.made_again("docs", onExists="replace")
        self.assertEqual(answer["notCreated"]["k"]["type"], "nodeHasChildren")  # type: ignore[index]
        answer = self.made_again("docs", onExists="replace", onDestroyRemoveChildren=True)
        self.assertEqual(set(answer["destroyed"]), {folder, inside})  # type: ignore[call-overload]

    def test_the_new_one_gets_another_name(self) -> None:
        answer = self.made_again(onExists="rename")
        self.assertEqual(answer["created"]["k"]["name"], "a (2).txt")  # type: ignore[index]
        other = self.file("b.txt")
        told = self.call("set", update={other: {"name": "a.txt"}}, onExists="rename")["updated"][other]
        self.assertEqual(told["name"], "a (3).txt")

    def test_the_newest_stays(self) -> None:
        answer = self.made_again(onExists="newest", modified="2001-01-01T00:00:00Z")
        self.assertEqual(answer["notCreated"]["k"]["existingId"], self.old)  # type: ignore[index]
        answer = self.made_again(onExists="newest")  # of the same second
        self.assertEqual(answer["notCreated"]["k"]["type"], "alreadyExists")  # type: ignore[index]
        self.clock.advance(1)
        self.assertEqual(self.made_again(onExists="newest")["destroyed"], [self.old])

    def test_case_need_not_count(self) -> None:
        answer = self.made_again("A.TXT", compareCaseInsensitively=True)
        self.assertEqual(answer["notCreated"]["k"]["existingId"], self.old)  # type: ignore[index]
        answer = self.made_again("A.TXT", compareCaseInsensitively=True, onExists="rename")
        self.assertEqual(answer["created"]["k"]["name"], "A (2).TXT")  # type: ignore[index]
        answer = self.call("set", update={self.old: {"name": "A.txt"}}, compareCaseInsensitively=True)
        self.assertIsNone(answer["notUpdated"])  # its own name is not in its way

    def test_what_goes_in_the_same_call_makes_room(self) -> None:
        answer = self.made_again(destroy=[self.old])
        self.assertEqual((len(answer["created"]), answer["destroyed"]), (1, [self.old]))  # type: ignore[arg-type]

    def test_a_folder_is_not_replaced_by_what_is_in_it(self) -> None:
        folder = self.folder("x")
        inner = self.folder("x", folder)
        arguments = {"onExists": "replace", "onDestroyRemoveChildren": True}
        answer = self.call("set", update={inner: {"parentId": None}}, **arguments)
        self.assertEqual(answer["notUpdated"][inner]["type"], "invalidProperties")
        self.assertEqual(self.node(inner)["parentId"], folder)

    def test_what_was_replaced_stays_gone_once(self) -> None:
        answer = self.made_again(onExists="replace", destroy=[self.old])
        self.assertEqual(answer["destroyed"], [self.old])
        self.assertIsNone(answer["notDestroyed"])

    def test_unknown_manners(self) -> None:
        self.assertEqual(self.error("set", onExists="merge", create={}), "invalidArguments")
        self.assertEqual(self.error("set", onDestroyRemoveChildren="yes", create={}), "invalidArguments")
