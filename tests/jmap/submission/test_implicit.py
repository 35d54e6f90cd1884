"""The Email/set that follows sending."""

from __future__ import annotations

from unittest import TestCase

from stalwart.jmap.errors import MethodError
from stalwart.jmap.submission.implicit import OnSuccess


class OnSuccessTests(TestCase):
    def test_read(self) -> None:
        self.assertEqual(OnSuccess.read({}, 5), OnSuccess())
        self.assertEqual(OnSuccess.read({"onSuccessUpdateEmail": None, "further": 1}, 5), OnSuccess())
        given = {"onSuccessUpdateEmail": {"#s": {}}, "onSuccessDestroyEmail": ["b"]}
        self.assertEqual(OnSuccess.read(given, 5), OnSuccess({"#s": {}}, ("b",)))

    def test_arguments_that_cannot_be(self) -> None:
        for given, type in (
            ({"onSuccessUpdateEmail": []}, "invalidArguments"),
            ({"onSuccessUpdateEmail": {"#s": None}}, "invalidArguments"),
            ({"onSuccessDestroyEmail": {}}, "invalidArguments"),
            ({"onSuccessDestroyEmail": ["x"] * 6}, "requestTooLarge"),
        ):
            with self.assertRaises(MethodError) as caught:
                OnSuccess.read(given, 5)
            self.assertEqual(caught.exception.type, type, given)

    def test_only_what_has_succeeded(self) -> None:
        then = OnSuccess({"#s": {"a": 1}, "sb": {"b": 2}, "#t": {}, "sc": {}, "e1": {}}, ("#s", "sb", "sd"))
        implied = then.arguments({"sa": "e1", "sb": "e1"}, {"s": "sa"})
        self.assertEqual(implied.update, {"e1": {"a": 1, "b": 2}})
        self.assertEqual(implied.destroy, ["e1"])
        self.assertEqual(OnSuccess().arguments({}, {}).verbs, [])
