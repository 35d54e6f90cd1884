"""Data folders with mail in them, and the command line over them."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.main import run
from stalwart.store.config_file import embedded_store_config
from tests.store.moving.sample import filled


class StoreCase(SynchronousTestCase):
    """``self.source`` is a data folder with an account and its mail; ``self.target`` is not there."""

    def setUp(self) -> None:
        base = Path(self.mktemp()).absolute()
        self.source, self.target, self.file = base / "source", base / "target", base / "backup.tar"
        filled(Path(embedded_store_config(self.source)["path"]))
        (self.source / "vault.key").write_text("the key of the vault, long enough\n")
        self.said = ""

    def run_cli(self, *words: object) -> int:
        """The exit code of ``stalwart-cli store ...``; what it says is in ``said``."""
        stream = io.StringIO()
        self.patch(sys, "stderr", stream)
        code = run(["store", *map(str, words)])
        self.said = stream.getvalue()
        return code
