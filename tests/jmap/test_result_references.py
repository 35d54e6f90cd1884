"""Arguments taken from earlier responses."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap import result_references
from stalwart.jmap.errors import MethodError
from stalwart.jmap.result_references import PointerFailed, References, Response, follow

# RFC 8620 3.7, the answer of Email/changes and Email/get there
CHANGES = {"created": ["f1", "f4"], "updated": [], "state": "x"}
GOTTEN = {
    "list": [
        {"id": "f1", "threadId": "t1", "to": [{"email": "a"}, {"email": "b"}], "mailboxIds": {"m1": True}},
        {"id": "f4", "threadId": "t2", "to": [], "mailboxIds": {"m1": True, "m2": True}},
    ]
}
RESPONSES: list[Response] = [
    ("Email/changes", CHANGES, "0"),
    ("error", {"type": "serverFail", "ids": []}, "1"),
    ("EmailSubmission/set", {"created": None}, "2"),
    ("Email/set", {"updated": {"f1": None}}, "2"),
    ("Email/get", GOTTEN, "3"),
]


class PointerTests(SynchronousTestCase):
    """RFC 6901 with stars."""

    def failure(self, value: Any, pointer: str) -> str:
        return str(self.assertRaises(PointerFailed, follow, value, pointer))

    def test_an_empty_pointer_is_everything(self) -> None:
        self.assertEqual(follow(CHANGES, ""), CHANGES)

    def test_members_and_items(self) -> None:
        self.assertEqual(follow(GOTTEN, "/list/1/id"), "f4")
        self.assertEqual(follow({"": {"": 5}}, "//"), 5)

    def test_escapes(self) -> None:
        self.assertEqual(follow({"a/b": {"m~n": 1, "~1": 2}}, "/a~1b/m~0n"), 1)
        self.assertEqual(follow({"~1": 2}, "/~01"), 2)

    def test_a_star_goes_over_an_array(self) -> None:
        self.assertEqual(follow(GOTTEN, "/list/*/threadId"), ["t1", "t2"])

    def test_arrays_under_a_star_are_joined(self) -> None:
        self.assertEqual(follow(GOTTEN, "/list/*/to/*/email"), ["a", "b"])
        self.assertEqual(follow([[1, [2]], [3]], "/*"), [1, [2], 3])

    def test_a_star_over_nothing_is_an_empty_array(self) -> None:
        self.assertEqual(follow({"list": []}, "/list/*/id"), [])

    def test_a_star_goes_over_the_values_of_an_object(self) -> None:
        self.assertEqual(follow({"created": {"a": {"id": "x"}, "b": {"id": "y"}}}, "/created/*/id"), ["x", "y"])

    def test_a_member_named_star_is_found_first(self) -> None:
        self.assertEqual(follow({"*": 1, "a": 2}, "/*"), 1)

    def test_what_does_not_lead_anywhere_says_where_it_ends(self) -> None:
        self.assertIn('"nope"', self.failure(CHANGES, "/nope"))
        self.assertIn('"7"', self.failure(CHANGES, "/created/7"))
        self.assertIn('"id"', self.failure(CHANGES, "/state/id"))
        self.assertIn('"x"', self.failure(GOTTEN, "/list/*/x"))

    def test_indexes_are_plain_numbers(self) -> None:
        for index in ("01", "-", "-1", "1e0", "", "²", "9" * 5000):
            self.failure([1, 2], f"/{index}")

    def test_what_is_no_pointer(self) -> None:
        for pointer in ("created", "#/created", "/a~", "/a~2b"):
            self.failure({"a~": 1, "a~2b": 1, "created": 1}, pointer)

    def test_a_pointer_longer_than_the_value_is_deep_ends_early(self) -> None:
        self.assertEqual(follow([], "/*" * 100_000), [])
        self.failure([1], "/*" * 100_000)


_KEYS = st.text(alphabet="ab/~*0", max_size=3)
_VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=10,
)


def _places(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    found = [(pointer, value)]
    children = list(value.items()) if isinstance(value, dict) else []
    if isinstance(value, list):
        children = [(str(index), item) for index, item in enumerate(value)]
    for key, child in children:
        if key != "*":
            found += _places(child, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    return found


class AnyValueTests(SynchronousTestCase):
    """Properties of pointers over any JSON."""

    @given(_VALUES)
    def test_each_place_is_found_by_its_pointer(self, value: Any) -> None:
        for pointer, expected in _places(value):
            self.assertEqual(follow(value, pointer), expected)

    @given(_VALUES, st.text(alphabet="/*~01ab", max_size=8))
    def test_any_text_finds_something_or_fails_in_order(self, value: Any, pointer: str) -> None:
        try:
            follow(value, pointer)
        except PointerFailed as problem:
            self.assertTrue(str(problem))

    @given(st.lists(st.lists(st.integers(), max_size=3) | st.integers(), max_size=5))
    def test_a_star_joins_one_level(self, value: list[Any]) -> None:
        joined = [item for each in value for item in (each if isinstance(each, list) else [each])]
        self.assertEqual(follow(value, "/*"), joined)


def reference(call_id: str, name: str, path: str) -> dict[str, str]:
    return {"resultOf": call_id, "name": name, "path": path}


class ReferenceTests(SynchronousTestCase):
    """Whole arguments."""

    def setUp(self) -> None:
        self.references = References(RESPONSES, 10_000)

    def resolved(self, **arguments: Any) -> dict[str, Any]:
        return self.references.resolved({name.replace("ref_", "#"): value for name, value in arguments.items()})

    def refusal(self, **arguments: Any) -> MethodError:
        return self.assertRaises(MethodError, self.resolved, **arguments)

    def test_arguments_without_references_are_left_alone(self) -> None:
        arguments = {"ids": [], "a#b": 1}
        self.assertIs(self.references.resolved(arguments), arguments)

    def test_any_argument_may_be_one(self) -> None:
        found = self.resolved(ref_sinceState=reference("0", "Email/changes", "/state"), maxChanges=3)
        self.assertEqual(found, {"sinceState": "x", "maxChanges": 3})

    def test_an_empty_result_is_one(self) -> None:
        self.assertEqual(self.resolved(ref_ids=reference("0", "Email/changes", "/updated")), {"ids": []})

    def test_an_implicit_response_is_found_by_its_name(self) -> None:
        found = self.resolved(ref_x=reference("2", "Email/set", "/updated"))
        self.assertEqual(found, {"x": {"f1": None}})

    def test_both_forms_of_one_argument_are_refused(self) -> None:
        problem = self.refusal(ids=[], ref_ids=reference("0", "Email/changes", "/created"))
        self.assertEqual(problem.type, "invalidArguments")

    def test_what_does_not_resolve_says_why(self) -> None:
        for asked, word in (
            (reference("9", "Email/changes", "/created"), '"9"'),
            (reference("0", "Email/get", "/created"), '"Email/get"'),
            (reference("1", "Email/query", "/ids"), '"Email/query"'),
            (reference("0", "Email/changes", "/nope"), '"nope"'),
            ({"resultOf": "0", "name": "Email/changes"}, "resultOf"),
            (reference("0", "Email/changes", "") | {"path": 5}, "resultOf"),
            ("0", "resultOf"),
            (None, "resultOf"),
        ):
            problem = self.refusal(ref_ids=asked)
            self.assertEqual(problem.type, "invalidResultReference")
            self.assertIn(word, problem.description or "")

    def test_handlers_get_copies(self) -> None:
        first = self.resolved(ref_ids=reference("0", "Email/changes", "/created"))
        first["ids"].append("f9")
        self.assertEqual(self.resolved(ref_ids=reference("0", "Email/changes", "/created")), {"ids": ["f1", "f4"]})
        self.assertEqual(CHANGES["created"], ["f1", "f4"])

    def test_what_references_bring_in_is_bounded(self) -> None:
        references = References([("Core/echo", {"a": "x" * 60}, "0")], 100)
        given = {"#a": reference("0", "Core/echo", "/a")}
        references.resolved(given)
        problem = self.assertRaises(MethodError, references.resolved, given)
        self.assertEqual(problem.type, "requestTooLarge")

    def test_responses_that_are_too_large_are_not_looked_into(self) -> None:
        self.patch(result_references, "LEAST_READ", 1000)
        large, small = msgspec.Raw(b"[" + b"1," * 600 + b"1]"), {"a": "x" * 600}
        calls = [("Core/echo", {"list": large, "id": 7}, "0"), ("Core/echo", small, "1"), ("Core/echo", small, "2")]
        references = References(calls, 100)
        decoded = self.count_decodings()
        for _ in range(2):
            given = {"#a": reference("0", "Core/echo", "/id")}
            self.assertEqual(self.assertRaises(MethodError, references.resolved, given).type, "requestTooLarge")
        self.assertEqual(decoded, [])
        self.assertEqual(self.failed(references, "1"), "invalidResultReference")
        self.assertEqual(self.failed(references, "2"), "requestTooLarge", "both together are too large")
        self.assertEqual(self.failed(references, "1"), "invalidResultReference", "it is known already")

    def failed(self, references: References, call_id: str) -> str:
        given = {"#a": reference(call_id, "Core/echo", "/b")}
        return self.assertRaises(MethodError, references.resolved, given).type

    def count_decodings(self) -> list[int]:
        """The sizes of what is decoded from now on."""
        decoded: list[int] = []
        whole = msgspec.json.decode

        def decode(data: bytes) -> Any:
            decoded.append(len(data))
            return whole(data)

        self.patch(msgspec.json, "decode", decode)
        return decoded
