"""Scheduling between people, told in the language of ``scripts``: RFC 5546 4, RFC 6638 appendix B, and other cases."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.itip import deciding
from tests.codec.itip.scripts import World

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


def _case(path: Path):  # type: ignore[no-untyped-def]
    def test(self: SynchronousTestCase) -> None:
        World().run(path.read_text())

    return test


class CaseTests(SynchronousTestCase):
    """Each file of ``cases``."""

    def test_there_are_cases(self) -> None:
        self.assertTrue(CASES)
        self.assertTrue(deciding.on_change.__doc__)


for each in CASES:
    setattr(CaseTests, f"test_{each.stem}", _case(each))
