"""The order in which one ``/set`` creates: what others refer to comes first (RFC 8620 5.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.references import mentioned


def creation_order(creates: Mapping[str, Any], references: Callable[[Any], Iterable[str]] = mentioned) -> list[str]:
    """The creation ids, each after those of ``creates`` that its value refers to, otherwise as given.

    ``references`` finds the creation ids in a value. Raises ``MethodError`` ``invalidArguments`` for a circle (jmap.md
    5.2); an object that refers to itself is one.
    """
    needed = {cid: sorted({each for each in references(value) if each in creates}) for cid, value in creates.items()}
    if not any(needed.values()):
        return list(creates)
    try:
        return list(TopologicalSorter(needed).static_order())
    except CycleError as error:
        circle = " -> ".join(f"#{cid}" for cid in error.args[1][:8])
        raise MethodError(
            "invalidArguments", f"The objects to create refer to each other in a circle: {circle}."
        ) from None
