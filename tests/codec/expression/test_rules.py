"""Whole rules: the wire form, order, messages, statuses, I/O by replay (``frame``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression import (
    ARITIES,
    Constant,
    EvaluationError,
    ExpressionError,
    Value,
    compile_expression,
    status_of,
)
from stalwart.codec.expression.frame import IO_FUNCTIONS
from stalwart.errors import Unavailable

from .asking import NAMES, VARIABLES
from .test_values import VALUES

PRIVATE_API = {
    "match": {"0": {"if": "starts_with(path, '/api') && !is_ip_in_cidr(remote_ip,'10.0.0.0/8')", "then": "404"}},
    "else": "200",
}
PRIVATE_LISTENER = {
    "match": {
        "0": {
            "if": "listener == 'private' || contains(['jmap','.well-known','auth','login'], split(path,'/')[1])",
            "then": "200",
        }
    },
    "else": "404",
}
NO_JMAP = {
    "match": {"0": {"if": "starts_with(path,'/jmap') && method != 'OPTIONS'", "then": "403"}},
    "else": "200",
}


def _status(wire: dict[str, Any], **changes: object) -> int | None:
    compiled = compile_expression(wire, NAMES)
    return status_of(compiled.evaluate({**VARIABLES, **changes}.__getitem__))


class ExampleTests(SynchronousTestCase):
    """http-service 4.5."""

    def test_api_is_hidden_from_outside(self) -> None:
        self.assertEqual(_status(PRIVATE_API, remote_ip="192.0.2.1"), 404)
        self.assertEqual(_status(PRIVATE_API, remote_ip="10.200.0.1"), 200)
        self.assertEqual(_status(PRIVATE_API, remote_ip="192.0.2.1", path="/jmap"), 200)

    def test_only_some_paths_are_public(self) -> None:
        self.assertEqual(_status(PRIVATE_LISTENER, path="/jmap/session"), 200)
        self.assertEqual(_status(PRIVATE_LISTENER, path="/api"), 404)
        self.assertEqual(_status(PRIVATE_LISTENER, path="/"), 404)
        self.assertEqual(_status(PRIVATE_LISTENER, path="/api", listener="private"), 200)

    def test_jmap_answers_options_only(self) -> None:
        self.assertEqual(_status(NO_JMAP, path="/jmap", method="POST"), 403)
        self.assertEqual(_status(NO_JMAP, path="/jmap", method="OPTIONS"), 200)
        self.assertEqual(_status(NO_JMAP, path="/api", method="POST"), 200)


class WireTests(SynchronousTestCase):
    def _refused(self, wire: dict[str, Any]) -> str:
        return str(self.assertRaises(ExpressionError, compile_expression, wire, NAMES))

    def test_the_first_true_condition_decides(self) -> None:
        match = {str(n): {"if": f"local_port > {n}", "then": str(n)} for n in (10000, 9000, 8000, 7000)}
        wire = {"match": {"2": match["8000"], "10": match["7000"], "0": match["9000"]}, "else": "1"}
        self.assertEqual(compile_expression(wire, NAMES).evaluate(VARIABLES.__getitem__), 8000)

    def test_captures_reach_the_value(self) -> None:
        wire = {"match": {"0": {"if": "matches('^/([a-z]+)/', path)", "then": "$1"}}, "else": "''"}
        compiled = compile_expression(wire, NAMES)
        self.assertEqual(compiled.evaluate(VARIABLES.__getitem__), "api")
        self.assertEqual(compiled.evaluate({"path": "/x/y"}.__getitem__), "x")

    def test_nothing_at_all_is_no_rule(self) -> None:
        for wire in ({}, {"match": {}, "else": ""}, {"match": None, "else": None}):
            compiled = compile_expression(wire, NAMES)
            self.assertTrue(compiled.is_constant)
            self.assertIsNone(compiled.evaluate(VARIABLES.__getitem__))

    def test_the_default_is_constant(self) -> None:
        compiled = compile_expression({"else": "200"}, NAMES)
        self.assertEqual((compiled.is_constant, compiled.constant), (True, 200))

    def test_a_bare_constant_is_a_value_of_its_own(self) -> None:
        compiled = compile_expression({"else": "relaxed"}, NAMES, frozenset({"relaxed"}))
        self.assertEqual(compiled.constant, Constant("relaxed"))

    def test_constant_conditions_vanish(self) -> None:
        wire = {
            "match": {
                "0": {"if": "false", "then": "1"},
                "1": {"if": "true", "then": "2"},
                "2": {"if": "path", "then": "3"},
            },
            "else": "4",
        }
        self.assertEqual(compile_expression(wire, NAMES).constant, 2)

    def test_messages_name_the_part(self) -> None:
        bad = {"if": "x", "then": "1"}
        good = {"if": "path", "then": "1"}
        wrong = 'Invalid variable or constant "x"'
        self.assertEqual(
            self._refused({"match": {"0": bad}, "else": "1"}),
            f"Error parsing 'if' expression in condition #1: {wrong}",
        )
        self.assertEqual(
            self._refused({"match": {"0": good, "5": {**good, "then": "x"}}, "else": "1"}),
            f"Error parsing 'then' expression in condition #2: {wrong}",
        )
        self.assertEqual(self._refused({"else": "x"}), f"Error parsing 'else' expression: {wrong}")

    def test_unreachable_parts_are_compiled_all_the_same(self) -> None:
        wire = {"match": {"0": {"if": "true", "then": "1"}, "1": {"if": "x", "then": "1"}}, "else": "1"}
        self.assertIn("condition #2", self._refused(wire))

    def test_missing_parts_are_refused(self) -> None:
        self.assertEqual(self._refused({"match": {"0": {"if": "1", "then": "1"}}}), "Missing 'else' expression")
        self.assertEqual(
            self._refused({"match": {"0": {"then": "1"}}, "else": "1"}),
            "Missing 'if' expression in condition #1",
        )
        self.assertEqual(
            self._refused({"match": {"0": {"if": "1", "then": ""}}, "else": "1"}),
            "Error parsing 'then' expression in condition #1: Empty expression",
        )

    def test_other_shapes_are_refused(self) -> None:
        one = {"if": "1", "then": "1"}
        for match in ([one], {"a": one}, {"0": "1"}, {"0": {"if": 1, "then": "1"}}, {"9" * 5000: one}):
            self._refused({"match": match, "else": "1"})
        self._refused({"else": 200})
        self._refused({"match": {str(n): one for n in range(257)}, "else": "1"})

    def test_what_a_variable_may_not_be_is_an_evaluation_error(self) -> None:
        compiled = compile_expression({"else": "path"}, NAMES)
        self.assertRaises(EvaluationError, compiled.evaluate, lambda name: object())


class StatusTests(SynchronousTestCase):
    def test_only_three_digits_are_a_status(self) -> None:
        rows: list[tuple[Value | None, int | None]] = [
            (200, 200),
            ("404", 404),
            (999, 999),
            (100, 100),
            (99, None),
            (1000, None),
            (1, None),
            (0, None),
            (-200, None),
            (200.0, None),
            ("", None),
            ("0200", None),
            ("20x", None),
            ("\u0662\u0660\u0660", None),
            ((200,), None),
            (Constant("200"), None),
            (None, None),
        ]
        self.assertEqual([status_of(value) for value, _ in rows], [wanted for _, wanted in rows])


class World:
    """Answers from a table; every call is recorded and waits until it is released."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.calls: list[tuple[object, ...]] = []
        self.waiting: list[Deferred[None]] = []

    def system(self, name: str) -> object:
        return {"hostname": "mx.example.org", "node_id": 7}.get(name)

    def metric(self, name: str) -> object:
        return 12 if name == "queue-count" else None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def ask(*arguments: object) -> object:
            self.calls.append((name, *arguments))
            gate: Deferred[None] = Deferred()
            self.waiting.append(gate)
            await gate
            answer = self.answers.get(name, "")
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask


