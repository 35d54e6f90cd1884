"""Runs the suite under trial and ends with ``N passed, N failed`` (and ``, N skipped``) alone on the last line.

Arguments are trial's: test modules or classes. Without any, everything below ``tests`` runs in several processes, each
of which takes one module after the other, the longest first. Those that wait for other programs more than they work
run beside those that only work, so that no core is idle meanwhile. What each module took is written to ``TOOK`` and
orders the next run. The few that fail are run again, alone, and count then: processes that share the cores and ports
of one machine may disturb each other.
"""

from __future__ import annotations

import json
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

import hypothesis
from twisted.trial.reporter import TreeReporter
from twisted.trial.runner import TrialRunner, TrialSuite

from tests.leftovers import Loader

QUIET_AFTER = 1.0
ROOT = Path(__file__).resolve().parents[1]
WAITING = ("tests.interop.", "tests.live.")
"""What starts other programs and waits for them."""
TOOK = ROOT / ".cache" / "test-times.json"
"""Of each module the seconds that it took when it last ran with all others; processor time, but for forked daemons."""
SIZE_OF_A_SECOND = 1000
"""How many bytes of a module stand for a second, as long as nobody knows better."""
SETTINGS = "_hypothesis_internal_use_settings"
FEWEST = 25
SHORT: set[Any] = set()
END = "."
MOST_PROCESSES = 6
MOST_AGAIN = 24


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


def shorten(tests: Any) -> None:
    """Have tests of properties try a part of their examples, others in each run; ``make soak`` tries all."""
    for test in tests if isinstance(tests, unittest.TestSuite) else ():
        shorten(test)
    function = getattr(getattr(tests, getattr(tests, "_testMethodName", ""), None), "__func__", None)
    wanted = getattr(function, SETTINGS, None)
    if wanted is not None and function not in SHORT:
        few = min(wanted.max_examples, max(FEWEST, wanted.max_examples // 4))
        # they are slow when others keep the machine busy
        checks = {*wanted.suppress_health_check, hypothesis.HealthCheck.too_slow}
        setattr(function, SETTINGS, hypothesis.settings(wanted, max_examples=few, suppress_health_check=checks))
        SHORT.add(function)


class Handed(unittest.TestSuite):
    """The tests of modules whose names come one by one, until there is no more; tells what each of them took."""

    def __init__(self, asking: TextIO, names: TextIO) -> None:
        super().__init__()
        self._asking = asking
        self._names = names

    def run(self, result: Any, debug: bool = False) -> Any:
        """Run one module after the other."""
        loader = Loader()
        while True:
            print("next", file=self._asking, flush=True)
            name = self._names.readline().strip()
            if name in ("", END):
                return result
            began, worked = time.monotonic(), sum(os.times()[:4])
            tests = loader.loadByName(name, recurse=True)
            shorten(tests)
            tests.run(result)
            print("took", time.monotonic() - began, sum(os.times()[:4]) - worked, file=self._asking)


def work(fd: int) -> None:
    """Be one of several processes: ask for modules over ``fd``, and say there what came of them."""
    with os.fdopen(fd, "w") as asking:
        counts = run(Handed(asking, sys.stdin))
        sys.stdout.flush()
        print(counts.passed, counts.failed, counts.skipped, *counts.names, file=asking)


class Modules:
    """The modules that are left, those that wait and the others; what the processes that take them have counted."""

    def __init__(self, names: Sequence[str]) -> None:
        self._left = {
            waiting: [name for name in reversed(names) if name.startswith(WAITING) == waiting]
            for waiting in (True, False)
        }
        self._lock = threading.Lock()
        self._speaking = threading.Lock()
        self.counts = Counts()
        self.took: dict[str, list[float]] = {}

    def take(self, waiting: bool) -> str:
        """The next one, of the wanted kind if there is one, or ``END``."""
        with self._lock:
            left = self._left[waiting] or self._left[not waiting]
            return left.pop() if left else END

    def serve(self, waiting: bool) -> None:
        """Start a process and hand it modules until there are no more; one at a time tells of its failures."""
        asked, asking = os.pipe()
        command = [sys.executable, *(f"-W{each}" for each in sys.warnoptions), "-m", "tests.run", "--work", str(asking)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True, pass_fds=(asking,)) as process:
            os.close(asking)
            assert process.stdin is not None
            name, found = "nothing", Counts(failed=1)
            with os.fdopen(asked) as lines:
                while name != END and (line := lines.readline()):
                    if line.startswith("took "):
                        self.took[name] = [round(float(each), 2) for each in line.split()[1:]]
                    else:
                        name = self.take(waiting)
                        if name != END:
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
    """The names of all test modules, the longest first: by what they took the last time, else by their size."""
    paths = {path: path.stat().st_size for path in (ROOT / "tests").rglob("test_*.py")}
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): size for path, size in paths.items()}
    try:
        took = {name: float(seconds[0]) for name, seconds in json.loads(TOOK.read_bytes()).items()}
    except (OSError, ValueError, AttributeError, LookupError, TypeError):
        took = {}
    return sorted(names, key=lambda name: took.get(name, names[name] / SIZE_OF_A_SECOND), reverse=True)


def everything() -> Counts:
    """Run all of them, in several processes."""
    left = Modules(modules())
    cores = os.cpu_count() or 1
    kinds = [True, False] * cores
    servants = [threading.Thread(target=left.serve, args=(each,)) for each in kinds[:MOST_PROCESSES]]
    for each in servants:
        each.start()
    for each in servants:
        each.join()
    TOOK.parent.mkdir(exist_ok=True)
    TOOK.write_text(json.dumps(left.took, indent=0, sort_keys=True))
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
    if done.returncode == 0 and found is not None and int(found[1]) >= len(names):  # a name may be that of a class
        return Counts(counts.passed + len(names), 0, counts.skipped)
    return counts


def main(names: Sequence[str]) -> int:
    """0 if something passed and nothing failed."""
    if names[:1] == ["--work"]:
        work(int(names[1]))
        return 0
    counts = (
        run(TrialSuite([Loader().loadByName(name, recurse=True) for name in names])) if names else again(everything())
    )
    sys.stderr.flush()
    print(f"{sum(os.times()[:4]):.0f} seconds of processor time", flush=True)
    print(counts, flush=True)
    return 0 if counts.passed and not counts.failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
