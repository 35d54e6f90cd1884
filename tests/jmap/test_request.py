"""The body of a JMAP request, and its refusals."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.collaboration.jmap import Jmap
from stalwart.jmap.capabilities import CORE, KNOWN
from stalwart.jmap.request import Limits, RequestBody, RequestRefused, over, read_json, read_value

MINE = b'{"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",{"a":%s},"0"]]}'

NOT_JSON = {
    "nothing": b"",
    "half_a_body": b"{",
    "a_form": b"using=core",
    "duplicate_members": MINE % b'1,"a":2',
    "broken_utf_8": MINE % b'"\xff"',
    "not_a_number": MINE % b"NaN",
    "a_number_out_of_range": MINE % b"1e400",
    "an_integer_without_end": MINE % (b"9" * 5000),
    "a_lone_surrogate": MINE % b'"\\ud800"',
    "nesting_of_a_thousand": MINE % (b"[" * 1000 + b"]" * 1000),
    "nesting_of_a_hundred_thousand": b"[" * 100_000,
    "two_values": b"{}{}",
}
NOT_REQUEST: dict[str, Any] = {
    "an_array": [],
    "a_number": 1,
    "an_empty_object": {},
    "no_method_calls": {"using": []},
    "no_using": {"methodCalls": []},
    "using_that_is_a_string": {"using": CORE, "methodCalls": []},
    "using_that_is_null": {"using": None, "methodCalls": []},
    "a_capability_that_is_a_number": {"using": [1], "methodCalls": []},
    "calls_that_are_an_object": {"using": [], "methodCalls": {}},
    "a_call_without_id": {"using": [], "methodCalls": [["Core/echo", {}]]},
    "a_call_of_four_parts": {"using": [], "methodCalls": [["Core/echo", {}, "0", 1]]},
    "arguments_that_are_an_array": {"using": [], "methodCalls": [["Core/echo", [], "0"]]},
    "a_call_id_that_is_a_number": {"using": [], "methodCalls": [["Core/echo", {}, 0]]},
    "created_ids_that_are_an_array": {"using": [], "methodCalls": [], "createdIds": []},
    "a_created_id_that_is_a_number": {"using": [], "methodCalls": [], "createdIds": {"a": 1}},
}


def read_request(body: bytes, most_calls: int = 16) -> RequestBody:
    """As the endpoint does it."""
    return read_value(read_json(body), KNOWN, most_calls)


class RefusedTests(SynchronousTestCase):
    """What is refused as a whole (RFC 8620 3.6.1)."""

    def refusal(self, body: bytes, max_calls: int = 16) -> RequestRefused:
        return self.assertRaises(RequestRefused, read_request, body, max_calls)

    def test_an_unknown_capability_is_named(self) -> None:
        refused = self.refusal(b'{"using":["urn:ietf:params:jmap:core","urn:x"],"methodCalls":[]}')
        self.assertEqual(refused.kind, "unknownCapability")
        self.assertIn("urn:x", refused.detail)

    def test_a_capability_as_long_as_a_book_is_cut(self) -> None:
        refused = self.refusal(json.dumps({"using": ["x" * 100_000], "methodCalls": []}).encode())
        self.assertLess(len(refused.detail), 400)

    def test_too_many_calls(self) -> None:
        body = json.dumps({"using": [], "methodCalls": [["Core/echo", {}, "0"]] * 17}).encode()
        refused = self.refusal(body)
        self.assertEqual((refused.kind, refused.limit), ("limit", "maxCallsInRequest"))

    def test_too_many_values(self) -> None:
        many = b'{"using":[],"methodCalls":[["Core/echo",{"a":[' + b"[]," * 300_000 + b'1]},"0"]]}'
        refused = self.refusal(many)
        self.assertEqual((refused.kind, refused.limit), ("limit", "maxSizeRequest"))

    def test_the_shape_says_where_it_is_wrong(self) -> None:
        refused = self.refusal(b'{"using":[],"methodCalls":[["Core/echo",{},"0"],["Core/echo",{},7]]}')
        self.assertIn("$.methodCalls[1][2]", refused.detail)
        self.assertIn("using", self.refusal(b'{"methodCalls":[]}').detail)

    def test_no_value_of_the_body_is_repeated(self) -> None:
        for body in (b'{"using":"topsecret","methodCalls":[]}', b'{"topsecret":', b'["topsecret"', b"topsecret"):
            self.assertNotIn("topsecret", self.refusal(body).detail)

    def test_the_answer_is_a_problem(self) -> None:
        answer = over("maxSizeRequest").answer()
        self.assertEqual((answer.status, answer.content_type), (400, "application/problem+json"))
        told = json.loads(answer.body)
        self.assertEqual((told["type"], told["limit"]), ("urn:ietf:params:jmap:error:limit", "maxSizeRequest"))


def _expand() -> None:
    cases = [(name, body, "notJSON") for name, body in NOT_JSON.items()]
    cases += [(name, json.dumps(value).encode(), "notRequest") for name, value in NOT_REQUEST.items()]
    for name, body, kind in cases:

        def test(self: RefusedTests, body: bytes = body, kind: str = kind) -> None:
            self.assertEqual(self.refusal(body).kind, kind)

        setattr(RefusedTests, f"test_{name}_is_{kind}", test)


_expand()


class ReadTests(SynchronousTestCase):
    """What is read."""

    def read(self, **members: Any) -> Any:
        return read_request(json.dumps({"using": [CORE], "methodCalls": []} | members).encode())

    def test_its_parts(self) -> None:
        request = self.read(methodCalls=[["Core/echo", {"a": None}, "0"]], createdIds={"k": "b"})
        self.assertEqual(request.using, [CORE])
        self.assertEqual(request.method_calls, [("Core/echo", {"a": None}, "0")])
        self.assertEqual(request.created_ids, {"k": "b"})

    def test_created_ids_may_be_missing_or_null(self) -> None:
        self.assertIsNone(self.read().created_ids)
        self.assertIsNone(self.read(createdIds=None).created_ids)

    def test_members_that_nobody_knows_are_left_alone(self) -> None:
        self.assertEqual(self.read(extra=1).using, [CORE])

    def test_every_capability_of_the_clients_seen_is_known(self) -> None:
        self.assertEqual(len(self.read(using=sorted(KNOWN)).using), len(KNOWN))

    def test_an_integer_of_a_hundred_digits_is_kept_as_it_is(self) -> None:
        request = self.read(methodCalls=[["Core/echo", {"a": 10**100 + 1}, "0"]])
        self.assertEqual(request.method_calls[0][1]["a"], 10**100 + 1)

    @given(st.binary(max_size=60) | st.text(alphabet='{}[]",:usingmethodCalls0 ', max_size=60).map(str.encode))
    def test_no_body_breaks_it(self, body: bytes) -> None:
        try:
            read_request(body)
        except RequestRefused as refused:
            self.assertIn(refused.kind, ("notJSON", "notRequest", "unknownCapability"))

    def test_limits_are_those_of_the_settings(self) -> None:
        limits = Limits.of(Jmap.from_wire({"maxRequestSize": 99, "maxMethodCalls": 2, "getMaxResults": 3}))
        self.assertEqual((limits.max_size, limits.max_calls, limits.per_call.max_objects_in_get), (99, 2, 3))
