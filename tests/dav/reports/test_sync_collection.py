"""sync-collection: what is new, changed and gone, in pages, below homes, folders and collections."""

from __future__ import annotations

import re

from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.places import INBOX_HOME
from stalwart.dav.reports import sync_collection
from stalwart.groupware.kinds import CALENDARS, FILES
from stalwart.store import Transaction
from stalwart.store.collection_rows import NewItem
from tests.dav.world import ALICE, BOB, DavWorld, conditions, statuses
from tests.web.client import Response

TOKEN = re.compile(rb"<D:sync-token>([^<]*)</D:sync-token></D:multistatus>")


class SyncWorld(DavWorld):
    """A folder of files."""

    def setUp(self) -> None:
        super().setUp()
        self.at = f"/dav/file/{ALICE}/docs"
        self.expect(201, "MKCOL", self.at)

    def put(self, name: str, content: bytes = b"x") -> None:
        """A file."""
        self.assertIn(self.ask("PUT", f"{self.at}/{name}", content).status, (201, 204))

    def report(
        self, path: str, token: str = "", *, level: str = "1", limit: int | None = None, status: int = 207, **given: str
    ) -> Response:
        """The answer."""
        most = "" if limit is None else f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>"
        body = (
            f"<D:sync-collection><D:sync-token>{token}</D:sync-token><D:sync-level>{level}</D:sync-level>{most}"
            "<D:prop><D:getetag/><D:resourcetype/></D:prop></D:sync-collection>"
        )
        return self.expect(status, "REPORT", path, body, **given)

    def sync(self, path: str, token: str = "", **given: str | int) -> tuple[dict[str, int], str]:
        """What is told of each path, below ``path``, and the token."""
        answer = self.report(path, token, **given)  # type: ignore[arg-type]
        found = TOKEN.search(answer.body)
        assert found is not None
        told = {href[len(path) :]: of_one.get("", 200) for href, of_one in statuses(answer).items()}
        return told, found[1].decode()


