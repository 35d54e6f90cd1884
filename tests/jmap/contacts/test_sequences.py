"""What clients of contacts ask for, one call after the other (spec/jmap.md 22, stage 6), and what nobody should."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stalwart.codec.ids import encode_id
from tests.jmap.contacts.card_case import PICTURE, CardCase

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_MEMBERS = "name emails media kind members localizations vCardProps titles @type version updated"
_NAMES = st.sampled_from(_MEMBERS.split()) | st.text(max_size=10)
_POINTERS = st.lists(
    st.sampled_from(["name", "emails", "e", "address", "media", "p", "blobId", "addressBookIds", "full"])
    | st.text(max_size=5),
    min_size=1,
    max_size=4,
).map("/".join)
_KNOWN = {"invalidProperties", "invalidPatch", "tooLarge"}


class ClientTests(CardCase):
    def test_the_first_screen(self) -> None:
        for number in range(5):
            self.person(f"P{number}", f"G{number}", f"S{9 - number}")
        books, found, cards = self.responses_of(
            ["AddressBook/get", {"ids": None}, "0"],
            [
                "ContactCard/query",
                {
                    "filter": {"inAddressBook": self.book},
                    "sort": [{"property": "name/surname", "isAscending": True}],
                    "limit": 3,
                    "position": 0,
                    "calculateTotal": True,
                },
                "1",
            ],
            ["ContactCard/get", {"#ids": {"resultOf": "1", "name": "ContactCard/query", "path": "/ids"}}, "2"],
        )
        self.assertEqual(books[1]["list"][0]["id"], self.book)
        self.assertEqual((found[1]["total"], len(found[1]["ids"])), (5, 3))
        self.assertEqual({each["name"]["full"] for each in cards[1]["list"]}, {"P4", "P3", "P2"})

    def test_a_contact_is_made_with_all_of_a_form(self) -> None:
        card = {
            "@type": "Card",
            "version": "1.0",
            "kind": "individual",
            "uid": "urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af",
            "name": {
                "@type": "Name",
                "components": [
                    {"@type": "NameComponent", "kind": "given", "value": "Ann"},
                    {"@type": "NameComponent", "kind": "surname", "value": "Lee"},
                ],
                "isOrdered": True,
                "full": "Ann Lee",
            },
            "emails": {"e0": {"@type": "EmailAddress", "address": "ann@example.org", "contexts": {"work": True}}},
            "phones": {"p0": {"@type": "Phone", "number": "+1 555", "features": {"mobile": True}, "contexts": {}}},
            "addresses": {
                "a0": {"@type": "Address", "components": [{"kind": "locality", "value": "Berlin"}], "isOrdered": False}
            },
            "organizations": {"o0": {"@type": "Organization", "name": "Acme"}},
            "anniversaries": {
                "b": {"@type": "Anniversary", "kind": "birth", "date": {"@type": "PartialDate", "month": 4, "day": 1}}
            },
            "notes": {"n": {"@type": "Note", "note": "Hello\nworld"}},
            "media": {
                "m": {"@type": "Media", "kind": "photo", "blobId": self.upload(PICTURE), "mediaType": "image/jpeg"}
            },
            "keywords": {"friends": True},
            "example.com:stars": 5,
        }
        id = self.card(**card)
        shown = self.shown(id)
        self.assertEqual(shown["phones"]["p0"], {"number": "+1 555", "features": {"mobile": True}})
        self.assertEqual(shown["anniversaries"]["b"]["date"], {"month": 4, "day": 1})
        self.assertEqual((shown["example.com:stars"], shown["notes"]["n"]["note"]), (5, "Hello\nworld"))
        # a client that writes back all that it has read
        lines = self.lines(id)
        self.update(id, {name: value for name, value in shown.items() if name != "id"})
        self.assertEqual(self.lines(id), lines)

    def test_synchronising(self) -> None:
        state = self.call("get", ids=[])["state"]
        first = self.card()
        self.put("a.vcf", "UID:x1", "FN:Ann")
        changes, cards = self.responses_of(
            ["ContactCard/changes", {"sinceState": state, "maxChanges": 50}, "0"],
            ["ContactCard/get", {"#ids": {"resultOf": "0", "name": "ContactCard/changes", "path": "/created"}}, "1"],
        )
        self.assertEqual(len(cards[1]["list"]), 2)
        self.assertEqual(cards[1]["state"], changes[1]["newState"])
        page = self.call("changes", sinceState=state, maxChanges=1)
        self.assertEqual((page["created"], page["hasMoreChanges"]), ([first], True))
        rest = self.call("changes", sinceState=page["newState"])
        self.assertEqual((len(rest["created"]), rest["hasMoreChanges"]), (1, False))

    def test_a_whole_file_is_imported(self) -> None:
        create = {f"c{n}": {"addressBookIds": {self.book: True}, "name": {"full": f"P{n}"}} for n in range(60)}
        answer = self.call("set", create=create | {"bad": {"addressBookIds": {self.book: True}, "emails": 5}})
        self.assertEqual((len(answer["created"]), list(answer["notCreated"])), (60, ["bad"]))
        self.assertEqual(len(self.found()), 60)

    def test_who_may_not(self) -> None:
        account = encode_id(self.alice)
        answer = self.responses("ContactCard/get", {"accountId": account}, using=["urn:ietf:params:jmap:core"])
        self.assertEqual(answer["methodResponses"][0][1]["type"], "unknownMethod")

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(_NAMES, _JSON, max_size=4))
    def test_whatever_is_made_is_made_or_refused(self, members: dict[str, Any]) -> None:
        new = {**members, "addressBookIds": {self.book: True}}
        answer = self.call("set", create={"k": new})
        if answer["created"]:
            self.shown(answer["created"]["k"]["id"])
            self.call("set", destroy=[answer["created"]["k"]["id"]])
        else:
            self.assertIn(answer["notCreated"]["k"]["type"], _KNOWN)

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(_POINTERS, _JSON, max_size=3))
    def test_whatever_is_changed_is_changed_or_refused(self, patch: dict[str, Any]) -> None:
        id = self.card(name={"full": "Ann"}, emails={"e": {"address": "a@x"}})
        answer = self.call("set", update={id: patch})
        if answer["notUpdated"]:
            self.assertIn(answer["notUpdated"][id]["type"], _KNOWN)
        self.shown(id)
        self.call("set", destroy=[id])
