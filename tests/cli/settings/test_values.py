"""Words of a command line as wire values."""

from __future__ import annotations

import io
from argparse import Namespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.settings.problems import Problem
from stalwart.cli.settings.schema_view import TypeView
from stalwart.cli.settings.values import condition, fields, given_object, read_file
from tests.cli.settings.small_schema import view

HTTP = TypeView("Http")


class FieldTests(SynchronousTestCase):
    """``--field``."""

    def fields(self, *pairs: str, type: TypeView = HTTP) -> dict[str, Any]:
        return fields(view(), type, pairs)

    def test_each_type_has_its_spelling(self) -> None:
        self.assertEqual(
            self.fields("enableHsts=yes", "idleTimeout=5000", "mode=on", 'rate={"count":3}', "defaultDomainId=null"),
            {"enableHsts": True, "idleTimeout": 5000, "mode": "on", "rate": {"count": 3}, "defaultDomainId": None},
        )

    def test_sets_are_lists_with_commas(self) -> None:
        found = self.fields("aliases=a.test, b.test", type=TypeView("Domain"))
        self.assertEqual(found, {"aliases": {"a.test": True, "b.test": True}})

    def test_pointers_are_kept(self) -> None:
        self.assertEqual(
            self.fields("rate/count=7", "responseHeaders/X=a=b"), {"rate/count": 7, "responseHeaders/X": "a=b"}
        )

    def test_text_that_is_no_number_or_boolean_is_refused(self) -> None:
        self.assertIn("milliseconds", str(self.assertRaises(Problem, self.fields, "idleTimeout=5m")))
        self.assertIn("true or false", str(self.assertRaises(Problem, self.fields, "enableHsts=maybe")))
        self.assertIn("JSON", str(self.assertRaises(Problem, self.fields, "rate={")))

    def test_unknown_property_lists_the_known_ones(self) -> None:
        self.assertIn("enableHsts", str(self.assertRaises(Problem, self.fields, "hsts=true")))
        self.assertRaises(Problem, self.fields, "enableHsts")


class GivenObjectTests(SynchronousTestCase):
    """Exactly one way to give values."""

    def given(self, typed: str = "", **given: Any) -> dict[str, Any]:
        options = Namespace(**{"field": None, "json_value": None, "file": None, "stdin": False, **given})
        return given_object(view(), HTTP, options, io.StringIO(typed))

    def test_each_way(self) -> None:
        path = self.mktemp()
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"mode":"off"}')
        self.assertEqual(self.given(field=["mode=off"]), {"mode": "off"})
        self.assertEqual(self.given(json_value='{"mode":"off"}'), {"mode": "off"})
        self.assertEqual(self.given(file=path), {"mode": "off"})
        self.assertEqual(self.given('{"mode":"off"}', stdin=True), {"mode": "off"})

    def test_none_or_two_ways_are_refused(self) -> None:
        self.assertRaises(Problem, self.given)
        self.assertRaises(Problem, self.given, field=["mode=on"], json_value="{}")

    def test_what_is_no_object_is_refused(self) -> None:
        self.assertRaises(Problem, self.given, json_value="[]")

    def test_file_that_cannot_be_read_is_named(self) -> None:
        self.assertIn("nowhere", str(self.assertRaises(Problem, read_file, "nowhere.json")))


class ConditionTests(SynchronousTestCase):
    """``--where``."""

    def test_numbers_and_booleans_are_typed_and_the_rest_is_text(self) -> None:
        found = condition(view(), "Http", ["idleTimeoutIsLessThan=5", "enableHsts=true", "@type=User", "text=a b"])
        self.assertEqual(found, {"idleTimeoutIsLessThan": 5, "enableHsts": True, "@type": "User", "text": "a b"})

    def test_words_without_a_value_are_refused(self) -> None:
        self.assertRaises(Problem, condition, view(), "Http", ["text"])
