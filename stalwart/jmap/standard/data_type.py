"""A JMAP data type with everything: from this one value come its standard methods (RFC 8620 5).

A module below ``jmap`` that makes a ``DataType`` is all a type needs; it is found like every ``MethodFamily``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from attrs import field, frozen

from stalwart.jmap.call import Call
from stalwart.jmap.methods import Method, MethodFamily
from stalwart.jmap.standard.asking import Services
from stalwart.jmap.standard.copying import copy_objects
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.getting import get_objects
from stalwart.jmap.standard.object_changes import object_changes
from stalwart.jmap.standard.query_changes import query_changes
from stalwart.jmap.standard.querying import query_objects
from stalwart.jmap.standard.rules import Backed, Repeated, Rules
from stalwart.jmap.standard.setting import set_objects
from stalwart.jmap.standard.source import Source

_FUNCTIONS: dict[str, tuple[str | None, Callable[..., Any]]] = {
    # name on the wire: (verb of the permission, what carries it out); set asks for a permission per kind of change
    "get": ("Get", get_objects),
    "set": (None, set_objects),
    "changes": ("Changes", object_changes),
    "query": ("Query", query_objects),
    "queryChanges": ("QueryChanges", query_changes),
    "copy": ("Copy", copy_objects),
}


@frozen(eq=False)
class DataType(MethodFamily):
    """A declared type, its source and its rules; ``supports`` lists its standard methods.

    ``services`` are further ones that source and rules want, by name. ``before`` is awaited ahead of each method, with
    the same services; what it raises is the answer. ``repeated`` says that answers to get and changes may be kept.
    """

    declared: Declaration
    source: Source
    rules: Rules = field(factory=Rules)
    supports: tuple[str, ...] = ("get", "set", "changes", "query", "queryChanges")
    services: tuple[str, ...] = ()
    before: Callable[[Call, Services], Awaitable[None]] | None = None
    repeated: Repeated | None = None

    def methods(self) -> tuple[Method, ...]:
        """The methods that ``supports`` lists."""
        tells_changes = "queryChanges" in self.supports
        backed = Backed(self.declared, self.source, self.rules, tells_changes, self.repeated)
        return tuple(self._method(function, backed) for function in self.supports)

    def _method(self, function: str, backed: Backed) -> Method:
        verb, carry_out = _FUNCTIONS[function]
        before = self.before
        searches = function in ("query", "queryChanges") and any(
            each.searches for each in self.declared.conditions.values()
        )
        turns = ("search_turns",) if searches else ()
        kept = () if self.repeated is None else ("recent_answers",)

        async def handler(call: Call, **services: Any) -> Any:
            if before is not None:
                await before(call, services)
            return await carry_out(backed, call, services)

        return Method(
            name=f"{self.declared.name}/{function}",
            capabilities=self.declared.capabilities,
            needs=None if verb is None else self.declared.permission(verb),
            handler=handler,
            services=("store", "clock", *kept, *turns, *self.services),
            made_in=__name__,
        )
