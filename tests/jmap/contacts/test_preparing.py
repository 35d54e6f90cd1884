"""Cards are converted before the transaction that writes them, and again if it finds others.

Tests ``stalwart.jmap.contacts.preparing`` and ``stalwart.jmap.contacts.conversion``.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.groupware.resources import locate
from stalwart.groupware.viewers import Viewer
from stalwart.groupware.violations import Rule, Violation
from stalwart.jmap.contacts import card_source, conversion, preparing, writing
from tests.jmap.contacts.card_case import CardCase

TESTED = conversion, preparing


class PreparingTests(CardCase):
    def setUp(self) -> None:
        super().setUp()
        self.count: list[str] = []
        self.within: list[bool] = []
        written = conversion.written

        def counted(*given: Any) -> Any:
            self.count.append("converted")
            return written(*given)

        for module in (preparing, conversion):
            self.patch(module, "written", counted)
        self.patch(writing, "written", self.late)

    def late(self, *given: Any) -> Any:
        self.within.append(True)
        return conversion.written(*given)

    def test_nothing_is_converted_in_the_transaction(self) -> None:
        id = self.card(name={"full": "Ann"}, emails={"e": {"address": "a@x"}})
        self.update(id, {"emails/e/address": "b@x"})
        self.update(id, {"name": None})
        self.update(id, {f"addressBookIds/{self.book}": True})
        self.assertEqual((len(self.count), self.within), (3, []))

    def test_what_has_changed_meanwhile_is_converted_again(self) -> None:
        id = self.card(name={"full": "Ann"})
        prepare = preparing._update

        def meanwhile(*given: Any, **named: Any) -> None:
            prepare(*given, **named)
            self.successResultOf(self.store.write(self._change))

        self.changing = self.number_of(id)
        self.patch(preparing, "_update", meanwhile)
        self.update(id, {"keywords": {"x": True}})
        self.assertEqual(self.within, [True])
        self.assertIn("NOTE:new", self.lines(id))
        self.assertIn("keywords", self.shown(id))

    def _change(self, tx: Any) -> None:
        (place,) = tx.collections.places(self.alice, self.changing)
        home = self.tools.homes.get(tx, self.alice)
        octets = tx.collections.octets(self.alice, self.changing).replace(b"FN:", b"NOTE:new\r\nFN:")
        found = locate(tx, Viewer(self.alice), ADDRESS_BOOKS, home, ("default", place.segment))
        self.tools.contacts.put(tx, found, self.tools.contacts.examine(octets), now=1)

    def test_one_call_converts_so_many_lines(self) -> None:
        ids = [self.card(keywords={f"{n}": True}) for n in range(3)]
        self.patch(preparing, "MOST_LINES", 5)
        answer = self.call("set", update={id: {"keywords": {"x": True}} for id in ids})
        self.assertEqual(list(answer["updated"]), ids[:1])
        self.assertEqual({each["type"] for each in answer["notUpdated"].values()}, {"tooLarge"})

    def test_one_get_converts_so_many_lines(self) -> None:
        ids = [self.card() for _ in range(3)]
        self.patch(card_source, "MOST_LINES", 5)
        self.assertEqual(len(self.call("get", ids=ids[:1])["list"]), 1)
        self.assertEqual(self.refused("ContactCard/get", ids=ids), "requestTooLarge")
        self.assertEqual(len(self.call("get", ids=ids, properties=["addressBookIds"])["list"]), 3)

    def test_what_a_transaction_converts_is_bounded(self) -> None:
        ids = [self.card() for _ in range(3)]
        self.share({"mayRead": True})
        (theirs,) = self.jmap("AddressBook/query", "bob")["ids"]
        create = {id: {"id": id, "addressBookIds": {theirs: True}} for id in ids}
        self.patch(conversion, "MOST_AT_WORK", 9)
        answer = self.call("copy", "bob", fromAccountId=encode_id(self.alice), create=create)
        self.assertEqual(list(answer["created"]), ids[:1])
        self.assertEqual({each["type"] for each in answer["notCreated"].values()}, {"tooLarge"})

    def test_rules_have_words(self) -> None:
        self.assertEqual(conversion.refused(Violation(Rule.TOO_LARGE, limit=5)).type, "tooLarge")
        self.assertEqual(conversion.refused(Violation(Rule.UID_TAKEN)).properties, ("uid",))
        self.assertEqual(conversion.refused(Violation(Rule.UNREADABLE, "odd")).description, "odd")