class SyncCollectionTests(SyncWorld):
    """Members."""

    def test_all_then_what_has_changed(self) -> None:
        self.assertEqual(sync_collection.sync_collection.asked.__name__, "SyncCollection")
        self.put("a")
        self.put("b")
        told, token = self.sync(self.at)
        self.assertEqual(told, {"/": 200, "/a": 200, "/b": 200})
        self.assertEqual(self.sync(self.at, token), ({}, token))
        self.put("b", b"y")
        self.put("c")
        self.expect(204, "DELETE", f"{self.at}/a")
        told, later = self.sync(self.at, token)
        self.assertEqual(told, {"/a": 404, "/b": 200, "/c": 200})
        self.assertEqual(self.sync(self.at, later), ({}, later))
        self.expect(201, "PUT", f"/dav/file/{ALICE}/elsewhere", b"x")
        self.assertEqual(self.sync(self.at, later), ({}, later))

    def test_what_came_and_went_is_not_told(self) -> None:
        _, token = self.sync(self.at)
        self.put("a")
        self.expect(204, "DELETE", f"{self.at}/a")
        self.assertEqual(self.sync(self.at, token)[0], {})

    def test_the_collection_itself_is_told_of_when_it_has_changed(self) -> None:
        _, token = self.sync(self.at)
        body = (
            "<D:propertyupdate><D:set><D:prop><D:displayname>Docs</D:displayname></D:prop></D:set></D:propertyupdate>"
        )
        self.expect(207, "PROPPATCH", self.at, body)
        self.assertEqual(self.sync(self.at, token)[0], {"/": 200})

    def test_pages_of_everything_lose_nothing(self) -> None:
        names = {f"/f{number}" for number in range(11)}
        for name in names:
            self.put(name[1:])
        seen: dict[str, int] = {}
        told, token = self.sync(self.at, limit=2)
        self.assertIn(":", token.removeprefix("urn:stalwart:davsync:"))
        self.assertEqual(told.pop(""), 507) if "" in told else None
        pages = 1
        while 507 in told.values() or pages == 1:
            seen |= {name: status for name, status in told.items() if status != 507}
            if pages == 2:
                self.put("f3", b"changed")
                self.expect(204, "DELETE", f"{self.at}/f4")
            told, token = self.sync(self.at, token, limit=2)
            pages += 1
            self.assertLess(pages, 12)
        seen |= told
        self.assertEqual({name for name, status in seen.items() if status == 200} - {"/"}, names - {"/f4"})
        self.assertEqual(self.sync(self.at, token), ({}, token))

    def test_pages_of_changes(self) -> None:
        _, token = self.sync(self.at)
        for number in range(5):
            self.put(f"f{number}")
        answer = self.report(self.at, token, limit=3)
        self.assertIn(b"exceeds the limit of 3", answer.body)
        self.assertEqual(len(statuses(answer)), 4)
        found = TOKEN.search(answer.body)
        assert found is not None
        self.assertEqual(set(self.sync(self.at, found[1].decode())[0]), {"/f3", "/f4"})
        self.settle(self.settings.change(WebDav, {"maxResults": 5}))
        self.assertNotIn(b"507", self.report(self.at, token).body)

    def test_pages_go_on_after_old_changes_are_forgotten(self) -> None:
        for number in range(4):
            self.put(f"f{number}")
        _, token = self.sync(self.at, limit=3)
        self.successResultOf(self.store.write(lambda tx: tx.objects.trim(self.alice, 0, 1000)))
        self.assertEqual(set(self.sync(self.at, token)[0]), {"/f2", "/f3"})

    def test_tokens_that_are_not_good(self) -> None:
        self.put("a")
        _, token = self.sync(self.at)
        self.put("a", b"b")
        for wrong in ("http://other/1", "urn:stalwart:davsync:ffff", "urn:stalwart:davsync:x"):
            self.assertEqual(conditions(self.report(self.at, wrong, status=403)), ["D:valid-sync-token"])
        self.successResultOf(self.store.write(lambda tx: tx.objects.trim(self.alice, 0, 1000)))
        self.report(self.at, token, status=403)
        _, token = self.sync(self.at)
        self.successResultOf(self.store.write(lambda tx: tx.objects.insert(self.alice, 1, now=0)))
        self.successResultOf(self.store.write(lambda tx: tx.objects.trim(self.alice, 0, 1000)))
        self.assertEqual(self.sync(self.at, token), ({}, token))
        self.expect(204, "DELETE", self.at)
        self.expect(201, "MKCOL", self.at)
        self.report(self.at, token, status=403)

    def test_where_there_is_nothing_to_be_synchronised(self) -> None:
        self.put("a")
        self.report(f"{self.at}/none", status=404)
        self.report(f"{self.at}/a", status=405)
        self.report("/dav/file", status=405)
        self.report(f"/dav/pal/{ALICE}", status=405)
        self.report(self.at, status=403, user="bob")
        self.report(f"/dav/itip/{BOB}/inbox", status=403)
        self.assertEqual(self.sync(f"/dav/itip/{ALICE}/inbox")[0], {"/": 200})

    def test_all_that_is_below(self) -> None:
        self.put("a")
        self.expect(201, "MKCOL", f"{self.at}/sub")
        self.put("sub/b")
        self.expect(201, "PUT", f"/dav/file/{ALICE}/outside", b"x")
        everything = {"/": 200, "/a": 200, "/sub/": 200, "/sub/b": 200}
        told, token = self.sync(self.at, level="infinite")
        self.assertEqual(told, everything)
        self.put("sub/b", b"c")
        self.put("sub/d")
        self.expect(204, "DELETE", f"{self.at}/a")
        self.expect(204, "DELETE", f"/dav/file/{ALICE}/outside")
        told, token = self.sync(self.at, token, level="infinite")
        self.assertEqual(told, {"/a": 404, "/sub/b": 200, "/sub/d": 200})
        self.expect(204, "DELETE", f"{self.at}/sub")
        self.assertEqual(self.sync(self.at, token, level="infinite")[0], {"/sub/": 404})
        home = f"/dav/file/{ALICE}"
        self.assertEqual(self.sync(home)[0], {"/": 200, "/docs/": 200})
        seen: dict[str, int] = {}
        told, token = self.sync(home, level="infinite", limit=1)
        seen |= told
        while 507 in told.values():
            told, token = self.sync(home, token, level="infinite", limit=1)
            seen |= told
        self.assertEqual({name for name, status in seen.items() if status == 200}, {"/", "/docs/"})

    def test_homes_have_collections(self) -> None:
        home = f"/dav/cal/{ALICE}"
        told, token = self.sync(home)
        self.assertEqual(told, {"/": 200, "/default/": 200})
        self.expect(201, "MKCALENDAR", f"{home}/work")
        self.assertEqual(self.sync(home, token)[0], {"/work/": 200})
        self.expect(204, "DELETE", f"{home}/work")
        self.assertEqual(self.sync(home, token)[0], {})

    def test_content_may_be_asked_for_at_once(self) -> None:
        self.patch(sync_collection, "CONTENTS", 2)
        names = [f"e{number}.ics" for number in range(5)]

        def put(tx: Transaction) -> None:
            above = tx.collections.create(self.alice, CALENDARS.type, CALENDARS.home, "work", now=1)
            for name in names:
                item = NewItem(1, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", uid=name)
                tx.collections.put(self.alice, above.item_id, name, item, now=5)
                tx.collections.put(self.alice, INBOX_HOME, name, item, now=5)

        self.successResultOf(self.store.write(put))
        home = f"/dav/cal/{ALICE}"
        for path, level in ((f"{home}/work", "1"), (home, "infinite"), (f"/dav/itip/{ALICE}/inbox", "1")):
            asked = f"<D:sync-token/><D:sync-level>{level}</D:sync-level><D:prop><A:calendar-data/></D:prop>"
            answer = self.expect(207, "REPORT", path, f"<D:sync-collection>{asked}</D:sync-collection>")
            self.assertEqual(answer.body.count(b"BEGIN:VCALENDAR"), 5, path)
            self.assertIsNotNone(TOKEN.search(answer.body))

    def test_pages_of_what_was_shared_only(self) -> None:
        for number in range(200):
            self.put(f"f{number}")

        def share(tx: Transaction) -> None:
            (folder,) = tx.collections.walk(self.alice, FILES.home, ("docs",))
            tx.shares.replace(self.alice, folder.item_id, {self.bob: int(Rights.READ | Rights.READ_ITEMS)})
            for member in tx.collections.members(self.alice, folder.item_id, limit=1000)[::50]:
                tx.shares.replace(self.alice, member.item_id, {self.bob: int(Rights.READ)})

        self.successResultOf(self.store.write(share))
        for level in ("1", "infinite"):
            seen: set[str] = set()
            token, pages = "", 0
            while pages < 10:
                told, token = self.sync(self.at, token, limit=2, user="bob", level=level)
                seen |= {name for name, status in told.items() if status == 200}
                pages += 1
                if 507 not in told.values() and "507" not in str(told):
                    break
            self.assertEqual((len(seen - {"/"}), pages), (4, 3), level)

    def test_answers_are_kept(self) -> None:
        self.put("a")
        first = self.report(self.at).body
        self.assertEqual(len(self.tools.recent._values), 1)
        self.assertEqual(self.report(self.at).body, first)
        self.put("a", b"b")
        self.assertNotEqual(self.report(self.at).body, first)
