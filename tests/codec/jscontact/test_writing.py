"""Cards as vCards: what is written, and what of a vCard stays."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.checking import InvalidContact
from stalwart.codec.jscontact.plain import plain
from stalwart.codec.jscontact.pointers import copied
from stalwart.codec.jscontact.reading import card_of
from stalwart.codec.jscontact.writing import vcard_of
from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.conversion import converted
from stalwart.errors import TooLarge
from tests.codec.jscontact.figures import FIGURES, vcard
from tests.codec.vcard.cards import ALL, APPLE, DAVX5, PHONE, THUNDERBIRD

FRAME = ["BEGIN:VCARD", "VERSION:4.0", "UID:u"]


def lines(card: dict[str, Any]) -> list[str]:
    """What is written, without what each card has."""
    text = vcard_of({"uid": "u", **card}).replace("\r\n ", "").split("\r\n")
    return [line for line in text if line not in (*FRAME, "END:VCARD", "", "FN:")]


def changed(octets: bytes, change: Any) -> tuple[list[str], list[str]]:
    """Lines that have gone from a vCard, and lines that have come, when its Card is changed."""
    old = read_card(octets)
    card = copied(card_of(old))
    change(card)
    text = vcard_of(card, old)
    before = converted(old, "4.0").text().replace("\r\n ", "").split("\r\n")
    after = text.replace("\r\n ", "").split("\r\n")
    kept = [line for line in after if line in before]
    assert kept == [line for line in before if line in after], "lines have changed places"
    return [line for line in before if line not in after], [line for line in after if line not in before]


SPELT: dict[int, tuple[str, ...]] = {
    # what is in the language of the card says none, and what is in another one is tied to it
    3: ("LANGUAGE:en", "FN:John Doe", "TITLE;PROP-ID=t1;ALTID=1:Boss", "TITLE;ALTID=1;LANGUAGE=fr:Patron"),
    4: ("FN:John Doe", "TITLE;PROP-ID=t1;ALTID=1:Boss", "TITLE;ALTID=1;LANGUAGE=fr:Patron"),
    # N has seven components (RFC 9554 2.2)
    5: (
        "LANGUAGE:zh-Hant",
        "N;ALTID=1:孫;中山;文,逸仙;;;;",
        "N;ALTID=1;PHONETIC=jyut;SCRIPT=Latn;LANGUAGE=yue:syun1;zung1saan1;man4,jat6sin1;;;;",
    ),
    6: (
        "TEL;PROP-ID=PHONE-A;VALUE=uri;PREF=1;TYPE=home,voice:tel:+1-555-555-5555;ext=5555",
        "TEL;PROP-ID=PHONE-B;VALUE=uri;TYPE=home:tel:+33-01-23-45-67",
    ),
    # ids are kept
    9: (
        "BDAY;PROP-ID=birth:19531015T231000Z",
        "BIRTHPLACE:123 Main Street\\nAny Town\\, CA 91921-1234\\nU.S.A.",
        "DEATHDATE;PROP-ID=death:19960415",
        "DEATHPLACE:5 Court Street\\nNew England\\, ND 58647\\nU.S.A.",
        "ANNIVERSARY;PROP-ID=wedding:19860201",
    ),
    11: ("GRAMGENDER:neuter", "PRONOUNS;PROP-ID=p1;PREF=2:they/them", "PRONOUNS;PROP-ID=p2;PREF=1:xe/xir"),
    27: (
        "TITLE;PROP-ID=a:Research Scientist",
        "item1.ROLE;PROP-ID=b:Project Leader",
        "item1.ORG;PROP-ID=o:ABC\\, Inc.",
    ),
}
"""Figures that are written in other words, and these words."""


def said(text: str) -> set[tuple[Any, ...]]:
    """What the lines of a card say, whatever the order of their parameters."""
    return {
        (each.group, each.name, each.value, frozenset(each.parameters.items()))
        for each in read_card(text.encode()).properties
        if each.name not in ("VERSION", "UID")
    }


class WritingTests(SynchronousTestCase):
    maxDiff = None

    def test_examples_of_the_rfc_are_written_and_read_again(self) -> None:
        for number, (_, card) in FIGURES.items():
            full = {"uid": "u", **card}
            text = vcard_of(full)
            self.assertEqual(plain(card_of(text)), plain(full), number)
            if not 48 <= number <= 50:
                self.assertNotIn("JSPROP", text, number)

    def test_examples_of_the_rfc_have_the_lines_of_the_rfc(self) -> None:
        """RFC 9555, but for parts that go without saying and those that are spelt otherwise (``SPELT``)."""
        for number, (given, card) in FIGURES.items():
            new = said(vcard_of({"uid": "u", **card}))
            wanted = said(vcard(*SPELT.get(number, given)))
            derived = {each for each in new - wanted if each[1] == "FN"}
            self.assertTrue(all(not each[2] or ("DERIVED", ("true",)) in each[3] for each in derived), number)
            self.assertEqual(new - derived, wanted, number)

    def test_lines(self) -> None:
        for card, expected in (
            ({"name": {"full": "Jane, D."}}, ["FN:Jane\\, D."]),
            (
                {"phones": {"p": {"number": "1", "features": {"mobile": True}, "contexts": {"private": True}}}},
                ["TEL;TYPE=home,cell;PROP-ID=p:1"],
            ),
            ({"emails": {"e": {"address": "a@b", "pref": 2}}}, ["EMAIL;PREF=2;PROP-ID=e:a@b"]),
            (
                {"links": {"l": {"uri": "https://a.example/b,c;d", "label": "Home"}}},
                ["item1.URL;PROP-ID=l:https://a.example/b,c;d", "item1.X-ABLabel:Home"],
            ),
            (
                {"titles": {"t": {"name": "Boss", "organizationId": "o"}}, "organizations": {"o": {"name": "A"}}},
                ["item1.ORG;PROP-ID=o:A", "item1.TITLE;PROP-ID=t:Boss"],
            ),
            ({"example.com:x": {"a": 1}}, ['JSPROP;JSPTR="example.com:x":{"a":1}']),
        ):
            self.assertEqual(lines(card), expected)

    def test_the_name_in_full_is_made_of_its_components(self) -> None:
        """RFC 9555 3.1, figures 51 and 52."""
        _, card = FIGURES[51]
        self.assertEqual(lines(card), ["FN;DERIVED=true:Jane Doe", 'N;JSCOMPS=";1;0":Doe;Jane;;;;;'])
        _, card = FIGURES[52]
        self.assertIn('N;JSCOMPS=";1;2;2,1;0;6;4,1":Stevenson;John;Philip,Paul;;Jr.,M.D.;;Jr.', lines(card))
        self.assertIn("FN:", vcard_of({"uid": "u"}).split("\r\n"))

    def test_a_mobile_phone_stays_one(self) -> None:
        card = {"uid": "u", "phones": {"p": {"number": "1", "features": {"mobile": True, "text": True}}}}
        self.assertEqual(card_of(vcard_of(card))["phones"], card["phones"])
        self.assertIn("TYPE=cell,text", vcard_of(card))

    def test_the_street_is_written_for_programs_that_know_no_more(self) -> None:
        _, card = FIGURES[53]
        (line,) = lines(card)
        self.assertEqual(
            line, 'ADR;JSCOMPS="s,\\, ;10;s, ;11;3";PROP-ID=a1:;;54321 Oak St;Reston;;;;;;;54321;Oak St;;;;;;'
        )

    def test_other_languages_are_lines_where_vcard_has_them(self) -> None:
        for number in (4, 5):
            _, card = FIGURES[number]
            found = lines(card)
            self.assertEqual(len([line for line in found if "LANGUAGE=" in line]), 1)
        whole = {"name": {"full": "Ivan"}, "localizations": {"uk": {"name": {"full": "Іван"}}}}
        self.assertEqual(lines(whole), ["FN:Ivan", 'JSPROP;JSPTR="localizations":{"uk":{"name":{"full":"Іван"}}}'])

    def test_what_is_not_changed_is_not_touched(self) -> None:
        for name, octets in {**ALL, "phone": PHONE}.items():
            old = read_card(octets)
            self.assertEqual(vcard_of(card_of(old), old), converted(old, "4.0").text(), name)
        self.assertEqual(vcard_of(card_of(DAVX5), read_card(DAVX5)).encode(), DAVX5)

    def test_one_line_changes(self) -> None:
        def number(card: dict[str, Any]) -> None:
            next(iter(card["phones"].values()))["number"] = "0601"

        gone, come = changed(THUNDERBIRD, number)
        self.assertEqual(gone, ["TEL;TYPE=cell;VALUE=TEXT:0600000000"])
        self.assertEqual([line.partition(";PROP-ID=")[0] for line in come], ["TEL;TYPE=cell"])

    def test_a_label_changes_its_line_and_the_id_is_written(self) -> None:
        def label(card: dict[str, Any]) -> None:
            next(each for each in card["emails"].values() if "label" in each)["label"] = "Boat"

        gone, come = changed(APPLE, label)
        self.assertEqual(gone, ["item1.X-ABLabel:_$!<Other>!$_"])
        self.assertEqual(come, ["item1.X-ABLabel:Boat"])

    def test_entries_come_and_go(self) -> None:
        def swap(card: dict[str, Any]) -> None:
            card["emails"].popitem()
            card["emails"]["new"] = {"address": "new@example.com"}

        gone, come = changed(THUNDERBIRD, swap)
        self.assertEqual(gone, ["EMAIL;TYPE=work:alix@work.example"])
        self.assertEqual(come, ["EMAIL;PROP-ID=new:new@example.com"])

    def test_a_member_more_is_a_line_more(self) -> None:
        octets = vcard("FN:g", "KIND:group", *(f"MEMBER:urn:x:{n}" for n in range(2000))).encode()
        gone, come = changed(octets, lambda card: card["members"].update({"urn:x:new": True}))
        self.assertEqual((gone, come), ([], ["MEMBER:urn:x:new"]))

    def test_full_name_and_components_are_lines_of_their_own(self) -> None:
        gone, come = changed(DAVX5, lambda card: card["name"].update(full="Robin"))
        self.assertEqual((gone, come), (["FN:Mx. Robin van der Berg Jr."], ["FN:Robin"]))

    def test_what_is_unknown_to_vcard_is_changed_alone(self) -> None:
        octets = vcard("FN:x", "EMAIL;PROP-ID=e:a@b", "X-A:1", "X-B:2", 'JSPROP;JSPTR="example.com:a":1').encode()
        gone, come = changed(octets, lambda card: card.update({"example.com:a": 2}))
        self.assertEqual((gone, come), (['JSPROP;JSPTR="example.com:a":1'], ['JSPROP;JSPTR="example.com:a":2']))
        gone, come = changed(octets, lambda card: card["vCardProps"][0].__setitem__(3, "9"))
        self.assertEqual((gone, come), (["X-A:1"], ["X-A:9"]))
        gone, come = changed(octets, lambda card: card["vCardProps"].pop())
        self.assertEqual((gone, come), (["X-B:2"], []))
        gone, come = changed(octets, lambda card: card["vCardProps"].append(["x-c", {}, "unknown", "3"]))
        self.assertEqual((gone, come), ([], ["X-C:3"]))

    def test_a_title_finds_its_organization(self) -> None:
        octets = vcard("FN:x", "ORG;PROP-ID=o:A", "TITLE;PROP-ID=t:Boss").encode()
        _, come = changed(octets, lambda card: card["titles"]["t"].update(organizationId="o"))
        self.assertEqual(come, ["item1.ORG;PROP-ID=o:A", "item1.TITLE;PROP-ID=t:Boss"])
        grouped = vcard("FN:x", "g.ORG;PROP-ID=o:A", "g.TITLE;PROP-ID=t:Boss").encode()
        _, come = changed(grouped, lambda card: card["titles"]["t"].pop("organizationId"))
        self.assertEqual(come, ["ORG;PROP-ID=o:A", "TITLE;PROP-ID=t:Boss"])

    def test_deleted_by_a_program_that_knows_no_more(self) -> None:
        text = vcard_of({"uid": "u", "emails": {"e": {"address": "a@b", "example.com:x": 1}}, "example.com:y": 2})
        rest = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("EMAIL"))
        found = card_of(rest)
        self.assertNotIn("emails", found)
        self.assertEqual(found["example.com:y"], 2)

    def test_what_is_no_card_is_refused(self) -> None:
        for card in (None, [], {}, {"uid": 1}, {"uid": "u", "emails": {"!": {}}}, {"uid": "u\ud800"}):
            self.assertRaises(InvalidContact, vcard_of, card)
        with self.assertRaises(InvalidContact) as raised:
            vcard_of({"uid": "u", "phones": {"p": {}}})
        self.assertEqual(raised.exception.properties, ("phones/p/number",))

    def test_a_card_that_is_too_large(self) -> None:
        self.assertRaises(TooLarge, vcard_of, {"uid": "u", "notes": {"n": {"note": "x" * 600_000}}})
        self.assertRaises(TooLarge, vcard_of, {"uid": "u", "keywords": {f"k{n}" * 9: True for n in range(30_000)}})
