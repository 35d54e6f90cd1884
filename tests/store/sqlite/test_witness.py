"""``Witness``: what other processes commit does not go unnoticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.sqlite.witness import PLACES, Witness

DIES = """
import os, sys
from pathlib import Path
from stalwart.store.sqlite.witness import Witness
witness = Witness(Path(sys.argv[1]))
witness.open()
witness.begin()
os.kill(os.getpid(), 9)
"""


class WitnessTests(SynchronousTestCase):
    """Each witness stands for a process: places belong to open files."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def witness(self) -> Witness:
        """One more."""
        made = Witness(self.path)
        made.open()
        made.news()
        return made

    def test_while_nothing_is_written_there_is_no_news(self) -> None:
        first, second = self.witness(), self.witness()
        self.assertTrue(first.news(), "somebody has come")
        self.assertEqual([first.news(), second.news(), first.news()], [False] * 3)

    def test_own_commits_are_no_news(self) -> None:
        first = self.witness()
        first.begin()
        self.assertFalse(first.news())
        first.end()
        self.assertFalse(first.news())

    def test_commits_of_others_are_news_once(self) -> None:
        first, second = self.witness(), self.witness()
        first.news()
        second.begin()
        second.end()
        self.assertEqual([first.news(), first.news()], [True, False])

    def test_all_is_news_while_another_commits(self) -> None:
        first, second = self.witness(), self.witness()
        first.news()
        second.begin()
        self.assertEqual([first.news(), first.news()], [True, True])
        second.end()
        self.assertEqual([first.news(), first.news()], [True, False])

    def test_a_process_that_dies_in_a_commit_leaves_doubt_until_its_place_is_taken(self) -> None:
        first = self.witness()
        subprocess.run([sys.executable, "-c", DIES, str(self.path)], check=False)
        self.assertEqual([first.news(), first.news()], [True, True])
        self.witness()
        self.assertEqual([first.news(), first.news()], [True, False])

    def test_too_many_are_never_sure(self) -> None:
        crowd = [self.witness() for _ in range(PLACES + 1)]
        crowd[0].news()
        self.assertTrue(crowd[0].news())

    def test_without_a_file_all_is_news(self) -> None:
        unopened = Witness(self.path / "nowhere" / "file")
        unopened.open()
        unopened.begin()
        unopened.end()
        self.assertTrue(unopened.news())
        self.assertTrue(unopened.news())
