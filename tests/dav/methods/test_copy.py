"""COPY and MOVE: what may go where, and what is there afterwards."""

from __future__ import annotations

from typing import Any

from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.dav.methods import copy
from stalwart.groupware.kinds import CALENDARS, FILES
from stalwart.store.collection_rows import NewItem
from tests.dav.world import ALICE, BOB, STAFF, DavWorld, conditions

FILE, CAL, CARD = f"/dav/file/{ALICE}", f"/dav/cal/{ALICE}", f"/dav/card/{ALICE}"


class CopyWorld(DavWorld):
    def go(self, status: int, method: str, source: str, to: str | None, **given: Any) -> Any:
        headers = {} if to is None else {"destination": to}
        return self.expect(status, method, source, b"", **headers, **given)

    def share(self, name: str, rights: Rights, grantee: int, kind: Any = FILES) -> None:
        def work(tx: Any) -> None:
            member = tx.collections.member(self.alice, kind.home, name)
            tx.shares.replace(self.alice, member.item_id, {grantee: int(rights)})

        self.successResultOf(self.store.write(work))

    def add_event(self, calendar: str, name: str, uid: str, account: int | None = None) -> int:
        """An event without a look at what it is."""
        account = self.alice if account is None else account

        def work(tx: Any) -> int:
            place = tx.collections.member(account, CALENDARS.home, calendar).item_id
            octets = f"BEGIN:VCALENDAR {uid}".encode()
            return int(tx.collections.put(account, place, name, NewItem(1, octets, uid=uid), now=1)[0].item_id)

        return int(self.successResultOf(self.store.write(work)))


