"""Tests ``stalwart.groupware.file_tree``; what becomes of it in JMAP is in ``tests.jmap.files``."""

from __future__ import annotations

from typing import Any

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import decode_id
from stalwart.errors import NotFound
from stalwart.groupware.resources import Level
from stalwart.groupware.viewers import Viewer
from tests.jmap.files.file_case import FileCase


class TreeTests(FileCase):
    def do(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def test_files_and_places(self) -> None:
        folder = self.folder("docs")
        file = self.file("a", parent=folder)
        viewer, number = Viewer(self.alice), decode_id(folder)
        node = self.do(lambda tx: tx.collections.nodes.many(self.alice, [decode_id(file)]))[decode_id(file)]
        found = self.do(lambda tx: self.tree.find(tx, viewer, self.alice, node))
        self.assertEqual((found.path, found.level), ("/docs/a", Level.ITEM))
        place = self.do(lambda tx: self.tree.place(tx, viewer, self.alice, number, "new"))
        self.assertEqual((place.path, place.level, place.place), ("/docs/new", Level.ABSENT, number))
        self.failureResultOf(self.store.read(lambda tx: self.tree.place(tx, viewer, self.alice, 999, "x")), NotFound)
        below = self.do(lambda tx: list(self.tree.below(tx, self.alice, number)))
        self.assertEqual(below, [decode_id(file)])

    def test_rights_are_needed_on_all(self) -> None:
        ids = [decode_id(self.folder(name)) for name in "abc"]
        grants = {self.bob: int(Rights.DELETE)}
        self.do(lambda tx: [tx.shares.replace(self.alice, id, grants) for id in ids[:2]])

        def may(viewer: Viewer, some: list[int]) -> Any:
            return self.do(lambda tx: self.tree.may_with_all(tx, viewer, self.alice, some, Rights.DELETE))

        self.assertTrue(may(Viewer(self.bob), ids[:2]))
        self.assertFalse(may(Viewer(self.bob), ids))
        self.assertTrue(may(Viewer(self.alice), ids))
