"""Members of homes and collections in pages: more than one reading, rights, content."""

from __future__ import annotations

from stalwart.codec.dav.names import name as named
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.dav.rights import Rights
from stalwart.dav import contents, keeping, listing, members
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS, FILES, Kind
from stalwart.store import Transaction
from stalwart.store.collection_rows import NewItem
from stalwart.store.sql.collections import SqlCollections
from tests.dav.world import ALICE, BOB, DavWorld, found, statuses

ETAGS = "<D:propfind><D:prop><D:getetag/></D:prop></D:propfind>"
DATA = "<D:propfind><D:prop><D:getetag/><A:calendar-data/></D:prop></D:propfind>"


class MemberWorld(DavWorld):
    """A calendar with events and a folder, both of alice."""

    def setUp(self) -> None:
        super().setUp()
        self.expect(201, "MKCALENDAR", f"/dav/cal/{ALICE}/work")
        self.expect(201, "MKCOL", f"/dav/file/{ALICE}/box")

    def fill(self, kind: Kind, place: str, names: list[str]) -> None:
        """Items with a little content."""

        def put(tx: Transaction) -> None:
            above = tx.collections.member(self.alice, kind.home, place)
            assert above is not None
            for name in names:
                item = NewItem(1, b"BEGIN:VCALENDAR\r\n%b\r\nEND:VCALENDAR\r\n" % name.encode(), uid=name)
                tx.collections.put(self.alice, above.item_id, name, item, now=5)

        self.successResultOf(self.store.write(put))

    def share(self, kind: Kind, path: tuple[str, ...], rights: Rights) -> None:
        """Give bob rights on something."""

        def grant(tx: Transaction) -> None:
            (*_, member) = tx.collections.walk(self.alice, kind.home, path)
            tx.shares.replace(self.alice, member.item_id, {self.bob: int(rights)} if rights else {})

        self.successResultOf(self.store.write(grant))


