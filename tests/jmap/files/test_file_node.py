"""Tests ``stalwart.jmap.files.file_node``, ``node_source`` and ``writing``: files by JMAP, and as WebDAV sees them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.jmap.files import file_node, node_source, writing
from tests.jmap.files.file_case import HOME, FileCase

TESTED = file_node, node_source, writing


class MakingTests(FileCase):
    def test_a_file_has_all_properties(self) -> None:
        blob = self.upload(b"hello")
        answer = self.call("set", create={"k": {"name": "a.txt", "blobId": blob, "type": "text/plain"}})
        made = answer["created"]["k"]
        self.assertEqual(made["size"], 5)
        self.assertEqual(made["nodeType"], "file")
        node = self.node(made["id"])
        self.assertEqual(
            node,
            {
                "id": made["id"],
                "parentId": None,
                "nodeType": "file",
                "target": None,
                "blobId": blob,
                "size": 5,
                "name": "a.txt",
                "type": "text/plain",
                "created": "2027-01-15T08:00:00Z",
                "modified": "2027-01-15T08:00:00Z",
                "accessed": "2027-01-15T08:00:00Z",
                "changed": "2027-01-15T08:00:00Z",
                "executable": False,
                "role": None,
                "isSubscribed": True,
                "myRights": dict.fromkeys(("mayRead", "mayRename", "mayDelete", "mayModifyContent", "mayShare"), True)
                | {"mayAddChildren": False},
                "shareWith": None,
            },
        )
        self.assertEqual(set(made), set(node) - {"name", "blobId", "type"})

    def test_a_folder_has_no_content(self) -> None:
        node = self.node(self.folder("docs"))
        self.assertEqual(
            (node["nodeType"], node["blobId"], node["size"], node["type"]), ("directory", None, None, None)
        )
        self.assertTrue(node["myRights"]["mayAddChildren"])

    def test_a_tree_is_made_in_one_call(self) -> None:
        blob = self.upload(b"x")
        create = {
            "c": {"name": "c.txt", "parentId": "#b", "blobId": blob},
            "b": {"name": "b", "parentId": "#a"},
            "a": {"name": "a"},
        }
        answer = self.call("set", create=create)
        self.assertEqual(set(answer["created"]), {"a", "b", "c"})
        self.assertEqual(self.expect(200, "GET", f"{HOME}/a/b/c.txt").body, b"x")

    def test_an_empty_file_is_a_file(self) -> None:
        node = self.node(self.file("empty", b""))
        self.assertEqual((node["nodeType"], node["size"]), ("file", 0))

    def test_times_and_flags_are_kept(self) -> None:
        said = {
            "created": "2001-02-03T04:05:06Z",
            "modified": "2002-02-03T04:05:06Z",
            "accessed": "1969-02-03T04:05:06Z",
            "executable": True,
        }
        node = self.node(self.file("run.sh", **said))
        self.assertEqual({name: node[name] for name in said}, said)

    def test_the_edges_of_time_are_no_trouble_for_webdav(self) -> None:
        self.file("old", created="0001-01-01T00:00:00Z", modified="0001-01-01T00:00:00Z")
        self.file("new", created="9999-12-31T23:59:59Z", modified="9999-12-31T23:59:59Z")
        self.expect(207, "PROPFIND", f"{HOME}/", b"", depth="1")

    def test_what_no_file_can_be(self) -> None:
        blob = self.upload(b"hello")
        for members in (
            {"name": "a", "nodeType": "symlink", "target": "b"},
            {"name": "a", "nodeType": "file"},
            {"name": "a", "nodeType": "directory", "blobId": blob},
            {"name": "a", "type": "text/plain"},
            {"name": "a", "executable": True},
            {"name": "a", "size": 1},
            {"name": "a", "blobId": blob, "size": 6},
            {"name": "a", "blobId": blob, "type": "no type"},
            {"name": "a", "blobId": blob, "role": "trash"},
            {"name": "a", "role": "attic"},
            {"name": "a", "parentId": "zzz"},
            {"name": "a", "blobId": "Bxyz"},
            {"name": "a", "changed": "2001-02-03T04:05:06Z"},
            {"name": "a", "created": "yesterday"},
            {"blobId": blob},
        ):
            self.assertEqual(self.refused(**members)["type"], "invalidProperties", members)

    def test_a_file_is_no_folder(self) -> None:
        file = self.file("a")
        self.assertEqual(self.refused(name="b", parentId=file)["properties"], ["parentId"])

    def test_blobs_of_others_are_none(self) -> None:
        theirs = self.upload(b"secret", "bob", self.bob)
        self.assertEqual(self.refused(name="a", blobId=theirs)["properties"], ["blobId"])
        uploaded_here = self.upload(b"secret too", "bob", self.alice)
        self.assertEqual(self.refused(name="a", blobId=uploaded_here)["properties"], ["blobId"])

    def test_what_a_file_holds_can_be_held_again(self) -> None:
        blob = self.node(self.file("a"))["blobId"]
        self.clock.advance(7200)  # the upload is over
        self.made(name="b", blobId=blob)
        self.assertEqual(self.expect(200, "GET", f"{HOME}/b").body, b"content")

    def test_limits_of_files_are_those_of_webdav(self) -> None:
        self.settle(self.settings.change(FileStorage, {"maxSize": 4, "maxFiles": 1, "maxFolders": 1}))
        self.assertEqual(self.refused(name="a", blobId=self.upload(b"12345"))["type"], "tooLarge")
        self.file("a", b"1234")
        self.assertEqual(self.refused(name="b", blobId=self.upload(b"1"))["type"], "overQuota")
        self.folder("c")
        self.assertEqual(self.refused(name="d")["type"], "overQuota")

    def test_the_quota_of_the_account_holds(self) -> None:
        self.patch_account(self.alice, {"quotas": {"maxDiskQuota": 10}})
        self.file("a", b"123456")
        self.assertEqual(self.refused(name="b", blobId=self.upload(b"12345"))["type"], "overQuota")

    def test_a_role_has_one_folder(self) -> None:
        trash = self.folder("Trash", role="trash")
        self.assertEqual(self.refused(name="Bin", role="trash")["properties"], ["role"])
        other = self.folder("Bin")
        answer = self.call("set", update={other: {"role": "trash"}, trash: {"role": None}})
        self.assertEqual(set(answer["updated"]), {other, trash})
        self.assertEqual(self.node(other)["role"], "trash")
        self.assertEqual(self.refused(name="/", role="root")["type"], "invalidProperties")
        self.assertEqual(self.refused(name="r", role="root", parentId=other)["type"], "invalidProperties")


class ChangingTests(FileCase):
    def test_another_name_and_place_show_in_webdav(self) -> None:
        file, folder = self.file("a.txt"), self.folder("docs")
        self.update(file, name="b.txt", parentId=folder)
        self.assertEqual(self.expect(200, "GET", f"{HOME}/docs/b.txt").body, b"content")
        self.expect(404, "GET", f"{HOME}/a.txt")
        self.update(file, parentId=None)
        self.assertEqual(self.expect(200, "GET", f"{HOME}/b.txt").body, b"content")

    def test_another_content_keeps_the_file(self) -> None:
        file = self.file("a.txt", type="text/plain", modified="2002-02-03T04:05:06Z")
        self.clock.advance(60)
        blob = self.upload(b"longer content")
        told = self.update(file, blobId=blob)
        self.assertEqual(told, {"size": 14, "modified": "2027-01-15T08:01:00Z", "changed": "2027-01-15T08:01:00Z"})
        node = self.node(file)
        self.assertEqual((node["type"], node["blobId"], node["created"]), ("text/plain", blob, "2027-01-15T08:00:00Z"))
        self.assertEqual(self.expect(200, "GET", f"{HOME}/a.txt").body, b"longer content")

    def test_words_about_a_file_leave_its_time(self) -> None:
        file = self.file("a")
        self.clock.advance(60)
        self.update(file, executable=True, type="text/plain")
        node = self.node(file)
        self.assertEqual((node["modified"], node["changed"]), ("2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z"))
        self.assertEqual((node["executable"], node["type"]), (True, "text/plain"))
        self.update(file, modified=None, type=None)
        node = self.node(file)
        self.assertEqual((node["modified"], node["type"]), ("2027-01-15T08:01:00Z", "application/octet-stream"))

    def test_what_webdav_writes_is_another_time(self) -> None:
        file = self.file("a", modified="2002-02-03T04:05:06Z", executable=True)
        self.clock.advance(60)
        self.expect(204, "PUT", f"{HOME}/a", b"new", content_type="text/html; charset=utf-8")
        node = self.node(file)
        self.assertEqual((node["modified"], node["size"], node["type"]), ("2027-01-15T08:01:00Z", 3, "text/html"))
        self.assertTrue(node["executable"])

    def test_folders_and_files_stay_what_they_are(self) -> None:
        file, folder = self.file("a"), self.folder("b")
        self.assertEqual(self.refused(file, blobId=None)["type"], "invalidProperties")
        self.assertEqual(self.refused(folder, blobId=self.upload(b"x"))["type"], "invalidProperties")
        self.assertEqual(self.refused(file, size=3)["type"], "invalidProperties")
        self.assertEqual(self.refused(file, nodeType="directory")["type"], "invalidProperties")
        self.update(file, nodeType="file", size=7, id=file)

    def test_a_folder_is_in_no_folder_of_its_own(self) -> None:
        a = self.folder("a")
        b = self.folder("b", a)
        c = self.folder("c", b)
        for parent in (a, b, c):
            self.assertEqual(self.refused(a, parentId=parent)["properties"], ["parentId"])
        answer = self.call("set", update={a: {"parentId": c}, c: {"parentId": None}})
        self.assertEqual(set(answer["updated"]), {a, c})  # once c is at the top
        self.assertEqual(self.error("set", create={"x": {"name": "x", "parentId": "#x"}}), "invalidArguments")

    def test_there_is_a_deepest_level(self) -> None:
        create = {f"n{level}": {"name": "d", "parentId": f"#n{level - 1}" if level else None} for level in range(200)}
        answer = self.call("set", create=create)
        self.assertEqual(len(answer["created"]), 128)
        deepest = answer["created"]["n127"]["id"]
        self.expect(207, "PROPFIND", f"{HOME}/" + "d/" * 128, b"", depth="1")
        self.assertEqual(
            self.refused(name="x", parentId=deepest, blobId=self.upload(b"x"))["type"], "invalidProperties"
        )
        two = self.folder("two")
        self.folder("levels", two)
        above = answer["created"]["n126"]["id"]
        self.assertEqual(self.refused(two, parentId=above)["properties"], ["parentId"])
        self.assertEqual(self.refused(two, parentId=answer["created"]["n125"]["id"])["properties"], ["parentId"])
        self.update(two, parentId=answer["created"]["n124"]["id"])

    def test_names_are_exchanged(self) -> None:
        a, b = self.file("a", b"1"), self.file("b", b"2")
        answer = self.call("set", update={a: {"name": "b"}, b: {"name": "a"}})
        self.assertIsNone(answer["notUpdated"])
        self.assertEqual((self.node(a)["name"], self.node(b)["name"]), ("b", "a"))
        self.assertEqual(self.expect(200, "GET", f"{HOME}/a").body, b"2")

    def test_clients_of_webdav_see_nothing_of_how_names_are_exchanged(self) -> None:
        a, b = self.file("a"), self.file("b", b"2")
        head, rest = "<D:sync-collection><D:sync-token>", "</D:sync-token><D:sync-level>1</D:sync-level><D:prop/>"
        for _ in range(2):
            token = self.text(f"{HOME}/", "D:sync-token")
            answer = self.call("set", update={a: {"name": self.node(b)["name"]}, b: {"name": self.node(a)["name"]}})
            self.assertIsNone(answer["notUpdated"])
            told = self.expect(207, "REPORT", f"{HOME}/", f"{head}{token}{rest}</D:sync-collection>").body
            self.assertEqual((told.count(b"<D:href>"), told.count(b"%01")), (2, 0), told)

    def test_patches_into_the_void(self) -> None:
        file = self.file("a")
        for patch in (
            {"nowhere": 1},
            {"name/x": 1},
            {"type/x": 1},
            {"shareWith/b/c/d": True},
            {"myRights/mayRead": False},
        ):
            self.assertIn(self.refused(file, **patch)["type"], ("invalidPatch", "invalidProperties"), patch)
        answer = self.call("set", update={"zzzz": {"name": "x"}, "": {}, "#none": {}}, destroy=["zzzz2"])
        self.assertEqual({error["type"] for error in answer["notUpdated"].values()}, {"notFound"})

    def test_subscriptions_are_personal(self) -> None:
        file = self.file("a")
        state = self.state()
        self.update(file, isSubscribed=False)
        self.assertFalse(self.node(file)["isSubscribed"])
        self.assertEqual(self.call("changes", sinceState=state)["updated"], [file])
        self.update(file, isSubscribed=True)
        self.assertTrue(self.node(file)["isSubscribed"])

    def test_locks_of_webdav_hold(self) -> None:
        folder = self.folder("docs")
        file = self.file("a", parent=folder)
        body = "<D:lockinfo><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"
        self.expect(200, "LOCK", f"{HOME}/docs/a", body, depth="0")
        for patch in ({"name": "b"}, {"parentId": None}, {"blobId": self.upload(b"x")}, {"executable": True}):
            refusal = self.refused(file, **patch)
            self.assertEqual(refusal["type"], "forbidden")
            self.assertIn("locked", refusal["description"])
        self.assertEqual(self.undestroyed(file), "forbidden")
        self.assertEqual(self.undestroyed(folder, onDestroyRemoveChildren=True), "forbidden")
        self.assertEqual(self.refused(folder, name="other")["type"], "forbidden")
        other = self.file("b", parent=folder)
        exchange = self.call("set", update={file: {"name": "b"}, other: {"name": "a"}})
        self.assertEqual(set(exchange["notUpdated"]), {file, other})
        self.expect(200, "GET", f"{HOME}/docs/a")


class DestroyingTests(FileCase):
    def test_what_is_destroyed_is_in_the_bin(self) -> None:
        file = self.file("a")
        self.assertEqual(self.call("set", destroy=[file])["destroyed"], [file])
        self.expect(404, "GET", f"{HOME}/a")
        kept = self.successResultOf(self.store.read(lambda tx: tx.archive.kept(self.alice)))
        self.assertEqual([each.path for each in kept], ["a"])

    def test_a_folder_with_something_in_it_stays(self) -> None:
        folder = self.folder("docs")
        file = self.file("a", parent=folder)
        self.assertEqual(self.undestroyed(folder), "nodeHasChildren")
        answer = self.call("set", destroy=[folder, file])
        self.assertEqual(set(answer["destroyed"]), {folder, file})
        self.assertIsNone(answer["notDestroyed"])

    def test_all_that_goes_with_a_folder_is_told(self) -> None:
        folder = self.folder("docs")
        inner = self.folder("inner", folder)
        file = self.file("a", parent=inner)
        state = self.state()
        answer = self.call("set", destroy=[file, folder], onDestroyRemoveChildren=True)
        self.assertEqual(sorted(answer["destroyed"]), sorted([folder, inner, file]))
        self.assertIsNone(answer["notDestroyed"])
        self.assertEqual(answer["newState"], self.state())
        self.assertEqual(sorted(self.call("changes", sinceState=state)["destroyed"]), sorted([folder, inner, file]))

    def test_who_goes_with_his_folder_is_not_missed(self) -> None:
        folder = self.folder("docs")
        file = self.file("a", parent=folder)
        answer = self.call("set", destroy=[folder, file], onDestroyRemoveChildren=True)
        self.assertEqual(sorted(answer["destroyed"]), sorted([folder, file]))
        self.assertIsNone(answer["notDestroyed"])

    def test_permissions_are_asked_for(self) -> None:
        file = self.file("a")
        self.permit("alice", without="jmapFileNodeDestroy")
        self.assertEqual(self.error("set", destroy=[file]), "forbidden")
        self.assertFalse(self.node(file)["myRights"]["mayDelete"])


class GettingTests(FileCase):
    def test_what_webdav_has_made_is_there(self) -> None:
        self.expect(201, "MKCOL", f"{HOME}/docs/")
        self.expect(201, "PUT", f"{HOME}/docs/a%3Ab.txt", b"hello", content_type="text/plain")
        folder, file = self.call("get", ids=None)["list"]
        self.assertEqual((folder["name"], file["name"], file["parentId"]), ("docs", "a:b.txt", folder["id"]))
        self.update(file["id"], executable=True)  # under a name that it could not be given here
        self.assertEqual(self.refused(file["id"], name="c:d")["properties"], ["name"])

    def test_the_folders_above_come_once(self) -> None:
        a = self.folder("a")
        b = self.folder("b", a)
        files = [self.file(name, parent=b) for name in "xyz"]
        answer = self.call("get", ids=files, fetchParents=True, properties=["name"])
        self.assertEqual([each["name"] for each in answer["list"]][:3], ["x", "y", "z"])
        self.assertEqual({each["id"] for each in answer["list"]}, {a, b, *files})
        self.assertEqual(len(answer["list"]), 5)
        self.assertEqual(self.call("get", ids=["zz"], fetchParents=True)["notFound"], ["zz"])
        self.assertEqual(self.error("get", ids=None, fetchParents="yes"), "invalidArguments")

    def test_too_many_are_not_listed(self) -> None:
        self.limit(max_objects_in_get=2)
        for name in "ab":
            self.folder(name)
        self.assertEqual(len(self.call("get", ids=None)["list"]), 2)
        self.folder("c")
        self.assertEqual(self.error("get", ids=None), "requestTooLarge")

    def test_other_types_are_no_files(self) -> None:
        self.expect(201, "MKCOL", "/dav/card/alice%40example.test/friends/")
        books = self.successResultOf(self.store.read(lambda tx: tx.collections.of_type(self.alice, 13)))
        ids = [encode_id(book.id) for book in books]
        self.assertEqual(self.call("get", ids=ids)["notFound"], ids)
        self.assertEqual(self.undestroyed(ids[0]), "notFound")
        self.assertEqual(self.refused(name="a", parentId=ids[0])["type"], "invalidProperties")

    def test_unknown_properties(self) -> None:
        self.assertEqual(self.error("get", ids=[], properties=["mayWrite"]), "invalidArguments")


class FollowingTests(FileCase):
    def test_each_protocol_follows_the_other(self) -> None:
        state = self.state()
        self.expect(201, "PUT", f"{HOME}/a", b"1")
        answer = self.call("changes", sinceState=state)
        (file,) = answer["created"]
        self.assertEqual(answer["newState"], self.state())
        sync = self.sync("")
        self.update(file, name="b")
        self.assertEqual(sorted(self.sync(sync[0])[1]), [f"{HOME}/a 404", f"{HOME}/b 200"])
        folder = self.folder("docs")
        moved = self.call("changes", sinceState=answer["newState"])
        self.assertEqual((moved["created"], moved["updated"]), ([folder], [file]))
        token = self.sync("")[0]
        self.call("set", destroy=[file])
        self.assertEqual(self.sync(token)[1], [f"{HOME}/b 404"])

    def sync(self, token: str) -> tuple[str, list[str]]:
        """The new token, and the members that changed with their statuses."""
        body = (
            f"<D:sync-collection><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
        answer = self.expect(207, "REPORT", f"{HOME}/", body)
        root = ElementTree.fromstring(answer.body)
        changed = []
        for response in root.findall("{DAV:}response"):
            status = response.findtext("{DAV:}status") or response.findtext("{DAV:}propstat/{DAV:}status") or ""
            changed.append(f"{response.findtext('{DAV:}href')} {status.split(' ')[1]}")
        return root.findtext("{DAV:}sync-token") or "", changed

    def test_states_that_never_were(self) -> None:
        self.assertEqual(self.error("changes", sinceState="s99"), "cannotCalculateChanges")
        self.assertEqual(self.error("changes", sinceState="what"), "invalidArguments")
        self.assertEqual(self.error("set", ifInState="s99", create={}), "stateMismatch")

    def test_the_blob_tells_its_files(self) -> None:
        file = self.file("a")
        blob = self.node(file)["blobId"]
        arguments: dict[str, Any] = {"typeNames": ["FileNode"], "ids": [blob]}
        ((_, answer, _),) = self.responses("Blob/lookup", arguments)
        self.assertEqual(answer["list"][0]["matchedIds"], {"FileNode": [file]})


class CopyingTests(FileCase):
    def copy(self, create: dict[str, Any], **arguments: Any) -> Any:
        """The answers to a copy from alice to staff, by bob who is in that group."""
        given = {"fromAccountId": self.account, "accountId": encode_id(self.staff), "create": create, **arguments}
        return [(name, answer) for name, answer, _ in self.responses("FileNode/copy", given, "bob")]

    def test_a_file_is_copied_with_what_is_known_of_it(self) -> None:
        file = self.file("a.sh", b"hello", executable=True, type="text/x-shellscript", created="2001-02-03T04:05:06Z")
        self.share_with_bob(file)
        ((_, answer),) = self.copy({"k": {"id": file, "name": "b.sh"}})
        made = answer["created"]["k"]
        copied = self.node(made["id"], "bob", accountId=encode_id(self.staff))
        self.assertEqual(
            (copied["name"], copied["executable"], copied["type"], copied["created"], copied["size"]),
            ("b.sh", True, "text/x-shellscript", "2001-02-03T04:05:06Z", 5),
        )
        self.assertEqual(self.expect(200, "GET", "/dav/file/staff%40example.test/b.sh", user="bob").body, b"hello")

    def test_a_folder_is_copied_empty(self) -> None:
        folder = self.folder("docs")
        self.file("a", parent=folder)
        self.share_with_bob(folder)
        ((_, answer),) = self.copy({"k": {"id": folder}})
        staff = encode_id(self.staff)
        self.assertEqual(self.call("get", "bob", accountId=staff, ids=None)["list"][0]["name"], "docs")
        self.assertEqual(len(self.call("get", "bob", accountId=staff, ids=None)["list"]), 1)
        ((_, again),) = self.copy({"k": {"id": folder}})
        self.assertEqual(again["notCreated"]["k"]["existingId"], answer["created"]["k"]["id"])
        ((_, renamed),) = self.copy({"k": {"id": folder}}, onExists="rename")
        self.assertEqual(renamed["created"]["k"]["name"], "docs (2)")

    def test_a_tree_is_copied_node_by_node(self) -> None:
        folder = self.folder("docs")
        inner = self.folder("inner", folder)
        file = self.file("a", b"deep", inner)
        for id in (folder, inner, file):
            self.share_with_bob(id, mayDelete=True)
        create = {
            "f": {"id": file, "parentId": "#i"},
            "i": {"id": inner, "parentId": "#k"},
            "k": {"id": folder},
        }
        (_, answer), (name, destroyed) = self.copy(create, onSuccessDestroyOriginal=True, onDestroyRemoveChildren=True)
        self.assertIsNone(answer["notCreated"])
        path = "/dav/file/staff%40example.test/docs/inner/a"
        self.assertEqual(self.expect(200, "GET", path, user="bob").body, b"deep")
        self.assertEqual((name, destroyed["notDestroyed"]), ("FileNode/set", None))
        self.assertEqual(sorted(destroyed["destroyed"]), sorted((folder, inner, file)))

    def test_originals_with_something_in_them_go_only_if_that_is_said(self) -> None:
        folder = self.folder("docs")
        file = self.file("a", b"deep", folder)
        for id in (folder, file):
            self.share_with_bob(id, mayDelete=True)
        _, (_, destroyed) = self.copy({"k": {"id": folder}}, onSuccessDestroyOriginal=True)
        self.assertEqual(destroyed["notDestroyed"][folder]["type"], "nodeHasChildren")
        given: dict[str, Any] = {"onSuccessDestroyOriginal": True, "onDestroyRemoveChildren": True}
        _, (_, destroyed) = self.copy({"k": {"id": folder, "name": "docs 2"}}, **given)
        self.assertEqual(sorted(destroyed["destroyed"]), sorted((folder, file)))

    def test_copies_have_the_content_that_is_said(self) -> None:
        file, other = self.file("a", b"hello"), self.file("b", b"other")
        self.share_with_bob(file)
        message = self.upload(b"0123456789", "bob", self.staff)
        for name, blob, content in (
            ("1", self.upload(b"new", "bob", self.staff), b"new"),
            ("2", f"{message}-2-3-n", b"234"),
        ):
            ((_, answer),) = self.copy({"k": {"id": file, "name": name, "blobId": blob}})
            self.assertIsNone(answer["notCreated"], answer)
            path = f"/dav/file/staff%40example.test/{name}"
            self.assertEqual(self.expect(200, "GET", path, user="bob").body, content)
        hidden = {"id": file, "name": "3", "blobId": self.node(other)["blobId"]}
        ((_, answer),) = self.copy({"k": hidden})
        self.assertEqual(answer["notCreated"]["k"]["properties"], ["blobId"])
        self.share_with_bob(other)
        ((_, answer),) = self.copy({"k": hidden})
        self.assertEqual(self.expect(200, "GET", "/dav/file/staff%40example.test/3", user="bob").body, b"other")

    def test_what_may_not_be_read_is_not_copied(self) -> None:
        folder = self.folder("docs")
        hidden, shared = self.file("secret", parent=folder), self.file("a", b"x", parent=folder)
        self.share_with_bob(shared)
        ((_, answer),) = self.copy({"1": {"id": hidden}, "2": {"id": folder}, "3": {"id": shared}})
        self.assertEqual(answer["notCreated"]["1"]["type"], "notFound")
        self.assertEqual(answer["notCreated"]["2"]["type"], "forbidden")
        self.assertIn("3", answer["created"])

    def test_originals_go_with_the_right_to_that(self) -> None:
        file = self.file("a")
        self.share_with_bob(file)
        (_, (name, destroyed)) = self.copy({"k": {"id": file}}, onSuccessDestroyOriginal=True)
        self.assertEqual((name, destroyed["notDestroyed"][file]["type"]), ("FileNode/set", "forbidden"))
        self.share_with_bob(file, mayDelete=True)
        (_, (name, destroyed)) = self.copy({"k": {"id": file, "name": "b"}}, onSuccessDestroyOriginal=True)
        self.assertEqual(destroyed["destroyed"], [file])

    def test_what_webdav_lets_guests_write(self) -> None:
        folder = self.folder("docs")
        file = self.file("a", parent=folder)
        for rights, new, old, gone in (
            ({"mayModifyContent": True}, 403, 204, 403),
            ({"mayAddChildren": True}, 201, 403, 403),
            ({"mayRename": True, "mayShare": True}, 403, 403, 403),
            ({"mayDelete": True}, 403, 403, 204),
        ):
            with self.subTest(str(rights)):
                for id in (folder, file):
                    self.share_with_bob(id, **dict.fromkeys(("mayModifyContent", "mayAddChildren"), False))
                    self.share_with_bob(id, **rights)
                here = f"{HOME}/docs/"
                self.expect(new, "PUT", f"{here}{''.join(rights)}", b"new", user="bob", content_type="text/plain")
                self.expect(old, "PUT", f"{here}a", str(rights).encode(), user="bob", content_type="text/plain")
                self.expect(gone, "DELETE", f"{here}a", user="bob")

    def share_with_bob(self, id: str, **rights: bool) -> None:
        """Let bob read it, and what else is said."""
        self.update(id, **{f"shareWith/{encode_id(self.bob)}": {"mayRead": True, **rights}})


class PlaceTests(FileCase):
    def test_numbers_are_those_of_the_store(self) -> None:
        folder = self.folder("docs")
        found = self.successResultOf(self.store.read(lambda tx: tx.collections.path(self.alice, decode_id(folder))))
        self.assertEqual(found, ("docs",))
