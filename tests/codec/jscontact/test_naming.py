"""FN and N, in several languages and as they are pronounced."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.naming import Line, chosen, forget_language, name_of
from stalwart.codec.vcard.lines import property_of
from tests.codec.jscontact.figures import component, members


class NamingTests(SynchronousTestCase):
    def test_of_several_names_the_plainest(self) -> None:
        """RFC 9555 2.5.2."""
        found = members("FN;X-A=1:b", "FN:a", "FN;LANGUAGE=fr:c", "FN;LANGUAGE=fr:d")
        self.assertEqual(found["name"], {"full": "a"})
        self.assertEqual(found["localizations"], {"fr": {"name/full": "c"}})
        self.assertEqual([each[3] for each in found["vCardProps"]], ["b", "d"])

    def test_what_is_derived_is_not_told(self) -> None:
        self.assertEqual(members("FN;DERIVED=TRUE:x"), {})
        self.assertEqual(members("FN:", "N:;;;;"), {})

    def test_another_language_has_components_of_its_own(self) -> None:
        found = members(
            "LANGUAGE:en", "N;ALTID=1:a;b", "N;ALTID=1;LANGUAGE=uk:c;d", "N;ALTID=1;LANGUAGE=uk;PHONETIC=ipa:e"
        )
        self.assertEqual(found["name"], {"components": [component("surname", "a"), component("given", "b")]})
        self.assertEqual(
            found["localizations"]["uk"],
            {
                "name/components": [{**component("surname", "c"), "phonetic": "e"}, component("given", "d")],
                "name/phoneticSystem": "ipa",
            },
        )

    def test_how_the_name_itself_is_pronounced(self) -> None:
        found = members("N;ALTID=1:Smith;John", "N;ALTID=1;PHONETIC=ipa:smɪθ;dʒɑːn")
        self.assertEqual(found["name"]["phoneticSystem"], "ipa")
        self.assertEqual([each["phonetic"] for each in found["name"]["components"]], ["smɪθ", "dʒɑːn"])
        wrong = members("N:Smith", "N;PHONETIC=ipa:a;b", "N;PHONETIC=other:a", "N;PHONETIC=script:a")
        self.assertEqual(len(wrong["vCardProps"]), 3)

    def test_lines(self) -> None:
        item = property_of("FN;LANGUAGE=fr;VALUE=text:x")
        assert item is not None
        line = Line.of(0, item)
        self.assertEqual((line.language, set(line.given)), ("fr", {"LANGUAGE"}))
        self.assertIs(chosen([line], None), line)
        forget_language(line.given, line.language, "FR")
        self.assertEqual(line.given, {})
        self.assertIsNone(name_of([], [], None).name)
