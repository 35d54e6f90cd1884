"""Calls carried out in order, and what becomes of those that fail."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Forbidden, StalwartError, Unavailable
from stalwart.jmap.call import Call, Request
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.core import echo
from stalwart.jmap.engine import TIME_LIMIT, TURN, Engine
from stalwart.jmap.errors import BOOTSTRAP_ONLY, MethodError
from stalwart.jmap.methods import NO_CAPABILITY, Method
from stalwart.telemetry.measures import JMAP_CALL_DURATION, JMAP_CALLS
from stalwart.web.route_table import UnknownServiceError
from tests.jmap.desk import JSON, Desk, access
from tests.web.client import request_bytes

BLOB = "urn:ietf:params:jmap:blob"
SECRET = "hunter2"


class Bench:
    """Things for methods to do: ``waits`` are what ``Test/wait`` waits for, ``done`` what was carried out."""

    def __init__(self) -> None:
        self.waits: list[Deferred[Any]] = []
        self.done: list[Any] = []


async def wait(call: Call, *, bench: Bench) -> dict[str, Any]:
    waiting: Deferred[Any] = Deferred()
    bench.waits.append(waiting)
    answer = await waiting
    bench.done.append(call.id)
    return {"answer": answer}


async def note(call: Call, *, bench: Bench) -> dict[str, Any]:
    bench.done.append(call.id)
    return {}


def create(call: Call) -> dict[str, Any]:
    call.request.created_ids["k"] = "b"
    return {"created": {"k": {"id": "b"}}}


def use(call: Call) -> dict[str, Any]:
    return {"id": call.request.id_of(call.arguments["id"])}


def implicit(call: Call) -> list[tuple[str, dict[str, Any]]]:
    return [("Submission/set", {"a": 1}), ("Email/set", {"b": 2})]


def method(name: str, handler: Any, capability: Any = CORE, needs: str | None = None) -> Method:
    return Method.of(name, handler, capability=capability, needs=needs)


def failing(problem: BaseException) -> Method:
    def handler(call: Call) -> dict[str, Any]:
        raise problem

    return method("Test/fail", handler)


METHODS = (
    method("Test/wait", wait),
    method("Test/note", note),
    method("Test/create", create),
    method("Test/use", use),
    method("Test/implicit", implicit),
    method("Blob/test", use, BLOB),
    method("Test/secret", create, CORE, "sysEverything"),
    method("x:Thing/get", create, NO_CAPABILITY),
    method("x:Bootstrap/get", create, NO_CAPABILITY),
)


class EngineCase(SynchronousTestCase):
    """A desk with the methods above."""

    def setUp(self) -> None:
        self.bench = Bench()
        self.desk = self.make()

    def make(self, *methods: Method, **given: Any) -> Desk:
        return Desk(*METHODS, *methods, services={"bench": self.bench}, **given)

    def error(self, *call: Any, **members: Any) -> dict[str, Any]:
        [[name, members, _]] = self.desk.responses(list(call), **members)
        self.assertEqual(name, "error")
        return members


class OrderTests(EngineCase):
    """RFC 8620 3.3, 3.4."""

    def test_answers_stand_in_the_order_of_the_calls_with_their_ids(self) -> None:
        calls = [["Core/echo", {"n": number}, str(number)] for number in range(16)]
        self.assertEqual(self.desk.responses(*calls), calls)

    def test_a_failed_call_does_not_stop_the_next(self) -> None:
        answered = self.desk.responses(["Nope/get", {}, "a"], ["Core/echo", {}, "b"])
        self.assertEqual([(each[0], each[2]) for each in answered], [("error", "a"), ("Core/echo", "b")])

    def test_implicit_responses_follow_with_the_same_id(self) -> None:
        answered = self.desk.responses(["Test/implicit", {}, "a"], ["Core/echo", {}, "b"])
        expected = [["Submission/set", {"a": 1}, "a"], ["Email/set", {"b": 2}, "a"], ["Core/echo", {}, "b"]]
        self.assertEqual(answered, expected)

    def test_no_call_is_a_request_too(self) -> None:
        self.assertEqual(self.desk.responses(), [])

    def test_a_later_call_refers_to_an_earlier_one(self) -> None:
        reference = {"resultOf": "a", "name": "Test/create", "path": "/created/*/id"}
        answered = self.desk.responses(["Test/create", {}, "a"], ["Core/echo", {"#ids": reference}, "b"])
        self.assertEqual(answered[1], ["Core/echo", {"ids": ["b"]}, "b"])

    def test_no_call_refers_to_itself_or_to_a_later_one(self) -> None:
        for target in ("a", "b"):
            reference = {"resultOf": target, "name": "Core/echo", "path": ""}
            answered = self.desk.responses(["Core/echo", {"#x": reference}, "a"], ["Core/echo", {}, "b"])
            self.assertEqual(answered[0][1]["type"], "invalidResultReference")

    def test_no_call_refers_to_a_failed_one(self) -> None:
        reference = {"resultOf": "a", "name": "Nope/get", "path": "/type"}
        answered = self.desk.responses(["Nope/get", {}, "a"], ["Core/echo", {"#x": reference}, "b"])
        self.assertEqual(answered[1][1]["type"], "invalidResultReference")

    def test_doubling_references_end_before_they_fill_the_memory(self) -> None:
        self.desk = self.make(maxRequestSize=100_000)
        calls = [["Core/echo", {"a": "x" * 1000}, "0"]]
        for number in range(15):
            reference = {"resultOf": str(number), "name": "Core/echo", "path": ""}
            calls.append(["Core/echo", {"#a": reference, "#b": reference}, str(number + 1)])
        answered = self.desk.responses(*calls)
        self.assertIn("requestTooLarge", [each[1].get("type") for each in answered])
        self.assertLess(len(json.dumps(answered)), 300_000)


class CreatedIdsTests(EngineCase):
    """RFC 8620 3.3, 3.4, 5.3."""

    def test_they_are_answered_when_the_request_has_them(self) -> None:
        self.assertEqual(self.desk.call(createdIds={})["createdIds"], {})
        told = self.desk.call(["Test/create", {}, "0"], createdIds={"z": "y"})
        self.assertEqual(told["createdIds"], {"z": "y", "k": "b"})

    def test_and_only_then(self) -> None:
        self.assertNotIn("createdIds", self.desk.call(["Test/create", {}, "0"]))

    def test_later_calls_use_what_earlier_ones_created(self) -> None:
        answered = self.desk.responses(["Test/create", {}, "0"], ["Test/use", {"id": "#k"}, "1"])
        self.assertEqual(answered[1][1], {"id": "b"})

    def test_those_that_the_client_sent_count(self) -> None:
        told = self.desk.responses(["Test/use", {"id": "#z"}, "1"], createdIds={"z": "y"})
        self.assertEqual(told[0][1], {"id": "y"})

    def test_an_unknown_one_fails_the_call(self) -> None:
        self.assertEqual(self.error("Test/use", {"id": "#z"}, "1")["type"], "invalidResultReference")


class MethodTests(EngineCase):
    """Which methods there are."""

    def test_an_unknown_one_is_named(self) -> None:
        problem = self.error("Nope/get", {}, "0")
        self.assertEqual(problem["type"], "unknownMethod")
        self.assertIn("Nope/get", problem["description"])

    def test_a_name_as_long_as_a_book_is_cut(self) -> None:
        self.assertLess(len(self.error("N" * 100_000, {}, "0")["description"]), 200)

    def test_a_capability_that_is_missing_in_using_is_named(self) -> None:
        problem = self.error("Blob/test", {"id": "b"}, "0")
        self.assertEqual(problem["type"], "unknownMethod")
        self.assertIn(BLOB, problem["description"])
        self.assertEqual(self.desk.responses(["Blob/test", {"id": "b"}, "0"], using=[BLOB])[0][1], {"id": "b"})

    def test_with_an_empty_using_only_management_objects_are_there(self) -> None:
        answered = self.desk.responses(["Core/echo", {}, "0"], ["x:Thing/get", {}, "1"], using=[])
        self.assertEqual([each[0] for each in answered], ["error", "x:Thing/get"])

    def test_a_permission_that_is_missing_forbids(self) -> None:
        expected = {"type": "forbidden", "description": "You are not authorized to perform this action"}
        self.assertEqual(self.error("Test/secret", {}, "0"), expected)
        self.desk = self.make(who=access(permissions=frozenset(("authenticate", "sysEverything"))))
        self.assertEqual(self.desk.responses(["Test/secret", {}, "0"])[0][0], "Test/secret")

    def test_two_methods_of_one_name_do_not_start(self) -> None:
        self.assertRaises(ValueError, Desk, echo)

    def test_a_service_that_is_not_there_does_not_start(self) -> None:
        problem = self.assertRaises(UnknownServiceError, Desk, method("Test/wait", wait))
        self.assertIn("bench", str(problem))


class BootstrapTests(EngineCase):
    """settings A.9."""

    def setUp(self) -> None:
        super().setUp()
        self.desk = self.make(mode="bootstrap")

    def test_other_objects_are_forbidden(self) -> None:
        for name in ("x:Thing/get", "x:Nope/get", "Test/create", "x:BootstrapMore/get"):
            self.assertEqual(self.error(name, {}, "0"), {"type": "forbidden", "description": BOOTSTRAP_ONLY})

    def test_bootstrap_and_echo_are_served(self) -> None:
        answered = self.desk.responses(["x:Bootstrap/get", {}, "0"], ["Core/echo", {}, "1"])
        self.assertEqual([each[0] for each in answered], ["x:Bootstrap/get", "Core/echo"])


class FailureTests(EngineCase):
    """Errors of methods."""

    def failed(self, problem: BaseException) -> dict[str, Any]:
        self.desk = self.make(failing(problem))
        return self.error("Test/fail", {}, "0")

    def logged(self) -> list[dict[str, Any]]:
        return [keys for event, keys in self.desk.events if event.id == "resource.error"]

    def test_the_methods_own(self) -> None:
        self.assertEqual(
            self.failed(MethodError("stateMismatch", "Old.")), {"type": "stateMismatch", "description": "Old."}
        )
        self.assertEqual(self.logged(), [])

    def test_one_of_the_family(self) -> None:
        self.assertEqual(self.failed(Forbidden("No."))["type"], "forbidden")
        self.assertEqual(self.logged(), [])

    def test_calls_are_counted_by_method_and_outcome(self) -> None:
        self.failed(MethodError("stateMismatch", "Old."))
        self.desk.responses(["Core/echo", {}, "0"], ["Made/up", {}, "1"], ["Made/up2", {}, "1"])
        found = self.desk.telemetry.book.read([JMAP_CALLS, JMAP_CALL_DURATION])
        calls = {labels: numbers[0] for labels, numbers in found[JMAP_CALLS].items()}
        self.assertEqual(calls["Test/fail", "stateMismatch"], 1)
        self.assertEqual((calls["Core/echo", "ok"], calls["other", "unknownMethod"]), (1, 2))
        self.assertEqual(sum(found[JMAP_CALL_DURATION]["other",][1:]), 2)
        self.assertEqual(
            [each["method"] for each in self.desk.calls], ["Test/fail", "Core/echo", "Made/up", "Made/up2"]
        )
        self.assertEqual(
            [event.id for event, _ in self.desk.events], ["jmap.state-mismatch", *["jmap.unknown-method"] * 2]
        )

    def test_anything_else_is_our_fault_and_logged_once(self) -> None:
        problem = self.failed(KeyError(SECRET))
        self.assertEqual(problem["type"], "serverFail")
        self.assertNotIn(SECRET, problem["description"])
        [keys] = self.logged()
        self.assertEqual(keys["method"], "Test/fail")
        self.assertIn(keys["requestId"], problem["description"])
        self.assertIn("test_engine.py", keys["trace"])

    def test_the_root_of_the_family_is_a_fault_too(self) -> None:
        self.assertEqual(self.failed(StalwartError())["type"], "serverFail")
        self.assertEqual(len(self.logged()), 1)

    def test_a_method_that_was_cancelled_by_something_else(self) -> None:
        self.assertEqual(self.failed(CancelledError())["type"], "serverFail")

    def test_an_answer_that_is_none(self) -> None:
        self.desk = self.make(method("Test/none", lambda call: None))
        self.assertEqual(self.error("Test/none", {}, "0")["type"], "serverFail")

    def test_an_answer_that_is_no_json_fails_alone(self) -> None:
        self.desk = self.make(method("Test/odd", lambda call: {"x": object()}))
        answered = self.desk.responses(["Core/echo", {}, "0"], ["Test/odd", {}, "1"], ["Core/echo", {}, "2"])
        self.assertEqual([each[0] for each in answered], ["Core/echo", "error", "Core/echo"])
        self.assertEqual((answered[1][1]["type"], answered[1][2]), ("serverFail", "1"))
        self.assertEqual(len(self.logged()), 1)

    def test_nor_can_it_be_referred_to(self) -> None:
        self.desk = self.make(method("Test/odd", lambda call: {"x": object()}))
        reference = {"resultOf": "0", "name": "Test/odd", "path": "/x"}
        answered = self.desk.responses(["Test/odd", {}, "0"], ["Core/echo", {"#a": reference}, "1"])
        self.assertEqual([each[1]["type"] for each in answered], ["serverFail", "serverFail"])

    def test_a_fault_without_an_exchange_has_no_number(self) -> None:
        engine: Engine = self.desk.service._engine
        problem = engine.fault(Request(access()), "a", ValueError())
        self.assertNotIn("(request", problem.description or "")


class WaitingTests(EngineCase):
    """Calls that wait, clients that leave, time that runs out."""

    def send(self, *calls: list[Any]) -> Any:
        connected = self.desk.server.connect()
        body = json.dumps({"using": [CORE], "methodCalls": list(calls)}).encode()
        connected.send(request_bytes("POST", "/jmap", JSON, body))
        return connected

    def answered(self, connected: Any) -> list[Any]:
        return connected.response("POST").json()["methodResponses"]

    def test_a_call_that_waits_is_waited_for(self) -> None:
        connected = self.send(["Test/wait", {}, "0"], ["Core/echo", {}, "1"])
        self.assertEqual(connected.received(), b"")
        self.bench.waits[0].callback(5)
        self.assertEqual(self.answered(connected), [["Test/wait", {"answer": 5}, "0"], ["Core/echo", {}, "1"]])
        self.assertEqual(self.desk.clock.getDelayedCalls(), [])

    def test_calls_that_wait_do_so_one_after_the_other(self) -> None:
        connected = self.send(["Test/wait", {}, "0"], ["Test/wait", {}, "1"])
        self.assertEqual(len(self.bench.waits), 1)
        self.bench.waits[0].callback(5)
        self.assertEqual(len(self.bench.waits), 2)
        self.bench.waits[1].errback(Forbidden())
        self.assertEqual([each[0] for each in self.answered(connected)], ["Test/wait", "error"])

    def test_a_client_that_leaves_stops_what_has_not_begun(self) -> None:
        connected = self.send(["Test/wait", {}, "0"], ["Test/note", {}, "1"])
        connected.lose()
        self.assertEqual(self.bench.done, [])
        self.bench.waits[0].callback(None)
        self.assertEqual(self.bench.done, ["0"])
        self.assertEqual(self.desk.clock.getDelayedCalls(), [])

    def test_what_fails_after_that_is_logged(self) -> None:
        connected = self.send(["Test/wait", {}, "0"])
        connected.lose()
        self.bench.waits[0].errback(KeyError())
        self.assertEqual([event.id for event, _ in self.desk.events], ["resource.error"])

    def test_a_refusal_after_that_is_not(self) -> None:
        connected = self.send(["Test/wait", {}, "0"])
        connected.lose()
        self.bench.waits[0].errback(MethodError("forbidden"))
        self.send(["Test/wait", {}, "0"]).lose()
        self.bench.waits[1].errback(Unavailable("The data store was closed before it answered."))
        self.assertEqual(self.desk.events, [])

    def test_time_runs_out_for_all_calls_together(self) -> None:
        connected = self.send(["Test/wait", {}, "0"], ["Test/wait", {}, "1"], ["Test/note", {}, "2"])
        self.desk.clock.advance(TIME_LIMIT - 1)
        self.bench.waits[0].callback(5)
        self.desk.clock.advance(1)
        answered = self.answered(connected)
        self.assertEqual([each[0] for each in answered], ["Test/wait", "error", "error"])
        self.assertEqual([each[1]["type"] for each in answered[1:]], ["serverPartialFail", "serverUnavailable"])
        self.assertEqual(self.bench.done, ["0"])
        self.assertEqual(self.desk.clock.getDelayedCalls(), [])
        self.assertEqual(self.desk.events, [])

    def test_long_sequences_give_others_a_turn(self) -> None:
        def busy(call: Call) -> dict[str, Any]:
            self.desk.clock.rightNow += TURN * 2
            return {}

        self.desk = self.make(method("Test/busy", busy))
        connected = self.send(["Test/busy", {}, "0"], ["Test/note", {}, "1"])
        self.assertEqual(self.bench.done, [])
        self.desk.clock.advance(0)
        self.assertEqual([each[0] for each in self.answered(connected)], ["Test/busy", "Test/note"])

    def test_a_client_that_leaves_between_calls_stops_the_rest(self) -> None:
        def busy(call: Call) -> dict[str, Any]:
            self.desk.clock.rightNow += TURN * 2
            return {}

        self.desk = self.make(method("Test/busy", busy))
        self.send(["Test/busy", {}, "0"], ["Test/note", {}, "1"]).lose()
        self.assertEqual(self.desk.clock.getDelayedCalls(), [])
        self.assertEqual(self.bench.done, [])
