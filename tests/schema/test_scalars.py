"""Numbers, dates and ids on their own (settings A.5)."""

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema import BlobId, Enum, Enumeration, Float, LocalId, ObjectId, UtcDateTime
from stalwart.schema.property_type import PropertyType
from stalwart.schema.violations import FAILED, Reading
from tests.schema.samples import COLOUR

READ: dict[str, tuple[PropertyType, Any, Any]] = {
    "date": (UtcDateTime(), "2026-11-21T00:50:50Z", 1795222250),
    "epoch": (UtcDateTime(), "1970-01-01T00:00:00Z", 0),
    "date_with_offset": (UtcDateTime(), "2026-11-21T02:50:50+02:00", 1795222250),
    "date_with_negative_offset": (UtcDateTime(), "2026-11-20T23:20:50-01:30", 1795222250),
    "date_with_fraction": (UtcDateTime(), "2026-11-21T00:50:50.999Z", 1795222250),
    "date_in_lower_case": (UtcDateTime(), "2026-11-21t00:50:50z", 1795222250),
    "last_year": (UtcDateTime(), "3000-12-31T23:59:59Z", 32535215999),
    "whole_float": (Float(), 3, 3.0),
    "float": (Float(min=0), 0.5, 0.5),
    "reference": (ObjectId("Domain"), "cn", 77),
    "local_id": (LocalId(), "a", 0),
    "blob_id": (BlobId(), "Gabc-_1", "Gabc-_1"),
    "enum": (Enum(COLOUR), "darkRed", "darkRed"),
    "enum_in_another_spelling": (Enum(COLOUR), "dark-red", "darkRed"),
    "null_where_it_may_be": (Enum(COLOUR, nullable=True), None, None),
}

REFUSED: dict[str, tuple[PropertyType, Any]] = {
    "date_without_zone": (UtcDateTime(), "2026-11-21T00:50:50"),
    "date_alone": (UtcDateTime(), "2026-11-21"),
    "impossible_date": (UtcDateTime(), "2026-02-30T00:00:00Z"),
    "impossible_offset": (UtcDateTime(), "2026-02-20T00:00:00+24:00"),
    "year_before_1970": (UtcDateTime(), "1969-12-31T23:59:59Z"),
    "year_after_3000": (UtcDateTime(), "3001-01-01T00:00:00Z"),
    "year_9999_far_west": (UtcDateTime(), "9999-12-31T23:59:59-23:59"),
    "year_1_far_east": (UtcDateTime(), "0001-01-01T00:00:00+23:59"),
    "seconds_since_1970": (UtcDateTime(), 0),
    "not_a_number": (Float(), float("nan")),
    "infinity": (Float(), float("inf")),
    "text_for_float": (Float(), "1"),
    "boolean_for_float": (Float(), True),
    "number_for_reference": (ObjectId("Domain"), 77),
    "foreign_letter_in_reference": (ObjectId("Domain"), "B"),
    "empty_local_id": (LocalId(), ""),
    "blob_id_with_a_slash": (BlobId(), "a/b"),
    "enum_in_another_case": (Enum(COLOUR), "Blue"),
    "list_for_enum": (Enum(COLOUR), []),
    "null": (UtcDateTime(), None),
}


class ScalarTests(SynchronousTestCase):
    """One method a row."""

    def test_date_is_written_in_utc(self) -> None:
        self.assertEqual(UtcDateTime().write(1795222250, False), "2026-11-21T00:50:50Z")

    def test_long_enumeration_is_asked_for_once(self) -> None:
        calls = []

        def source() -> tuple[str, ...]:
            calls.append(1)
            return ("a", "b")

        made = Enumeration("Letter", source, "Letters.")
        self.assertEqual(calls, [])
        self.assertEqual((made.names, made.spellings["b"], len(calls)), (("a", "b"), "b", 1))


def _reads(kind: PropertyType, wire: Any, wanted: Any) -> Callable[[ScalarTests], None]:
    def test(self: ScalarTests) -> None:
        reading = Reading()
        self.assertEqual((kind.read(wire, ("x",), reading), reading.violations), (wanted, []))

    return test


def _refuses(kind: PropertyType, wire: Any) -> Callable[[ScalarTests], None]:
    def test(self: ScalarTests) -> None:
        reading = Reading()
        self.assertIs(kind.read(wire, ("x",), reading), FAILED)
        self.assertEqual([found.path for found in reading.violations], ["x"])

    return test


for _name, (_kind, _wire, _wanted) in READ.items():
    setattr(ScalarTests, f"test_{_name}_is_read", _reads(_kind, _wire, _wanted))
for _name, (_kind, _wire) in REFUSED.items():
    setattr(ScalarTests, f"test_{_name}_is_refused", _refuses(_kind, _wire))