class InputOutputTests(SynchronousTestCase):
    def _ask(self, text: str, world: World, **changes: object) -> Deferred[Any]:
        compiled = compile_expression({"else": text}, NAMES)
        variable = {**VARIABLES, **changes}.__getitem__
        return Deferred.fromCoroutine(compiled.evaluate_async(variable, world))

    def _value(self, text: str, world: World) -> Any:
        asked = self._ask(text, world)
        for gate in world.waiting:  # grows while it is walked
            gate.callback(None)
        return self.successResultOf(asked)

    def test_each_function_asks_with_its_types(self) -> None:
        rows = {
            "is_local_domain(path)": ("is_local_domain", "/api/account"),
            "is_local_address(1)": ("is_local_address", "1"),
            "key_get('', 5)": ("key_get", "", "5"),
            "key_exists('spam', path)": ("key_exists", "spam", "/api/account"),
            "key_set('', 'k', [1])": ("key_set", "", "k", (1,)),
            "counter_incr('', 'c', '2')": ("counter_incr", "", "c", 2),
            "counter_get('', 'c')": ("counter_get", "", "c"),
            "dns_query('example.org', 'mx')": ("dns_query", "example.org", "mx"),
            "sql_query('db', 'q', [path, 1])": ("sql_query", "db", "q", ("/api/account", 1)),
        }
        self.assertEqual({call[0] for call in rows.values()}, {f.name for f in IO_FUNCTIONS})
        for text, call in rows.items():
            world = World()
            self._value(text, world)
            self.assertEqual(world.calls, [call])

    def test_answers_become_values(self) -> None:
        self.assertEqual(self._value("is_local_domain('a')", World(is_local_domain=True)), 1)
        self.assertEqual(self._value("dns_query('a', 'mx')[0]", World(dns_query=["mx."])), "mx.")
        self.assertEqual(self._value("key_get('', 'a')", World(key_get=None)), "")

    def test_nothing_is_asked_twice_and_captures_survive_the_replay(self) -> None:
        world = World(counter_incr=3, key_get="v")
        text = "if_then(matches('/(a)pi', path) && counter_incr('', $1, 1) > 2, key_get('', $1) + $1, '')"
        self.assertEqual(self._value(text, world), "va")
        self.assertEqual(world.calls, [("counter_incr", "", "a", 1), ("key_get", "", "a")])

    def test_calls_may_be_nested(self) -> None:
        world = World(key_get="x")
        self.assertEqual(self._value("key_get('', key_get('', 'a'))", world), "x")
        self.assertEqual(world.calls, [("key_get", "", "a"), ("key_get", "", "x")])

    def test_the_same_call_at_two_places_is_two_calls(self) -> None:
        world = World(counter_incr=1)
        self._value("counter_incr('', 'c', 1) + counter_incr('', 'c', 1)", world)
        self.assertEqual(len(world.calls), 2)

    def test_short_circuit_asks_nothing(self) -> None:
        world = World()
        self.assertEqual(self._value("path || is_local_domain('a')", world), 1)
        self.assertEqual(world.calls, [])

    def test_two_evaluations_at_once_do_not_mix(self) -> None:
        compiled = compile_expression({"else": "if_then(matches('(.)$', path), key_get('', $1) + $1, '')"}, NAMES)
        world = World(key_get="v")
        both = [
            Deferred.fromCoroutine(compiled.evaluate_async({"path": path}.__getitem__, world)) for path in ("/a", "/b")
        ]
        for gate in reversed(world.waiting):
            gate.callback(None)
        self.assertEqual([self.successResultOf(one) for one in both], ["va", "vb"])

    def test_a_failing_world_is_an_evaluation_error(self) -> None:
        world = World(key_get=Unavailable("no store"))
        asked = self._ask("key_get('', 'a')", world)
        world.waiting[0].callback(None)
        self.failureResultOf(asked, EvaluationError)

    def test_an_answer_that_is_no_value_is_an_evaluation_error(self) -> None:
        world = World(key_get=object())
        asked = self._ask("key_get('', 'a')", world)
        world.waiting[0].callback(None)
        self.failureResultOf(asked, EvaluationError)

    def test_without_waiting_such_a_rule_is_an_evaluation_error(self) -> None:
        compiled = compile_expression({"else": "is_local_domain('a')"}, NAMES)
        self.assertTrue(compiled.needs_io)
        self.assertRaises(EvaluationError, compiled.evaluate, VARIABLES.__getitem__)

    def test_the_environment_needs_no_waiting(self) -> None:
        compiled = compile_expression({"else": "system('hostname') + metric('queue-count')"}, NAMES)
        self.assertFalse(compiled.needs_io)
        self.assertEqual(compiled.evaluate(VARIABLES.__getitem__, World()), "mx.example.org12")
        self.assertRaises(EvaluationError, compiled.evaluate, VARIABLES.__getitem__)
        self.assertEqual(self._value("system('node_id') + metric('other')", World()), 7)


