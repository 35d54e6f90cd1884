"""The document for interfaces: light, the same shapes, and complete in every language."""

from __future__ import annotations

import gzip
import re
from functools import cache

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.interface import (
    LONG,
    Entry,
    explanations,
    interface_bytes,
    interface_document,
    labels,
    places,
)
from stalwart.config.schema_document.languages import LANGUAGES, language_of, words_of
from tests.config.schema_document.documents import document

HEAVIEST = 66 * 1024  # webui 5.7 wants 60; this is room for the settings that are still to come


@cache
def english() -> Entry:
    return interface_document(declarations(), "en")


@cache
def said(kind: str) -> set[str]:
    found = labels(english()) if kind == "labels" else explanations(english())
    return {entry[name] for entry, name in found}


def _unexplained(variant: Entry) -> Entry:
    return {name: value for name, value in variant.items() if name != "description"}


class ShapeTests(SynchronousTestCase):
    """What is left of the whole document."""

    def test_is_light_in_every_language(self) -> None:
        for language in LANGUAGES:
            packed = gzip.compress(interface_bytes(declarations(), language), 9)
            self.assertLess(len(packed), HEAVIEST, language)

    def test_has_all_objects_fields_and_short_enumerations_of_the_whole(self) -> None:
        whole, part = document(), english()
        for name in ("objects", "layouts"):
            self.assertEqual(part[name], whole[name])
        for name, shape in whole["schemas"].items():
            variants = [_unexplained(variant) for variant in part["schemas"][name].get("variants", ())]
            self.assertEqual(part["schemas"][name] | ({"variants": variants} if variants else {}), shape)
        for name, members in whole["enums"].items():
            self.assertEqual(part["enums"].get(name), members if len(members) <= LONG else None)
        for name, group in whole["fields"].items():
            self.assertEqual(part["fields"][name].get("defaults"), group.get("defaults"))
            for key, field in group["properties"].items():
                self.assertEqual({"update": "mutable"} | part["fields"][name]["properties"][key], field)
        for kind in ("forms", "lists"):
            for name, shown in whole[kind].items():
                described = whole["objects"].get(name, {}).get("description")
                about = {"subtitle": described} if described and "subtitle" in shown else {}
                self.assertEqual({**about, **part[kind][name]}, {**about, **shown})

    def test_every_place_holds_a_text(self) -> None:
        self.assertEqual({type(entry[name]) for entry, name in places(english())}, {str})
        self.assertGreater(len(said("labels")), 1000)


class LanguageTests(SynchronousTestCase):
    """Texts in other languages."""

    def test_languages_of_tags(self) -> None:
        for tag, language in (
            ("de", "de"),
            ("de-AT", "de"),
            ("de_DE", "de"),
            ("en-GB", "en"),
            ("nds", "en"),
            ("", "en"),
        ):
            self.assertEqual(language_of(tag), language)

    def test_every_label_is_there_in_every_language(self) -> None:
        for language in LANGUAGES[1:]:
            words = words_of(language)
            self.assertEqual(sorted(text for text in said("labels") if not words.get(text, "").strip()), [], language)

    def test_nothing_is_left_over_and_code_stays_code(self) -> None:
        known = said("labels") | said("explanations")
        for language in LANGUAGES[1:]:
            for text, there in words_of(language).items():
                if not text.endswith("."):  # a sentence that has changed is English until somebody writes the new one
                    self.assertIn(text, known, language)
                self.assertEqual(re.findall("`[^`]+`", text), re.findall("`[^`]+`", there), text)

    def test_objects_are_explained_in_every_language(self) -> None:
        about = {one["description"] for one in english()["objects"].values() if "description" in one}
        for language in LANGUAGES[1:]:
            self.assertGreater(len(about & set(words_of(language))), 0.8 * len(about), language)

    def test_each_action_is_explained_in_every_language(self) -> None:
        about = [one["description"] for one in english()["schemas"]["x:Action"]["variants"]]
        self.assertEqual([text for text in about if len(text) < 10 or "\n" in text], [])
        for language in LANGUAGES[1:]:
            self.assertEqual(set(about) - set(words_of(language)), set(), language)

    def test_values_that_are_no_texts_stay(self) -> None:
        german = interface_document(declarations(), "de")
        for name, group in english()["fields"].items():
            self.assertEqual(german["fields"][name].get("defaults"), group.get("defaults"))
        self.assertEqual([one["name"] for one in german["layouts"]], [one["name"] for one in english()["layouts"]])
