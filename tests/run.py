"""Runs the suite under trial and ends with ``N passed, N failed`` (and ``, N skipped``) alone on the last line.

Arguments are trial's: test modules or classes. Without any, everything below ``tests`` runs in as many processes as
there are cores; each takes one module after the other, those that wait for other programs first. The few that fail
are run again, alone, and count then: processes that share the cores and ports of one machine may disturb each other.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from twisted.trial.reporter import TreeReporter
from twisted.trial.runner import TestLoader, TrialRunner, TrialSuite

QUIET_AFTER = 1.0
ROOT = Path(__file__).resolve().parents[1]
FIRST = ("tests.interop", "tests.live")
"""What waits more than it works."""
END = "."
MOST_PROCESSES = 4
MOST_AGAIN = 5


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


class Counts:
    """What came of tests, added up over processes."""

    def __init__(self, passed: int = 0, failed: int = 0, skipped: int = 0, names: Sequence[str] = ()) -> None:
        self.passed, self.failed, self.skipped = passed, failed, skipped
        self.names = list(names)

    def add(self, other: Counts) -> None:
        """Add what another process counted."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.names += other.names

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def run(tests: Any) -> Counts:
    """Run ``tests`` in this process."""
    result = TrialRunner(PlainReporter, workingDirectory="_trial_temp").run(tests)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    names = [test.id() for test, _ in (*result.failures, *result.errors)]
    return Counts(result.successes + len(result.expectedFailures), failed, len(result.skips), names)


class Handed(unittest.TestSuite):
    """The tests of modules whose names come one by one, until there is no more."""

    def __init__(self, asking: TextIO, names: TextIO) -> None:
        super().__init__()
        self._asking = asking
        self._names = names

    def run(self, result: Any, debug: bool = False) -> Any:
        """Run one module after the other."""
        loader = TestLoader()
        while True:
            print("next", file=self._asking, flush=True)
            name = self._names.readline().strip()
            if name in ("", END):
                return result
            loader.loadByName(name, recurse=True).run(result)


def work(fd: int) -> None:
    """Be one of several processes: ask for modules over ``fd``, and say there what came of them."""
    with os.fdopen(fd, "w") as asking:
        counts = run(Handed(asking, sys.stdin))
        sys.stdout.flush()
        print(counts.passed, counts.failed, counts.skipped, *counts.names, file=asking)


class Modules:
    """The modules that are left; what the processes that take them have counted."""

    def __init__(self, names: Sequence[str]) -> None:
        self._left = list(reversed(names))
        self._lock = threading.Lock()
        self._speaking = threading.Lock()
        self.counts = Counts()

    def serve(self) -> None:
        """Start a process and hand it modules until there are no more; one at a time tells of its failures."""
        asked, asking = os.pipe()
        command = [sys.executable, *(f"-W{each}" for each in sys.warnoptions), "-m", "tests.run", "--work", str(asking)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True, pass_fds=(asking,)) as process:
            os.close(asking)
            assert process.stdin is not None
            name, found = "nothing", Counts(failed=1)
            with os.fdopen(asked) as lines:
                while lines.readline() == "next\n":
                    with self._lock:
                        name = self._left.pop() if self._left else END
                    if name == END:
                        break
                    print(name, file=process.stdin, flush=True)
                if name == END:
                    with self._speaking:
                        print(END, file=process.stdin, flush=True)
                        words = lines.readline().split()
                    found = Counts(*map(int, words[:3]), names=words[3:]) if len(words) >= 3 else found
        if found.failed and not found.passed:
            print(f"FAILED the process that ran {name} ended with {process.returncode}", flush=True)
        with self._lock:
            self.counts.add(found)


def modules() -> list[str]:
    """The names of all test modules, in the order to run them in."""
    paths = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py"))
    names = [".".join(path.with_suffix("").parts) for path in paths]
    return sorted(
        names, key=lambda name: next((n for n, start in enumerate(FIRST) if name.startswith(start)), len(FIRST))
    )


def everything() -> Counts:
    """Run all of them, in several processes."""
    left = Modules(modules())
    servants = [threading.Thread(target=left.serve) for _ in range(min(os.cpu_count() or 1, MOST_PROCESSES))]
    for each in servants:
        each.start()
    for each in servants:
        each.join()
    return left.counts


def again(counts: Counts) -> Counts:
    """``counts`` after those that failed have run again, in a process of their own, if they are few."""
    names = sorted(set(counts.names))
    if not 0 < len(names) <= MOST_AGAIN or len(names) != counts.failed:
        return counts
    print("again, alone: " + " ".join(names), flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.run", *names], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    print(done.stdout, flush=True)
    found = re.search(r"^(\d+) passed, (\d+) failed", done.stdout, re.M)
    if done.returncode == 0 and found is not None and int(found[1]) == len(names):
        return Counts(counts.passed + len(names), 0, counts.skipped)
    return counts


def main(names: Sequence[str]) -> int:
    """0 if something passed and nothing failed."""
    if names[:1] == ["--work"]:
        work(int(names[1]))
        return 0
    counts = (
        run(TrialSuite([TestLoader().loadByName(name, recurse=True) for name in names]))
        if names
        else again(everything())
    )
    sys.stderr.flush()
    print(counts, flush=True)
    return 0 if counts.passed and not counts.failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
