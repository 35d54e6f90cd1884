"""Cards in other versions: the same is said, and nothing is lost on the way there and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.content_lines import escaped
from stalwart.codec.vcard.card import VERSIONS, Card, read_card
from stalwart.codec.vcard.conversion import converted
from stalwart.codec.vcard.lines import CardProperty
from tests.codec.vcard.cards import ALL, APPLE, DAVX5, GOOGLE, GROUP, PHONE, THUNDERBIRD, card

LINES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\\"), max_size=120)


def lines(octets: bytes, version: str) -> list[str]:
    """The lines of a card in another version, unfolded, without its frame."""
    text = read_card(converted(read_card(octets), version).octets()).properties
    return [each.line.rstrip("\n") for each in text][1:]


class UpTests(SynchronousTestCase):
    def test_an_apple_card_in_4(self) -> None:
        found = lines(APPLE, "4.0")
        for line in (
            "EMAIL;PREF=1;TYPE=INTERNET,HOME:johanna@example.com",
            "item1.EMAIL;type=INTERNET:jo@example.org",
            "item1.X-ABLabel:_$!<Other>!$_",
            "TEL;PREF=1;TYPE=CELL,VOICE:+1 (555) 010-0100",
            "RELATED;VALUE=text;PREF=1;TYPE=spouse:Jan Appleseed",
            "ANNIVERSARY;PREF=1:20100605",
            "BDAY:--0415",
            "REV:20240506T070809Z",
            "UID:7D0E3AC9-9C5F-4E42-8E0A-5BA2F8A4A5A1:ABPerson",
            "item5.URL;PREF=1:http\\://www.example.com/",
        ):
            self.assertIn(line, found)
        (photo,) = (each for each in found if each.startswith("PHOTO"))
        self.assertTrue(
            photo.startswith("PHOTO;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&200&200&abc==:data:image/jpeg;base64,/9j/")
        )
        self.assertFalse([each for each in found if "spouse" in each.lower() and "LABEL" in each.upper()])

    def test_a_group_in_4(self) -> None:
        found = lines(GROUP, "4.0")
        self.assertIn("KIND:group", found)
        self.assertEqual(sum(each.startswith("MEMBER:urn:uuid:") for each in found), 2)

    def test_what_clients_write_in_3(self) -> None:
        found = lines(
            card(
                "X-GENDER:Female",
                "X-ANNIVERSARY;VALUE=date:2001-02-03",
                "N:Doe;Jane;;;",
                "SORT-STRING:doe",
                "ADR;TYPE=WORK:;;x;;;;",
                "LABEL;TYPE=WORK:x\\ny",
                "LABEL;TYPE=HOME:z",
                "GEO:1.5;-2",
                "TZ:-05:00",
                "item1.X-ABRELATEDNAMES:Bea",
                "item1.X-ABLabel:Patentante",
                "KEY;ENCODING=b;TYPE=PGP:AAAA",
                "SOUND;VALUE=uri:https://x.example/a",
            ),
            "4.0",
        )
        self.assertEqual(
            found,
            [
                "GENDER:F",
                "ANNIVERSARY:20010203",
                "N;SORT-AS=doe:Doe;Jane;;;",
                "ADR;TYPE=WORK;LABEL=x^ny:;;x;;;;",
                "LABEL;TYPE=HOME:z",
                "GEO:geo:1.5,-2",
                "TZ;VALUE=utc-offset:-0500",
                "item1.RELATED;VALUE=text:Bea",
                "item1.X-ABLabel:Patentante",
                "KEY:data:application/pgp-keys;base64,AAAA",
                "SOUND;VALUE=uri:https://x.example/a",
            ],
        )

    def test_a_card_of_a_phone_in_3(self) -> None:
        self.assertEqual(
            lines(PHONE, "3.0"),
            [
                "N:Müller;Jörg Lang;;;",
                "FN:Jörg Müller",
                "TEL;TYPE=CELL,VOICE,PREF:+49 170 0100",
                "TEL;TYPE=WORK:030 0101",
                "EMAIL;TYPE=INTERNET:joerg@example.de",
                "ADR;TYPE=HOME:;;Weg 1\\nHinterhaus;Ort\\, am See;;12345;",
                "NOTE:eins\\nzwei: drei=",
                "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wCEAAkGBwgHBgkIBwgKCgkLDRYPDQwMDRsUFRAW",
                "X-CLASS:PRIVATE",
            ],
        )


class DownTests(SynchronousTestCase):
    def test_a_card_of_davx5_in_3(self) -> None:
        found = lines(DAVX5, "3.0")
        for line in (
            "N:van der Berg;Robin;;Mx.;Jr.",
            "SORT-STRING:Berg\\,Robin",
            "X-GENDER:O;it's complicated",
            "EMAIL;TYPE=home,PREF:robin@example.nl",
            "TEL;TYPE=cell,voice,PREF:+31-20-010-0100",
            "ADR;TYPE=home:;;Dorpsstraat 1;'t Dorp;;1234 AB;NL",
            'LABEL;TYPE=home:Dorpsstraat 1\\n1234 AB "t Dorp',
            "item1.X-ABRELATEDNAMES:Sam van der Berg",
            "item1.X-ABLabel:_$!<Spouse>!$_",
            "RELATED;TYPE=friend;VALUE=uri:urn:uuid:f00dcafe-0000-4000-8000-000000000002",
            "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15",
            "X-ANNIVERSARY:2009-08-08",
            "GEO:52.37;4.89",
            "TZ:+01:00",
            "PHOTO;TYPE=JPEG;ENCODING=b:/9j/4AAQSkZJRgABAQAAAQABAAD/2wCEAAkGBwgHBgkIBwgKCgkL",
            "CLIENTPIDMAP:1;urn:uuid:53e374d9-337e-4727-8803-a1e9c14e0556",
            "REV:2024-05-06T07:08:09Z",
        ):
            self.assertIn(line, found)

    def test_the_number_liked_best_is_preferred(self) -> None:
        self.assertEqual(
            lines(card("TEL;PREF=20:1", "TEL;PREF=3:2", "TEL:3", version="4.0"), "3.0"),
            ["TEL;PREF=20:1", "TEL;TYPE=PREF:2", "TEL:3"],
        )

    def test_what_cannot_be_said_stays(self) -> None:
        for line in ("BDAY;VALUE=text:about 1800", "BDAY:1985-04", "XML:<a/>", "LANG;PREF=x:de", "PHOTO:data:oddity"):
            self.assertIn(line.partition(":")[2], lines(card(line, version="4.0"), "3.0")[0])

    def test_2_1_has_text_in_quoted_printable(self) -> None:
        found = lines(GOOGLE, "2.1")
        self.assertIn("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:G=C3=BCnther M=C3=BC=C3=9Fig", found)
        self.assertIn("item1.EMAIL;INTERNET:guenther@example.de", found)
        self.assertIn(
            "NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Zeile eins=0D=0AZeile zwei, mit Komma; und Strichpunkt", found
        )
        photo = converted(read_card(APPLE), "2.1").octets().partition(b"PHOTO")[2]
        self.assertIn(b"\r\n\r\n", photo)


class ThereAndBackTests(SynchronousTestCase):
    def test_the_same_version_is_the_same_card(self) -> None:
        read = read_card(APPLE)
        self.assertIs(converted(read, "3.0"), read)

    def test_no_property_is_lost_and_each_version_is_readable(self) -> None:
        for name, octets in {**ALL, "phone": PHONE}.items():
            read = read_card(octets)
            for version in VERSIONS:
                there = read_card(converted(read, version).octets())
                self.assertEqual(there.version, version)
                back = converted(there, read.version or "")
                for called in ("UID", "FN", "N", "EMAIL", "TEL", "NOTE", "ORG", "CATEGORIES", "NICKNAME", "BDAY"):
                    texts = [[each.text.removeprefix("tel:") for each in one.all(called)] for one in (back, read)]
                    self.assertEqual(texts[0], texts[1], (name, version, called))

    def test_what_three_says_survives_four(self) -> None:
        for octets in (APPLE, GROUP, GOOGLE):
            read = read_card(octets)
            back = converted(read_card(converted(read, "4.0").octets()), "3.0")
            texts = {each.text for each in back.properties}
            self.assertLessEqual({each.text for each in read.properties} - texts, {"_$!<Anniversary>!$_"})

    def test_what_four_says_survives_three(self) -> None:
        for octets in (THUNDERBIRD, DAVX5):
            read = read_card(octets)
            back = converted(read_card(converted(read, "3.0").octets()), "4.0")
            names = [sorted(each.name for each in one.properties) for one in (back, read)]
            self.assertEqual(names[0], names[1])

    def test_a_card_without_version_counts_as_4(self) -> None:
        read = read_card(b"BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n")
        self.assertEqual(converted(read, "3.0").version, "3.0")
        self.assertIs(converted(read, "4.0"), read)

    @given(st.lists(st.tuples(st.sampled_from(("FN", "NOTE", "TITLE", "X-A")), LINES), max_size=5))
    def test_texts_survive_all_versions(self, given_: list[tuple[str, str]]) -> None:
        properties = [CardProperty.of(name, text if name == "X-A" else escaped(text)) for name, text in given_]
        for own in VERSIONS[:2]:
            card_ = Card([CardProperty("VERSION", f"VERSION:{own}"), *properties])
            for version in VERSIONS:
                back = converted(read_card(converted(card_, version).octets()), own)
                self.assertEqual([each.text for each in back.properties], [each.text for each in card_.properties])
