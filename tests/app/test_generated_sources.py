"""The sources of generated methods are not kept, and those of files are."""

from __future__ import annotations

import linecache

from attrs import frozen
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.generated_sources import forget_generated_sources


class GeneratedSourceTests(SynchronousTestCase):
    """With a ``linecache`` of their own."""

    def setUp(self) -> None:
        self.patch(linecache, "cache", {"known.py": (1, None, ["x\n"], "known.py")})
        forget_generated_sources()

    def test_what_attrs_generates_is_forgotten(self) -> None:
        @frozen
        class Point:
            x: int

        self.assertEqual(Point(1), Point(1))
        self.assertEqual(list(linecache.cache), ["known.py"])

    def test_lines_of_files_are_found(self) -> None:
        self.assertEqual(linecache.getline("known.py", 1), "x\n")
        self.assertIn("sources", linecache.getline(__file__, 1))
        self.assertIn(__file__, linecache.cache)
