"""vCards as Cards: the examples of RFC 9555, and what programs write."""

from __future__ import annotations

import time

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.checking import check
from stalwart.codec.jscontact.reading import card_of, reading_of
from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.conversion import converted
from stalwart.codec.vcard.lines import CardProperty, MalformedCard
from tests.codec.jscontact.figures import FIGURES, members, vcard
from tests.codec.vcard.cards import ALL, APPLE, DAVX5, GOOGLE, GROUP, PHONE, card

EVOLUTION = card(
    "UID:pas-id-1",
    "X-EVOLUTION-FILE-AS:Doe\\, Jane",
    "FN:Jane Doe",
    "N:Doe;Jane;;;",
    "EMAIL;TYPE=WORK;X-EVOLUTION-UI-SLOT=1:jane@example.com",
    'TEL;X-EVOLUTION-UI-SLOT=1;TYPE="CELL":+1 555 0100',
    "X-AIM;TYPE=HOME:janed",
    "X-EVOLUTION-SPOUSE:Jo",
    "URL:www.example.com",
    "NOTE:",
)
OUTLOOK = (
    b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;LANGUAGE=en-us:Doe;Jane;;Ms.\r\nFN:Ms. Jane Doe\r\nORG:Example;Sales\r\n"
    b"TEL;WORK;VOICE:(555) 0100\r\nADR;WORK;PREF:;;1 Main St;Town;;12345;USA\r\n"
    b"LABEL;WORK;PREF;ENCODING=QUOTED-PRINTABLE:1 Main St=0D=0A=\r\nTown 12345\r\n"
    b"EMAIL;PREF;INTERNET:jane@example.com\r\nBDAY:19700203\r\nREV:20240102T030405Z\r\nEND:VCARD\r\n"
)


def _figure(number: int) -> None:
    def test(self: FigureTests) -> None:
        lines, expected = FIGURES[number]
        self.assertEqual(members(*lines), expected)
        self.assertEqual(check({"uid": "u", **expected}), [])

    setattr(FigureTests, f"test_figure_{number}", test)


class FigureTests(SynchronousTestCase):
    """RFC 9555 2, 3."""


for _number in FIGURES:
    _figure(_number)


