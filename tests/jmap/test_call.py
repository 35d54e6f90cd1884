"""Creation references."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.call import Request, RequestLimits, UnresolvedReference
from stalwart.jmap.errors import method_error
from tests.jmap.desk import access


class RequestTests(SynchronousTestCase):
    """What a creation id stands for."""

    def setUp(self) -> None:
        self.request = Request(access(), created_ids={"k1": "b"})

    def test_a_creation_id_is_looked_up(self) -> None:
        self.assertEqual(self.request.id_of("#k1"), "b")

    def test_any_other_text_is_an_id(self) -> None:
        self.assertEqual(self.request.id_of("k1"), "k1")

    def test_what_calls_create_counts_from_then_on(self) -> None:
        self.assertRaises(UnresolvedReference, self.request.id_of, "#k2")
        self.request.created_ids["k2"] = "c"
        self.assertEqual(self.request.id_of("#k2"), "c")

    def test_an_unknown_one_is_named_and_fails_the_call_as_a_reference(self) -> None:
        problem = self.assertRaises(UnresolvedReference, self.request.id_of, "#" + "x" * 1000)
        self.assertEqual(problem.creation_id, "x" * 1000)
        self.assertLess(len(problem.detail), 400)
        self.assertEqual(method_error(problem).type, "invalidResultReference")

    def test_limits_are_the_defaults_of_the_settings(self) -> None:
        limits = RequestLimits()
        self.assertEqual((limits.max_objects_in_get, limits.max_objects_in_set), (500, 500))
        self.assertEqual((limits.query_max_results, limits.changes_max_results), (5000, 5000))
