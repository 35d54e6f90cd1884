"""What is shared of address books and calendars, as those see it to whom it is shared (``source``, ``rules``)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.sharing import Sharing
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.jmap.collections.rules import CollectionRules
from stalwart.jmap.collections.source import CollectionSource
from stalwart.jmap.sharing.rights import ADDRESS_BOOK
from stalwart.jmap.standard.default_choice import SET_DEFAULT
from tests.jmap.sharing.both_faces import BothFacesCase

READS = {"mayRead": True, "mayWrite": False, "mayShare": False, "mayDelete": False}


class SharedTests(BothFacesCase):
    def setUp(self) -> None:
        super().setUp()
        self.book = self.made("AddressBook", name="Friends")
        self.share({"carol": {"mayRead": True}})
        self.carols = encode_id(self.carol)

    def share(self, with_: dict[str, Any]) -> Any:
        wanted = {encode_id(self.number(name)): rights for name, rights in with_.items()}
        return self.changed("AddressBook", self.book, {"shareWith": wanted})

    def seen(self) -> dict[str, Any]:
        return self.listed("AddressBook", "carol", self.alice)

    def test_only_what_is_shared_is_seen(self) -> None:
        self.assertEqual(list(self.seen()), ["Friends"])
        book = self.seen()["Friends"]
        self.assertEqual((book["myRights"], book["shareWith"], book["isSubscribed"]), (READS, None, False))
        others = self.listed("AddressBook")
        self.assertEqual(len(others), 2)
        self.assertEqual(others["Friends"]["shareWith"], {self.carols: READS})
        (hidden,) = (each["id"] for each in others.values() if each["name"] != "Friends")
        self.assertEqual(self.jmap("AddressBook/get", "carol", self.alice, ids=[hidden])["notFound"], [hidden])
        self.assertEqual(self.unchanged("AddressBook", hidden, {"name": "x"}, "carol", self.alice)["type"], "notFound")
        self.assertEqual(self.jmap("AddressBook/query", "carol", self.alice)["ids"], [self.book])

    def test_each_sees_it_in_his_own_way(self) -> None:
        self.changed("AddressBook", self.book, {"name": "Alices", "isSubscribed": True}, "carol", self.alice)
        self.assertEqual(self.seen()["Alices"]["isSubscribed"], True)
        self.assertIn("Friends", self.listed("AddressBook"))
        found = self.properties("/dav/card/alice%40example.test/", "D:displayname", depth="1", user="carol")
        shown = {each["D:displayname"].text for each in found.values() if "D:displayname" in each}
        self.assertIn("Alices", shown)

    def test_guests_make_nothing_and_destroy_nothing(self) -> None:
        answer = self.jmap("AddressBook/set", "carol", self.alice, create={"k": {"name": "Mine"}}, destroy=[self.book])
        self.assertEqual(answer["notCreated"]["k"]["type"], "forbidden")
        self.assertEqual(answer["notDestroyed"][self.book]["type"], "forbidden")
        patch = {f"shareWith/{encode_id(self.bob)}/mayRead": True}
        self.assertEqual(self.unchanged("AddressBook", self.book, patch, "carol", self.alice)["type"], "forbidden")

    def test_who_may_share_gives_no_more_than_he_has(self) -> None:
        self.share({"carol": {"mayRead": True, "mayShare": True}})
        bobs = encode_id(self.bob)
        patch = {f"shareWith/{bobs}": {"mayRead": True, "mayWrite": True}}
        self.assertEqual(self.unchanged("AddressBook", self.book, patch, "carol", self.alice)["type"], "forbidden")
        patch = {f"shareWith/{self.carols}/mayDelete": True}
        self.assertEqual(self.unchanged("AddressBook", self.book, patch, "carol", self.alice)["type"], "forbidden")
        self.changed("AddressBook", self.book, {f"shareWith/{bobs}/mayRead": True}, "carol", self.alice)
        self.assertEqual(self.listed("AddressBook", "bob", self.alice)["Friends"]["myRights"], READS)
        self.assertEqual(set(self.seen()["Friends"]["shareWith"]), {bobs, self.carols})

    def test_who_may_delete_it_may_destroy_it(self) -> None:
        self.share({"carol": {"mayRead": True, "mayDelete": True}})
        answer = self.jmap("AddressBook/set", "carol", self.alice, destroy=[self.book])
        self.assertEqual(answer["destroyed"], [self.book])

    def test_principals_that_are_none(self) -> None:
        for id in ("zzz", encode_id(self.alice), encode_id(77_777)):
            problem = self.unchanged("AddressBook", self.book, {f"shareWith/{id}": {"mayRead": True}})
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", [f"shareWith/{id}"]))

    def test_it_is_shared_with_so_many_at_most(self) -> None:
        self.settle(self.settings.change(Sharing, {"maxShares": 1}))
        problem = self.unchanged("AddressBook", self.book, {f"shareWith/{encode_id(self.bob)}/mayRead": True})
        self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["shareWith"]))

    def test_with_a_group_all_its_members_share(self) -> None:
        self.changed("AddressBook", self.book, {"shareWith": {encode_id(self.staff): {"mayRead": True}}})
        self.assertEqual(list(self.listed("AddressBook", "bob", self.alice)), ["Friends"])
        self.assertEqual(self.refused("AddressBook/get", "carol", self.alice), "accountNotFound")

    def test_guests_choose_no_default(self) -> None:
        answer = self.jmap("AddressBook/set", "carol", self.alice, **{SET_DEFAULT: self.book})
        self.assertIsNone(answer["updated"])
        self.assertFalse(self.seen()["Friends"]["isDefault"])

    def test_one_can_be_made_shared(self) -> None:
        id = self.made("AddressBook", name="New", shareWith={self.carols: {"mayRead": True}})
        self.assertEqual(self.seen()["New"]["id"], id)

    def test_states_of_before_are_of_no_use_after_rights_changed(self) -> None:
        state = self.jmap("AddressBook/get", "carol", self.alice, ids=[])["state"]
        self.changed("AddressBook", self.book, {"sortOrder": 3})
        changes = self.jmap("AddressBook/changes", "carol", self.alice, sinceState=state)
        self.assertEqual(changes["updated"], [self.book])
        self.made("AddressBook", name="Hidden")
        state = changes["newState"]
        changes = self.jmap("AddressBook/changes", "carol", self.alice, sinceState=state)
        self.assertEqual((changes["created"], changes["updated"]), ([], []))
        self.share({"carol": {"mayRead": True, "mayWrite": True}})
        self.assertEqual(
            self.refused("AddressBook/changes", "carol", self.alice, sinceState=state), "cannotCalculateChanges"
        )
        state = self.jmap("AddressBook/get", "carol", self.alice, ids=[])["state"]
        self.jmap("AddressBook/changes", "carol", self.alice, sinceState=state)
        self.assertEqual(self.jmap("AddressBook/changes", sinceState="n")["destroyed"], [])

    def test_the_source_keeps_nothing(self) -> None:
        source = CollectionSource(ADDRESS_BOOKS, ADDRESS_BOOK)
        self.assertEqual(source, CollectionSource(ADDRESS_BOOKS, ADDRESS_BOOK))
        self.assertEqual(CollectionRules(source, "a", "b"), CollectionRules(source, "a", "b"))
