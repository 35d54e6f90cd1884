"""Principals as clients see them (RFC 9670 2)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.sharing import Sharing
from stalwart.jmap.sharing.capability import AVAILABILITY, OWNER, PRINCIPALS
from stalwart.jmap.sharing.principal import PRINCIPAL
from stalwart.jmap.sharing.principal_source import PrincipalSource
from tests.directory.world import FAST
from tests.jmap.sharing.both_faces import BothFacesCase

CALENDARS = "urn:ietf:params:jmap:calendars"
EVERYBODY = ["alice", "bob", "carol", "staff"]


class PrincipalTests(BothFacesCase):
    def found(self, user: str = "alice", **filter: Any) -> list[str]:
        """The names before the at of whom a query finds."""
        ids = self.jmap("Principal/query", user, filter=filter)["ids"]
        shown = {each["id"]: each for each in self.jmap("Principal/get", user, ids=ids)["list"]}
        return [shown[id]["email"].partition("@")[0] for id in ids]

    def shown(self, who: str, user: str = "alice") -> dict[str, Any]:
        (found,) = self.jmap("Principal/get", user, ids=[encode_id(self.number(who))])["list"]
        return dict(found)

    def test_everything_of_one(self) -> None:
        self.patch_account(self.bob, {"description": "Bob the Builder", "timeZone": "Europe/Berlin"})
        self.assertEqual(
            self.shown("bob"),
            {
                "id": encode_id(self.bob),
                "type": "individual",
                "name": "Bob the Builder",
                "description": None,
                "email": "bob@example.test",
                "timeZone": "Europe/Berlin",
                "capabilities": {
                    CALENDARS: {
                        "accountId": None,
                        "mayGetAvailability": True,
                        "mayShareWith": True,
                        "calendarAddress": "mailto:bob@example.test",
                    }
                },
                "accounts": None,
            },
        )
        self.assertEqual(self.shown("staff")["type"], "group")
        own = self.shown("alice")
        self.assertEqual(own["accounts"], self.session()["accounts"])
        self.assertFalse(own["capabilities"][CALENDARS]["mayShareWith"])

    def test_of_the_own_domain_everybody_is_known(self) -> None:
        self.assertEqual(sorted(self.found()), EVERYBODY)

    def test_of_another_one_nobody_is_unless_it_is_allowed(self) -> None:
        domain_id = self.domain("else.test")
        dave = self.settle(self.accounts.create_user("dave", domain_id, FAST))
        id = encode_id(dave)
        self.assertEqual(sorted(self.found()), EVERYBODY)
        self.assertEqual(self.jmap("Principal/get", ids=[id])["notFound"], [id])
        self.settle(self.settings.change(Sharing, {"allowDirectoryQueries": True}))
        self.assertEqual(sorted(self.found()), sorted([*EVERYBODY, "dave"]))

    def test_with_whom_something_is_shared_is_known(self) -> None:
        domain_id = self.domain("else.test")
        self.dave = self.settle(self.accounts.create_user("dave", domain_id, FAST))
        book = self.made("AddressBook", name="Friends")
        self.changed("AddressBook", book, {"shareWith": {encode_id(self.dave): {"mayRead": True}}})
        self.assertEqual(self.shown("dave")["email"], "dave@else.test")
        self.assertIn("dave", self.found())

    def test_another_tenant_is_another_world(self) -> None:
        self.to_another_tenant(self.bob)
        self.settle(self.settings.change(Sharing, {"allowDirectoryQueries": True}))
        self.assertEqual(self.jmap("Principal/get", ids=[encode_id(self.bob)])["list"], [])
        self.assertNotIn("bob", self.found())

    def test_filters(self) -> None:
        self.patch_account(self.bob, {"description": "Robert", "timeZone": "Europe/Berlin"})
        for filter, found in (
            ({"name": "ROB"}, ["bob"]),
            ({"email": "bob@"}, ["bob"]),
            ({"email": "nobody"}, []),
            ({"text": "rober"}, ["bob"]),
            ({"text": "example.test", "type": "group"}, ["staff"]),
            ({"timeZone": "Europe/Berlin"}, ["bob"]),
            ({"accountIds": [encode_id(self.alice), encode_id(self.bob)]}, ["alice"]),
        ):
            self.assertEqual(self.found(**filter), found, filter)
        self.assertEqual(self.refused("Principal/query", filter={"shoeSize": 5}), "unsupportedFilter")
        self.assertEqual(self.refused("Principal/query", sort=[{"property": "name"}]), "unsupportedSort")

    def test_changes_are_told_only_where_there_are_none(self) -> None:
        answer = self.jmap("Principal/query")
        self.assertFalse(answer["canCalculateChanges"])
        state = self.jmap("Principal/get", ids=[])["state"]
        self.assertEqual(answer["queryState"], state)
        changes = self.jmap("Principal/changes", sinceState=state)
        self.assertEqual((changes["newState"], changes["updated"]), (state, []))
        self.patch_account(self.bob, {"description": "Robert"})
        self.assertEqual(self.refused("Principal/changes", sinceState=state), "cannotCalculateChanges")
        self.assertEqual(self.refused("Principal/queryChanges", sinceQueryState=state), "cannotCalculateChanges")
        self.assertNotEqual(self.jmap("Principal/get", ids=[])["state"], state)

    def test_nobody_changes_them(self) -> None:
        id = encode_id(self.alice)
        answer = self.jmap("Principal/set", create={"k": {"name": "x"}}, update={id: {"name": "x"}})
        self.assertEqual(answer["notCreated"]["k"]["type"], "forbidden")
        self.assertEqual(answer["notUpdated"][id]["type"], "forbidden")
        answer = self.jmap("Principal/set", destroy=[id])
        self.assertEqual(answer["notDestroyed"][id]["type"], "forbidden")

    def test_the_session_tells_whose_accounts_are(self) -> None:
        book = self.made("AddressBook", name="Friends")
        self.changed("AddressBook", book, {"shareWith": {encode_id(self.bob): {"mayRead": True}}})
        session = self.session("bob")
        self.assertEqual((session["capabilities"][PRINCIPALS], session["capabilities"][AVAILABILITY]), ({}, {}))
        self.assertNotIn(OWNER, session["capabilities"])
        self.assertNotIn(OWNER, session["primaryAccounts"])
        me = encode_id(self.bob)
        for id, has in ((self.bob, True), (self.staff, True), (self.alice, False)):
            told = session["accounts"][encode_id(id)]["accountCapabilities"]
            self.assertEqual(told.get(PRINCIPALS), {"currentUserPrincipalId": me} if has else None)
            self.assertEqual(told[OWNER], {"accountIdForPrincipal": me, "principalId": encode_id(id)})
            self.assertEqual(AVAILABILITY in told, has)

    def test_it_is_one_type(self) -> None:
        self.assertEqual(PRINCIPAL.source, PrincipalSource())
