"""A data type as methods, and through the engine (RFC 8620 3.3, 5)."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.jmap.call import Call
from stalwart.jmap.engine import Engine
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import collected
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.rules import Rules
from stalwart.telemetry import Telemetry
from tests.jmap.standard.notes import GROUP_ID, NOTE, NOTES, OWN_ID, NotesCase


class MethodsTests(NotesCase):
    def test_methods_and_permissions(self) -> None:
        self.assertEqual(
            [(each.name, each.needs) for each in NOTE.methods()],
            [
                ("Note/get", "jmapNoteGet"),
                ("Note/set", None),
                ("Note/changes", "jmapNoteChanges"),
                ("Note/query", "jmapNoteQuery"),
                ("Note/queryChanges", "jmapNoteQueryChanges"),
                ("Note/copy", "jmapNoteCopy"),
            ],
        )
        self.assertEqual({each.capabilities for each in NOTE.methods()}, {(NOTES,)})

    def test_only_what_is_supported(self) -> None:
        few = DataType(
            evolve(NOTE.declared, capability=("a", "b"), permissions="other"),
            NOTE.source,
            supports=("get", "query"),
            services=("blobs",),
        )
        get, query = few.methods()
        self.assertEqual((get.name, query.name, get.needs), ("Note/get", "Note/query", "otherGet"))
        self.assertEqual((get.capabilities, get.services), (("a", "b"), ("store", "clock", "blobs")))

    def test_a_type_without_query_changes_does_not_promise_any(self) -> None:
        (query,) = DataType(NOTE.declared, NOTE.source, supports=("query",)).methods()
        self.methods["Note/query"] = query
        self.assertFalse(self.call("query")["canCalculateChanges"])

    def test_what_is_awaited_before_each_method(self) -> None:
        seen: list[tuple[str, Any]] = []

        async def before(call: Call, services: Any) -> None:
            seen.append((call.name, services["store"]))
            if call.arguments.get("refused"):
                raise MethodError("forbidden")

        careful = DataType(NOTE.declared, NOTE.source, before=before)
        self.methods = {method.name: method for method in careful.methods()}
        self.call("get")
        self.call("query")
        self.assertEqual(seen, [("Note/get", self.store), ("Note/query", self.store)])
        self.assertEqual(self.error("get", refused=True), "forbidden")

    def test_it_is_found_where_it_is_declared(self) -> None:
        names = {method.name for method in collected("tests.jmap.standard.notes")}
        self.assertIn("Note/queryChanges", names)

    def test_an_account_that_exists(self) -> None:
        self.successResultOf(self.store.read(lambda tx: require_account(tx, 1)))

    def test_rules_by_default_refuse_nothing(self) -> None:
        plain = DataType(NOTE.declared, NOTE.source, Rules())
        self.methods = {method.name: method for method in plain.methods()}
        (id,) = self.made("one")
        self.assertEqual(self.call("set", update={id: {"title": ""}})["updated"], {id: None})
        self.assertEqual(self.call("set", destroy=[id])["destroyed"], [id])

    def test_an_empty_outcome_has_every_member(self) -> None:
        self.assertEqual(len(SetOutcome(1).wire()), 9)


class EngineTests(NotesCase):
    def run_calls(self, *calls: tuple[str, dict[str, Any], str]) -> list[Any]:
        engine = Engine(
            NOTE.methods(), {"store": self.store, "clock": self.clock}, telemetry=Telemetry(), clock=self.clock
        )
        work = engine.responses(self.request, calls, 1_000_000)
        return list(self.successResultOf(Deferred.fromCoroutine(work)))

    def test_a_whole_request_with_both_kinds_of_references(self) -> None:
        answered = self.run_calls(
            ("Note/set", {"accountId": OWN_ID, "create": {"p": {"title": "parent"}}}, "0"),
            ("Note/set", {"accountId": OWN_ID, "create": {"c": {"title": "child", "parentId": "#p"}}}, "1"),
            ("Note/query", {"accountId": OWN_ID, "filter": {"parentId": "#p"}}, "2"),
            (
                "Note/get",
                {"accountId": OWN_ID, "#ids": {"resultOf": "2", "name": "Note/query", "path": "/ids"}},
                "3",
            ),
            (
                "Note/changes",
                {"accountId": OWN_ID, "#sinceState": {"resultOf": "1", "name": "Note/set", "path": "/oldState"}},
                "4",
            ),
        )
        self.assertEqual(
            [(name, call_id) for name, _, call_id in answered][2:],
            [("Note/query", "2"), ("Note/get", "3"), ("Note/changes", "4")],
        )
        child = answered[1][1]["created"]["c"]["id"]
        self.assertEqual(answered[3][1]["list"][0]["id"], child)
        self.assertEqual(answered[4][1]["created"], [child])

    def test_implicit_responses_have_the_id_of_their_call(self) -> None:
        (id,) = self.made("one")
        answered = self.run_calls(
            (
                "Note/copy",
                {
                    "fromAccountId": OWN_ID,
                    "accountId": GROUP_ID,
                    "create": {"k": {"id": id}},
                    "onSuccessDestroyOriginal": True,
                },
                "x",
            ),
            ("Note/get", {"accountId": OWN_ID}, "y"),
        )
        names = [(name, call_id) for name, _, call_id in answered]
        self.assertEqual(names, [("Note/copy", "x"), ("Note/set", "x"), ("Note/get", "y")])

    def test_errors_stay_with_their_call(self) -> None:
        self.without("Query")
        answered = self.run_calls(
            ("Note/get", {"accountId": OWN_ID, "ids": ["#nobody"]}, "0"),
            ("Note/query", {"accountId": OWN_ID}, "1"),
            ("Note/get", {}, "2"),
            ("Note/get", {"accountId": OWN_ID}, "3"),
        )
        types = [arguments.get("type") for _, arguments, _ in answered]
        self.assertEqual(types, ["invalidResultReference", "forbidden", "invalidArguments", None])
