"""The methods of every settings type, made from the declarations (settings A.2).

A stored type needs no entry anywhere. A type that the registry does not store (a view, a request) has methods only if
a handler says what they do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stalwart.config.catalogue import declarations
from stalwart.jmap.call import Call
from stalwart.jmap.methods import NO_CAPABILITY, Method, MethodFamily
from stalwart.jmap.registry.get import get
from stalwart.jmap.registry.handler import Handler
from stalwart.jmap.registry.query import query
from stalwart.jmap.registry.set import set_objects
from stalwart.jmap.registry.verbs import needed
from stalwart.schema import Declaration, collect

_HANDLERS = "stalwart.jmap.types"
_WORK: Mapping[str, Callable[..., Any]] = {"get": get, "query": query, "set": set_objects}
_NEEDS = {"get": ("store", "clock"), "query": ("store", "clock"), "set": ("store", "clock", "telemetry")}
_NEEDED = {"get": "Get", "query": "Query"}  # which verb a set needs depends on what it does


class RegistryMethods(MethodFamily):
    """``x:Type/get``, ``/query``, ``/set`` of all settings types; ``handlers`` are those of some, by type name."""

    def __init__(self, handlers: Callable[[], Mapping[str, type[Handler]]]) -> None:
        self._handlers = handlers

    def methods(self) -> tuple[Method, ...]:
        """All of them. Raises LookupError for a handler of a type that is not declared."""
        handlers, known = self._handlers(), declarations()
        if unknown := handlers.keys() - known.keys():
            raise LookupError(f"nothing declares {', '.join(sorted(unknown))}")
        return tuple(
            method
            for name, declaration in known.items()
            if name in handlers or declaration.stored
            for method in type_methods(declaration, handlers.get(name, Handler))
        )


def type_methods(declaration: Declaration, kind: type[Handler]) -> Iterator[Method]:
    """The methods of one type."""
    parameters = inspect.signature(kind).parameters.values()
    own = tuple(each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY)
    for function in kind.functions:
        if declaration.is_singleton and function == "query":
            continue
        verb = _NEEDED.get(function)
        yield Method(
            name=f"x:{declaration.type_name}/{function}",
            capabilities=NO_CAPABILITY,
            needs=needed(declaration, verb) if verb is not None else None,
            handler=_answering(declaration, kind, own, function),
            services=tuple(dict.fromkeys((*own, *_NEEDS[function]))),
            made_in=kind.__module__,
        )


def found_handlers() -> dict[str, type[Handler]]:
    """Every handler of the package by the types that it is for. Raises ValueError if a type has two."""
    found: dict[str, type[Handler]] = {}
    for kind in collect(_HANDLERS, Handler):
        for name in vars(kind).get("handled", ()):
            if name in found:
                raise ValueError(f"{name} has two handlers: {found[name].__name__} and {kind.__name__}")
            found[name] = kind
    return found


def _answering(
    declaration: Declaration, kind: type[Handler], own: tuple[str, ...], function: str
) -> Callable[..., Any]:
    work, needs = _WORK[function], _NEEDS[function]

    def answer(call: Call, **services: Any) -> Any:
        handler = kind(declaration, **{name: services[name] for name in own})
        return work(call, handler, *(services[name] for name in needs))

    return answer


registry_methods = RegistryMethods(found_handlers)
