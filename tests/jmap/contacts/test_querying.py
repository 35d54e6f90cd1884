"""ContactCard/query and queryChanges (RFC 9610 3.3). Tests ``stalwart.jmap.contacts.querying`` and ``conditions``."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.contacts import conditions, querying
from stalwart.jmap.contacts.conditions import tokens
from tests.jmap.contacts.card_case import CardCase
from tests.store.opened import session_of

TESTED = conditions, querying


class TokenTests(SynchronousTestCase):
    def test_words_and_phrases(self) -> None:
        for text, found in (
            ("ann  lee", ["ANN", "LEE"]),
            ('"ann lee" x', ["ANN LEE", "X"]),
            ("'ann lee'", ["ANN LEE"]),
            ("O'Brien", ["O'BRIEN"]),
            (r'"a \"b\" c"', ['A "B" C']),
            ("Ä", ["A\u0308"]),
            ('"', ['"']),
            ('""', []),
            (" ", []),
        ):
            self.assertEqual(tokens(text), found, text)

    @given(st.text(max_size=50))
    def test_any_text_has_tokens(self, text: str) -> None:
        self.assertTrue(all(tokens(text)) or not tokens(text))


class QueryTests(CardCase):
    def setUp(self) -> None:
        super().setUp()
        self.other = self.made("AddressBook", name="Other")
        self.ann = self.person(
            "Ann Lee",
            "Ann",
            "Lee",
            uid="u1",
            nicknames={"n": {"name": "Nan"}},
            organizations={"o": {"name": "Acme", "units": [{"name": "Sales"}]}},
            emails={"e": {"address": "ann@example.org", "label": "home"}},
            phones={"t": {"number": "+49 30 1234", "label": "desk"}},
            created="2020-01-01T00:00:00Z",
            updated="2021-01-01T00:00:00Z",
        )
        self.bob = self.person(
            "Bob Zapp",
            "Bob",
            "Zapp",
            uid="u2",
            onlineServices={"s": {"service": "Matrix", "uri": "matrix:bob", "user": "bobby"}},
            addresses={"a": {"components": [{"kind": "locality", "value": "Berlin"}], "full": "1 Main St, Berlin"}},
            notes={"n": {"note": "Likes chess & Ann"}},
            addressBookIds={self.other: True},
            created="2022-01-01T00:00:00Z",
        )
        self.team = self.card(kind="group", uid="u3", name={"full": "Team"}, members={"u1": True, "urn:uuid:5": True})
        self.names = {self.ann: "a", self.bob: "b", self.team: "t"}

    def which(self, filter: Any, *sort: Any) -> str:
        found = [self.names[id] for id in self.found(filter, list(sort) or None)]
        return "".join(found if sort else sorted(found))

    def test_conditions(self) -> None:
        for filter, found in (
            ({}, "abt"),
            ({"inAddressBook": self.other}, "b"),
            ({"inAddressBook": "zzz"}, ""),
            ({"inAddressBook": self.ann}, ""),
            ({"uid": "u1"}, "a"),
            ({"uid": "U1"}, ""),
            ({"hasMember": "u1"}, "t"),
            ({"hasMember": "urn:uuid:5"}, "t"),
            ({"hasMember": "u"}, ""),
            ({"kind": "individual"}, "ab"),
            ({"kind": "group"}, "t"),
            ({"kind": "org"}, ""),
            ({"createdBefore": "2022-01-01T00:00:00Z"}, "a"),
            ({"createdAfter": "2022-01-01T00:00:00Z"}, "bt"),
            ({"updatedBefore": "2021-01-01T00:00:01Z"}, "a"),
            ({"updatedAfter": "2027-01-15T08:00:00Z"}, "bt"),
            ({"text": "ann"}, "ab"),
            ({"text": "ann EXAMPLE"}, "a"),
            ({"text": '"ann lee"'}, "a"),
            ({"text": '"lee ann"'}, ""),
            ({"text": ""}, "abt"),
            ({"text": "%"}, ""),
            ({"text": "_"}, ""),
            ({"name": "ann"}, "a"),
            ({"name": "lee ann"}, "a"),
            ({"name/given": "ann"}, "a"),
            ({"name/given": "lee"}, ""),
            ({"name/surname": "lee"}, "a"),
            ({"name/surname2": "lee"}, ""),
            ({"nickname": "nan"}, "a"),
            ({"nickname": "ann"}, ""),
            ({"organization": "acme"}, "a"),
            ({"email": "EXAMPLE.org"}, "a"),
            ({"email": "home"}, "a"),
            ({"phone": "49301234"}, "a"),
            ({"phone": "desk"}, "a"),
            ({"onlineService": "matrix"}, "b"),
            ({"address": "berlin"}, "b"),
            ({"note": "chess"}, "b"),
            ({"note": "berlin"}, ""),
            ({"name": "ann", "note": "chess"}, ""),
            ({"operator": "OR", "conditions": [{"name": "ann"}, {"note": "chess"}]}, "ab"),
            ({"operator": "NOT", "conditions": [{"name": "ann"}, {"note": "chess"}]}, "t"),
            ({"operator": "AND", "conditions": [{"text": "ann"}, {"inAddressBook": self.other}]}, "b"),
            ({"text": " ".join(f"x{n}" for n in range(200))}, ""),
        ):
            self.assertEqual(self.which(filter), found, filter)

    def test_orders(self) -> None:
        for name, up, down in (
            ("created", "abt", "tba"),
            ("name/given", "tab", "bat"),
            ("name/surname", "tab", "bat"),
            ("name/surname2", "abt", "tba"),
        ):
            self.assertEqual(self.which(None, {"property": name}), up, name)
            if name != "name/surname2":
                self.assertEqual(self.which(None, {"property": name, "isAscending": False}), down, name)
        self.assertEqual(self.which({"kind": "individual"}, {"property": "updated"}), "ab")

    def test_what_is_no_condition(self) -> None:
        for filter, kind in (
            ({"color": "red"}, "unsupportedFilter"),
            ({"text": 5}, "invalidArguments"),
            ({"createdBefore": "yesterday"}, "invalidArguments"),
            ({"text": "x" * 2000}, "invalidArguments"),
        ):
            self.assertEqual(self.refused("ContactCard/query", filter=filter), kind, filter)
        many = [{"text": f"x{number}"} for number in range(51)]
        filter = {"operator": "OR", "conditions": many}
        self.assertEqual(self.refused("ContactCard/query", filter=filter), "unsupportedFilter")
        filter = {"operator": "OR", "conditions": [{"uid": f"u{number}"} for number in range(500)]}
        self.assertEqual(self.which(filter), "abt")
        self.assertEqual(self.refused("ContactCard/query", sort=[{"property": "color"}]), "unsupportedSort")

    def test_windows(self) -> None:
        answer = self.call("query", position=1, limit=1, calculateTotal=True)
        self.assertEqual((answer["ids"], answer["total"], answer["canCalculateChanges"]), ([self.bob], 3, True))
        self.assertEqual(self.refused("ContactCard/query", anchor="zzz"), "anchorNotFound")

    def test_what_changes(self) -> None:
        filter = {"text": "ann"}
        state = self.call("query", filter=filter)["queryState"]
        new = self.person("Anna", uid="u9")
        self.update(self.bob, {"notes": None})
        self.call("set", destroy=[self.ann])
        answer = self.call("queryChanges", filter=filter, sinceQueryState=state, calculateTotal=True)
        self.assertEqual(sorted(answer["removed"]), sorted([self.bob, self.ann]))
        self.assertEqual((answer["added"], answer["total"]), ([{"id": new, "index": 0}], 1))
        self.assertEqual(answer["newQueryState"], self.call("query", filter=filter)["queryState"])

    def test_cards_that_nobody_has_indexed(self) -> None:
        def forget(tx: Any) -> None:
            for id in tx.collections.index.all(self.alice, 14, 9):
                tx.collections.index.replace(self.alice, id, [])

        self.successResultOf(self.store.write(forget))
        self.assertEqual(self.which({"name": "ann"}, {"property": "created"}), "a")

    def test_old_versions_are_found(self) -> None:
        self.put("c.vcf", "UID:u8", "N:Öz;Zoë;;;", "FN:Zoë Öz", "TEL;HOME:1", version="2.1")
        (id,) = self.found({"name/given": "zoe\u0308"})
        self.assertEqual(self.found({"uid": "u8"}), [id])
        self.assertEqual(self.found({"name": "oz"}), [])
        self.assertEqual(self.found({"name": "öz"}), [id])

    def test_searches_read_no_card(self) -> None:
        steps: list[str] = []

        def watch(tx: Any) -> None:
            session_of(tx)._connection.set_trace_callback(steps.append)

        self.successResultOf(self.store.write(watch))
        self.which({"operator": "OR", "conditions": [{"text": "ann"}, {"email": "ann"}]}, {"property": "name/surname"})
        self.successResultOf(self.store.write(lambda tx: session_of(tx)._connection.set_trace_callback(None)))
        asked = [each for each in steps if "indexed_value" in each]
        self.assertTrue(asked)
        self.assertFalse([each for each in steps if "content" in each])
