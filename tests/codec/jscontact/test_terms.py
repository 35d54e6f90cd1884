"""What contacts are found by. Tests ``stalwart.codec.jscontact.terms``."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.terms import (
    FACTS,
    FIELDS,
    MEDIA,
    TEXT,
    Facts,
    facts_of,
    fields_of,
    folded_term,
    inline_media,
    terms,
)
from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.lines import CardProperty

FULL = r"""BEGIN:VCARD
VERSION:4.0
UID:x1
KIND:Individual
FN:Ana Márquez García
N:Márquez\, jr,García;Ana,María;;;;García
NICKNAME:Anita,Nan
ORG:Acme\; Ltd;Sales
item1.EMAIL;LABEL=post:ana@example.org
item1.X-ABLabel:_$!<Work>!$_
TEL;VALUE=uri:tel:+49-30-1234
IMPP;X-SERVICE-TYPE=Matrix:matrix:ana
ADR:;;1 Main St;Berlin;;;Germany
NOTE:Likes\nchess
TITLE:Boss
CREATED:20200102T030405Z
REV:20210203T040506Z
END:VCARD
"""


def card(text: str) -> Card:
    return read_card(text.encode())


class TermTests(SynchronousTestCase):
    def test_what_is_sorted_by(self) -> None:
        facts = facts_of(dict(terms(card(FULL)))[FACTS])
        self.assertEqual((facts.given, facts.surname), ("ANA", folded_term("Márquez, jr")))
        self.assertEqual(facts.surname2, folded_term("García"))
        self.assertEqual(facts[3:], ("individual", "2020-01-02T03:04:05Z", "2021-02-03T04:05:06Z"))

    def test_what_is_not_said_is_empty(self) -> None:
        facts = facts_of(dict(terms(card("BEGIN:VCARD\nVERSION:3.0\nN:\nREV:nonsense\nEND:VCARD\n")))[FACTS])
        self.assertEqual(facts, Facts("", "", "", "individual", "", ""))

    def test_what_is_looked_for(self) -> None:
        fields = fields_of(dict(terms(card(FULL)))[TEXT])
        self.assertEqual(tuple(fields), FIELDS)
        for name, text in {
            "name": "maría",
            "nickname": "Nan",
            "organization": "Acme",
            "email": "ana@example.org",
            "phone": "49301234",
            "onlineService": "Matrix",
            "address": "main st",
            "note": "likes chess",
            "others": "boss",
        }.items():
            self.assertIn(folded_term(text), fields[name])
        self.assertIn("WORK", fields["email"])
        self.assertNotIn("<", fields["email"])

    def test_it_is_bounded(self) -> None:
        long = "x" * 5000
        text = f"BEGIN:VCARD\nVERSION:4.0\nFN:{long}\nNOTE:{long}\n" + f"EMAIL:{long}\n" * 50 + "END:VCARD\n"
        self.assertLess(sum(len(value) for _, value in terms(card(text))), 15_000)

    def test_pictures_are_found_by_their_digest(self) -> None:
        octets = bytes(range(256))
        encoded = b64encode(octets).decode()
        digest = sha256(octets).hexdigest()
        for text in (
            f"VERSION:4.0\nPHOTO:data:image/jpeg;base64\\,{encoded}",
            f"VERSION:4.0\nLOGO:data:image/jpeg;base64,{encoded}",
            f"VERSION:3.0\nSOUND;ENCODING=b;TYPE=WAV:{encoded}",
            f"VERSION:2.1\nPHOTO;JPEG;ENCODING=BASE64:\n  {encoded}\n\nFN:x",
        ):
            found = card(f"BEGIN:VCARD\n{text}\nEND:VCARD\n")
            self.assertEqual(list(inline_media(found)), [octets], text)
            self.assertIn((f"{MEDIA}{digest}", ""), terms(found))
        self.assertEqual(list(inline_media(card("BEGIN:VCARD\nVERSION:4.0\nPHOTO:http://x/y\nEND:VCARD\n"))), [])

    @given(st.lists(st.tuples(st.sampled_from(["N", "FN", "TEL", "EMAIL", "NOTE", "REV", "PHOTO"]), st.text())))
    def test_any_card_has_its_fields(self, lines: list[tuple[str, str]]) -> None:
        made = Card([CardProperty(name, f"{name}:{value}") for name, value in lines])
        values = dict(terms(made))
        self.assertEqual(len(facts_of(values[FACTS])), 6)
        self.assertEqual(len(fields_of(values[TEXT])), len(FIELDS))
        self.assertNotIn("\x00", "".join(values.values()))
