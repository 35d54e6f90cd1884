"""Principals, services, inboxes and outboxes as PROPFIND shows them."""

from __future__ import annotations

from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.sharing import Sharing
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav import places, seeking
from stalwart.groupware.kinds import FILES
from stalwart.store import Transaction
from stalwart.store.collection_rows import NewItem
from tests.dav.world import ALICE, BOB, CAROL, STAFF, DavWorld, statuses

ASKED = "<D:propfind><D:prop><D:displayname/><D:getetag/><A:calendar-data/></D:prop></D:propfind>"


class PlacesTests(DavWorld):
    """alice, bob with his group, carol."""

    def test_principals(self) -> None:
        self.assertTrue(callable(seeking.seeker))
        own = statuses(self.expect(207, "PROPFIND", f"/dav/pal/{ALICE}", ASKED))
        self.assertEqual(own, {f"/dav/pal/{ALICE}/": {"D:getetag": 404, "A:calendar-data": 404, "D:displayname": 200}})
        self.assertEqual(list(own[f"/dav/pal/{ALICE}/"])[-1], "D:displayname")
        told = statuses(self.expect(207, "PROPFIND", f"/dav/pal/{BOB}", ASKED))
        self.assertEqual(told, {f"/dav/pal/{BOB}/": {"": 403}})
        self.assertEqual(
            statuses(self.expect(207, "PROPFIND", f"/dav/pal/{BOB}/x", ASKED)), {f"/dav/pal/{BOB}/x": {"": 404}}
        )
        self.expect(404, "PROPFIND", "/dav/pal/nobody%40example.test", ASKED)
        self.assertIn(
            f"/dav/pal/{STAFF}/", statuses(self.expect(207, "PROPFIND", f"/dav/pal/{STAFF}", ASKED, user="bob"))
        )
        self.settle(self.settings.change(Sharing, {"allowDirectoryQueries": True}))
        self.assertIn(f"/dav/pal/{BOB}/", statuses(self.expect(207, "PROPFIND", f"/dav/pal/{BOB}", ASKED)))

    def test_nobody_is_told_who_is_in_another_tenant(self) -> None:
        self.to_another_tenant(self.bob)
        for path in (f"/dav/pal/{BOB}", f"/dav/cal/{BOB}", f"/dav/cal/{BOB}/default/", f"/dav/card/{BOB}"):
            self.expect(404, "PROPFIND", path, ASKED)
        self.expect(404, "GET", f"/dav/file/{BOB}/x")

    def test_who_shares_something_is_known(self) -> None:
        self.expect(201, "MKCOL", f"/dav/file/{CAROL}/box", user="carol")

        def share(tx: Transaction) -> None:
            member = tx.collections.member(self.carol, FILES.home, "box")
            assert member is not None
            tx.shares.replace(self.carol, member.item_id, {self.alice: int(Rights.READ)})

        self.successResultOf(self.store.write(share))
        shown = statuses(self.expect(207, "PROPFIND", "/dav/pal", ASKED, depth="1"))
        self.assertEqual(list(shown), ["/dav/pal/", f"/dav/pal/{ALICE}/", f"/dav/pal/{CAROL}/"])
        self.assertIn(f"/dav/pal/{CAROL}/", statuses(self.expect(207, "PROPFIND", f"/dav/pal/{CAROL}", ASKED)))
        self.assertEqual(
            list(statuses(self.expect(207, "PROPFIND", "/dav/file", ASKED, depth="1")))[1:],
            [f"/dav/file/{ALICE}/", f"/dav/file/{CAROL}/"],
        )
        self.assertNotIn(f"/dav/cal/{CAROL}/", statuses(self.expect(207, "PROPFIND", "/dav/cal", ASKED, depth="1")))

    def test_inboxes_and_outboxes(self) -> None:
        home = f"/dav/itip/{ALICE}/"
        shown = statuses(self.expect(207, "PROPFIND", home, ASKED, depth="1"))
        self.assertEqual(list(shown), [home, f"{home}inbox/", f"{home}outbox/"])
        self.assertEqual(shown[f"{home}inbox/"], {"D:getetag": 200, "D:displayname": 404, "A:calendar-data": 404})
        self.assertEqual(
            list(statuses(self.expect(207, "PROPFIND", f"{home}outbox", ASKED, depth="infinity"))), [f"{home}outbox/"]
        )
        for path, status in ((f"{home}other", 404), (f"{home}inbox/1.ics", 404), (f"/dav/itip/{BOB}", 403)):
            self.expect(status, "PROPFIND", path, ASKED)
        self.assertEqual(
            list(statuses(self.expect(207, "PROPFIND", "/dav/itip", ASKED, depth="1"))), ["/dav/itip/", home]
        )

    def test_what_is_in_an_inbox(self) -> None:
        def put(tx: Transaction) -> None:
            for number in (1, 2):
                item = NewItem(number, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
                tx.collections.put(self.alice, places.INBOX_HOME, f"{number}.ics", item, now=5)

        self.successResultOf(self.store.write(put))
        inbox = f"/dav/itip/{ALICE}/inbox/"
        answer = self.expect(207, "PROPFIND", inbox, ASKED, depth="1")
        shown = statuses(answer)
        self.assertEqual(list(shown), [inbox, f"{inbox}1.ics", f"{inbox}2.ics"])
        self.assertEqual((shown[f"{inbox}1.ics"]["A:calendar-data"], answer.body.count(b"BEGIN:VCALENDAR")), (200, 2))
        (alone,) = statuses(self.expect(207, "PROPFIND", f"{inbox}1.ics", ASKED)).values()
        self.assertEqual(alone["D:getetag"], 200)
        self.settle(self.settings.change(WebDav, {"maxResults": 2}))
        self.assertIn(b"507", self.expect(207, "PROPFIND", inbox, ASKED, depth="1").body)
        sync = "<D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>"
        told = statuses(self.expect(207, "REPORT", inbox, f"<D:sync-collection>{sync}</D:sync-collection>"))
        self.assertEqual(set(told), {inbox, f"{inbox}1.ics", f"{inbox}2.ics"})
