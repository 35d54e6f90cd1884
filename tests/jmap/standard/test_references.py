"""Creation references in values, keys and pointers (RFC 8620 5.3)."""

from __future__ import annotations

from attrs import define, field
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.standard.references import mentioned, resolved


@define
class Made:
    created_ids: dict[str, str] = field(factory=lambda: {"m1": "b", "m2": "c"})


class ReferencesTests(SynchronousTestCase):
    def test_values_at_any_depth(self) -> None:
        value = {"parentId": "#m1", "list": ["#m2", "x", {"id": "#m1"}], "n": 1, "z": None}
        expected = {"parentId": "b", "list": ["c", "x", {"id": "b"}], "n": 1, "z": None}
        self.assertEqual(resolved(value, Made()), expected)
        self.assertEqual(value["parentId"], "#m1")

    def test_keys_and_pointers(self) -> None:
        value = {"mailboxIds": {"#m1": True}, "mailboxIds/#m2": True, "a/#m1/b": 1}
        self.assertEqual(resolved(value, Made()), {"mailboxIds": {"b": True}, "mailboxIds/c": True, "a/b/b": 1})

    def test_what_nobody_made_stays(self) -> None:
        for value in ("#ff0000", "#", "m1", "a#m1", {"#x": "#y"}):
            self.assertEqual(resolved(value, Made()), value)

    def test_what_is_mentioned(self) -> None:
        value = {"parentId": "#a", "ids": {"#b": True}, "mailboxIds/#c": ["#d", {"x": "#a"}], "text": "no #e"}
        self.assertEqual(sorted(mentioned(value)), ["a", "a", "b", "c", "d"])