ATOMS = st.sampled_from(
    [
        "path",
        "headers",
        "remote_port",
        "is_tls",
        "1",
        "1.5",
        "''",
        "'a'",
        "'10'",
        "[]",
        "['a', 1]",
        "relaxed",
        "$1",
        "5m",
    ]
)
CALLS = sorted(set(ARITIES) - {"matches", "system", "metric"} - {f.name for f in IO_FUNCTIONS})


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.sampled_from(["*", "/", "+", "-", "<", "<=", ">", ">=", "==", "!=", "^", "&&", "||"])
    call = st.sampled_from(CALLS).flatmap(
        lambda name: st.lists(inner, min_size=ARITIES[name], max_size=ARITIES[name]).map(
            lambda arguments: f"{name}({', '.join(arguments)})"
        )
    )
    return st.one_of(
        call,
        st.tuples(inner, binary, inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda one: f"!{one}"),
        inner.map(lambda one: f"-{one}"),
        st.tuples(inner, inner).map(lambda pair: f"[{pair[0]}, {pair[1]}][{pair[1]}]"),
        inner.map(lambda one: f"matches('(a)|[0-9]+', {one})"),
    )


class HostileTests(SynchronousTestCase):
    @given(st.text(max_size=80), st.text(max_size=80))
    def test_any_text_compiles_or_is_refused(self, condition: str, value: str) -> None:
        try:
            compile_expression({"match": {"0": {"if": condition, "then": value}}, "else": value}, NAMES)
        except ExpressionError as error:
            self.assertTrue(str(error))

    @given(st.recursive(ATOMS, _grown, max_leaves=8), VALUES, VALUES)
    def test_any_expression_has_a_value_or_an_evaluation_error(self, text: str, path: Value, headers: Value) -> None:
        compiled = compile_expression({"else": text}, NAMES, frozenset({"relaxed"}))
        world = {**VARIABLES, "path": path, "headers": headers}
        try:
            self.assertIsNotNone(compiled.evaluate(world.__getitem__))
        except EvaluationError as error:
            self.assertTrue(str(error))
