"""Accounts that are shared: in the session, in calls, and in states (jmap.md 3, 20, 21.4)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import encode_id
from stalwart.directory.access import SharedAccount
from stalwart.jmap.sharing.changing import shown_grants
from stalwart.jmap.sharing.rights import ADDRESS_BOOK
from stalwart.jmap.sharing.seeing import is_visible
from stalwart.store.object_types import ADDRESS_BOOK as BOOKS
from stalwart.store.object_types import CALENDAR
from tests.jmap.sharing.both_faces import BothFacesCase

CONTACTS, CALENDARS = "urn:ietf:params:jmap:contacts", "urn:ietf:params:jmap:calendars"


class SessionTests(BothFacesCase):
    def setUp(self) -> None:
        super().setUp()
        self.book = self.made("AddressBook", name="Friends")
        self.alices = encode_id(self.alice)

    def share(self, user: str, *rights: str) -> None:
        patch = {f"shareWith/{encode_id(self.number(user))}": dict.fromkeys(rights, True) if rights else None}
        self.changed("AddressBook", self.book, patch)

    def shown_accounts(self, user: str = "carol") -> dict[str, Any]:
        return dict(self.session(user)["accounts"])

    def test_an_account_is_there_as_long_as_something_is_shared(self) -> None:
        own = encode_id(self.carol)
        self.assertEqual(list(self.shown_accounts()), [own])
        states = [self.state_of_session("carol")]
        self.share("carol", "mayRead")
        self.assertEqual(list(self.shown_accounts()), [own, self.alices])
        account = self.shown_accounts()[self.alices]
        self.assertEqual(
            (account["name"], account["isPersonal"], account["isReadOnly"]), ("alice@example.test", False, True)
        )
        states.append(self.state_of_session("carol"))
        self.share("carol", "mayRead", "mayWrite")
        self.assertFalse(self.shown_accounts()[self.alices]["isReadOnly"])
        states.append(self.state_of_session("carol"))
        self.share("carol")
        self.assertEqual(list(self.shown_accounts()), [own])
        self.assertEqual(self.state_of_session("carol"), states[0])
        self.assertEqual(len(set(states)), 3)
        self.assertEqual(self.session("carol")["state"], states[0])

    def test_nobody_else_is_concerned(self) -> None:
        before = self.state_of_session("alice"), self.state_of_session("bob")
        self.share("carol", "mayRead")
        self.assertEqual((self.state_of_session("alice"), self.state_of_session("bob")), before)

    def test_only_what_is_shared_can_be_asked_for(self) -> None:
        self.share("carol", "mayRead")
        capabilities = self.shown_accounts()[self.alices]["accountCapabilities"]
        self.assertIn(CONTACTS, capabilities)
        self.assertNotIn(CALENDARS, capabilities)
        self.assertFalse(capabilities[CONTACTS]["mayCreateAddressBook"])
        self.assertEqual(self.refused("Calendar/get", "carol", self.alice), "accountNotSupportedByMethod")
        self.assertEqual(self.refused("AddressBook/get", "carol", self.bob), "accountNotFound")
        self.assertEqual(self.refused("AddressBook/get", "bob", self.alice), "accountNotFound")

    def test_what_goes_takes_the_account_along(self) -> None:
        self.share("carol", "mayRead")
        self.jmap("AddressBook/set", destroy=[self.book])
        self.assertEqual(list(self.shown_accounts()), [encode_id(self.carol)])
        self.assertEqual(self.refused("AddressBook/get", "carol", self.alice), "accountNotFound")

    def test_members_of_a_group_see_what_is_shared_with_it(self) -> None:
        self.share("staff", "mayRead")
        self.assertIn(self.alices, self.shown_accounts("bob"))
        self.share("staff")
        self.assertNotIn(self.alices, self.shown_accounts("bob"))

    def test_an_access_says_what_is_shared(self) -> None:
        self.share("carol", "mayRead")
        id = self.made("Calendar", name="Work")
        self.changed("Calendar", id, {f"shareWith/{encode_id(self.carol)}": {"mayReadItems": True, "mayRSVP": True}})
        access = self.sign_in("carol@example.test")
        types = frozenset((BOOKS, CALENDAR))
        self.assertEqual(access.shared, (SharedAccount(self.alice, types, frozenset((CALENDAR,))),))
        self.assertEqual(access.shared_types(self.alice), types)
        self.assertEqual(access.shared_types(self.bob), frozenset())
        self.assertEqual(access.account_ids, {self.alice, self.carol})

    def test_by_dav_it_is_the_same(self) -> None:
        body = (
            "<D:acl><D:ace><D:principal><D:href>/dav/pal/carol%40example.test/</D:href></D:principal>"
            "<D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace></D:acl>"
        )
        self.expect(200, "ACL", "/dav/card/alice%40example.test/default/", body)
        (book,) = self.listed("AddressBook", "carol", self.alice).values()
        self.assertEqual([name for name, held in book["myRights"].items() if held], ["mayRead"])
        self.assertTrue(self.shown_accounts()[self.alices]["isReadOnly"])
        shown = self.jmap("AddressBook/get", ids=[book["id"]])["list"][0]["shareWith"]
        self.assertEqual(list(shown), [encode_id(self.carol)])
        self.changed("AddressBook", book["id"], {"shareWith": None})
        self.assertNotIn(self.alices, self.shown_accounts())

    def test_what_is_shared_here_is_an_acl_there(self) -> None:
        self.share("carol", "mayRead", "mayWrite")
        home = self.properties("/dav/card/alice%40example.test/", "D:displayname", depth="1", user="carol")
        (path,) = (path for path, each in home.items() if "D:displayname" in each and path.count("/") == 5)
        name = "D:current-user-privilege-set"
        ((held,),) = (each.values() for each in self.properties(path, name, user="carol").values())
        told = {each[0].tag.partition("}")[2] for each in held}
        self.assertTrue({"read", "bind", "unbind", "write-content"} <= told, told)
        self.assertNotIn("write-acl", told)


class SeeingTests(BothFacesCase):
    def test_who_knows_only_when_somebody_is_busy_sees_nothing(self) -> None:
        self.assertFalse(is_visible(Rights.SCHEDULING_READ_FREE_BUSY))
        self.assertTrue(is_visible(Rights.SHARE))
        id = self.made("Calendar", name="Work")
        self.changed("Calendar", id, {f"shareWith/{encode_id(self.carol)}/mayReadFreeBusy": True})
        self.assertEqual(self.refused("Calendar/get", "carol", self.alice), "accountNotFound")

    def test_grants_that_show_nothing_are_left_out(self) -> None:
        self.assertIsNone(shown_grants(ADDRESS_BOOK, {5: int(Rights.ADD_ITEMS)}))
        shown = shown_grants(ADDRESS_BOOK, {5: int(Rights.ADD_ITEMS), 6: int(Rights.SHARE)})
        assert shown is not None
        self.assertEqual(list(shown), [encode_id(6)])

    def test_changes_of_what_is_not_shared_are_not_told(self) -> None:
        first = self.made("Calendar", name="A")
        second = self.made("Calendar", name="B")
        patch = {f"shareWith/{encode_id(self.carol)}/mayReadItems": True}
        self.changed("Calendar", first, patch)
        state = self.jmap("Calendar/get", "carol", self.alice, ids=[])["state"]
        self.changed("Calendar", second, {"name": "C"})
        changes = self.jmap("Calendar/changes", "carol", self.alice, sinceState=state)
        self.assertEqual((changes["updated"], changes["created"]), ([], []))
        self.assertNotEqual(changes["newState"], state)
        self.changed("Calendar", second, patch)
        problem = self.refused("Calendar/changes", "carol", self.alice, sinceState=changes["newState"])
        self.assertEqual(problem, "cannotCalculateChanges")

    def test_a_calendar_that_was_taken_back_makes_states_useless_too(self) -> None:
        first, second = self.made("Calendar", name="A"), self.made("Calendar", name="B")
        for id in (first, second):
            self.changed("Calendar", id, {f"shareWith/{encode_id(self.carol)}/mayReadItems": True})
        state = self.jmap("Calendar/get", "carol", self.alice, ids=[])["state"]
        self.changed("Calendar", first, {"shareWith": None})
        self.assertEqual(
            self.refused("Calendar/changes", "carol", self.alice, sinceState=state), "cannotCalculateChanges"
        )
        state = self.jmap("Calendar/get", "carol", self.alice, ids=[])["state"]
        self.changed("Calendar", second, {"name": "C"})
        changes = self.jmap("Calendar/changes", "carol", self.alice, sinceState=state)
        self.assertEqual(changes["updated"], [second])

    def test_what_is_made_and_shared_at_once_is_new(self) -> None:
        self.made("Calendar", name="A", shareWith={encode_id(self.carol): {"mayReadItems": True}})
        state = self.jmap("Calendar/get", "carol", self.alice, ids=[])["state"]
        made = self.made("Calendar", name="B", shareWith={encode_id(self.carol): {"mayReadItems": True}})
        changes = self.jmap("Calendar/changes", "carol", self.alice, sinceState=state)
        self.assertEqual(changes["created"], [made])
