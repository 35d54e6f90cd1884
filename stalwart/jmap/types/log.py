"""``x:Log``: the newest log file, line by line (settings C.10).

No log file is written by the server itself yet: what it says goes to where its process was started. So there is nothing
to read, and whoever asks is told so, as by a server without a file tracer (settings A.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.jmap.errors import MethodError, SetRefused
from stalwart.jmap.registry.filters import Condition
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Results
from stalwart.store import Transaction

NO_FILE = "This server writes no log file; its events go to the output of its process."
READ_ONLY = "Log lines can be read only."


@handles("Log")
class LogHandler(Handler):
    """Lines of a file that there is not."""

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """Refused."""
        raise MethodError("invalidArguments", NO_FILE)

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """Refused."""
        raise MethodError("invalidArguments", NO_FILE)

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Refused."""
        raise SetRefused("forbidden", READ_ONLY)

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Refused."""
        raise SetRefused("forbidden", READ_ONLY)

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Refused."""
        raise SetRefused("forbidden", READ_ONLY)
