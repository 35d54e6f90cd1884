"""Tests ``stalwart.cli.importing.running``."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.items import Item, Unreadable
from stalwart.cli.importing.journal import Journal
from stalwart.cli.importing.running import ProgressLine, Summary, run
from stalwart.cli.importing.targets import Loaded, Outcome
from stalwart.cli.settings.problems import Problem


class _Source:
    def __init__(self, *contents: bytes | None) -> None:
        self.contents = contents

    def items(self) -> Iterator[Item]:
        for number, content in enumerate(self.contents):
            yield Item("email", f"m{number}", ("Inbox",), lambda content=content: _given(content))  # type: ignore[misc]

    def count(self) -> int | None:
        return len(self.contents)

    def close(self) -> None:
        pass


def _given(content: bytes | None) -> bytes:
    if content is None:
        raise Unreadable("gone")
    return content


class _Target:
    def __init__(self, fails_after: int = 1 << 30) -> None:
        self.stored: list[str] = []
        self.fails_after = fails_after

    def store(self, loaded: Sequence[Loaded]) -> list[Outcome]:
        if len(self.stored) >= self.fails_after:
            raise Problem("the connection broke")
        self.stored += [each.item.key for each in loaded]
        return [Outcome("failed", "bad") if each.octets == b"bad" else Outcome("imported") for each in loaded]


class RunTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def run_once(self, source: _Source, target: _Target, **given: bool) -> Summary:
        progress = ProgressLine(None, io.StringIO())
        return run(source, {"email": target}, Journal(self.path, {}), progress, **given)

    def test_failures_are_told_and_tried_again(self) -> None:
        source, target = _Source(b"a", None, b"bad", b"c"), _Target()
        summary = self.run_once(source, target)
        self.assertEqual((summary.imported, summary.failed, summary.octets), (2, 2, 2))
        self.assertEqual(summary.failures, [("m1", "gone"), ("m2", "bad")])
        self.assertEqual(summary.lines(False)[0], "2 imported (0.0 MB), 2 failed")
        again = self.run_once(source, target)
        self.assertEqual((again.skipped, again.failed), (2, 2))
        self.assertEqual(target.stored, ["m0", "m2", "m3", "m2"])

    def test_it_goes_on_where_it_was(self) -> None:
        source, target = _Source(*[b"x"] * 120), _Target(fails_after=100)
        self.assertRaises(Problem, self.run_once, source, target)
        rest = _Target()
        summary = self.run_once(source, rest)
        self.assertEqual((summary.skipped, rest.stored), (100, [f"m{number}" for number in range(100, 120)]))

    def test_large_messages_go_in_smaller_batches(self) -> None:
        calls: list[int] = []
        target = _Target()
        store = target.store
        target.store = lambda loaded: (calls.append(len(loaded)), store(loaded))[1]  # type: ignore[method-assign]
        self.run_once(_Source(*[b"x" * (6 << 20)] * 5), target)
        self.assertEqual(calls, [3, 2])

    def test_a_rehearsal_changes_nothing(self) -> None:
        progress = ProgressLine(None, io.StringIO())
        summary = run(_Source(b"a", None), {}, Journal(None, {}), progress, is_dry=True)
        self.assertEqual(summary.lines(True)[0], "1 would be imported (0.0 MB), 1 failed")

    def test_many_failures_are_counted(self) -> None:
        summary = self.run_once(_Source(*[None] * 30), _Target())
        self.assertEqual(summary.lines(False)[-1], "  and 10 more")


class ProgressTests(SynchronousTestCase):
    def test_a_line_on_a_terminal(self) -> None:
        stream = io.StringIO()
        stream.isatty = lambda: True  # type: ignore[method-assign]
        now = [0.0]
        line = ProgressLine(200, stream, lambda: now[0])
        now[0] = 10.0
        line.show(Summary(imported=100))
        line.show(Summary(imported=101))  # too soon
        line.show(Summary(imported=200), last=True)
        self.assertIn("100/200 (50%)  10/s  0 failed", stream.getvalue())
        self.assertNotIn("101", stream.getvalue())
        self.assertTrue(stream.getvalue().endswith("\n"))

    def test_nothing_elsewhere(self) -> None:
        stream = io.StringIO()
        ProgressLine(1, stream).show(Summary(imported=1), last=True)
        self.assertEqual(stream.getvalue(), "")
