"""What handlers that make tasks need of those who carry them out."""

from __future__ import annotations

from typing import Protocol


class Wakeable(Protocol):
    """See ``stalwart.tasks.runner.TaskRunner``."""

    def wake(self) -> None:
        """Look now for tasks that are due."""
