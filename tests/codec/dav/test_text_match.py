"""Texts that properties are compared with."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.text_match import TextMatch, folding

ROWS: list[tuple[TextMatch, str, bool]] = [
    (TextMatch("ne"), "JANE", True),
    (TextMatch("ne"), "jan", False),
    (TextMatch("ne", negate=True), "JANE", False),
    (TextMatch("ne", negate=True), "jan", True),
    (TextMatch("jan", match_type="starts-with"), "Jane", True),
    (TextMatch("jan", match_type="starts-with"), "a Jane", False),
    (TextMatch("jan", match_type="starts-with", negate=True), "a Jane", True),
    (TextMatch("ane", match_type="ends-with"), "Jane", True),
    (TextMatch("jan", match_type="ends-with"), "Jane", False),
    (TextMatch("jane", match_type="equals"), "Jane", True),
    (TextMatch("jan", match_type="equals"), "Jane", False),
    (TextMatch("jan", match_type="equals", negate=True), "Jane", True),
    (TextMatch("ä"), "JÄN", False),
    (TextMatch("ä", "i;unicode-casemap"), "JÄN", True),
    (TextMatch("jane", "i;octet"), "Jane", False),
    (TextMatch("Jane", "i;octet"), "Jane", True),
    (TextMatch(""), "", True),
]


class TextMatchTests(SynchronousTestCase):
    def test_an_unknown_collation_is_told(self) -> None:
        self.assertRaises(KeyError, folding, "i;klingon")


def _row(match: TextMatch, value: str, wanted: bool) -> object:
    def test(self: TextMatchTests) -> None:
        self.assertIs(match.predicate()(value), wanted)

    return test


for _number, _wanted in enumerate(ROWS):
    setattr(TextMatchTests, f"test_row_{_number}", _row(*_wanted))
