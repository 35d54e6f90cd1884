"""Tests ``stalwart.jmap.files.seeing``: what others see and may do, by JMAP and by WebDAV alike."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.files import seeing
from tests.jmap.files.file_case import HOME, FileCase

TESTED = seeing


class SharedTests(FileCase):
    """``top`` holds ``docs`` (``a``, ``inner`` with ``b``), which bob may use, and ``secret``."""

    def setUp(self) -> None:
        super().setUp()
        self.top = self.folder("top")
        self.docs = self.folder("docs", self.top)
        self.a = self.file("a", b"of a", self.docs)
        self.inner = self.folder("inner", self.docs)
        self.b = self.file("b", b"of b", self.inner)
        self.secret = self.file("secret", b"secret", self.top)
        self.sharee = encode_id(self.bob)

    def share(self, id: str, *rights: str, user: str = "alice", whom: str | None = None) -> None:
        self.update(id, user, **{f"shareWith/{whom or self.sharee}": dict.fromkeys(rights, True)})

    def names(self, user: str = "bob") -> list[str]:
        return sorted(each["name"] for each in self.call("get", user, ids=None)["list"])

    def test_a_folder_is_shared_with_what_is_in_it(self) -> None:
        self.share(self.docs, "mayRead")
        self.assertEqual(self.names(), ["a", "b", "docs", "inner", "top"])
        top = self.node(self.top, "bob")
        self.assertEqual(set(top["myRights"].values()), {False})
        docs = self.node(self.docs, "bob")
        self.assertEqual([name for name, held in docs["myRights"].items() if held], ["mayRead"])
        self.assertIsNone(docs["shareWith"])
        self.assertEqual(self.node(self.b)["shareWith"][self.sharee]["mayRead"], True)
        self.assertEqual(self.expect(200, "GET", f"{HOME}/top/docs/inner/b", user="bob").body, b"of b")
        self.expect(403, "GET", f"{HOME}/top/secret", user="bob")
        self.assertEqual(self.query("name", user="bob"), ["a", "b", "docs", "inner", "top"])
        self.assertEqual(self.query(user="bob", parentId=self.top), ["docs"])
        self.assertEqual(self.call("get", "bob", ids=[self.secret])["notFound"], [self.secret])

    def test_what_is_taken_back_is_gone(self) -> None:
        self.share(self.docs, "mayRead")
        self.update(self.docs, shareWith=None)
        self.assertEqual(self.names(), [])
        self.assertIsNone(self.node(self.a)["shareWith"])

    def test_what_is_shared_in_its_own_way_stays(self) -> None:
        carol = encode_id(self.carol)
        self.share(self.b, "mayRead", whom=carol)
        self.share(self.docs, "mayRead")
        self.assertEqual(self.names(), ["a", "docs", "inner", "top"])
        self.assertEqual(list(self.node(self.b)["shareWith"]), [carol])

    def test_what_is_new_in_a_shared_folder_is_shared(self) -> None:
        self.share(self.docs, "mayRead", "mayAddChildren")
        folder = self.made("bob", name="of bob", parentId=self.docs)
        self.assertTrue(self.node(folder, "bob")["myRights"]["mayAddChildren"])
        self.expect(201, "PUT", f"{HOME}/top/docs/put", b"x", user="bob")
        self.assertIn("put", self.names())

    def test_a_name_is_taken_by_what_is_not_seen_without_a_word_of_what_it_is(self) -> None:
        self.share(self.docs, "mayRead", "mayAddChildren")
        self.update(self.a, shareWith=None)
        answer = self.call("set", "bob", create={"k": {"name": "a", "parentId": self.docs}})["notCreated"]["k"]
        self.assertEqual((answer["type"], "existingId" in answer), ("alreadyExists", False))
        answer = self.call("set", "bob", create={"k": {"name": "inner", "parentId": self.docs}})["notCreated"]["k"]
        self.assertEqual(answer["existingId"], self.inner)

    def test_who_may_only_read_changes_nothing(self) -> None:
        self.share(self.docs, "mayRead")
        blob = self.upload(b"x", "bob")
        for patch in (
            {"name": "x"},
            {"parentId": None},
            {"blobId": blob},
            {"executable": True},
            {"modified": None},
            {f"shareWith/{self.sharee}/mayDelete": True},
        ):
            self.assertEqual(self.refused(self.a, "bob", **patch)["type"], "forbidden", patch)
        self.assertEqual(self.refused(None, "bob", name="x", parentId=self.docs)["type"], "forbidden")
        self.assertEqual(self.refused(None, "bob", name="x")["type"], "forbidden")
        self.assertEqual(self.undestroyed(self.a, "bob"), "forbidden")
        self.assertEqual(self.undestroyed(self.docs, "bob", onDestroyRemoveChildren=True), "forbidden")
        self.assertEqual(self.undestroyed(self.secret, "bob"), "notFound")
        self.update(self.a, "bob", isSubscribed=False)
        self.assertTrue(self.node(self.a)["isSubscribed"])
        self.assertFalse(self.node(self.a, "bob")["isSubscribed"])

    def test_each_right_allows_what_it_says(self) -> None:
        self.share(self.docs, "mayRead", "mayRename")
        self.update(self.a, "bob", name="a2")
        self.assertEqual(self.refused(self.a, "bob", executable=True)["type"], "forbidden")
        self.assertEqual(self.refused(self.a, "bob", parentId=self.inner)["type"], "forbidden")
        self.expect(403, "PUT", f"{HOME}/top/docs/a2", b"x", user="bob")
        self.share(self.docs, "mayRead", "mayModifyContent")
        self.update(self.a, "bob", blobId=self.upload(b"x", "bob"))
        self.assertEqual(self.refused(self.a, "bob", name="x")["type"], "forbidden")
        self.share(self.docs, "mayRead", "mayRename", "mayDelete", "mayAddChildren")
        self.update(self.a, "bob", parentId=self.inner)
        self.assertEqual(self.refused(self.a, "bob", parentId=None)["type"], "forbidden")
        answer = self.call("set", "bob", destroy=[self.inner], onDestroyRemoveChildren=True)
        self.assertEqual(set(answer["destroyed"]), {self.inner, self.a, self.b})

    def test_a_folder_goes_only_with_all_that_is_in_it(self) -> None:
        self.share(self.docs, "mayRead", "mayDelete")
        self.share(self.b, "mayRead")
        self.assertEqual(self.undestroyed(self.inner, "bob", onDestroyRemoveChildren=True), "forbidden")

    def test_nobody_gives_what_he_has_not(self) -> None:
        carol = encode_id(self.carol)
        self.share(self.docs, "mayRead", "mayShare")
        self.share(self.docs, "mayRead", user="bob", whom=carol)
        self.assertEqual(self.names("carol"), ["a", "b", "docs", "inner", "top"])
        for who in (carol, self.sharee):
            refusal = self.refused(self.docs, "bob", **{f"shareWith/{who}/mayDelete": True})
            self.assertEqual(refusal["type"], "forbidden")

    def test_there_is_nobody_to_share_with(self) -> None:
        for id in ("zzzz", self.account):
            refusal = self.refused(self.docs, **{f"shareWith/{id}": {"mayRead": True}})
            self.assertEqual((refusal["type"], refusal["properties"]), ("invalidProperties", [f"shareWith/{id}"]))
        many = {encode_id(self.user(f"u{number}")): {"mayRead": True} for number in range(11)}
        self.assertEqual(self.refused(self.docs, shareWith=many)["type"], "invalidProperties")

    def test_changes_as_they_are_for_others(self) -> None:
        self.share(self.docs, "mayRead")
        state = self.state("bob")
        self.update(self.secret, name="other")
        self.update(self.a, name="a2")
        answer = self.call("changes", "bob", sinceState=state)
        self.assertEqual((answer["created"], answer["updated"], answer["destroyed"]), ([], [self.a], []))
        self.share(self.docs, "mayRead", "mayDelete")
        self.assertEqual(self.error("changes", "bob", sinceState=state), "cannotCalculateChanges")
        self.assertFalse(self.call("query", "bob")["canCalculateChanges"])

    def test_the_owner_hears_of_all_that_is_shared_anew(self) -> None:
        state = self.state()
        self.share(self.docs, "mayRead")
        updated = set(self.call("changes", sinceState=state)["updated"])
        self.assertEqual(updated, {self.docs, self.a, self.inner, self.b})

    def test_what_webdav_shares_anew_is_told(self) -> None:
        self.share(self.docs, "mayRead")
        state = self.state()
        self.expect(200, "ACL", f"{HOME}/top/docs/", "<D:acl/>")
        self.assertEqual(set(self.call("changes", sinceState=state)["updated"]), {self.docs, self.a})
        self.assertIsNone(self.node(self.a)["shareWith"])

    def test_rights_of_webdav_are_the_same(self) -> None:
        ace = "<D:ace><D:principal><D:href>/dav/pal/bob%40example.test/</D:href></D:principal>"
        body = f"<D:acl>{ace}<D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace></D:acl>"
        self.expect(200, "ACL", f"{HOME}/top/docs/a", body)
        expected: dict[str, Any] = {self.sharee: self.node(self.a)["shareWith"][self.sharee]}
        self.assertEqual([name for name, held in expected[self.sharee].items() if held], ["mayRead"])
        self.assertEqual(self.names(), ["a", "docs", "top"])
