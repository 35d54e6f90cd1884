"""Arguments of the standard methods: exact types, limits, what null means (RFC 8620 5)."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import Access
from stalwart.jmap.call import Call, Request, RequestLimits, UnresolvedReference
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.arguments import (
    ChangesArguments,
    Comparator,
    CopyArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
    SetArguments,
)

LIMITS = RequestLimits(max_objects_in_get=2, max_objects_in_set=2)


def call(**arguments: Any) -> Call:
    request = Request(Access(1, "jane", None, frozenset()), created_ids={"made": "b"}, limits=LIMITS)
    return Call("Note/x", {"accountId": "b", **arguments}, "c1", request)


class ArgumentsCase(SynchronousTestCase):
    kind: Any = None
    needed: dict[str, Any] = {}

    def read(self, **arguments: Any) -> Any:
        return self.kind.read(call(**self.needed, **arguments))

    def refused(self, type: str = "invalidArguments", **arguments: Any) -> str:
        problem = self.assertRaises(MethodError, self.kind.read, call(**self.needed | arguments))
        self.assertEqual(problem.type, type, arguments)
        return problem.description or ""


class GetArgumentsTests(ArgumentsCase):
    kind = GetArguments

    def test_null_is_absent(self) -> None:
        self.assertEqual(self.read(), GetArguments(None, None))
        self.assertEqual(self.read(ids=None, properties=None), GetArguments(None, None))

    def test_ids_with_references_replaced(self) -> None:
        self.assertEqual(self.read(ids=["a", "#made"]).ids, ["a", "b"])
        self.assertRaises(UnresolvedReference, self.read, ids=["#other"])

    def test_wrong_types_name_the_argument(self) -> None:
        wrong: tuple[Any, ...] = ("a", {}, [1], [None], True)
        for ids in wrong:
            self.assertIn('"ids"', self.refused(ids=ids))
        self.assertIn('"properties"', self.refused(properties="title"))

    def test_more_ids_than_the_limit(self) -> None:
        self.assertEqual(len(self.read(ids=["a", "b"]).ids), 2)
        self.refused("requestTooLarge", ids=["a", "b", "c"])

    def test_what_else_was_given_is_for_the_type(self) -> None:
        self.assertEqual(self.read(bodyProperties=["size"]).rest, {"bodyProperties": ["size"]})


class SetArgumentsTests(ArgumentsCase):
    kind = SetArguments

    def test_null_is_nothing(self) -> None:
        self.assertEqual(self.read(), SetArguments())
        self.assertEqual(self.read(create=None, update=None, destroy=None, ifInState=None), SetArguments())

    def test_references_stay(self) -> None:
        self.assertEqual(self.read(update={"#a": {}}, destroy=["#b"]).destroy, ["#b"])

    def test_verbs_are_those_that_have_something_to_do(self) -> None:
        self.assertEqual(self.read(create={}, destroy=[]).verbs, [])
        self.assertEqual(self.read(update={"a": {}}, destroy=["b"]).verbs, ["Update", "Destroy"])
        self.assertEqual(self.read(create={"a": {}}).verbs, ["Create"])

    def test_wrong_types(self) -> None:
        wrong: tuple[dict[str, Any], ...] = (
            {"create": []},
            {"create": {"a": []}},
            {"create": {"a": None}},
            {"create": {"": {}}},
            {"create": {"x" * 256: {}}},
            {"update": {"a": "b"}},
            {"destroy": "a"},
            {"destroy": [1]},
            {"ifInState": 1},
        )
        for arguments in wrong:
            self.assertIn(next(iter(arguments)), self.refused(**arguments))

    def test_the_limit_counts_all_three(self) -> None:
        self.read(create={"a": {}}, destroy=["b"])
        self.refused("requestTooLarge", create={"a": {}}, update={"b": {}}, destroy=["c"])

    def test_what_else_was_given_is_for_the_type(self) -> None:
        self.assertEqual(self.read(onDestroyRemoveEmails=True).rest, {"onDestroyRemoveEmails": True})


class ChangesArgumentsTests(ArgumentsCase):
    kind = ChangesArguments

    def test_state_and_maximum(self) -> None:
        self.assertEqual(self.read(sinceState="n", maxChanges=1), ChangesArguments("n", 1))
        self.assertEqual(self.read(sinceState="n", maxChanges=None), ChangesArguments("n", None))

    def test_what_is_refused(self) -> None:
        self.refused()
        self.refused(sinceState=5)
        for most in (0, -1, "1", 1.0, True, 1 << 60):
            self.refused(sinceState="n", maxChanges=most)


class QueryArgumentsTests(ArgumentsCase):
    kind = QueryArguments

    def test_defaults(self) -> None:
        self.assertEqual(self.read(), QueryArguments())
        nothing = dict.fromkeys(
            ("filter", "sort", "position", "anchor", "anchorOffset", "limit", "calculateTotal"), None
        )
        self.assertEqual(self.read(**nothing), QueryArguments())

    def test_everything(self) -> None:
        sort = [{"property": "hasKeyword", "isAscending": False, "keyword": "$seen", "collation": "i;ascii-casemap"}]
        read = self.read(
            filter={"x": 1},
            sort=sort,
            position=-3,
            anchor="#made",
            anchorOffset=-1,
            limit=0,
            calculateTotal=True,
            collapseThreads=True,
        )
        comparator = Comparator("hasKeyword", False, "i;ascii-casemap", {"keyword": "$seen"})
        expected = QueryArguments({"x": 1}, [comparator], -3, "b", -1, 0, True, {"collapseThreads": True})
        self.assertEqual(read, expected)

    def test_too_many_comparators(self) -> None:
        self.refused("unsupportedSort", sort=[{"property": "x"}] * 33)

    def test_wrong_types(self) -> None:
        wrong: tuple[dict[str, Any], ...] = (
            {"filter": []},
            {"sort": {}},
            {"sort": [{}]},
            {"sort": [{"property": "a", "isAscending": 1}]},
            {"sort": [{"property": "a", "collation": 1}]},
            {"position": 1.5},
            {"anchor": 1},
            {"limit": -1},
            {"calculateTotal": "yes"},
        )
        for arguments in wrong:
            self.refused(**arguments)


class QueryChangesArgumentsTests(ArgumentsCase):
    kind = QueryChangesArguments

    def test_everything(self) -> None:
        read = self.read(sinceQueryState="n", maxChanges=0, upToId="#made", sort=None, calculateTotal=True, more=1)
        self.assertEqual(read, QueryChangesArguments("n", None, [], 0, "b", True, {"more": 1}))

    def test_what_is_refused(self) -> None:
        self.refused()
        self.refused(sinceQueryState="n", maxChanges=-1)
        self.refused(sinceQueryState="n", upToId=1)


class CopyArgumentsTests(ArgumentsCase):
    kind = CopyArguments
    needed = {"fromAccountId": "c"}

    def test_everything(self) -> None:
        read = self.read(
            ifFromInState="1",
            ifInState="2",
            create={"a": {"id": "x"}},
            onSuccessDestroyOriginal=True,
            destroyFromIfInState="3",
        )
        self.assertEqual(read, CopyArguments("1", "2", {"a": {"id": "x"}}, True, "3"))

    def test_what_is_refused(self) -> None:
        self.refused()
        self.refused(create={"a": 1})
        self.refused(create={}, onSuccessDestroyOriginal="yes")
        self.refused("requestTooLarge", create={"a": {}, "b": {}, "c": {}})


class ReaderTests(SynchronousTestCase):
    def test_integers_are_those_that_a_double_holds(self) -> None:
        self.assertEqual(ArgumentReader({"x": (1 << 53) - 1}).integer("x"), (1 << 53) - 1)
        self.assertRaises(MethodError, ArgumentReader({"x": 1 << 53}).integer, "x")

    def test_the_name_in_the_description_is_not_longer_than_needed(self) -> None:
        problem = self.assertRaises(MethodError, ArgumentReader({"x" * 999: 1}).text, "x" * 999)
        self.assertLess(len(problem.description or ""), 300)
