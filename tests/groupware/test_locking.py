"""Tests ``stalwart.groupware.locking``; the rest is looked at by ``tests.dav.test_guarding``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.groupware.locking import Touch, locks_touched
from stalwart.store.collection_rows import Lock


def lock(path: str, token: int = 1, *, is_deep: bool = False) -> Lock:
    return Lock(token, 7, 15, path, 7, is_deep, False, None, 99)


class TouchTests(SynchronousTestCase):
    def touched(self, locks: list[Lock], path: str, touch: Touch) -> list[list[str]]:
        return [[each.path for each in group] for group in locks_touched(locks, path, touch)]

    def test_what_a_lock_guards(self) -> None:
        for path, is_deep, touch, is_guarded in (
            ("/a/b", False, Touch.ITSELF, True),
            ("/a", False, Touch.ITSELF, False),
            ("/a", False, Touch.NAME, True),
            ("/a", True, Touch.ITSELF, True),
            ("/", True, Touch.ITSELF, False),
            ("/a/b/c", False, Touch.ITSELF, False),
            ("/a/b/c", False, Touch.BELOW, True),
            ("/a/bc", True, Touch.BELOW, False),
        ):
            found = self.touched([lock(path, is_deep=is_deep)], "/a/b", touch)
            self.assertEqual(bool(found), is_guarded, (path, is_deep, touch))

    def test_locks_on_one_resource_count_together(self) -> None:
        locks = [lock("/a/b", 1), lock("/a/b", 2), lock("/a/b/c", 3), lock("/a/b/d", 4)]
        found = self.touched(locks, "/a/b", Touch.ITSELF | Touch.BELOW)
        self.assertEqual(found, [["/a/b", "/a/b"], ["/a/b/c"], ["/a/b/d"]])
