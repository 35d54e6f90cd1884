"""``sync_folder`` syncs the folder and closes it again."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.durable import sync_folder


class SyncFolderTests(SynchronousTestCase):
    def test_the_folder_itself_is_synced(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        with mock.patch("os.fsync") as fsync:
            sync_folder(folder)
        handle = fsync.call_args.args[0]
        with self.assertRaises(OSError):
            os.fstat(handle)
