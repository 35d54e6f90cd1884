"""JMAP over HTTP."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.endpoint import build_service
from stalwart.jmap.methods import Method
from tests.jmap.desk import JSON, Desk, access
from tests.web.client import BASIC_ALICE, request_bytes

ECHO: dict[str, Any] = {"using": [CORE], "methodCalls": [["Core/echo", {"a": 1}, "0"]]}
NO_CACHING = "no-cache, no-store, must-revalidate"


class ApiTests(SynchronousTestCase):
    """``POST /jmap``."""

    def setUp(self) -> None:
        self.desk = Desk()

    def refusal(self, body: bytes | Any, **given: Any) -> dict[str, Any]:
        response = self.desk.post(body, **given)
        self.assertEqual((response.status, response.headers["content-type"]), (400, "application/problem+json"))
        return response.json()

    def test_the_answer_is_a_response_object(self) -> None:
        response = self.desk.post(ECHO)
        self.assertEqual((response.status, response.headers["content-type"]), (200, "application/json; charset=utf-8"))
        told = response.json()
        self.assertEqual(list(told), ["methodResponses", "sessionState"])
        self.assertEqual(told["methodResponses"], ECHO["methodCalls"])

    def test_a_slash_at_the_end_makes_no_difference(self) -> None:
        self.assertEqual(self.desk.post(ECHO, path="/jmap/").json(), self.desk.post(ECHO).json())

    def test_a_body_in_pieces(self) -> None:
        connected = self.desk.server.connect()
        for byte in request_bytes("POST", "/jmap", JSON, json.dumps(ECHO).encode()):
            connected.send(bytes([byte]))
        self.assertEqual(connected.response("POST").json()["methodResponses"], ECHO["methodCalls"])

    def test_requests_one_after_the_other_on_one_connection(self) -> None:
        connected = self.desk.server.connect()
        connected.send(request_bytes("POST", "/jmap", JSON, json.dumps(ECHO).encode()) * 3)
        self.assertEqual([each.status for each in connected.responses("POST")], [200, 200, 200])

    def test_credentials_are_asked_for_first(self) -> None:
        for body in (b"", b"{", b"x" * 100):
            response = self.desk.post(body, headers={"Content-Type": "text/plain"})
            self.assertEqual(response.status, 401)
            self.assertEqual(len(response.all("www-authenticate")), 2)

    def test_the_content_type_must_be_json(self) -> None:
        problem = self.refusal(ECHO, headers=BASIC_ALICE | {"Content-Type": "text/plain"})
        self.assertEqual(problem["type"], "urn:ietf:params:jmap:error:notJSON")
        expected = "Failed to parse JSON: The Content-Type header must be application/json."
        self.assertEqual(problem["detail"], expected)

    def test_its_parameters_and_case_do_not_matter_and_it_may_be_missing(self) -> None:
        for given in ({"Content-Type": "Application/JSON; charset=utf-8"}, {}):
            self.assertEqual(self.desk.post(ECHO, headers=BASIC_ALICE | given).status, 200)

    def test_what_is_not_json_is_told_from_what_is_no_request(self) -> None:
        for body, kind in ((b"{", "notJSON"), (b"", "notJSON"), (b"{}", "notRequest")):
            self.assertEqual(self.refusal(body)["type"], f"urn:ietf:params:jmap:error:{kind}")

    def test_an_unknown_capability_refuses_the_request(self) -> None:
        problem = self.refusal({"using": [CORE, "urn:x"], "methodCalls": []})
        self.assertEqual(problem["type"], "urn:ietf:params:jmap:error:unknownCapability")

    def test_other_methods_are_answered_with_those_that_there_are(self) -> None:
        for path in ("/jmap", "/jmap/"):
            response = self.desk.server.request("GET", path, BASIC_ALICE)
            self.assertEqual((response.status, response.headers["allow"]), (405, "OPTIONS, POST"))

    def test_anything_else_below_is_not_found(self) -> None:
        for path in ("/jmap/x", "/jmap/session2", "/jmapx"):
            self.assertEqual(self.desk.server.request("GET", path, BASIC_ALICE).status, 404)
            self.assertEqual(self.desk.post(ECHO, path=path).status, 404)


class LimitTests(SynchronousTestCase):
    """x:Jmap (RFC 8620 2)."""

    def setUp(self) -> None:
        self.desk = Desk(maxRequestSize=200, maxMethodCalls=2)

    def limit(self, response: Any) -> str:
        self.assertEqual(response.status, 400)
        problem = response.json()
        self.assertEqual(problem["type"], "urn:ietf:params:jmap:error:limit")
        return str(problem["limit"])

    def test_a_request_that_says_it_is_too_large(self) -> None:
        self.assertEqual(self.limit(self.desk.post(b"x" * 201)), "maxSizeRequest")
        self.assertEqual([event.id for event, _ in self.desk.events], ["limit.size-request"])

    def test_a_request_of_ten_million_bytes_and_one(self) -> None:
        connected = Desk().server.connect()
        connected.send(request_bytes("POST", "/jmap", JSON | {"Content-Length": "10000001"}))
        self.assertEqual(self.limit(connected.response("POST")), "maxSizeRequest")

    def test_a_request_that_turns_out_too_large(self) -> None:
        connected = self.desk.server.connect()
        connected.send(request_bytes("POST", "/jmap", JSON | {"Transfer-Encoding": "chunked"}))
        connected.send(b"c9\r\n" + b"x" * 201 + b"\r\n")
        self.assertEqual(self.limit(connected.response("POST")), "maxSizeRequest")

    def test_seventeen_calls(self) -> None:
        calls = [["Core/echo", {}, "0"]] * 17
        self.assertEqual(self.limit(Desk().post({"using": [CORE], "methodCalls": calls})), "maxCallsInRequest")

    def test_too_many_calls_are_told(self) -> None:
        body = b'{"using":[],"methodCalls":[["a",{},"0"],["a",{},"0"],["a",{},"0"]]}'
        response = self.desk.post(body)
        self.assertEqual(self.limit(response), "maxCallsInRequest")
        expected = "The request exceeds the maximum number of calls in a single request."
        self.assertEqual(response.json()["detail"], expected)
        self.assertEqual([event.id for event, _ in self.desk.events], ["limit.calls-in"])

    def test_a_changed_limit_holds_for_the_next_request(self) -> None:
        self.desk.settings.change(Jmap={"maxMethodCalls": 1})
        body = b'{"using":[],"methodCalls":[["a",{},"0"],["a",{},"0"]]}'
        self.assertEqual(self.limit(self.desk.post(body)), "maxCallsInRequest")

    def waiting(self, **given: Any) -> tuple[Desk, list[Deferred[Any]]]:
        waits: list[Deferred[Any]] = []

        async def wait(call: Call) -> dict[str, Any]:
            waits.append(Deferred())
            await waits[-1]
            return {}

        return Desk(Method.of("Test/wait", wait, capability=CORE), **given), waits

    def begin(self, desk: Desk) -> Any:
        connected = desk.server.connect()
        body = json.dumps({"using": [CORE], "methodCalls": [["Test/wait", {}, "0"]]}).encode()
        connected.send(request_bytes("POST", "/jmap", JSON, body))
        return connected

    def test_requests_at_the_same_time_are_counted(self) -> None:
        desk, waits = self.waiting(maxConcurrentRequests=2)
        first, _second, third = self.begin(desk), self.begin(desk), self.begin(desk)
        self.assertEqual(self.limit(third.response("POST")), "maxConcurrentRequests")
        waits[0].callback(None)
        self.assertEqual(first.response("POST").status, 200)
        self.assertEqual(desk.post(ECHO).status, 200)
        waits[1].callback(None)

    def test_a_permission_lifts_that(self) -> None:
        unlimited = access(permissions=frozenset(("authenticate", "unlimitedRequests")))
        desk, waits = self.waiting(maxConcurrentRequests=1, who=unlimited)
        first, second = self.begin(desk), self.begin(desk)
        for wait in waits:
            wait.callback(None)
        self.assertEqual([first.response("POST").status, second.response("POST").status], [200, 200])

    def test_how_much_a_call_may_ask_for_reaches_it(self) -> None:
        def told(call: Call) -> dict[str, Any]:
            limits = call.request.limits
            return {"get": limits.max_objects_in_get, "set": limits.max_objects_in_set}

        desk = Desk(Method.of("Test/limits", told, capability=CORE), getMaxResults=3, setMaxObjects=4)
        self.assertEqual(desk.responses(["Test/limits", {}, "0"])[0][1], {"get": 3, "set": 4})


class SessionTests(SynchronousTestCase):
    """``GET /jmap/session``."""

    def test_it_is_json_that_nobody_keeps(self) -> None:
        response = Desk().server.request("GET", "/jmap/session", BASIC_ALICE)
        self.assertEqual((response.status, response.headers["cache-control"]), (200, NO_CACHING))
        self.assertEqual(response.json()["username"], "alice@example.test")

    def test_segments_behind_it_do_not_matter(self) -> None:
        self.assertEqual(Desk().server.request("GET", "/jmap/session/more", BASIC_ALICE).status, 200)

    def test_head_works(self) -> None:
        self.assertEqual(Desk().server.request("HEAD", "/jmap/session", BASIC_ALICE).status, 200)

    def test_other_methods_do_not(self) -> None:
        response = Desk().server.request("POST", "/jmap/session", BASIC_ALICE)
        self.assertEqual((response.status, response.headers["allow"]), (405, "GET, HEAD, OPTIONS"))

    def test_without_credentials_it_asks_for_some(self) -> None:
        response = Desk().server.request("GET", "/jmap/session")
        self.assertEqual((response.status, len(response.all("www-authenticate"))), (401, 2))

    def test_a_setting_allows_a_session_of_nobody(self) -> None:
        desk = Desk(anonymousSession=True)
        response = desk.server.request("GET", "/jmap/session")
        told = response.json()
        self.assertEqual(
            (told["accounts"], told["primaryAccounts"], told["username"], told["state"]), ({}, {}, "", "0")
        )
        self.assertIn(CORE, told["capabilities"])
        self.assertEqual(response.headers["cache-control"], NO_CACHING)

    def test_wrong_credentials_are_refused_all_the_same(self) -> None:
        desk = Desk(anonymousSession=True)
        wrong = {"Authorization": "Basic eDp5"}
        self.assertEqual(desk.server.request("GET", "/jmap/session", wrong).status, 401)

    def test_who_has_credentials_gets_the_own_one(self) -> None:
        desk = Desk(anonymousSession=True)
        self.assertEqual(
            desk.server.request("GET", "/jmap/session", BASIC_ALICE).json()["username"], "alice@example.test"
        )


class DiscoveryTests(SynchronousTestCase):
    """``/.well-known/jmap`` and preflights."""

    def test_it_leads_to_the_session(self) -> None:
        response = Desk().server.request("GET", "/.well-known/jmap")
        told = (response.status, response.headers["location"], response.headers["cache-control"])
        self.assertEqual(told, (307, "/jmap/session", "no-cache"))

    def test_its_options_are_open_to_every_origin(self) -> None:
        response = Desk().server.request("OPTIONS", "/.well-known/jmap")
        self.assertEqual((response.status, response.headers["access-control-allow-origin"]), (204, "*"))

    def test_options_below_jmap_say_nothing(self) -> None:
        for path in ("/jmap", "/jmap/", "/jmap/session", "/jmap/upload/b/"):
            response = Desk().server.request("OPTIONS", path)
            self.assertEqual((response.status, response.body), (204, b""))
            self.assertNotIn("access-control-allow-origin", response.headers)


class BuildTests(SynchronousTestCase):
    """The whole face."""

    def test_a_missing_service_is_named_at_start(self) -> None:
        problem = self.assertRaises(LookupError, build_service, {})
        self.assertIn("telemetry", str(problem))
