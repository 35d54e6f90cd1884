"""AddressBook/get, set, changes and query, and the same address books over CardDAV (RFC 9610 2)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config.collaboration.address_book import AddressBook
from stalwart.jmap.contacts.address_book import ADDRESS_BOOK
from stalwart.jmap.contacts.capability import CONTACTS, contacts
from tests.jmap.sharing.both_faces import BothFacesCase

ALL = {"mayRead": True, "mayWrite": True, "mayShare": True, "mayDelete": True}
HOME = "/dav/card/alice%40example.test"
CARD = b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:x1\r\nFN:Ann\r\nEND:VCARD\r\n"


class AddressBookTests(BothFacesCase):
    def books(self, user: str = "alice", account: int | None = None) -> dict[str, Any]:
        return self.listed("AddressBook", user, account)

    def path(self, name: str) -> str:
        """The URL of the address book of this name."""
        found = self.properties(f"{HOME}/", "D:displayname", depth="1")
        (path,) = [
            href for href, each in found.items() if "D:displayname" in each and each["D:displayname"].text == name
        ]
        return path

    def test_an_account_begins_with_one(self) -> None:
        (book,) = self.jmap("AddressBook/get")["list"]
        self.assertEqual(
            book,
            {
                "id": book["id"],
                "name": "Stalwart Address Book (alice@example.test)",
                "description": None,
                "sortOrder": 0,
                "isDefault": True,
                "isSubscribed": True,
                "myRights": ALL,
                "shareWith": None,
            },
        )
        self.assertEqual(self.jmap("AddressBook/query")["ids"], [book["id"]])
        self.expect(207, "PROPFIND", f"{HOME}/default/", b"")

    def test_what_is_made_is_told_in_full_and_shown_by_dav(self) -> None:
        answer = self.jmap("AddressBook/set", create={"k": {"name": "Friends"}})
        self.assertEqual(
            answer["created"]["k"],
            {
                "id": answer["created"]["k"]["id"],
                "description": None,
                "sortOrder": 0,
                "isDefault": False,
                "isSubscribed": True,
                "myRights": ALL,
                "shareWith": None,
            },
        )
        self.assertEqual(self.text(self.path("Friends"), "D:displayname"), "Friends")

    def test_names_go_both_ways(self) -> None:
        id = self.made("AddressBook", name="Friends", description="Who I like")
        path = self.path("Friends")
        self.assertEqual(self.text(path, "B:addressbook-description"), "Who I like")
        self.changed("AddressBook", id, {"name": "Best friends", "description": None})
        self.assertEqual(self.text(path, "D:displayname"), "Best friends")
        self.assertIsNone(self.text(path, "B:addressbook-description"))
        state = self.jmap("AddressBook/get", ids=[])["state"]
        patch = (
            "<D:propertyupdate><D:set><D:prop><D:displayname>Chums</D:displayname></D:prop></D:set></D:propertyupdate>"
        )
        self.expect(207, "PROPPATCH", path, patch)
        self.assertEqual(self.books()["Chums"]["id"], id)
        self.assertEqual(self.jmap("AddressBook/changes", sinceState=state)["updated"], [id])

    def test_one_write_moves_state_and_token(self) -> None:
        id = self.made("AddressBook", name="Friends")
        path = self.path("Friends")
        before = self.text(path, "D:sync-token"), self.jmap("AddressBook/get", ids=[])["state"]
        answer = self.jmap("AddressBook/set", update={id: {"sortOrder": 7}})
        after = self.text(path, "D:sync-token"), self.jmap("AddressBook/get", ids=[])["state"]
        self.assertEqual((answer["oldState"], answer["newState"]), (before[1], after[1]))
        self.assertNotEqual(before[0], after[0])

    def test_what_cannot_be(self) -> None:
        (id,) = self.jmap("AddressBook/query")["ids"]
        for patch in (
            {"name": None},
            {"name": ""},
            {"name": "a\0b"},
            {"name": "a\nb"},
            {"description": "x" * 255},
            {"isDefault": False},
            {"x": 1},
            {"sortOrder": -1},
            {"myRights": {}},
        ):
            self.assertEqual(self.unchanged("AddressBook", id, patch)["type"], "invalidProperties", patch)
        self.assertEqual(self.unchanged("AddressBook", "zzz", {"name": "x"})["type"], "notFound")
        answer = self.jmap("AddressBook/set", create={"k": {}})
        self.assertEqual(answer["notCreated"]["k"]["properties"], ["name"])
        self.assertEqual(self.refused("AddressBook/set", onSuccessSetIsDefault=5), "invalidArguments")
        self.assertEqual(self.refused("AddressBook/set", onDestroyRemoveContents="yes"), "invalidArguments")

    def test_there_is_a_limit(self) -> None:
        self.jmap("AddressBook/get")
        self.settle(self.settings.change(AddressBook, {"maxAddressBooks": 2}))
        answer = self.jmap("AddressBook/set", create={"a": {"name": "A"}, "b": {"name": "B"}})
        self.assertEqual((len(answer["created"]), answer["notCreated"]["b"]["type"]), (1, "overQuota"))

    def test_one_with_cards_goes_only_if_that_is_meant(self) -> None:
        id = self.made("AddressBook", name="Friends")
        path = self.path("Friends")
        self.expect(201, "PUT", f"{path}a.vcf", CARD, content_type="text/vcard")
        answer = self.jmap("AddressBook/set", destroy=[id])
        self.assertEqual(answer["notDestroyed"][id]["type"], "addressBookHasContents")
        answer = self.jmap("AddressBook/set", destroy=[id], onDestroyRemoveContents=True)
        self.assertEqual(answer["destroyed"], [id])
        self.expect(404, "GET", f"{path}a.vcf", b"")

    def test_what_somebody_has_locked_stays(self) -> None:
        id = self.made("AddressBook", name="Friends")
        lock = "<D:lockinfo><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"
        self.expect(200, "LOCK", self.path("Friends"), lock)
        self.assertEqual(self.unchanged("AddressBook", id, {"name": "x"})["type"], "forbidden")
        answer = self.jmap("AddressBook/set", destroy=[id])
        self.assertEqual(answer["notDestroyed"][id]["type"], "forbidden")

    def test_another_default(self) -> None:
        (first,) = self.jmap("AddressBook/query")["ids"]
        answer = self.jmap("AddressBook/set", create={"k": {"name": "B"}}, onSuccessSetIsDefault="#k")
        made = answer["created"]["k"]
        self.assertTrue(made["isDefault"])
        self.assertEqual(answer["updated"], {first: {"isDefault": False}})
        state = answer["newState"]
        answer = self.jmap("AddressBook/set", onSuccessSetIsDefault=first)
        self.assertEqual(answer["updated"], {first: {"isDefault": True}, made["id"]: {"isDefault": False}})
        changes = self.jmap("AddressBook/changes", sinceState=state)
        self.assertEqual(sorted(changes["updated"]), sorted([first, made["id"]]))
        self.assertEqual(changes["newState"], answer["newState"])

    def test_a_default_that_cannot_be_is_no_error(self) -> None:
        (first,) = self.jmap("AddressBook/query")["ids"]
        for wanted in ("zzz", "#nothing", "NO"):
            answer = self.jmap("AddressBook/set", onSuccessSetIsDefault=wanted)
            self.assertEqual((answer["updated"], answer["oldState"]), (None, answer["newState"]))
        other = self.made("AddressBook", name="B")
        answer = self.jmap(
            "AddressBook/set", update={other: {"name": "C"}}, destroy=["zzz"], onSuccessSetIsDefault=other
        )
        self.assertEqual(answer["updated"], {other: None})
        self.assertTrue(self.books()["Stalwart Address Book (alice@example.test)"]["isDefault"])
        self.assertEqual(self.jmap("AddressBook/get", ids=[first])["list"][0]["isDefault"], True)

    def test_members_of_a_group_use_its_address_books(self) -> None:
        (book,) = self.jmap("AddressBook/get", "bob", self.staff)["list"]
        self.assertEqual((book["myRights"], book["isSubscribed"]), (ALL, True))
        id = self.made("AddressBook", "bob", self.staff, name="Customers")
        self.changed("AddressBook", id, {"name": "Clients", "sortOrder": 4}, "bob", self.staff)
        there = self.successResultOf(self.store.read(lambda tx: tx.collections.get(self.staff, decode_id(id))))
        self.assertEqual(there.data, {"displayName": "Clients"})  # the order is a matter of taste

    def test_it_needs_its_capability(self) -> None:
        self.assertEqual(contacts.urn, CONTACTS)
        arguments = {"accountId": encode_id(self.alice)}
        answer = self.responses("AddressBook/get", arguments, using=["urn:ietf:params:jmap:core"])
        self.assertEqual(answer["methodResponses"][0][1]["type"], "unknownMethod")

    def test_it_is_one_type(self) -> None:
        self.assertEqual(ADDRESS_BOOK.declared.capability, CONTACTS)
        names = [each.name for each in ADDRESS_BOOK.methods()]
        self.assertEqual(names, [f"AddressBook/{verb}" for verb in ("get", "set", "changes", "query")])

    def test_the_session_says_what_it_can(self) -> None:
        account = self.session()["accounts"][encode_id(self.alice)]["accountCapabilities"]
        self.assertEqual(account[CONTACTS], {"maxAddressBooksPerCard": None, "mayCreateAddressBook": True})
