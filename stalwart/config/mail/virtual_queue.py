"""x:MtaVirtualQueue: parts of the queue that do not wait for each other (settings C.7)."""

from __future__ import annotations

from collections.abc import Iterator

from stalwart.config.named import note
from stalwart.schema import REQUIRED, Object, String, Unsigned, Violation, prop

LONGEST_NAME = 8  # bytes


class MtaVirtualQueue(Object, ids="sequential", first_id=0, label="name"):
    """A part of the queue with workers of its own."""

    name: str = prop(
        String(max_length=LONGEST_NAME),
        REQUIRED,
        "Name that expressions use, at most 8 bytes.",
        update="immutable",
        unique="MtaVirtualQueue.name",
        index="exact",
    )
    description: str | None = note()
    threads_per_node: int = prop(Unsigned(min=1), 25, "Deliveries at the same time, on each node.")

    def check(self) -> Iterator[Violation]:
        """The name is short in bytes too."""
        if len(self.name.encode()) > LONGEST_NAME:
            yield Violation("validation", "name", fault="MaxLength", required=LONGEST_NAME)
