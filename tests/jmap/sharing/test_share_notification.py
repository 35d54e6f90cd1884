"""ShareNotification: what is told of rights that came and went (RFC 9670 3)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.sharing.rights import CALENDAR
from stalwart.jmap.sharing.share_notification import SHARE_NOTIFICATION, TYPES
from stalwart.jmap.standard.dates import utc_date
from stalwart.store.object_types import FILE_NODE, MAILBOX
from tests.directory.world import NOW
from tests.jmap.sharing.both_faces import BothFacesCase


class NotificationTests(BothFacesCase):
    def setUp(self) -> None:
        super().setUp()
        self.calendar = self.made("Calendar", name="Work")
        self.bobs = encode_id(self.bob)

    def share(self, *rights: str) -> None:
        self.changed("Calendar", self.calendar, {f"shareWith/{self.bobs}": dict.fromkeys(rights, True) or None})

    def told(self, user: str = "bob", **arguments: Any) -> list[dict[str, Any]]:
        return list(self.jmap("ShareNotification/get", user, **arguments)["list"])

    def queried(self, **arguments: Any) -> list[str]:
        return list(self.jmap("ShareNotification/query", "bob", **arguments)["ids"])

    def test_everything_is_told(self) -> None:
        state = self.jmap("ShareNotification/get", "bob", ids=[])["state"]
        self.share("mayReadItems", "mayShare")
        (told,) = self.told()
        none = dict.fromkeys(CALENDAR.rights, False)
        self.assertEqual(
            told,
            {
                "id": told["id"],
                "created": utc_date(NOW),
                "changedBy": {
                    "name": told["changedBy"]["name"],
                    "email": "alice@example.test",
                    "principalId": encode_id(self.alice),
                },
                "objectType": "Calendar",
                "objectAccountId": encode_id(self.alice),
                "objectId": self.calendar,
                "oldRights": None,
                "newRights": {**none, "mayReadItems": True, "mayShare": True},
                "name": "Work",
            },
        )
        changes = self.jmap("ShareNotification/changes", "bob", sinceState=state)
        self.assertEqual(changes["created"], [told["id"]])
        self.assertEqual(self.told("alice"), [])

    def test_one_for_each_change_the_newest_first(self) -> None:
        self.share("mayReadItems")
        self.clock.advance(60)
        self.share("mayReadItems", "mayRSVP")
        self.clock.advance(60)
        self.share()
        told = {each["id"]: each for each in self.told()}
        ids = self.queried()
        self.assertEqual([told[id]["newRights"] is None for id in ids], [True, False, False])
        self.assertEqual(self.queried(sort=[{"property": "created"}]), ids[::-1])
        for filter, found in (
            ({"after": utc_date(NOW + 60)}, ids[:2]),
            ({"before": utc_date(NOW + 60)}, ids[2:]),
            ({"objectType": "Calendar"}, ids),
            ({"objectType": "Mailbox"}, []),
            ({"objectAccountId": encode_id(self.alice)}, ids),
            ({"objectAccountId": self.bobs}, []),
        ):
            self.assertEqual(self.queried(filter=filter), found, filter)

    def test_the_acl_method_tells_as_well(self) -> None:
        body = (
            "<D:acl><D:ace><D:principal><D:href>/dav/pal/bob%40example.test/</D:href></D:principal>"
            "<D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace></D:acl>"
        )
        self.expect(201, "MKCOL", "/dav/file/alice%40example.test/papers/")
        self.expect(200, "ACL", "/dav/file/alice%40example.test/papers/", body)
        (told,) = self.told()
        self.assertEqual((told["objectType"], told["name"]), ("FileNode", "papers"))
        self.assertTrue(told["newRights"]["mayRead"])

    def test_they_can_only_be_destroyed(self) -> None:
        self.share("mayReadItems")
        (id,) = self.queried()
        before = self.jmap("ShareNotification/query", "bob")
        answer = self.jmap("ShareNotification/set", "bob", create={"k": {}}, update={id: {"name": "x"}})
        self.assertEqual(answer["notCreated"]["k"]["type"], "forbidden")
        self.assertEqual(answer["notUpdated"][id]["type"], "forbidden")
        self.assertEqual(self.jmap("ShareNotification/set", "bob", destroy=[id])["destroyed"], [id])
        self.assertEqual(self.told(), [])
        changes = self.jmap("ShareNotification/queryChanges", "bob", sinceQueryState=before["queryState"])
        self.assertEqual((changes["removed"], changes["added"]), ([id], []))

    def test_members_read_what_a_group_was_told(self) -> None:
        self.changed("Calendar", self.calendar, {f"shareWith/{encode_id(self.staff)}": {"mayReadItems": True}})
        (told,) = self.jmap("ShareNotification/get", "bob", self.staff)["list"]
        self.assertEqual(told["objectId"], self.calendar)

    def test_whatever_can_be_shared_has_a_name(self) -> None:
        self.assertEqual([TYPES[type][0] for type in (MAILBOX, FILE_NODE)], ["Mailbox", "FileNode"])
        self.assertEqual(SHARE_NOTIFICATION.declared.name, "ShareNotification")
