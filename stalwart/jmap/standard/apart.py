"""One object among others: what breaks while it is read or shown costs nothing but that object."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from stalwart.errors import Invalid
from stalwart.jmap.call import Request

_OF_OBJECTS: Final = (Invalid, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What comes of objects that are odd; what stores raise is none of these."""


@contextmanager
def apart(request: Request) -> Iterator[None]:
    """Leaves what is inside where an object breaks it, and notes the fault, which is told when the call has ended."""
    try:
        yield
    except _OF_OBJECTS as problem:
        request.note(problem)
