"""What the parts of the store contract share: a started store and ways to ask it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from stalwart.store import Transaction

Work = Callable[[Transaction], Any]


class StoreCase:
    """``self.store`` is open while a test runs. A mixin for trial's ``TestCase``."""

    timeout = 20
    store: Any

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Whatever ``TestCase`` brings."""

    def read(self, work: Work) -> Deferred[Any]:
        return self.store.read(work)

    def write(self, work: Work) -> Deferred[Any]:
        return self.store.write(work)

    async def refused(self, error: type[Exception], work: Work) -> Any:
        """The exception that ``work`` ends with, when it is written."""
        return await self.assertFailure(self.store.write(work), error)
