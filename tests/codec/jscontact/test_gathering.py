"""Lines that belong together."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.gathering import Ids
from tests.codec.jscontact.figures import component, members


class IdTests(SynchronousTestCase):
    def test_ids_that_are_asked_for_come_first(self) -> None:
        ids = Ids(["a", "a", "no id"])
        self.assertEqual(
            [ids.take("", "a"), ids.take("a", "x"), ids.take("a", "x"), ids.take("no id", "x")],
            ["a-2", "a", "x", "x-2"],
        )


class GatheringTests(SynchronousTestCase):
    def test_labels(self) -> None:
        found = members("item1.EMAIL;PROP-ID=e:a@b", "item1.X-ABLabel:_$!<Home>!$_", "item1.X-FOO:1")
        self.assertEqual(found["emails"]["e"], {"address": "a@b", "label": "Home", "vCardParams": {"group": "item1"}})
        found = members("g.EMAIL;PROP-ID=e:a@b", "g.TEL;PROP-ID=t:1", "g.X-ABLabel:x")
        self.assertEqual(found["emails"]["e"], {"address": "a@b", "vCardParams": {"group": "g"}})
        self.assertEqual(found["vCardProps"], [["x-ablabel", {"group": "g"}, "unknown", "x"]])

    def test_places_of_addresses(self) -> None:
        """RFC 9555 2.8.3."""
        found = members("a.ADR;PROP-ID=a:;;;x", "b.ADR;PROP-ID=b:;;;y", "B.GEO:geo:1,2", "TZ;PROP-ID=z:Europe/Berlin")
        self.assertEqual(
            found["addresses"]["b"], {"components": [component("locality", "y")], "coordinates": "geo:1,2"}
        )
        self.assertEqual(found["addresses"]["z"], {"timeZone": "Europe/Berlin"})
        self.assertEqual(found["addresses"]["a"]["vCardParams"], {"group": "a"})

    def test_other_languages(self) -> None:
        found = members(
            "ADR;PROP-ID=a;ALTID=1;TYPE=work;LABEL=x:;;;x",
            "ADR;ALTID=1;LANGUAGE=ja;LABEL=y:;;;y",
            "ADR;ALTID=1;LANGUAGE=ja;LABEL=z:;;;z",
            "NOTE;PROP-ID=n;ALTID=7:only one",
        )
        self.assertEqual(
            found["localizations"],
            {"ja": {"addresses/a/full": "y", "addresses/a/components": [component("locality", "y")]}},
        )
        self.assertEqual(len(found["addresses"]), 2)
        self.assertEqual(found["notes"]["n"]["vCardParams"], {"altid": "7"})

    def test_addresses_that_are_pronounced(self) -> None:
        found = members(
            "ADR;PROP-ID=a;ALTID=1:;;;x",
            "ADR;ALTID=1;PHONETIC=ipa:;;;y",
            "ADR;ALTID=1;PHONETIC=script;SCRIPT=Latn;LANGUAGE=fr:;;;z",
        )
        self.assertEqual(found["addresses"]["a"]["components"], [{**component("locality", "x"), "phonetic": "y"}])
        self.assertEqual(
            found["localizations"]["fr"],
            {"addresses/a/components/0/phonetic": "z", "addresses/a/phoneticScript": "Latn"},
        )

    def test_the_language_of_the_card_is_not_told_again(self) -> None:
        found = members("LANGUAGE:de", "NOTE;LANGUAGE=DE;PROP-ID=a:x", "NOTE;LANGUAGE=fr;PROP-ID=b:y")
        self.assertEqual(found["notes"], {"a": {"note": "x"}, "b": {"note": "y", "vCardParams": {"language": "fr"}}})
