"""Which coding a client gets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.accept_encoding import choose_encoding, parse_accept_encoding

ROWS: list[tuple[str | None, str | None]] = [
    (None, "identity"),
    ("", "identity"),
    ("gzip", "gzip"),
    ("GZIP", "gzip"),
    ("x-gzip", "gzip"),
    ("gzip, deflate, br, zstd", "gzip"),
    ("br", "identity"),
    ("*", "gzip"),
    ("*;q=0", None),
    ("identity;q=0", None),
    ("identity;q=0, gzip", "gzip"),
    ("gzip;q=0", "identity"),
    ("gzip;q=0, *", "identity"),
    ("gzip;q=0, *;q=0", None),
    ("gzip, *;q=0", "gzip"),
    ("identity, *;q=0", "identity"),
    ("gzip;q=0.5, identity", "identity"),
    ("gzip;q=0.5, identity;q=0.5", "gzip"),
    ("gzip;q=0.001", "gzip"),
    ("gzip;q=0.5, *;q=0.8", "identity"),
    ("compress;q=0.5, gzip;q=1.0", "gzip"),
    ("gzip ; Q=1.000 , identity ; q=0", "gzip"),
    ("gzip;q=2", "identity"),
    ("gzip;q=1.0000", "identity"),
    ("gzip;q=-1", "identity"),
    ("gzip;level=9", "identity"),
    (",,gzip,", "gzip"),
    ("gzip gzip", "identity"),
]


class ChoiceTests(SynchronousTestCase):
    @given(st.text(alphabet="gzipdentyq;=,*.01 \t\u00e9", max_size=40))
    def test_any_field_leads_to_a_choice(self, field: str) -> None:
        self.assertIn(choose_encoding(field), ("gzip", "identity", None))
        self.assertTrue(all(0 <= weight <= 1 for weight in parse_accept_encoding(field).values()))


for _number, (_field, _wanted) in enumerate(ROWS):

    def _test(self: ChoiceTests, field: str | None = _field, wanted: str | None = _wanted) -> None:
        self.assertEqual(choose_encoding(field), wanted, field)

    setattr(ChoiceTests, f"test_row_{_number:02}", _test)
