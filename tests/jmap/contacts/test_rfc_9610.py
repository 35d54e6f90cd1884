"""The examples of RFC 9610 4: its requests, made to this server, answered with what it says."""

from __future__ import annotations

from tests.jmap.contacts.card_case import CardCase

MEMBERS = {"id", "name", "description", "sortOrder", "isDefault", "isSubscribed", "shareWith", "myRights"}
RIGHTS = {"mayRead": True, "mayWrite": True, "mayShare": True, "mayDelete": False}
JOE = {
    "name": {
        "components": [{"kind": "given", "value": "Joe"}, {"kind": "surname", "value": "Bloggs"}],
        "isOrdered": True,
    },
    "emails": {"0": {"contexts": {"private": True}, "address": "joe.bloggs@example.com"}},
}


class ExampleTests(CardCase):
    """The account of the example has the address books Personal, the default one, and Autosaved."""

    def setUp(self) -> None:
        super().setUp()
        self.changed("AddressBook", self.book, {"name": "Personal", "sortOrder": 0})
        self.other = self.made("AddressBook", name="Autosaved", sortOrder=1)

    def test_fetching_initial_data(self) -> None:
        """4.1"""
        card = self.card(**JOE)
        books, cards = self.responses_of(["AddressBook/get", {}, "0"], ["ContactCard/get", {}, "1"])
        self.assertEqual((books[0], books[2], cards[0], cards[2]), ("AddressBook/get", "0", "ContactCard/get", "1"))
        personal, autosaved = sorted(books[1]["list"], key=lambda each: each["sortOrder"])
        for book, id, name, order, is_default in (
            (personal, self.book, "Personal", 0, True),
            (autosaved, self.other, "Autosaved", 1, False),
        ):
            self.assertEqual(
                {key: book[key] for key in MEMBERS - {"myRights"}},
                {
                    "id": id,
                    "name": name,
                    "description": None,
                    "sortOrder": order,
                    "isDefault": is_default,
                    "isSubscribed": True,
                    "shareWith": None,
                },
            )
            self.assertEqual(book["myRights"].keys(), RIGHTS.keys())
            self.assertTrue(all(book["myRights"][right] for right in RIGHTS if right != "mayDelete"))
        self.assertEqual((books[1]["notFound"], cards[1]["notFound"]), ([], []))
        self.assertTrue(books[1]["state"] and cards[1]["state"])
        (found,) = cards[1]["list"]
        self.assertEqual((found["id"], found["addressBookIds"]), (card, {self.book: True}))
        self.assertEqual({key: found[key] for key in JOE}, JOE)

    def test_changing_the_default_address_book(self) -> None:
        """4.2: nothing but ``onSuccessSetIsDefault`` is given; both books that it changes are told."""
        ((name, answer, call),) = self.responses_of(["AddressBook/set", {"onSuccessSetIsDefault": self.other}, "0"])
        self.assertEqual((name, call), ("AddressBook/set", "0"))
        self.assertEqual(answer["updated"], {self.other: {"isDefault": True}, self.book: {"isDefault": False}})
        self.assertNotEqual(answer["oldState"], answer["newState"])
        shown = {each["id"]: each["isDefault"] for each in self.jmap("AddressBook/get")["list"]}
        self.assertEqual(shown, {self.book: False, self.other: True})

    def test_a_default_that_cannot_be(self) -> None:
        """2.3: what is not found is ignored, and the default stays."""
        answer = self.jmap("AddressBook/set", onSuccessSetIsDefault="nothing")
        self.assertIsNone(answer["updated"])
        self.assertEqual(
            [each["id"] for each in self.jmap("AddressBook/get")["list"] if each["isDefault"]], [self.book]
        )
