"""Runs the suite under trial and ends with ``N passed, N failed`` (and ``, N skipped``) alone on the last line.

Arguments are trial's: test modules or classes; without any, everything below ``tests``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from twisted.trial.reporter import TreeReporter
from twisted.trial.runner import TestLoader, TrialRunner, TrialSuite

QUIET_AFTER = 1.0


class PlainReporter(TreeReporter):
    """Names only what fails, is skipped or takes longer than a second."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._began = 0.0

    def startTest(self, test: Any) -> None:
        """Start the clock."""
        self._began = time.monotonic()
        super(TreeReporter, self).startTest(test)

    def stopTest(self, test: Any) -> None:
        """Name slow tests."""
        took = time.monotonic() - self._began
        if took > QUIET_AFTER:
            self._write("%s: %.1f s\n", test.id(), took)
        super(TreeReporter, self).stopTest(test)

    def addSuccess(self, test: Any) -> None:
        """Count it, say nothing."""
        super(TreeReporter, self).addSuccess(test)

    def addSkip(self, test: Any, reason: Any) -> None:
        """Say why."""
        super(TreeReporter, self).addSkip(test, reason)
        self._write("skipped %s: %s\n", test.id(), reason)

    def addFailure(self, test: Any, failure: Any) -> None:
        """Name it at once; the details follow at the end."""
        super(TreeReporter, self).addFailure(test, failure)
        self._write("FAILED %s\n", test.id())

    def addError(self, test: Any, error: Any) -> None:
        """Name it at once; the details follow at the end."""
        super(TreeReporter, self).addError(test, error)
        self._write("ERROR %s\n", test.id())


def main(names: Sequence[str]) -> int:
    """0 if something passed and nothing failed."""
    loader = TestLoader()
    suites = [loader.loadByName(name, recurse=True) for name in names or ("tests",)]
    result = TrialRunner(PlainReporter, workingDirectory="_trial_temp").run(TrialSuite(suites))
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    passed = result.successes + len(result.expectedFailures)
    skipped = len(result.skips)
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
