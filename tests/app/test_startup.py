"""What the command line asks for."""

from __future__ import annotations

from attrs.exceptions import FrozenInstanceError
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.startup import Startup


class StartupTests(SynchronousTestCase):
    """A value."""

    def test_nothing_asked_is_nothing(self) -> None:
        empty = Startup()
        self.assertEqual((empty.data, empty.config, dict(empty.endpoints), empty.demo), (None, None, {}, False))

    def test_it_cannot_change(self) -> None:
        with self.assertRaises(FrozenInstanceError):
            Startup().demo = True  # type: ignore[misc]
