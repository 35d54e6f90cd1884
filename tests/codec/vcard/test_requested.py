"""Which version of a card is given, and which part."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.conditions import AddressData, PropSelection
from stalwart.codec.vcard.requested import Requested, accepted_version, requested
from tests.codec.vcard.cards import APPLE, DAVX5, PHONE


class VersionTests(SynchronousTestCase):
    def test_the_version_that_is_liked_best(self) -> None:
        for field, version in (
            (None, None),
            ("*/*", None),
            ("text/vcard", None),
            ("text/vcard;version=4.0", "4.0"),
            ('text/vcard; Version="3.0"; charset=utf-8', "3.0"),
            ("text/vcard;version=3.0;q=0.5, text/vcard;version=4.0;q=0.8", "4.0"),
            ("text/vcard;version=3.0, text/vcard;version=4.0", "3.0"),
            ("text/vcard;version=3.0;q=0", None),
            ("text/vcard;version=5.0, text/vcard;version=2.1;q=0.1", "2.1"),
            ("text/x-vcard;version=4.0, application/vcard;version=3.0", None),
            ("text/vcard;version=4.0;q=nonsense", "4.0"),
            ("text/vcard;;;=;version", None),
        ):
            self.assertEqual(accepted_version(field), version, field)

    def test_the_body_counts_more_than_the_field(self) -> None:
        asked = AddressData(version="3.0")
        self.assertEqual(requested(asked, "text/vcard;version=4.0").version, "3.0")
        self.assertEqual(requested(AddressData(version="9"), "text/vcard;version=4.0").version, "4.0")
        self.assertIsNone(requested(None, None).version)


class GivingTests(SynchronousTestCase):
    def test_the_own_version_is_given_as_it_is_stored(self) -> None:
        for octets, version in ((APPLE, "3.0"), (APPLE, None), (PHONE, "2.1")):
            self.assertIs(Requested(version).of(octets), octets)

    def test_another_version_and_a_part(self) -> None:
        given = read_card(Requested("3.0", (PropSelection("BDAY"),)).of(DAVX5))
        self.assertEqual(
            [each.line for each in given.properties],
            [
                "VERSION:3.0",
                "UID:f00dcafe-0000-4000-8000-000000000001",
                "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15",
            ],
        )

    def test_what_cannot_be_read_is_given_as_it_is(self) -> None:
        octets = b"no card"
        self.assertIs(Requested("3.0").of(octets), octets)

    def test_what_a_version_must_have_is_there(self) -> None:
        for lines, own, wanted, expected in (
            (("N:Doe;Jane;;;",), "2.1", "3.0", ["FN:Jane Doe", "N:Doe;Jane;;;"]),
            (("N:Doe;Jane;;;",), "2.1", "4.0", ["FN:Jane Doe", "N:Doe;Jane;;;"]),
            (("ORG:A, B;C",), "2.1", "4.0", ["FN:A\\, B\\, C", "ORG:A\\, B;C"]),
            (("N:;;;;", "TEL:1"), "2.1", "3.0", ["FN:1", "N:;;;;", "TEL:1"]),
            ((), "2.1", "3.0", ["FN:", "N:;;;;"]),
            (("FN:Team; x",), "4.0", "3.0", ["N:Team\\; x;;;;", "FN:Team; x"]),
            (("FN:Team",), "4.0", "2.1", ["N:Team;;;;", "FN:Team"]),
            (("FN:Team",), "3.0", "4.0", ["FN:Team"]),
            (("N:Doe;;;;",), "3.0", "2.1", ["N:Doe;;;;"]),
            (("N:Doe;;;;",), "4.0", "4.0", ["N:Doe;;;;"]),
        ):
            octets = "\r\n".join(["BEGIN:VCARD", f"VERSION:{own}", *lines, "END:VCARD", ""]).encode()
            found = Requested(wanted).of(octets).decode().split("\r\n")[1:-2]
            self.assertEqual(found, [f"VERSION:{wanted}", *expected], (lines, own, wanted))