class MemberPagesTests(MemberWorld):
    """Lists."""

    def test_several_readings_are_one_list(self) -> None:
        self.patch(members, "PAGE", 3)
        names = [f"e{number}.ics" for number in range(7)]
        self.fill(CALENDARS, "work", names)
        home = f"/dav/cal/{ALICE}/work/"
        listed = list(found(self.expect(207, "PROPFIND", home, ETAGS, depth="1")))
        self.assertEqual(listed, [home, *(home + name for name in names)])
        self.fill(CALENDARS, "work", ["e8.ics", "e9.ics"])
        self.assertEqual(len(found(self.expect(207, "PROPFIND", home, ETAGS, depth="1"))), 10)

    def test_long_lists_are_streams_that_are_kept_too(self) -> None:
        self.assertEqual(listing.LARGEST_KEPT, 1 << 20)
        names = [f"e{number:04}.ics" for number in range(600)]
        self.fill(CALENDARS, "work", names)
        home = f"/dav/cal/{ALICE}/work/"
        first = self.expect(207, "PROPFIND", home, ETAGS, depth="1")
        self.assertEqual(first.headers.get("transfer-encoding"), "chunked")
        self.assertEqual(first.body.count(b"<D:response>"), 601)
        again = self.expect(207, "PROPFIND", home, ETAGS, depth="1")
        self.assertEqual(int(again.headers["content-length"]), len(again.body))
        self.assertEqual(list(found(again)), [home, *(home + name for name in names)])
        self.assertEqual(unchunked(first.body), again.body)

    def test_much_content_is_read_in_portions(self) -> None:
        self.patch(contents, "PAGE_OCTETS", 100)
        names = [f"e{number}.ics" for number in range(5)]
        self.fill(CALENDARS, "work", names)
        read: list[int] = []
        before = SqlCollections.octets_of
        self.patch(
            SqlCollections,
            "octets_of",
            lambda of, account, ids: read.append(len(ids)) or before(of, account, ids),
        )
        home = f"/dav/cal/{ALICE}/work/"
        shown = found(self.expect(207, "PROPFIND", home, DATA, depth="1"))
        self.assertEqual(list(shown), [home, *(home + name for name in names)])
        self.assertEqual(read, [2, 2, 1])
        sync = "<D:sync-collection><D:sync-token/><D:prop><A:calendar-data/></D:prop></D:sync-collection>"
        self.assertEqual(len(found(self.expect(207, "REPORT", home, sync))), 6)
        self.assertEqual(read[3:], [2, 2, 1])

    def test_content_is_read_where_it_is_asked_for(self) -> None:
        self.fill(CALENDARS, "work", ["a.ics", "b.ics"])
        home = f"/dav/cal/{ALICE}/work/"
        told = found(self.expect(207, "PROPFIND", home, DATA, depth="1"))
        self.assertIn("b.ics", told[f"{home}b.ics"]["A:calendar-data"].text)
        self.assertNotIn("A:calendar-data", told[home])
        (alone,) = found(self.expect(207, "PROPFIND", f"{home}a.ics", DATA)).values()
        self.assertIn("a.ics", alone["A:calendar-data"].text)

    def test_what_was_shared_only(self) -> None:
        self.expect(201, "MKCALENDAR", f"/dav/cal/{ALICE}/other")
        self.fill(CALENDARS, "work", ["a.ics"])
        work = f"/dav/cal/{ALICE}/work/"
        self.share(CALENDARS, ("work",), Rights.READ)
        self.assertEqual(list(found(self.expect(207, "PROPFIND", work, ETAGS, user="bob"))), [work])
        self.share(CALENDARS, ("work",), Rights.READ | Rights.READ_ITEMS)
        self.assertEqual(list(found(self.expect(207, "PROPFIND", work, ETAGS, user="bob"))), [work, f"{work}a.ics"])
        homes = list(statuses(self.expect(207, "PROPFIND", f"/dav/cal/{ALICE}", ETAGS, user="bob")))
        self.assertEqual(homes, [f"/dav/cal/{ALICE}/", work])
        self.expect(403, "PROPFIND", f"/dav/cal/{ALICE}/other", ETAGS, user="bob")
        self.assertIn(work, found(self.expect(207, "PROPFIND", f"/dav/cal/{BOB}", ETAGS, user="bob")))
        self.share(CALENDARS, ("work",), Rights.NONE)
        self.expect(403, "PROPFIND", f"/dav/cal/{ALICE}", ETAGS, user="bob")

    def test_single_files_are_shared(self) -> None:
        for name in ("a", "b"):
            self.expect(201, "PUT", f"/dav/file/{ALICE}/box/{name}", b"x")
        self.share(FILES, ("box",), Rights.READ | Rights.READ_ITEMS)
        self.share(FILES, ("box", "b"), Rights.READ)
        box = f"/dav/file/{ALICE}/box/"
        self.assertEqual(list(found(self.expect(207, "PROPFIND", box, ETAGS, user="bob"))), [box, f"{box}b"])

    def test_what_is_kept(self) -> None:
        kept = lambda: len(self.tools.recent._values)  # noqa: E731
        for path, body in (
            (f"/dav/cal/{ALICE}", ETAGS),
            (f"/dav/cal/{ALICE}/work", "<D:propfind><D:prop><D:lockdiscovery/></D:prop></D:propfind>"),
            (f"/dav/cal/{ALICE}/work", "<D:propfind><D:prop><D:quota-used-bytes/></D:prop></D:propfind>"),
            (f"/dav/cal/{ALICE}/work", "<D:propfind><D:allprop/></D:propfind>"),
            (f"/dav/cal/{ALICE}/work", ETAGS + " " * 10_000),
        ):
            self.expect(207, "PROPFIND", path, body)
            self.assertEqual(kept(), 0, body)
        self.expect(207, "PROPFIND", f"/dav/cal/{ALICE}/work", ETAGS)
        self.assertEqual(kept(), 1)
        self.expect(207, "PROPFIND", f"/dav/cal/{ALICE}/work", ETAGS, prefer="return=minimal")
        self.assertEqual(kept(), 2)

    def test_rights_to_ask_are_looked_at_each_time(self) -> None:
        self.expect(207, "PROPFIND", f"/dav/cal/{ALICE}/work", ETAGS)
        denied = {"@type": "Merge", "disabledPermissions": {"davCalPropFind": True}}
        self.patch_account(self.alice, {"permissions": denied})
        self.expect(403, "PROPFIND", f"/dav/cal/{ALICE}/work", ETAGS)

    def test_lasting_properties(self) -> None:
        def lasts(*names: str, kind: Kind = FILES) -> bool:
            return keeping.is_lasting(PropertyRequest("prop", tuple(map(named, names))), kind)

        self.assertTrue(lasts("D:getetag", "D:displayname", "D:sync-token", "{urn:x}y"))
        self.assertFalse(lasts("D:displayname", kind=CALENDARS))
        self.assertFalse(lasts("D:displayname", kind=ADDRESS_BOOKS))
        self.assertFalse(lasts("D:getetag", "D:lockdiscovery"))
        self.assertFalse(keeping.is_lasting(PropertyRequest("allprop"), FILES))


def unchunked(body: bytes) -> bytes:
    """The content of a body in chunks (RFC 9112 7.1)."""
    content = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        content += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return content
