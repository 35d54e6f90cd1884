"""Values with their types, as x:Trace and the live trace show them."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.monitoring.history import TraceKeyValue
from stalwart.telemetry.fields import FIELDS, Kind, plain
from stalwart.telemetry.tracing.typed_values import key_values, numbered, typed

TYPED: dict[str, tuple[Kind, Any, dict[str, Any]]] = {
    "text": (Kind.TEXT, "a", {"@type": "String", "value": "a"}),
    "url": (Kind.URL, "https://a.test/", {"@type": "String", "value": "https://a.test/"}),
    "number": (Kind.NUMBER, 7, {"@type": "UnsignedInt", "value": 7}),
    "large_number": (Kind.NUMBER, 1 << 62, {"@type": "UnsignedInt", "value": 1 << 62}),
    "negative_number": (Kind.NUMBER, -7, {"@type": "Integer", "value": -7}),
    "number_that_is_a_word": (Kind.NUMBER, "many", {"@type": "String", "value": "many"}),
    "text_that_is_a_number": (Kind.TEXT, 3, {"@type": "UnsignedInt", "value": 3}),
    "fraction": (Kind.FRACTION, 0.5, {"@type": "Float", "value": 0.5}),
    "whole_fraction": (Kind.FRACTION, 2, {"@type": "Float", "value": 2}),
    "truth": (Kind.TRUTH, False, {"@type": "Boolean", "value": False}),
    "text_that_is_a_truth": (Kind.TEXT, True, {"@type": "String", "value": "True"}),
    "duration": (Kind.DURATION, 12.6, {"@type": "Duration", "value": 13}),
    "moment": (Kind.MOMENT, 1_800_000_000.9, {"@type": "UTCDateTime", "value": "2027-01-15T08:00:00Z"}),
    "moment_as_text": (Kind.MOMENT, "2027-01-15T08:00:00Z", {"@type": "UTCDateTime", "value": "2027-01-15T08:00:00Z"}),
    "address": (Kind.ADDRESS, "192.0.2.7", {"@type": "IpAddr", "value": "192.0.2.7"}),
    "nothing": (Kind.NUMBER, None, {"@type": "Null"}),
    "list": (
        Kind.LIST,
        ["a", "b"],
        {"@type": "List", "value": {"0": {"@type": "String", "value": "a"}, "1": {"@type": "String", "value": "b"}}},
    ),
}


class TypedTests(SynchronousTestCase):
    """One method for each row of ``TYPED``."""

    def test_values_of_an_event_keep_their_order(self) -> None:
        found = key_values({"remoteIp": "192.0.2.7", "code": 404, "unheard": "x"})
        self.assertEqual(list(found), ["0", "1", "2"])
        self.assertEqual(found["0"], {"key": "remoteIp", "value": {"@type": "IpAddr", "value": "192.0.2.7"}})
        self.assertEqual(found["1"]["value"], {"@type": "UnsignedInt", "value": 404})
        self.assertEqual(found["2"]["value"], {"@type": "String", "value": "x"})

    def test_every_field_has_a_form_that_the_settings_know(self) -> None:
        samples = {Kind.NUMBER: 1, Kind.FRACTION: 0.5, Kind.TRUTH: True, Kind.DURATION: 3, Kind.MOMENT: 7}
        samples |= {Kind.ID: "b"}  # type: ignore[dict-item]
        samples |= {Kind.ADDRESS: "::1", Kind.LIST: ("a",), Kind.TEXT: "a", Kind.URL: "https://u:p@a.test/"}  # type: ignore[dict-item]
        for each in key_values(plain({name: samples[kind] for name, kind in FIELDS.items()})).values():
            made = TraceKeyValue.from_wire(each, by_server=True)
            self.assertEqual(made.to_wire(), each)

    def test_empty_list(self) -> None:
        self.assertEqual(numbered(()), {})


def _row(kind: Kind, value: Any, expected: dict[str, Any]) -> Any:
    def test(self: TypedTests) -> None:
        self.assertEqual(typed(kind, value), expected)

    return test


for _name, _given in TYPED.items():
    setattr(TypedTests, f"test_{_name}", _row(*_given))
