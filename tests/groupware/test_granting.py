"""Rights that are given and taken, and who is told."""

from __future__ import annotations

from typing import Any

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.sharing import Sharing
from stalwart.config.identity.account import Account
from stalwart.errors import OverQuota
from stalwart.groupware.granting import MOST_NOTIFICATIONS, Subject, TooGenerous, beyond, is_within_reach, part_ways
from stalwart.groupware.kinds import CALENDARS
from stalwart.store import Transaction
from stalwart.store.object_types import CALENDAR, SHARE_NOTIFICATION
from tests.dav.world import BOB, DavWorld
from tests.directory.world import NOW

READ = Rights.READ | Rights.READ_ITEMS
WRITE = Rights.MODIFY | Rights.ADD_ITEMS


class GrantingTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        made = self.write(lambda tx: tx.collections.create(self.alice, CALENDAR, CALENDARS.home, "work", now=NOW))
        self.calendar = made.item_id

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def give(self, grants: dict[int, Rights], held: Rights | None = None, user: int | None = None) -> Any:
        given = Rights.all() if held is None else held
        subject = Subject(self.alice, self.calendar, CALENDAR, "Work", given)
        who = self.alice if user is None else user
        return self.write(lambda tx: self.tools.granting.replace(tx, subject, grants, user_id=who, now=NOW))

    def there(self) -> dict[int, int]:
        return self.write(lambda tx: tx.shares.of_object(self.alice, self.calendar))

    def told(self, account_id: int) -> list[dict[str, Any]]:
        found = self.write(lambda tx: tx.objects.list(account_id, SHARE_NOTIFICATION))
        return [each.data for each in found]

    def test_who_gets_rights_is_told_of_them(self) -> None:
        self.give({self.bob: READ})
        self.assertEqual(self.there(), {self.bob: int(READ)})
        (told,) = self.told(self.bob)
        self.assertEqual(
            told,
            {
                "created": NOW,
                "changedBy": {
                    "name": told["changedBy"]["name"],
                    "email": "alice@example.test",
                    "principalId": encode_id(self.alice),
                },
                "objectType": CALENDAR,
                "objectAccountId": self.alice,
                "objectId": self.calendar,
                "oldRights": 0,
                "newRights": int(READ),
                "name": "Work",
            },
        )
        self.assertEqual(self.told(self.carol), [])

    def test_who_leaves_for_another_tenant_shares_nothing_any_more(self) -> None:
        self.give({self.bob: READ, self.carol: READ})

        self.to_another_tenant(self.bob)

        def leave(tx: Transaction) -> None:
            of_bob = tx.collections.create(self.bob, CALENDAR, CALENDARS.home, "work", now=NOW).item_id
            tx.shares.replace(self.bob, of_bob, {self.alice: int(READ)})
            part_ways(tx, self.bob)

        self.write(leave)
        self.assertEqual(self.there(), {self.carol: int(READ)})
        self.assertEqual(self.write(lambda tx: tx.shares.granted([self.alice, self.bob])), [])
        self.assertEqual(len(self.told(self.bob)), 1)

    def test_what_does_not_change_tells_nobody(self) -> None:
        self.give({self.bob: READ})
        self.give({self.bob: READ, self.carol: READ})
        self.give({self.bob: READ, self.carol: READ})
        self.give({self.carol: READ})
        self.assertEqual([each["newRights"] for each in self.told(self.bob)], [int(READ), 0])
        self.assertEqual(len(self.told(self.carol)), 1)

    def test_nobody_gives_what_he_has_not(self) -> None:
        self.give({self.bob: READ | Rights.SHARE, self.carol: WRITE})
        self.assertEqual(beyond({}, {1: int(WRITE)}, READ), WRITE)
        for grants in ({self.bob: READ | WRITE}, {self.bob: READ | Rights.SHARE, self.carol: READ | Rights.DELETE}):
            subject = Subject(self.alice, self.calendar, CALENDAR, "Work", READ | Rights.SHARE)
            work = self.store.write(
                lambda tx, g=grants, s=subject: self.tools.granting.replace(tx, s, g, user_id=self.bob, now=NOW)
            )
            self.failureResultOf(work, TooGenerous)
        # What others have he may leave, and take away.
        self.give({self.bob: READ | Rights.SHARE, self.carol: WRITE | READ}, READ | Rights.SHARE, self.bob)
        self.give({self.bob: READ | Rights.SHARE}, READ | Rights.SHARE, self.bob)
        self.assertEqual(self.there(), {self.bob: int(READ | Rights.SHARE)})

    def test_there_is_a_limit(self) -> None:
        self.settle(self.settings.change(Sharing, {"maxShares": 1}))
        self.give({self.bob: READ})
        subject = Subject(self.alice, self.calendar, CALENDAR, "Work", Rights.all())
        grants = {self.bob: READ, self.carol: READ}
        work = self.store.write(
            lambda tx: self.tools.granting.replace(tx, subject, grants, user_id=self.alice, now=NOW)
        )
        self.failureResultOf(work, OverQuota)

    def test_the_oldest_notifications_make_room(self) -> None:
        def fill(tx: Transaction) -> None:
            for number in range(MOST_NOTIFICATIONS):
                tx.objects.insert(self.bob, SHARE_NOTIFICATION, now=NOW, data={"n": number})

        self.write(fill)
        self.give({self.bob: READ})
        told = self.told(self.bob)
        self.assertEqual((len(told), told[0], told[-1]["name"]), (MOST_NOTIFICATIONS, {"n": 1}, "Work"))

    def test_tenants_share_nothing_with_others(self) -> None:
        within = lambda *ids: self.write(lambda tx: is_within_reach(tx, *ids))  # noqa: E731
        self.assertTrue(within(self.alice, self.bob))
        self.assertFalse(within(self.alice, 99_999))

        def move(tx: Transaction) -> None:
            row = tx.registry.get(Account.type_name, self.bob)
            assert row is not None
            tx.registry.delete(Account.type_name, self.bob)
            tx.registry.insert(Account.type_name, {**row.data, "memberTenantId": "b"}, id=self.bob)

        self.write(move)
        self.assertFalse(within(self.alice, self.bob))
        body = (
            f"<D:acl><D:ace><D:principal><D:href>/dav/pal/{BOB}/</D:href></D:principal>"
            "<D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace></D:acl>"
        )
        self.expect(403, "ACL", "/dav/cal/alice%40example.test/work/", body)

    def test_the_acl_method_tells_too_and_keeps_what_it_has_no_words_for(self) -> None:
        self.give({self.bob: READ | Rights.RSVP})
        body = (
            f"<D:acl><D:ace><D:principal><D:href>/dav/pal/{BOB}/</D:href></D:principal>"
            "<D:grant><D:privilege><D:write-content/></D:privilege></D:grant></D:ace></D:acl>"
        )
        self.expect(200, "ACL", "/dav/cal/alice%40example.test/work/", body)
        rights = Rights.MODIFY | Rights.ADD_ITEMS | Rights.MODIFY_ITEMS | Rights.RSVP
        self.assertEqual(self.there(), {self.bob: int(rights)})
        self.assertEqual([each["newRights"] for each in self.told(self.bob)], [int(READ | Rights.RSVP), int(rights)])
