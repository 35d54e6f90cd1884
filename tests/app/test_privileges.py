"""Dropping root: in which order, to whom, and what is handed over first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app import privileges as module
from stalwart.app.privileges import drop_privileges
from stalwart.errors import Invalid


class PrivilegeTests(SynchronousTestCase):
    """As root, as far as the module can tell."""

    def setUp(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.data = Path(self.mktemp())
        (self.data / "blobs").mkdir(parents=True)
        (self.data / "store").write_text("")
        os.symlink("/etc/passwd", self.data / "link")
        self.patch(module.os, "geteuid", lambda: 0)
        for name in ("setgid", "setuid", "initgroups", "chown"):
            self.patch(module.os, name, self._noting(name))
        self.patch(module.pwd, "getpwnam", {"mail": _Account(7, 8)}.__getitem__)
        self.patch(module.grp, "getgrnam", {"spool": _Group(9)}.__getitem__)

    def _noting(self, name: str) -> Any:
        return lambda *arguments, **_named: self.calls.append((name, *arguments))

    def test_group_goes_before_the_user(self) -> None:
        drop_privileges("mail", None, None)
        self.assertEqual(self.calls, [("setgid", 8), ("initgroups", "mail", 8), ("setuid", 7)])

    def test_named_group_wins(self) -> None:
        drop_privileges("mail", "spool", None)
        self.assertEqual(self.calls[0], ("setgid", 9))

    def test_data_folder_is_handed_over_before_and_links_are_not_followed(self) -> None:
        drop_privileges("mail", None, self.data)
        handed = [call for call in self.calls if call[0] == "chown"]
        self.assertEqual(self.calls[: len(handed)], handed)
        paths = sorted(str(call[1]) for call in handed)
        self.assertEqual(paths, sorted(str(self.data / name) for name in ("", "blobs", "store", "link")))
        self.assertEqual({call[2:4] for call in handed}, {(7, 8)})

    def test_unknown_user_is_named(self) -> None:
        self.assertIn("nosuch", self.assertRaises(Invalid, drop_privileges, "nosuch", None, None).detail)
        self.assertEqual(self.calls, [])

    def test_unknown_group_is_named(self) -> None:
        self.assertIn("nosuch", self.assertRaises(Invalid, drop_privileges, "mail", "nosuch", None).detail)
        self.assertEqual(self.calls, [])

    def test_process_without_root_stays_who_it_is(self) -> None:
        self.patch(module.os, "geteuid", lambda: 1000)
        drop_privileges("nosuch", None, self.data)
        self.assertEqual(self.calls, [])


class _Account:
    def __init__(self, uid: int, gid: int) -> None:
        self.pw_uid, self.pw_gid = uid, gid


class _Group:
    def __init__(self, gid: int) -> None:
        self.gr_gid = gid
