"""The document for interfaces: light, the same shapes, and complete in every language."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.interface import (
    CODES,
    ENUMERATIONS,
    EXPLANATIONS,
    LONG,
    PARTS,
    Entry,
    explanations,
    interface_bytes,
    interface_document,
    labels,
    places,
)
from stalwart.config.schema_document.languages import LANGUAGES, language_of, words_of
from tests.config.schema_document.documents import document

# Octets packed. A first page takes the first of them (webui 5.7 wants 60 KiB at most), a form the second as well, the
# third whoever chooses among permissions or time zones.
HEAVIEST = {None: 54 * 1024, EXPLANATIONS: 26 * 1024, ENUMERATIONS: 30 * 1024}
TEXTS = "stalwart/config/schema_document/texts/{}"


@cache
def english(part: str | None = None) -> Entry:
    return interface_document(declarations(), "en", part)


@cache
def said(kind: str) -> frozenset[str]:
    find = labels if kind == "labels" else explanations
    return frozenset(entry[name] for part in PARTS for entry, name in find(english(part)))


def unsaid(language: str, texts: Iterable[str]) -> list[str]:
    """Those of English texts that have none in a language."""
    words = words_of(language)
    return sorted(text for text in texts if not words.get(text, "").strip())


def _unexplained(entry: Entry) -> Entry:
    return {name: value for name, value in entry.items() if name != "description"}


class ShapeTests(SynchronousTestCase):
    """What is left of the whole document."""

    def test_is_light_in_every_language(self) -> None:
        for language in LANGUAGES:
            for part, heaviest in HEAVIEST.items():
                packed = gzip.compress(interface_bytes(declarations(), language, part), 9)
                self.assertLess(len(packed), heaviest, (language, part))

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
                light = {"update": "mutable"} | part["fields"][name]["properties"][key]
                self.assertEqual(light, _unexplained(field))
        for kind in ("forms", "lists"):
            for name, shown in whole[kind].items():
                described = whole["objects"].get(name, {}).get("description")
                about = {"subtitle": described} if described and "subtitle" in shown else {}
                self.assertEqual({**about, **part[kind][name]}, {**about, **shown})

    def test_parts_have_what_it_leaves_out_under_the_same_names(self) -> None:
        whole = document()
        self.assertEqual(english(EXPLANATIONS).keys(), {"fields"})
        for name, group in whole["fields"].items():
            told = {key: {"description": field["description"]} for key, field in group["properties"].items()}
            self.assertEqual(english(EXPLANATIONS)["fields"][name], {"properties": told})
        long = {name: members for name, members in whole["enums"].items() if len(members) > LONG}
        self.assertEqual(english(ENUMERATIONS), {"enums": long})
        self.assertEqual(long.keys(), CODES | {"Permission"})

    def test_every_place_holds_a_text(self) -> None:
        for part in PARTS:
            self.assertEqual({type(entry[name]) for entry, name in places(english(part))}, {str})
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

    def test_every_text_is_there_in_every_language(self) -> None:
        permissions = {one["label"] for one in english(ENUMERATIONS)["enums"]["Permission"]}
        wanted = {
            "permissions.json": permissions,
            "labels.json": said("labels") - permissions,
            "explanations.json, or the fields_*.json of its area": said("explanations"),
        }
        for language in LANGUAGES[1:]:
            for file, texts in wanted.items():
                missing = unsaid(language, texts)
                self.assertEqual(missing, [], f"Write these in {language!r} into {TEXTS.format(language)}/{file}.")

    def test_what_is_missing_is_found(self) -> None:
        self.assertEqual(unsaid("de", {"Full name.", "A setting of tomorrow."}), ["A setting of tomorrow."])

    def test_nothing_is_left_over_or_said_twice_and_code_stays_code(self) -> None:
        known = said("labels") | said("explanations")
        for language in LANGUAGES[1:]:
            folder = files("stalwart.config.schema_document") / "texts" / language
            held = [json.loads(file.read_bytes()) for file in folder.iterdir()]
            self.assertEqual(sum(map(len, held)), len(words_of(language)), language)
            over = sorted(words_of(language).keys() - known)
            self.assertEqual(over, [], f"Nobody says these any more; take them out of {TEXTS.format(language)}.")
            for text, there in words_of(language).items():
                self.assertEqual(re.findall("`[^`]+`", text), re.findall("`[^`]+`", there), text)

    def test_sentences_end_as_they_do_in_english_and_cite_the_same(self) -> None:
        for language in LANGUAGES[1:]:
            words = words_of(language)
            for text in said("explanations"):
                self.assertEqual(words[text][-1] == ".", text[-1] == ".", text)
                self.assertEqual(re.findall(r"RFC [\d .]*\d", words[text]), re.findall(r"RFC [\d .]*\d", text))

    def test_each_action_is_explained(self) -> None:
        about = [one["description"] for one in english()["schemas"]["x:Action"]["variants"]]
        self.assertEqual([text for text in about if len(text) < 10 or "\n" in text], [])

    def test_parts_are_in_the_language(self) -> None:
        told = interface_document(declarations(), "de", EXPLANATIONS)["fields"]["x:Http"]["properties"]["redirectRoot"]
        self.assertEqual(told["description"], "Wohin `/` weiterleitet; ohne Wert wird mit 404 geantwortet.")
        found = interface_document(declarations(), "de", ENUMERATIONS)["enums"]
        self.assertIn({"name": "sysAccountCreate", "label": "System: Konten anlegen"}, found["Permission"])
        for name in CODES:
            self.assertEqual(found[name], document()["enums"][name])

    def test_permissions_are_told_apart(self) -> None:
        for language in LANGUAGES:
            named = interface_document(declarations(), language, ENUMERATIONS)["enums"]["Permission"]
            self.assertEqual(len({one["label"] for one in named}), len(named), language)

    def test_values_that_are_no_texts_stay(self) -> None:
        german = interface_document(declarations(), "de")
        for name, group in english()["fields"].items():
            self.assertEqual(german["fields"][name].get("defaults"), group.get("defaults"))
        self.assertEqual([one["name"] for one in german["layouts"]], [one["name"] for one in english()["layouts"]])
