"""Tests ``stalwart.jmap.files.querying`` and ``stalwart.jmap.files.conditions``: what FileNode/query finds."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.files import conditions, querying
from tests.jmap.files.file_case import HOME, FileCase
from tests.store.opened import session_of

TESTED = conditions, querying


class QueryTests(FileCase):
    """``docs`` with ``inner`` (``deep.txt``), ``B.txt`` and ``a.png``; ``run.sh`` at the top."""

    def setUp(self) -> None:
        super().setUp()
        self.docs = self.folder("docs", role="documents")
        self.inner = self.folder("inner", self.docs)
        self.deep = self.file("deep.txt", b"deep", self.inner, type="text/plain", created="2020-01-01T00:00:00Z")
        self.b = self.file("B.txt", b"b", self.docs, type="text/plain", modified="2021-01-01T00:00:00Z")
        self.png = self.file("a.png", b"png", self.docs, type="image/png", accessed="2022-01-01T00:00:00Z")
        self.run_sh = self.file("run.sh", b"#!/bin/sh", executable=True)

    def check(self, filter: dict[str, Any], *names: str) -> None:
        self.assertEqual(sorted(self.query(**filter)), sorted(names), filter)

    def test_conditions(self) -> None:
        files = ("deep.txt", "B.txt", "a.png", "run.sh")
        for filter, names in (
            ({}, ("docs", "inner", *files)),
            ({"isTopLevel": True}, ("docs", "run.sh")),
            ({"isTopLevel": False}, ("inner", "deep.txt", "B.txt", "a.png")),
            ({"parentId": self.docs}, ("inner", "B.txt", "a.png")),
            ({"parentId": None}, ("docs", "run.sh")),
            ({"parentId": "zzz"}, ()),
            ({"parentId": self.b}, ()),
            ({"ancestorId": self.docs}, ("inner", "deep.txt", "B.txt", "a.png")),
            ({"ancestorId": self.inner}, ("deep.txt",)),
            ({"ancestorId": self.deep}, ()),
            ({"descendantId": self.deep}, ("docs", "inner")),
            ({"descendantId": "zzz"}, ()),
            ({"nodeType": "file"}, files),
            ({"nodeType": "directory"}, ("docs", "inner")),
            ({"nodeType": "symlink"}, ()),
            ({"role": "documents"}, ("docs",)),
            ({"role": "trash"}, ()),
            ({"role": None, "nodeType": "directory"}, ("inner",)),
            ({"hasAnyRole": True}, ("docs",)),
            ({"hasAnyRole": False, "isTopLevel": True}, ("run.sh",)),
            ({"blobId": self.node(self.b)["blobId"]}, ("B.txt",)),
            ({"blobId": "none"}, ()),
            ({"isExecutable": True}, ("run.sh",)),
            ({"isExecutable": False, "isTopLevel": True}, ("docs",)),
            ({"createdBefore": "2020-01-01T00:00:01Z"}, ("deep.txt",)),
            ({"createdBefore": "2020-01-01T00:00:00Z"}, ()),
            ({"createdAfter": "2020-01-01T00:00:00Z", "ancestorId": self.inner}, ("deep.txt",)),
            ({"modifiedBefore": "2021-01-01T00:00:01Z"}, ("B.txt",)),
            ({"modifiedAfter": "2021-01-01T00:00:01Z", "parentId": self.docs}, ("a.png", "inner")),
            ({"accessedBefore": "2022-01-01T00:00:01+00:00"}, ("a.png", "deep.txt")),
            ({"accessedAfter": "2022-01-01T00:00:01Z", "isTopLevel": True}, ("docs", "run.sh")),
            ({"minSize": 4}, ("deep.txt", "run.sh")),
            ({"maxSize": 4}, ("B.txt", "a.png")),
            ({"minSize": 0}, files),
            ({"name": "B.txt"}, ("B.txt",)),
            ({"name": "b.txt"}, ()),
            ({"nameMatch": "*.TXT"}, ("deep.txt", "B.txt")),
            ({"type": "image/png"}, ("a.png",)),
            ({"typeMatch": "text/*"}, ("deep.txt", "B.txt")),
            ({"typeMatch": "*"}, files),
            ({"text": "TXT dee"}, ("deep.txt",)),
            ({"operator": "NOT", "conditions": [{"nodeType": "file"}]}, ("docs", "inner")),
            ({"operator": "OR", "conditions": [{"parentId": self.inner}, {"name": "docs"}]}, ("deep.txt", "docs")),
            ({"operator": "AND", "conditions": [{"ancestorId": self.docs}, {"parentId": self.inner}]}, ("deep.txt",)),
        ):
            with self.subTest(filter=filter):
                self.check(filter, *names)

    def test_conditions_that_are_none(self) -> None:
        for filter in ({"body": "x"}, {"shareWith": None}, {"hasType": True}):
            self.assertEqual(self.error("query", filter=filter), "unsupportedFilter")
        for filter in (
            {"parentId": 7},
            {"minSize": -1},
            {"createdAfter": "now"},
            {"ancestorId": None},
            {"name": ["a"]},
        ):
            self.assertEqual(self.error("query", filter=filter), "invalidArguments", filter)
        self.assertEqual(self.error("query", sort=[{"property": "blobId"}]), "unsupportedSort")

    def test_sorts(self) -> None:
        for sort, names in (
            (("name",), ["a.png", "B.txt", "deep.txt", "docs", "inner", "run.sh"]),
            (("-name",), ["run.sh", "inner", "docs", "deep.txt", "B.txt", "a.png"]),
            (("nodeType", "-name"), ["inner", "docs", "run.sh", "deep.txt", "B.txt", "a.png"]),
            (("size", "name"), ["docs", "inner", "B.txt", "a.png", "deep.txt", "run.sh"]),
            (("type", "name"), ["docs", "inner", "run.sh", "a.png", "B.txt", "deep.txt"]),
            (("created", "name"), ["deep.txt", "a.png", "B.txt", "docs", "inner", "run.sh"]),
            (("modified", "name"), ["B.txt", "a.png", "deep.txt", "docs", "inner", "run.sh"]),
            (("tree",), ["docs", "a.png", "B.txt", "inner", "deep.txt", "run.sh"]),
        ):
            self.assertEqual(self.query(*sort), names, sort)

    def test_folders_are_looked_into_as_deep_as_is_asked(self) -> None:
        def found(**arguments: Any) -> list[str]:
            ids = self.call("query", **arguments)["ids"]
            return sorted(each["name"] for each in self.call("get", ids=ids)["list"])

        self.assertEqual(found(filter={"isTopLevel": True}, depth=0), ["docs", "run.sh"])
        self.assertEqual(found(filter={"isTopLevel": True}, depth=1), ["B.txt", "a.png", "docs", "inner", "run.sh"])
        self.assertEqual(found(filter={"parentId": self.docs}, depth=9), ["B.txt", "a.png", "deep.txt", "inner"])
        self.assertEqual(self.error("query", depth=-1), "invalidArguments")

    def test_windows_of_a_folder(self) -> None:
        def page(**arguments: Any) -> Any:
            answer = self.call("query", filter={"parentId": self.docs}, calculateTotal=True, **arguments)
            return answer["ids"], answer["position"], answer["total"]

        order = [self.b, self.png, self.inner]  # as names are written
        self.assertEqual(page(), (order, 0, 3))
        self.assertEqual(page(position=1, limit=1), ([self.png], 1, 3))
        self.assertEqual(page(position=-1), ([self.inner], 2, 3))
        self.assertEqual(page(anchor=self.png, anchorOffset=-1), (order, 0, 3))
        self.assertEqual(page(position=7), ([], 7, 3))
        by_name = {"sort": [{"property": "name"}]}
        self.assertEqual(page(**by_name), ([self.png, self.b, self.inner], 0, 3))
        self.assertEqual(page(position=1, limit=1, **by_name), ([self.b], 1, 3))
        self.assertEqual(page(anchor=self.inner, anchorOffset=-2, limit=2, **by_name), ([self.png, self.b], 0, 3))
        down = {"sort": [{"property": "name", "isAscending": False}]}
        self.assertEqual(page(**down), ([self.inner, self.b, self.png], 0, 3))
        for collation, found in (("i;unicode-casemap", [self.png, self.b]), ("i;ascii-numeric", [self.inner, self.b])):
            with self.subTest(collation):
                sort = [{"property": "name", "collation": collation}]
                self.assertEqual(page(sort=sort, limit=2)[0], found)
        error = self.error("query", filter={"parentId": self.docs}, anchor=self.deep)
        self.assertEqual(error, "anchorNotFound")

    def test_the_order_of_names_is_walked_not_sorted(self) -> None:
        for count, name in enumerate(("é", "Z", "a", "É")):
            self.file(name, str(count).encode(), self.docs)
        expected = self.query("name", parentId=self.docs)
        self.patch(querying, "ordered", None)  # nothing is sorted
        self.assertEqual(self.query("name", parentId=self.docs), expected)
        self.query("-name", isTopLevel=True)

    def test_names_that_have_no_order_are_sorted(self) -> None:
        self.file("é", b"e", self.docs)
        expected = self.query("name", parentId=self.docs)

        def forget(tx: Any) -> None:
            session_of(tx).run("UPDATE binding SET collated = NULL WHERE segment = 'é'")

        self.successResultOf(self.store.write(forget))
        self.assertEqual(self.query("name", parentId=self.docs), expected)


class QueryChangesTests(FileCase):
    def followed(self, **query: Any) -> None:
        """What changes say leads from the old results to the new ones, whatever happens."""
        folder = self.folder("docs")
        ids = [self.file(name, parent=folder) for name in "abcd"]
        query = {"filter": {"parentId": folder}, **query}
        old = self.call("query", **query)
        self.assertTrue(old["canCalculateChanges"])
        self.update(ids[0], name="x")
        self.update(ids[1], parentId=None)
        self.call("set", destroy=[ids[2]])
        self.expect(201, "PUT", f"{HOME}/docs/aa", b"by WebDAV")
        arguments = {"sinceQueryState": old["queryState"], "calculateTotal": True, **query}
        told = self.call("queryChanges", **arguments)
        new = self.call("query", **query)["ids"]
        made = [id for id in old["ids"] if id not in told["removed"]]
        for each in told["added"]:
            made.insert(each["index"], each["id"])
        self.assertEqual(made, new)
        self.assertEqual(told["total"], 3)
        self.assertEqual(self.error("queryChanges", maxChanges=1, **arguments), "tooManyChanges")

    def test_a_folder_as_it_is(self) -> None:
        self.followed()

    def test_a_folder_in_an_order(self) -> None:
        self.followed(sort=[{"property": "name", "isAscending": False}])

    def test_one_change(self) -> None:
        file = self.file("a")
        old = self.call("query", filter={"isTopLevel": True})
        told = self.call("queryChanges", filter={"isTopLevel": True}, sinceQueryState=old["queryState"])
        self.assertEqual((told["removed"], told["added"]), ([], []))
        self.update(file, name="b")
        told = self.call("queryChanges", filter={"isTopLevel": True}, sinceQueryState=old["queryState"])
        self.assertEqual((told["removed"], told["added"]), ([file], [{"id": file, "index": 0}]))

    def test_what_moves_of_folders_change_cannot_be_told(self) -> None:
        folder = self.folder("docs")
        for query in (
            {"filter": {"ancestorId": folder}},
            {"filter": {"descendantId": folder}},
            {"sort": [{"property": "tree"}]},
            {"filter": {"parentId": folder}, "depth": 2},
        ):
            answer = self.call("query", **query)
            self.assertFalse(answer["canCalculateChanges"], query)
            error = self.error("queryChanges", sinceQueryState=answer["queryState"], **query)
            self.assertEqual(error, "cannotCalculateChanges")
