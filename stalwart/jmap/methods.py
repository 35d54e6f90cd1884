"""Declaring a JMAP method: ``@method`` turns a function into a frozen ``Method`` (RFC 8620 3.2).

Declarations are values; importing a module registers nothing. ``collected`` finds them, the engine binds them to their
services at start. Standard methods over a data type are made in bulk by a ``MethodFamily``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from attrs import frozen

from stalwart.schema import collect

Capabilities = str | tuple[str, ...]

NO_CAPABILITY: tuple[str, ...] = ()
"""For methods that work whatever ``using`` says: the ``x:`` objects (jmap.md 5)."""


@frozen
class Method:
    """One method, by its name on the wire (``Blob/get``).

    ``capabilities``: any of them in ``using`` opens it, none are needed if it is empty; ``needs`` is a permission or
    None. ``handler(call, **services)`` returns the arguments of the response, or a list of ``(name, arguments)`` when
    implicit responses follow; it may be ``async``, and raises ``MethodError`` or an error of the family. ``services``
    are its keyword-only parameters.
    """

    name: str
    capabilities: tuple[str, ...]
    needs: str | None
    handler: Callable[..., Any]
    services: tuple[str, ...]
    made_in: str

    @classmethod
    def of(
        cls, name: str, handler: Callable[..., Any], *, capability: Capabilities, needs: str | None = None
    ) -> Method:
        """The method ``name`` that ``handler`` carries out."""
        parameters = inspect.signature(handler).parameters.values()
        return cls(
            name=name,
            capabilities=(capability,) if isinstance(capability, str) else tuple(capability),
            needs=needs,
            handler=handler,
            services=tuple(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY),
            made_in=handler.__module__,
        )


def method(name: str, *, capability: Capabilities, needs: str | None = None) -> Callable[[Callable[..., Any]], Method]:
    """Declare a function ``(call, *, service, ...)`` as the JMAP method ``name``; see ``Method``."""
    return lambda handler: Method.of(name, handler, capability=capability, needs=needs)


class MethodFamily:
    """Many methods that one declaration stands for; a value of a subclass in a module of the face is found."""

    def methods(self) -> tuple[Method, ...]:
        """All of them."""
        raise NotImplementedError


@cache
def collected(package: str = "stalwart.jmap") -> tuple[Method, ...]:
    """Every method that the modules of ``package`` declare, those of families included."""
    found: list[Method] = []
    for declared in collect(package, (Method, MethodFamily)):
        if isinstance(declared, Method):
            found.append(declared)
        elif isinstance(declared, MethodFamily):  # not its class
            found.extend(declared.methods())
    return tuple(found)
