"""Whose home a URL means, what every home begins with, and what somebody sees (``homes``, ``viewers``, ``kinds``)."""

from __future__ import annotations

from stalwart.codec.dav.paths import parse_target
from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import encode_id
from stalwart.groupware.homes import DISPLAY_NAME, Home, Homes
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS, FILES, KINDS
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction
from stalwart.store.object_types import ADDRESS_BOOK, CALENDAR_EVENT, FILE_NODE
from tests.dav.world import DavWorld


class HomeTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        self.homes: Homes = self.tools.homes
        alias = {"name": "al", "domainId": encode_id(self.domain_id)}
        self.patch_account(self.alice, {"aliases": {"0": alias}})

    def _found(self, path: str) -> Home | None:
        target = parse_target(path)
        assert target is not None
        found: Home | None = self.successResultOf(self.store.read(lambda tx: self.homes.find(tx, target)))
        return found

    def test_an_account_is_named_by_address_alias_or_number(self) -> None:
        alice = Home(self.alice, "alice@example.test")
        for path in (
            "/dav/cal/alice@example.test/",
            "/dav/cal/alice%40example.test",
            "/dav/cal/Alice%40EXAMPLE.test/x",
            "/dav/cal/al@example.test/",
            f"/dav/card/_{self.alice}/",
        ):
            self.assertEqual(self._found(path), alice, path)
        self.assertEqual(self._found("/dav/cal/staff@example.test/"), Home(self.staff, "staff@example.test", True))

    def test_nobody_else_is_named(self) -> None:
        for path in ("/dav/cal/", "/dav/cal/nobody@example.test", "/dav/cal/alice@else.test", "/dav/cal/_99999/"):
            self.assertIsNone(self._found(path), path)

    def test_a_home_begins_with_one_calendar_and_gets_no_second_one(self) -> None:
        home = Home(self.alice, "alice@example.test")

        def lacks(tx: Transaction) -> list[bool]:
            return [self.homes.lacks_first(tx, kind, home.account_id) for kind in KINDS.values()]

        self.assertEqual(self.successResultOf(self.store.read(lacks)), [True, True, False])

        def begin(tx: Transaction) -> None:
            for kind in KINDS.values():
                self.homes.make_first(tx, kind, home)
                self.homes.make_first(tx, kind, home)

        self.successResultOf(self.store.write(begin))
        self.assertEqual(self.successResultOf(self.store.read(lacks)), [False, False, False])
        (book,) = self.successResultOf(self.store.read(lambda tx: tx.collections.of_type(self.alice, ADDRESS_BOOK)))
        self.assertEqual(book.segment, "default")
        self.assertEqual(book.data, {DISPLAY_NAME: "Stalwart Address Book (alice@example.test)"})
        self.successResultOf(
            self.store.write(lambda tx: tx.collections.remove(self.alice, CALENDARS.home, "default", now=1))
        )
        self.assertEqual(self.successResultOf(self.store.read(lacks)), [False, False, False])

    def test_a_home_that_has_begun_is_not_looked_at_again(self) -> None:
        begun = (self.alice, self.bob)
        for id in begun:
            self.homes.begun(CALENDARS, id)
        lacking = self.successResultOf(
            self.store.read(lambda tx: [self.homes.lacks_first(tx, CALENDARS, id) for id in (*begun, self.carol)])
        )
        self.assertEqual(lacking, [False, False, True])

    def test_homes_that_somebody_sees(self) -> None:
        def share(tx: Transaction) -> None:
            made = tx.collections.create(self.carol, CALENDARS.type, CALENDARS.home, "x", now=1)
            tx.shares.replace(self.carol, made.item_id, {self.staff: int(Rights.READ)})

        self.successResultOf(self.store.write(share))
        bob = Viewer(self.bob, frozenset((self.staff,)))
        for viewer, kind, seen in (
            (bob, CALENDARS, [self.bob, self.staff, self.carol]),
            (bob, FILES, [self.bob, self.staff]),
            (Viewer(self.alice), CALENDARS, [self.alice]),
        ):
            homes = self.successResultOf(self.store.read(lambda tx, v=viewer, k=kind: self.homes.visible(tx, v, k)))
            self.assertEqual([home.account_id for home in homes], seen)


class ViewerTests(DavWorld):
    def test_rights_are_those_of_all_grants_together(self) -> None:
        def share(tx: Transaction) -> int:
            id = tx.collections.create(self.alice, CALENDARS.type, CALENDARS.home, "x", now=1).item_id
            tx.shares.replace(self.alice, id, {self.bob: int(Rights.READ), self.staff: int(Rights.ADD_ITEMS)})
            return id

        id = self.successResultOf(self.store.write(share))
        for viewer, rights in (
            (Viewer(self.alice), Rights.all()),
            (Viewer(self.bob), Rights.READ),
            (Viewer(self.bob, frozenset((self.staff,))), Rights.READ | Rights.ADD_ITEMS),
            (Viewer(self.carol), Rights.NONE),
            (Viewer(self.carol, frozenset((self.alice,))), Rights.all()),
            (Viewer(self.carol, may_be_anybody=True), Rights.all()),
        ):
            found = self.successResultOf(self.store.read(lambda tx, v=viewer: v.rights_on(tx, self.alice, id)))
            self.assertEqual(found, rights, viewer)
        some = self.successResultOf(
            self.store.read(lambda tx: Viewer(self.bob).rights_on_some(tx, self.alice, (id, id + 1)))
        )
        self.assertEqual(some, {id: Rights.READ})

    def test_a_viewer_is_made_of_a_proved_identity(self) -> None:
        access = self.settle(self.directory.authenticate_basic("bob@example.test", "correct horse 7 battery", "::1"))
        viewer = Viewer.of(access)
        self.assertEqual((viewer.account_id, viewer.group_ids), (self.bob, frozenset((self.staff,))))
        self.assertFalse(viewer.may_be_anybody)


class KindTests(DavWorld):
    def test_kinds_know_what_they_hold(self) -> None:
        self.assertEqual((CALENDARS.item_type, FILES.item_type), (CALENDAR_EVENT, FILE_NODE))
        self.assertEqual(len({kind.home for kind in KINDS.values()}), 3)
        self.assertEqual([KINDS[service] for service in ("cal", "card", "file")], [CALENDARS, ADDRESS_BOOKS, FILES])
        self.assertIsNone(KINDS.get("pal"))
