"""ContactCard/parse (spec/jmap.md 15.2). Tests ``stalwart.jmap.contacts.parse``."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.contacts import parse
from stalwart.jmap.contacts.capability import CONTACTS_PARSE
from tests.jmap.contacts.card_case import CardCase

TESTED = parse
ANN = b"BEGIN:VCARD\nVERSION:3.0\nUID:u1\nFN:Ann\nN:;Ann;;;\nX-ODD:1\nEND:VCARD\n"


class ParseTests(CardCase):
    def parse(self, *blobs: bytes, **given: Any) -> Any:
        self.ids = [self.upload(blob) for blob in blobs]
        return self.call("parse", blobIds=self.ids, **given)

    def test_a_card(self) -> None:
        answer = self.parse(ANN)
        card = answer["parsed"][self.ids[0]]
        self.assertEqual((card["uid"], card["name"]["full"], card["vCardProps"][0][0]), ("u1", "Ann", "x-odd"))
        self.assertNotIn("addressBookIds", card)
        self.assertEqual((answer["notParsable"], answer["notFound"]), (None, None))
        self.assertEqual(answer["accountId"], encode_id(self.alice))

    def test_what_is_parsed_can_be_made(self) -> None:
        card = self.parse(ANN)["parsed"][self.ids[0]]
        id = self.card(**card)
        self.assertIn("X-ODD:1", self.lines(id))

    def test_the_first_of_several(self) -> None:
        many = ANN.replace(b"\n", b"\r\n") + ANN.replace(b"u1", b"u2") + b"rubbish"
        self.assertEqual(self.parse(many)["parsed"][self.ids[0]]["uid"], "u1")

    def test_some_properties(self) -> None:
        answer = self.parse(ANN, properties=["uid", "id", "addressBookIds", "phones"])
        self.assertEqual(answer["parsed"], {self.ids[0]: {"uid": "u1"}})

    def test_what_is_no_card(self) -> None:
        answer = self.parse(b"", b"BEGIN:VCARD", b"\xff\x00END:VCARD", b"END:VCARD", b"x" * 600_000 + ANN, ANN[:-11])
        self.assertEqual(answer["notParsable"], self.ids)
        self.assertIsNone(answer["parsed"])
        theirs = self.upload(ANN + b"\n", "bob", self.bob)
        answer = self.call("parse", blobIds=["zzz", theirs])
        self.assertEqual(answer["notFound"], ["zzz", theirs])

    def test_wrong_arguments(self) -> None:
        self.assertEqual(self.refused("ContactCard/parse"), "invalidArguments")
        self.assertEqual(self.refused("ContactCard/parse", blobIds=["x"] * 11), "requestTooLarge")
        arguments = {"accountId": encode_id(self.alice), "blobIds": []}
        answer = self.responses("ContactCard/parse", arguments, using=[CONTACTS_PARSE])
        self.assertEqual(answer["methodResponses"][0][0], "ContactCard/parse")
        self.assertEqual(self.session()["accounts"][encode_id(self.alice)]["accountCapabilities"][CONTACTS_PARSE], {})
