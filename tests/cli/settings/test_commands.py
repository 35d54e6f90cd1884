"""describe, get, query, create, update, delete against a server that answers from a script."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from stalwart.cli.settings import completion, describe, reading, writing
from stalwart.cli.settings.command import connect, run, selected
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import REFUSED, USAGE, CallFailed, Problem
from stalwart.cli.settings.server import cached_schema
from tests.cli.settings.small_schema import CommandCase

Arguments = Mapping[str, Any]


def refuse_all(name: str, arguments: Arguments) -> dict[str, Any]:
    raise AssertionError(name)


class DescribeTests(CommandCase):
    """The schema in words."""

    def describe(self, name: str | None, output: Output | None = None) -> str:
        options = Namespace(name=name)
        self.assertEqual(describe.work(options, self.server(refuse_all), output or self.person()), 0)
        return self.output.getvalue()

    def test_all_types(self) -> None:
        self.assertIn("Http     singleton  The HTTP service.", self.describe(None))

    def test_one_type_with_types_and_defaults(self) -> None:
        text = self.describe("http")
        self.assertIn("Http (singleton)", text)
        self.assertIn("duration (ms) 1..", text)
        self.assertIn("60000", text)

    def test_every_variant_of_a_union(self) -> None:
        text = self.describe("Account")
        self.assertIn("@type User", text)
        self.assertIn("@type Group", text)
        self.assertIn("set of id of Account/Group", text)

    def test_one_variant(self) -> None:
        self.assertNotIn("@type User", self.describe("Account/Group"))

    def test_enumerations_and_blocks(self) -> None:
        self.assertIn("off  Not on.", self.describe("Mode"))
        self.assertIn("count", self.describe("Rate"))

    def test_json(self) -> None:
        self.describe("Rate", Output())
        self.assertEqual(self.lines()[0]["name"], "Rate")

    def test_unknown_name(self) -> None:
        self.assertRaises(Problem, describe.work, Namespace(name="x"), self.server(refuse_all), self.person())


class ReadingTests(CommandCase):
    """get and query."""

    def answer(self, name: str, arguments: Arguments) -> dict[str, Any]:
        if name.endswith("/query"):
            start = ["b", "c", "d"].index(arguments["anchor"]) + 1 if "anchor" in arguments else 0
            ids = ["b", "c", "d"][start : start + 2]
            return {"ids": ids, **({"limit": 2} if start + 2 < 3 else {})}
        return {"list": [{"id": id, "name": f"n{id}"} for id in arguments["ids"] if id != "zz"]}

    def get(self, type: str, id: str | None = None, **options: Any) -> int:
        chosen = Namespace(type=type, id=id, fields=None, **options)
        return reading.get(chosen, self.server(self.answer), Output())

    def test_singletons_need_no_id(self) -> None:
        self.assertEqual(self.get("Http"), 0)
        self.assertEqual(self.lines(), [{"id": "singleton", "name": "nsingleton"}])

    def test_all_objects_page_by_page(self) -> None:
        self.get("Domain")
        self.assertEqual([each["id"] for each in self.lines()], ["b", "c", "d"])

    def test_missing_object_is_refused(self) -> None:
        problem = self.assertRaises(Problem, self.get, "Domain", "zz")
        self.assertEqual((problem.code, str(problem)), (REFUSED, "there is no Domain zz"))

    def test_query_sends_the_conditions_and_the_variant(self) -> None:
        options = Namespace(type="Account/Group", where=["text=x"], fields="name")
        self.assertEqual(reading.query(options, self.server(self.answer), self.person()), 0)
        arguments = self.connection.requests[0]["methodCalls"][0][1]
        self.assertEqual(arguments["filter"], {"text": "x", "@type": "Group"})
        self.assertIn("3 objects", self.output.getvalue())

    def test_query_of_a_singleton_is_refused(self) -> None:
        options = Namespace(type="Http", where=[], fields=None)
        self.assertRaises(Problem, reading.query, options, self.server(self.answer), Output())

    def test_method_error_ends_with_its_description(self) -> None:
        server = self.server(lambda *_: ("error", {"type": "forbidden", "description": "Not you."}))
        failure = self.assertRaises(CallFailed, server.call, "x:Domain/get", {})
        self.assertEqual(str(failure), "Domain/get: forbidden: Not you.")


class WritingTests(CommandCase):
    """create, update, delete."""

    def options(self, **given: Any) -> Namespace:
        empty = {"field": None, "json_value": None, "file": None, "stdin": False, "confirm": False, "id": None}
        return Namespace(**{**empty, **given})

    def test_create_shows_what_the_server_made(self) -> None:
        server = self.server(lambda *_: {"created": {"new": {"id": "k", "secret": "s3"}}, "notices": ["Restart."]})
        options = self.options(type="Account/User", field=["name=a", "domainId=b"])
        self.assertEqual(writing.create(options, server, self.person()), 0)
        self.assertEqual(self.output.getvalue(), "created Account k\nsecret  s3\n")
        self.assertIn("Restart.", self.errors.getvalue())
        sent = self.connection.requests[0]["methodCalls"][0][1]["create"]["new"]
        self.assertEqual(sent, {"@type": "User", "name": "a", "domainId": "b"})

    def test_refused_create_names_field_and_rule(self) -> None:
        error = {"type": "invalidPatch", "properties": ["name"], "description": "Invalid domain name"}
        server = self.server(lambda *_: {"created": None, "notCreated": {"new": error}})
        options = self.options(type="Domain", field=["name=-"])
        problem = self.assertRaises(Problem, writing.create, options, server, self.person())
        self.assertEqual(problem.code, REFUSED)
        self.assertEqual(str(problem), "Domain was not created: invalidPatch: name: Invalid domain name")

    def test_update_of_a_singleton(self) -> None:
        server = self.server(lambda *_: {"updated": {"singleton": None}})
        options = self.options(type="http", field=["enableHsts=true"], confirm=True)
        self.assertEqual(writing.update(options, server, Output()), 0)
        arguments = self.connection.requests[0]["methodCalls"][0][1]
        self.assertEqual(arguments, {"update": {"singleton": {"enableHsts": True}}, "confirm": True})

    def test_update_without_id_of_a_collection_is_refused(self) -> None:
        server = self.server(refuse_all)
        self.assertRaises(Problem, writing.update, self.options(type="Domain", field=["name=a"]), server, Output())

    def test_refused_update(self) -> None:
        server = self.server(lambda *_: {"notUpdated": {"zz": {"type": "notFound"}}})
        options = self.options(type="Domain", id="zz", field=["name=a.test"])
        problem = self.assertRaises(Problem, writing.update, options, server, Output())
        self.assertIn("does not exist", str(problem))

    def test_delete_reports_each_one(self) -> None:
        server = self.server(lambda *_: {"destroyed": ["b"], "notDestroyed": {"c": {"type": "notFound"}}})
        options = self.options(type="Domain", ids="b,c")
        self.assertEqual(writing.delete(options, server, self.person()), REFUSED)
        self.assertIn("deleted Domain b", self.output.getvalue())
        self.assertIn("Domain c was not deleted", self.errors.getvalue())

    def test_delete_of_nothing_is_refused(self) -> None:
        self.assertRaises(
            Problem, writing.delete, self.options(type="Domain", ids=""), self.server(refuse_all), Output()
        )


class CommandTests(CommandCase):
    """What all commands share."""

    def test_problems_become_exit_codes(self) -> None:
        def work(*_: Any) -> int:
            raise Problem("no good", REFUSED)

        options = Namespace(url="http://x.test", user=None, password=None, api_key=None, insecure=False, no_color=True)
        self.assertEqual(run(options, work), REFUSED)
        self.assertIn("no good", self.errors.getvalue())

    def test_interrupted(self) -> None:
        def work(*_: Any) -> int:
            raise KeyboardInterrupt

        options = Namespace(url="http://x.test", user=None, password=None, api_key=None, insecure=False, no_color=True)
        self.assertEqual(run(options, work), USAGE)

    def test_without_a_url_it_says_what_to_give(self) -> None:
        self.assertIn("STALWART_URL", str(self.assertRaises(Problem, connect, Namespace(url=None))))

    def test_selected_fields(self) -> None:
        self.assertEqual(selected(Namespace(fields="a, b,")), ["a", "b"])
        self.assertIsNone(selected(Namespace(fields=None)))


class CompletionTests(CommandCase):
    """Words that may follow."""

    def test_types_come_from_the_cached_schema(self) -> None:
        server = self.server(refuse_all)
        self.assertIsNone(cached_schema(self.connection.url))
        self.assertTrue(server.schema.types())
        parsers = {
            "get": Namespace(_actions=[Namespace(option_strings=["--fields"])]),
            "completion": Namespace(_actions=[]),
        }
        self.assertEqual(completion.candidates([], parsers, None), ["get"])
        found = completion.candidates(["get"], parsers, self.connection.url)
        self.assertIn("Domain", found)
        self.assertIn("--fields", found)
        self.assertEqual(completion.candidates(["get"], parsers, None), ["--fields"])

    def test_scripts_name_the_program(self) -> None:
        for shell in ("bash", "zsh", "fish"):
            self.assertEqual(completion.run(Namespace(shell=shell, typed=[]), None), 0)
        self.assertEqual(self.output.getvalue().count("completion words"), 3)
