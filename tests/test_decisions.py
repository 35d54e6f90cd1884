"""The tables of docs/decisions name tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"\| ([\w/]+): (test_\w+) \|$", re.MULTILINE)


class DecisionTests(SynchronousTestCase):
    def test_each_line_of_the_security_practice_has_its_test(self) -> None:
        table = (ROOT / "docs/decisions/0012-oauth.md").read_text()
        named = NAMED.findall(table)
        lines = [line for line in table.splitlines() if re.match(r"\| \d", line)]
        self.assertEqual(len(named), len(lines))
        self.assertGreater(len(named), 20)
        for module, test in named:
            self.assertIn(f"def {test}(", (ROOT / f"tests/{module}.py").read_text(), module)