class FileTests(CopyWorld):
    """``a/1`` and ``a/b/2`` are there."""

    def setUp(self) -> None:
        super().setUp()
        for folder in ("a", "a/b"):
            self.expect(201, "MKCOL", f"{FILE}/{folder}")
        for file in ("a/1", "a/b/2"):
            self.expect(201, "PUT", f"{FILE}/{file}", file.encode(), content_type="text/plain")

    def content(self, path: str) -> bytes:
        return bytes(self.expect(200, "GET", f"{FILE}/{path}").body)

    def test_a_file_is_copied_and_moved(self) -> None:
        self.assertEqual((copy.copy.names, copy.move.names), (("COPY",), ("MOVE",)))
        made = self.go(201, "COPY", f"{FILE}/a/1", f"https://other.example/dav/file/{ALICE}/new")
        self.assertEqual(made.headers["etag"], self.text(f"{FILE}/new", "D:getetag"))
        self.assertEqual((self.content("new"), self.content("a/1")), (b"a/1", b"a/1"))
        self.assertEqual(self.text(f"{FILE}/new", "D:getcontenttype"), "text/plain")
        self.go(201, "MOVE", f"{FILE}/new", f"{FILE}/a/b/moved")
        self.assertEqual(self.content("a/b/moved"), b"a/1")
        self.expect(404, "GET", f"{FILE}/new")

    def test_what_is_there_is_replaced_if_that_is_wanted(self) -> None:
        self.go(412, "COPY", f"{FILE}/a/1", f"{FILE}/a/b/2", overwrite="F")
        self.go(204, "COPY", f"{FILE}/a/1", f"{FILE}/a/b/2", overwrite="T")
        self.assertEqual(self.content("a/b/2"), b"a/1")
        self.go(204, "MOVE", f"{FILE}/a/b/2", f"{FILE}/a/1")
        self.expect(404, "GET", f"{FILE}/a/b/2")
        self.go(204, "MOVE", f"{FILE}/a/1", f"{FILE}/a/b/")  # a folder gives way to a file
        self.assertEqual(self.content("a/b"), b"a/1")

    def test_a_folder_is_copied_as_deep_as_is_wanted(self) -> None:
        for depth, there in (("0", ()), ("1", ("1", "b")), ("infinity", ("1", "b", "b/2"))):
            self.go(201, "COPY", f"{FILE}/a/", f"{FILE}/c{depth}/", depth=depth)
            for path in ("1", "b", "b/2"):
                self.expect(207 if path in there else 404, "PROPFIND", f"{FILE}/c{depth}/{path}", depth="0")
        self.go(201, "MOVE", f"{FILE}/a", f"{FILE}/m", depth="0")
        self.assertEqual(self.content("m/b/2"), b"a/b/2")

    def test_properties_go_with_it(self) -> None:
        body = '<D:propertyupdate><D:set><D:prop><x:p xmlns:x="urn:x">1</x:p></D:prop></D:set></D:propertyupdate>'
        self.expect(207, "PROPPATCH", f"{FILE}/a/1", body)
        self.go(201, "COPY", f"{FILE}/a/1", f"{FILE}/c")
        self.go(201, "MOVE", f"{FILE}/c", f"{FILE}/m")
        self.assertEqual(self.properties(f"{FILE}/m", "p xmlns='urn:x'")[f"{FILE}/m"]["urn:x:p"].text, "1")

    def test_destinations_that_are_none(self) -> None:
        for to in (
            *(None, "", "/elsewhere", f"/dav/cal/{ALICE}/default/x", f"{FILE}/", "/dav/file/nobody%40example.test/x"),
            *(
                f"{FILE}/a",
                f"{FILE}/a/",
                f"{FILE}/a/b/x",
                f"{FILE}/a/1/x",
                f"{FILE}/..",
                f"{FILE}/x%2fy",
                f"{FILE}/x#y",
            ),
        ):
            for method in ("COPY", "MOVE"):
                self.go(502, method, f"{FILE}/a", to)
        self.go(409, "COPY", f"{FILE}/a", f"{FILE}/none/x")
        self.go(404, "COPY", f"{FILE}/none", f"{FILE}/x")
        self.go(502, "MOVE", f"{FILE}/a/b/2", f"{FILE}/a/b")  # what it is in
        self.go(403, "MOVE", f"{FILE}/", f"{FILE}/x")

    def test_folders_are_only_so_deep(self) -> None:
        for n in range(2, 70):
            self.expect(201, "MKCOL", f"{FILE}/{'/'.join('d' * (n - 1))}")
        self.expect(201, "MKCOL", f"{FILE}/e")
        path = "/".join("e" * 2)
        self.expect(201, "MKCOL", f"{FILE}/{path}")
        for _ in range(60):
            path += "/e"
            self.expect(201, "MKCOL", f"{FILE}/{path}")
        self.go(201, "COPY", f"{FILE}/{path}", f"{FILE}/{'/'.join('d' * 68)}/x")
        self.go(409, "MOVE", f"{FILE}/e/e", f"{FILE}/{'/'.join('d' * 68)}/y")

    def test_others_get_and_give_what_they_may(self) -> None:
        self.go(403, "COPY", f"{FILE}/a/1", f"/dav/file/{BOB}/c", user="bob")
        self.share("a", Rights.READ | Rights.READ_ITEMS | Rights.ADD_ITEMS, self.bob)
        self.go(403, "COPY", f"{FILE}/a/1", f"/dav/file/{BOB}/c", user="bob")  # a file has rights of its own
        self.go(403, "COPY", f"{FILE}/a", f"/dav/file/{BOB}/c", user="bob")
        self.expect(201, "PUT", f"/dav/file/{BOB}/mine", b"mine", user="bob")
        self.go(201, "COPY", f"/dav/file/{BOB}/mine", f"{FILE}/a/given", user="bob")
        self.assertEqual(self.content("a/given"), b"mine")
        self.go(403, "MOVE", f"{FILE}/a/given", f"/dav/file/{BOB}/c", user="bob")
        self.go(201, "COPY", f"{FILE}/a/given", f"/dav/file/{BOB}/c", user="bob")
        self.go(201, "MOVE", f"/dav/file/{BOB}/mine", f"/dav/file/{STAFF}/m", user="bob")
        self.expect(404, "GET", f"/dav/file/{BOB}/mine", user="bob")
        self.assertEqual(self.expect(200, "GET", f"/dav/file/{STAFF}/m", user="bob").body, b"mine")
        self.go(403, "COPY", f"/dav/file/{BOB}/c", f"/dav/file/{STAFF}/x")

    def test_there_has_to_be_room(self) -> None:
        self.settle(self.settings.change(FileStorage, {"maxFiles": 3}))
        refused = self.go(412, "COPY", f"{FILE}/a", f"{FILE}/c")
        self.assertEqual(conditions(refused), ["D:quota-not-exceeded"])
        self.go(201, "COPY", f"{FILE}/a/1", f"{FILE}/c")
        self.go(201, "MOVE", f"{FILE}/a", f"{FILE}/d")
        self.patch_account(self.alice, {"quotas": {"maxDiskQuota": 10}})
        self.go(412, "COPY", f"{FILE}/d/1", f"{FILE}/d/b/2")

    def test_conditions_hold_for_the_source(self) -> None:
        self.go(412, "MOVE", f"{FILE}/a/1", f"{FILE}/x", if_match='"x"')
        etag = self.text(f"{FILE}/a/1", "D:getetag") or ""
        self.go(201, "MOVE", f"{FILE}/a/1", f"{FILE}/x", if_match=etag)


