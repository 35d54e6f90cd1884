"""Collects what a class of tests has left behind when it is over.

A coroutine that still waits for something is closed then, and may log an error where nobody looks for it, or at a test
that has nothing to do with it: here it is an error of the class.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Coroutine
from types import CoroutineType
from typing import Any, TypeVar
from weakref import ref

from twisted.internet.defer import Deferred
from twisted.trial.reporter import TestResult
from twisted.trial.runner import ErrorHolder, TestLoader, TestSuite
from twisted.trial.unittest import SynchronousTestCase

T = TypeVar("T")

OTHER_PROGRAMS = ("tests.interop.", "tests.live.")
"""Tests that may be over before the other side is."""
_ENDINGS: list[Callable[[], object]] = []


def end(running: Deferred[Any]) -> None:
    """Cancel what a test has begun, and forget what comes of it."""
    running.addErrback(lambda _: None)
    running.cancel()


def begun(test: SynchronousTestCase, work: Coroutine[Any, Any, T]) -> Deferred[T]:
    """The running of ``work``, which ends with ``test``."""
    running = Deferred.fromCoroutine(work)
    test.addCleanup(end, running)
    return running


def when_over(ending: Callable[[], object]) -> None:
    """Call ``ending`` when the class of the test that runs is over; for what knows no test."""
    _ENDINGS.append(ending)


class Collecting(SynchronousTestCase):
    """Collects what ``name`` has left behind. What was there before, and stays, is not looked at again."""

    def __init__(self, name: str) -> None:
        super().__init__("collect")
        self._name = name

    def id(self) -> str:
        """Who has left it."""
        return self._name

    def collect(self) -> None:
        """Fail if a coroutine was left waiting."""
        endings = _ENDINGS[:]
        _ENDINGS.clear()
        for ending in endings:
            ending()
        del endings
        if problems := self.flushLoggedErrors():
            self.fail(f"While connections were lost: {problems[0].getTraceback()}")
        waiting = [
            (each.__qualname__, ref(each))
            for each in gc.get_objects()
            if isinstance(each, CoroutineType) and each.cr_await is not None
        ]
        self.patch(sys, "unraisablehook", lambda problem: None)
        gc.collect()
        gc.freeze()
        self.flushLoggedErrors()
        left = sorted({name for name, found in waiting if found() is None})
        if left and not self._name.startswith(OTHER_PROGRAMS):
            self.fail(f"These coroutines still wait, and nobody can end them: {', '.join(left)}")


class OfClass(TestSuite):
    """The tests of a class, and what they leave behind."""

    name = ""

    def run(self, result: Any, debug: bool = False) -> Any:
        """Run each, and forget it."""
        has_run = bool(self._tests)
        while self._tests and not result.shouldStop:
            test: Any = self._tests.pop(0)
            case = getattr(test, "_originalTest", test)
            before = set(vars(case))
            test(result)
            for made in set(vars(case)) - before:
                delattr(case, made)
        found = TestResult()
        if has_run:
            Collecting(self.name).run(found)
        for _, problem in (*found.errors, *found.failures):
            ErrorHolder(self.name, problem).run(result)
        return result


class Loader(TestLoader):
    """Loads tests so that each class is collected."""

    def loadClass(self, klass: Any) -> Any:
        """The tests of a class."""
        found = OfClass(super().loadClass(klass)._tests)
        found.name = f"{klass.__module__}.{klass.__qualname__}"
        return found