class ReadingTests(SynchronousTestCase):
    maxDiff = None

    def test_what_programs_write_are_cards(self) -> None:
        for name, octets in {**ALL, "phone": PHONE, "evolution": EVOLUTION, "outlook": OUTLOOK}.items():
            self.assertEqual(check(card_of(octets)), [], name)

    def test_a_card_of_apple(self) -> None:
        found = card_of(APPLE)
        self.assertEqual(
            list(found["emails"].values()),
            [
                {
                    "address": "johanna@example.com",
                    "contexts": {"private": True},
                    "pref": 1,
                    "vCardParams": {"type": "INTERNET"},
                },
                {"address": "jo@example.org", "label": "Other", "vCardParams": {"type": "INTERNET"}},
            ],
        )
        (phone,) = found["phones"].values()
        self.assertEqual(phone["features"], {"mobile": True, "voice": True})
        self.assertEqual(found["relatedTo"]["Jan Appleseed"]["relation"], {"spouse": True})
        self.assertEqual(found["anniversaries"]["birth"]["date"], {"month": 4, "day": 15})
        self.assertEqual(found["anniversaries"]["wedding"]["date"], {"year": 2010, "month": 6, "day": 5})
        (profile,) = found["onlineServices"].values()
        self.assertEqual((profile["service"], profile["uri"]), ("mastodon", "https://social.example/@jo"))
        (photo,) = found["media"].values()
        self.assertTrue(photo["uri"].startswith("data:image/jpeg;base64,/9j/"))

    def test_a_group_of_apple(self) -> None:
        found = card_of(GROUP)
        self.assertEqual((found["kind"], len(found["members"])), ("group", 2))

    def test_an_address_of_google_has_all_of_it_at_its_end(self) -> None:
        (address,) = card_of(GOOGLE)["addresses"].values()
        self.assertEqual(address["full"], "Beispielweg 7\nBerlin 10115")
        self.assertEqual(address["components"][0], {"kind": "name", "value": "Beispielweg 7"})

    def test_place_and_zone_belong_to_the_one_address(self) -> None:
        (address,) = card_of(DAVX5)["addresses"].values()
        self.assertEqual((address["coordinates"], address["timeZone"]), ("geo:52.37,4.89", "Etc/GMT-1"))

    def test_a_card_of_outlook(self) -> None:
        found = card_of(OUTLOOK)
        self.assertEqual(found["language"], "en-us")
        (address,) = found["addresses"].values()
        self.assertEqual((address["full"], address["pref"]), ("1 Main St\nTown 12345", 1))

    def test_a_card_of_evolution(self) -> None:
        found = card_of(EVOLUTION)
        self.assertEqual([each["uri"] for each in found["links"].values()], ["http://www.example.com"])
        self.assertNotIn("notes", found)
        self.assertEqual(
            [each[0] for each in found["vCardProps"]], ["x-evolution-file-as", "x-aim", "x-evolution-spouse"]
        )

    def test_companies_as_apple_shows_them(self) -> None:
        self.assertEqual(members("X-ABShowAs:COMPANY"), {"kind": "org"})
        self.assertEqual(members("KIND:individual", "X-ABShowAs:COMPANY")["kind"], "individual")

    def test_only_groups_have_members(self) -> None:
        self.assertEqual(members("MEMBER:urn:x:1"), {"vCardProps": [["member", {}, "uri", "urn:x:1"]]})

    def test_a_card_without_a_uid_gets_always_the_same(self) -> None:
        one, other = card_of(GOOGLE)["uid"], card_of(GOOGLE)["uid"]
        self.assertEqual(one, other)
        self.assertTrue(one.startswith("urn:uuid:"))
        self.assertEqual(card_of(converted(read_card(GOOGLE), "4.0"))["uid"], one)
        self.assertNotEqual(card_of(OUTLOOK)["uid"], one)

    def test_ids_stay_when_other_lines_change(self) -> None:
        before = members("EMAIL:a@example.com", "EMAIL:b@example.com")["emails"]
        after = members("TEL:1", "EMAIL:c@example.com", "EMAIL:b@example.com")["emails"]
        self.assertEqual(
            [name for name, each in before.items() if each["address"] == "b@example.com"],
            [name for name, each in after.items() if each["address"] == "b@example.com"],
        )

    def test_what_has_no_words_is_kept(self) -> None:
        found = members("GENDER:O;x", "TZ:-0530", "BDAY;VALUE=text:circa 1800", "REV:2024", "KIND:x-thing", "LANG:?")
        self.assertEqual(
            found["vCardProps"],
            [
                ["gender", {}, "text", ["O", "x"]],
                ["tz", {}, "text", "-0530"],
                ["bday", {}, "text", "circa 1800"],
                ["rev", {}, "timestamp", "2024"],
                ["kind", {}, "text", "x-thing"],
                ["lang", {}, "language-tag", "?"],
            ],
        )

    def test_encodings_that_are_not_of_this_version(self) -> None:
        found = members("PHOTO;ENCODING=b;TYPE=JPEG:AAAA", "NOTE;ENCODING=QUOTED-PRINTABLE:=C3=A4")
        self.assertEqual([each["uri"] for each in found["media"].values()], ["data:image/jpeg;base64,AAAA"])
        self.assertEqual([each["note"] for each in found["notes"].values()], ["ä"])

    def test_each_line_is_known_or_kept(self) -> None:
        reading = reading_of(read_card(vcard("FN:x", "EMAIL:a@b", "X-FOO:1", "NOTE:").encode()))
        owned = {line for unit in reading.units for line in unit.lines}
        self.assertEqual(owned, {1, 2, 3})
        self.assertEqual([line for line, _ in reading.extras], [4])

    def test_text_that_is_no_vcard(self) -> None:
        for text in ("", "x", "BEGIN:VCARD\nEND:VCARD\nBEGIN:VCARD\nEND:VCARD"):
            self.assertRaises(MalformedCard, card_of, text)

    def test_a_great_many_lines_take_no_more_than_each_of_them(self) -> None:
        made = [CardProperty("TEL", f"item1.TEL;ALTID=1;LANGUAGE=aa-{n}:{n}", "item1") for n in range(30_000)]
        begun = time.process_time()
        self.assertEqual(len(card_of(Card(made))["localizations"]), len(made) - 1)
        self.assertLess(time.process_time() - begun, 60)  # it takes 1; were each line compared with all, hundreds
