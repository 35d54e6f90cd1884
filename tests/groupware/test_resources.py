"""What names in a home lead to, and with which rights (``resources``)."""

from __future__ import annotations

from stalwart.codec.dav.rights import Rights
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import CALENDARS, FILES, Kind
from stalwart.groupware.resources import Level, Resource, locate
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction
from stalwart.store.collection_rows import NewItem
from tests.dav.world import DavWorld


class LocateTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        self.successResultOf(self.store.write(self._make))

    def _make(self, tx: Transaction) -> None:
        alice = self.alice
        calendar = tx.collections.create(alice, CALENDARS.type, CALENDARS.home, "work", now=1).item_id
        tx.collections.put(alice, calendar, "e.ics", NewItem(1, b"x", uid="u"), now=1)
        tx.shares.replace(alice, calendar, {self.bob: int(Rights.READ_ITEMS)})
        folder = tx.collections.create(alice, FILES.type, FILES.home, "docs", now=1).item_id
        deep = tx.collections.create(alice, FILES.type, folder, "deep", now=1).item_id
        blob = tx.blobs.put(b"content", 1)
        file = tx.collections.put(alice, deep, "f.txt", NewItem(1, blob=blob.hash, size=7), now=1)[0]
        tx.shares.replace(alice, file.item_id, {self.bob: int(Rights.READ)})

    def _located(self, kind: Kind, *segments: str, viewer: int | None = None) -> Resource:
        home, who = Home(self.alice, "alice@example.test"), Viewer(viewer or self.alice)
        found: Resource = self.successResultOf(self.store.read(lambda tx: locate(tx, who, kind, home, segments)))
        return found

    def test_levels(self) -> None:
        for kind, path, level in (
            (CALENDARS, "", Level.HOME),
            (CALENDARS, "work", Level.COLLECTION),
            (CALENDARS, "work/e.ics", Level.ITEM),
            (CALENDARS, "work/none", Level.ABSENT),
            (CALENDARS, "none", Level.ABSENT),
            (CALENDARS, "none/e", Level.ORPHAN),
            (CALENDARS, "work/e.ics/x", Level.ORPHAN),
            (CALENDARS, "work/none/x", Level.ORPHAN),
            (FILES, "docs/deep", Level.COLLECTION),
            (FILES, "docs/deep/f.txt", Level.ITEM),
            (FILES, "docs/deep/none", Level.ABSENT),
            (FILES, "docs/deep/f.txt/x", Level.ORPHAN),
            (FILES, "docs/none/none", Level.ORPHAN),
        ):
            self.assertEqual(self._located(kind, *filter(None, path.split("/"))).level, level, path)

    def test_a_resource_knows_where_it_is(self) -> None:
        file = self._located(FILES, "docs", "deep", "f.txt")
        self.assertEqual((file.name, file.path), ("f.txt", "/docs/deep/f.txt"))
        self.assertEqual([parent.segment for parent in file.parents], ["docs", "deep"])
        self.assertEqual(file.place, file.parents[-1].item_id)
        home = self._located(FILES)
        self.assertEqual((home.name, home.path, home.inside, home.place), ("", "", FILES.home, FILES.home))
        folder = self._located(FILES, "docs")
        assert folder.member is not None
        self.assertEqual((folder.inside, folder.place), (folder.member.item_id, FILES.home))

    def test_rights_of_others_are_those_of_the_calendar_or_of_the_file(self) -> None:
        event = self._located(CALENDARS, "work", "e.ics", viewer=self.bob)
        self.assertEqual(
            (event.rights, event.parent_rights, event.is_own), (Rights.READ_ITEMS, Rights.READ_ITEMS, False)
        )
        file = self._located(FILES, "docs", "deep", "f.txt", viewer=self.bob)
        self.assertEqual((file.rights, file.parent_rights), (Rights.READ, Rights.NONE))
        self.assertEqual(self._located(FILES, "docs", viewer=self.bob).rights, Rights.NONE)
        self.assertEqual(self._located(CALENDARS, "work", "new", viewer=self.bob).parent_rights, Rights.READ_ITEMS)
        self.assertEqual(self._located(CALENDARS, viewer=self.bob).rights, Rights.NONE)

    def test_the_owner_may_everything(self) -> None:
        for path in ("", "work", "work/e.ics", "work/none", "none/none"):
            found = self._located(CALENDARS, *filter(None, path.split("/")))
            self.assertEqual((found.rights, found.is_own), (Rights.all(), True), path)