class CollectionTests(CopyWorld):
    """The calendars default and work, with the event ``e``."""

    def setUp(self) -> None:
        super().setUp()
        self.expect(201, "MKCALENDAR", f"{CAL}/work")
        self.event = self.add_event("work", "e", "u1")

    def places(self, item: int) -> list[str]:
        found = self.successResultOf(self.store.read(lambda tx: tx.collections.places(self.alice, item)))
        return sorted(member.segment for member in found)

    def test_an_event_is_in_two_calendars(self) -> None:
        made = self.go(201, "COPY", f"{CAL}/work/e", f"{CAL}/default/f")
        self.assertNotIn("etag", made.headers)
        self.assertEqual(self.places(self.event), ["e", "f"])
        self.go(204, "COPY", f"{CAL}/work/e", f"{CAL}/default/f")
        self.expect(204, "DELETE", f"{CAL}/work/e")
        self.assertEqual(self.places(self.event), ["f"])
        self.go(201, "MOVE", f"{CAL}/default/f", f"{CAL}/work/g")
        self.assertEqual(self.places(self.event), ["g"])

    def test_it_ends_up_once_where_it_already_is(self) -> None:
        self.go(201, "COPY", f"{CAL}/work/e", f"{CAL}/default/f")
        self.go(204, "MOVE", f"{CAL}/work/e", f"{CAL}/default/f")
        self.assertEqual(self.places(self.event), ["f"])

    def test_no_calendar_has_a_uid_twice(self) -> None:
        self.add_event("default", "other", "u1")
        refused = self.go(412, "COPY", f"{CAL}/work/e", f"{CAL}/default/f")
        self.assertEqual(conditions(refused), ["A:no-uid-conflict"])
        self.assertIn(f"<D:href>{CAL}/default/other</D:href>".encode(), refused.body)
        self.go(412, "COPY", f"{CAL}/work/e", f"{CAL}/work/f")
        self.go(201, "MOVE", f"{CAL}/work/e", f"{CAL}/work/f")
        self.go(204, "MOVE", f"{CAL}/work/f", f"{CAL}/default/other")

    def test_a_calendar_goes_with_its_events(self) -> None:
        self.go(201, "COPY", f"{CAL}/work/", f"{CAL}/copied/")
        self.assertEqual(self.places(self.event), ["e", "e"])
        self.go(201, "COPY", f"{CAL}/work", f"{CAL}/empty", depth="0")
        self.expect(404, "GET", f"{CAL}/empty/e")
        self.go(201, "MOVE", f"{CAL}/work", f"{CAL}/moved")
        self.expect(200, "GET", f"{CAL}/moved/e")
        self.go(204, "MOVE", f"{CAL}/moved", f"{CAL}/empty")
        refused = self.go(403, "MOVE", f"{CAL}/default", f"{CAL}/x")
        self.assertEqual(conditions(refused), ["A:default-calendar-needed"])

    def test_levels_stay(self) -> None:
        for source, to in (("work", "x/y"), ("work/e", "x"), ("work/e", "work/e/f"), ("work", "work")):
            self.go(502, "MOVE", f"{CAL}/{source}", f"{CAL}/{to}")
        self.go(502, "COPY", f"{CAL}/work", f"{CARD}/work")
        self.go(409, "COPY", f"{CAL}/work/e", f"{CAL}/none/e")

    def test_between_accounts_events_become_others(self) -> None:
        self.share("work", Rights.READ | Rights.READ_ITEMS, self.bob, CALENDARS)
        mine = f"/dav/cal/{BOB}/default"
        self.expect(207, "PROPFIND", f"/dav/cal/{BOB}/", depth="0", user="bob")
        self.go(201, "COPY", f"{CAL}/work/e", f"{mine}/e", user="bob")
        self.assertIn(b"u1", self.expect(200, "GET", f"{mine}/e", user="bob").body)
        self.go(403, "MOVE", f"{CAL}/work/e", f"{mine}/f", user="bob")
        self.go(412, "COPY", f"{CAL}/work/e", f"{mine}/f", user="bob")
        self.go(201, "COPY", f"{CAL}/work", f"/dav/cal/{BOB}/work", user="bob")
        self.expect(200, "GET", f"/dav/cal/{BOB}/work/e", user="bob")
        self.go(403, "COPY", f"{mine}/e", f"{CAL}/work/f", user="bob")

    def test_others_have_only_so_many_events(self) -> None:
        self.share("work", Rights.READ | Rights.READ_ITEMS, self.bob, CALENDARS)
        self.settle(self.settings.change(Calendar, {"maxEvents": 1}))
        self.go(201, "COPY", f"{CAL}/work", f"/dav/cal/{BOB}/work", user="bob")
        self.go(412, "COPY", f"{CAL}/work/e", f"/dav/cal/{BOB}/default/e", user="bob")

    def test_the_state_of_scheduling_is_a_condition(self) -> None:
        self.go(412, "MOVE", f"{CAL}/work/e", f"{CAL}/default/e", if_schedule_tag_match='"1"')
