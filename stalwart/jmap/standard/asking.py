"""Who asks for what, as sources and rules of a data type see it; and one change of a ``/set`` on its way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen

from stalwart.codec.ids import decode_id
from stalwart.directory.access import Access
from stalwart.jmap.call import Call, Request
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.equality import differing
from stalwart.store.rows import LARGEST_ID

Services = Mapping[str, Any]


@frozen
class Asking:
    """One method call on ``account_id``.

    ``rest`` are arguments of the type's own, unread; ``now`` is in whole seconds; ``services`` has ``store``, ``clock``
    and those that the type names. ``prepared`` carries, by the key of a change, what the rules made before the
    transaction. ``wants_total`` is whether a ``/queryChanges`` shows how many results there are, ``max_changes``
    how many changes its client wants at most.
    """

    declared: Declaration
    request: Request
    account_id: int
    now: int
    rest: Mapping[str, Any] = field(factory=dict)
    services: Services = field(factory=dict)
    prepared: dict[str, Any] = field(factory=dict)
    wants_total: bool = False
    max_changes: int | None = None

    @classmethod
    def of(
        cls, declared: Declaration, call: Call, account_id: int, rest: Mapping[str, Any], services: Services
    ) -> Asking:
        """The asking of ``call``."""
        return cls(declared, call.request, account_id, int(services["clock"].seconds()), rest, services)

    @property
    def access(self) -> Access:
        """Who asks."""
        return self.request.access


@define
class Change:
    """One object of a ``/set`` inside the transaction.

    ``key`` is the creation id, or the id as the client wrote it. ``old`` has the stored properties that can change and
    those that the patch names, nothing for a creation. Rules may change ``new``, and the client is told. ``gone`` are
    further objects that the source has destroyed with it.
    """

    key: str
    id: int | None = None
    old: dict[str, Any] = field(factory=dict)
    new: dict[str, Any] = field(factory=dict)
    gone: list[int] = field(factory=list)

    @property
    def changed(self) -> dict[str, Any]:
        """The properties of ``new`` that differ from ``old``."""
        return differing(self.new, self.old)


def number_of(id: str) -> int | None:
    """The number of an object by its id, None if there can be no such object."""
    try:
        number = decode_id(id)
    except ValueError:
        return None
    return number if number <= LARGEST_ID else None
