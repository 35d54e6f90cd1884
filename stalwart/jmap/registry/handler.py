"""One settings type behind ``x:Type/get``, ``/query`` and ``/set`` (settings A.2 to A.8).

``Handler`` serves every stored type from its declaration. A type that needs more subclasses it with
``@handles("Type")`` in a module of this package (most are in ``types``) and overrides the steps that differ. A handler
is made for each call, so it keeps nothing. Reading arguments, permissions of the verbs and the shape of answers are
the business of ``get``, ``query`` and ``set``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, TypeVar

from attrs import define, field, frozen

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config import registry
from stalwart.config.settings import Settings, SettingsBroken
from stalwart.directory.access import Access
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.call import Request
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry import tenant_quotas
from stalwart.jmap.registry.filters import Condition, search_terms, sort_property
from stalwart.jmap.registry.index_search import IndexSearch
from stalwart.jmap.registry.restart import restart_notices
from stalwart.jmap.registry.scoping import Scope, check_links, check_places
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Results
from stalwart.schema import Declaration, Union
from stalwart.store import Row, Transaction

H = TypeVar("H", bound="type[Handler]")


@frozen
class Asking:
    """One method call: who asks, about which account, at what time (seconds).

    ``confirmed``: the argument ``confirm`` is true. ``properties``: those that were asked for, None for all. ``memo``
    is for what a handler wants to remember until the call is answered.
    """

    access: Access
    account_id: int
    now: float
    client_ip: str
    request: Request
    confirmed: bool = False
    properties: frozenset[str] | None = None
    memo: dict[Any, Any] = field(factory=dict, eq=False, repr=False)

    def wants(self, name: str, *, by_name: bool = False) -> bool:
        """Whether a computed property is to be answered; with ``by_name`` only if the client named it."""
        if self.properties is None:
            return not by_name
        return name in self.properties


@define
class Change:
    """One object of a ``/set`` on its way.

    ``key`` is the creation id, or the id as the client wrote it; ``id`` the number, None until it is known. ``data``
    are the members of a creation, or the PatchObject of an update; creation references in it are replaced when its
    turn in the transaction comes. ``prepared`` is what ``prepare`` leaves for it, ``refused`` why it will not be done.
    """

    kind: Literal["create", "update", "destroy"]
    key: str
    id: int | None = None
    data: dict[str, Any] = field(factory=dict)
    prepared: Any = None
    refused: StalwartError | None = None


def unconfirmed(type: str, description: str, properties: Sequence[str] = ()) -> SetRefused:
    """A refusal that ``Asking.confirmed`` lifts: its SetError has ``canConfirm: true``, for which programs ask."""
    return SetRefused(type, description, properties, canConfirm=True)


class Handler:
    """A settings type. Keyword-only parameters of ``__init__`` are services, bound by name.

    Errors of the closed family that ``create``, ``update`` and ``destroy`` raise refuse the one object; each runs in a
    savepoint of its own.
    """

    functions: ClassVar[tuple[str, ...]] = ("get", "set", "query")
    """What the type has methods for; a singleton has no query in any case."""

    handled: ClassVar[tuple[str, ...]] = ()

    def __init__(self, declaration: Declaration, *, settings: Settings) -> None:
        self.declaration = declaration
        self.type = declaration.type_name
        self.settings = settings

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The objects that there are among ``ids`` (None: all, oldest first, at most ``limit``), in wire form.

        Own members in the order of the declaration, `@type`, computed ones, `id` last. What the client may not see is
        not there.
        """
        scope = Scope.of(self.declaration, tx, asking)
        rows = self._rows(tx, scope, ids, limit)
        found = [(row.id, registry.wire(self.declaration, row.data)) for row in rows if scope.shows(row.data)]
        self.extras(tx, asking, found)
        return [scope.hidden(members) | {"id": encode_id(id)} for id, members in found]

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """Add computed members in place, looking up what they need for all objects at once."""

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """What a query finds. Raises ``MethodError`` ``unsupportedFilter`` or ``unsupportedSort``."""
        terms = search_terms(self.declaration, conditions)
        terms += Scope.of(self.declaration, tx, asking).terms()
        sort = sort_property(self.declaration, comparator)
        descending = comparator is None or not comparator.is_ascending
        return IndexSearch(tx, self.type, terms, sort, descending)

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """What has to be done before the transaction: hash, parse, ask others.

        May edit ``data`` of a change, set its ``prepared`` or ``refused``. Nothing has been validated yet.
        """

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Store a new object; its number, and the members that the client must learn."""
        scope = Scope.of(self.declaration, tx, asking)
        data = scope.forced(change.data)
        if asking.access.tenant_id is not None:  # before a conflict can tell of what is not the caller's to know
            check_links(tx, asking, None, self.declaration.from_wire(dict(data)))
        entry = self.store_new(tx, asking, change, data)
        self._accept(tx, asking, change, None, entry)
        return entry.id, {}

    def store_new(self, tx: Transaction, asking: Asking, change: Change, data: dict[str, Any]) -> registry.Entry:
        """Write the object that ``create`` makes of ``data``."""
        return registry.create(tx, self.declaration, data, now=asking.now)

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Apply a patch; the members that the client must learn, None for none. Raises NotFound."""
        assert change.id is not None
        former = self.existing(tx, asking, change.id)
        Scope.of(self.declaration, tx, asking).check_patch(change.data)
        if asking.access.tenant_id is not None:
            declaration: Any = self.declaration
            check_links(tx, asking, former.value, declaration.patched(former.value, change.data))
        entry = self.store_patched(tx, asking, change, former)
        self._accept(tx, asking, change, former, entry)
        return None

    def store_patched(self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry) -> registry.Entry:
        """Write ``former`` as ``update`` patches it."""
        return registry.update(tx, self.declaration, former.id, change.data, now=asking.now)

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Remove the object. Raises NotFound, Linked."""
        assert change.id is not None
        self.existing(tx, asking, change.id)
        registry.destroy(tx, self.declaration, change.id)

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """What follows from a write, and checks that need the finished object; what it raises undoes the write.

        ``former`` is None for a creation, and for a singleton that is replaced.
        """

    def remarks(self, tx: Transaction) -> list[str]:
        """Notices beside the result of a query: what holds for all that is found, and for finding nothing."""
        return []

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """What has to be done once ``done`` is durable and before the answer; notices for the client.

        The next request has to see the change: types of the settings' snapshot are read again here.
        """
        if self.declaration.is_singleton or self.declaration.snapshot:
            try:
                await self.settings.reload((self.type,))
            except SettingsBroken as broken:
                return [f"Stored, but the running settings stay as they were: {broken.detail}"]
        return restart_notices(self.declaration, [change.data for change in done])

    def existing(self, tx: Transaction, asking: Asking, id: int) -> registry.Entry:
        """The object that a change is about. Raises NotFound, also for what the client may not see."""
        row = tx.registry.get(self.type, id)
        if row is None:
            if self.declaration.is_singleton and id == SINGLETON:
                return registry.Entry(id, 0, registry.defaults(self.declaration))
            raise NotFound
        if not Scope.of(self.declaration, tx, asking).shows(row.data):
            raise NotFound
        return registry.Entry(row.id, row.revision, self.declaration.from_stored(row.data))

    def names(self) -> frozenset[str]:
        """Every property that a client may ask for."""
        if isinstance(self.declaration, Union):
            return frozenset(
                ("@type", *(name for kind in self.declaration.variants.values() for name in kind.members()))
            )
        return self.declaration.members()

    def _rows(self, tx: Transaction, scope: Scope, ids: Sequence[int] | None, limit: int) -> list[Row]:
        if self.declaration.is_singleton:
            if ids is not None and SINGLETON not in ids:
                return []
            row = tx.registry.get(self.type, SINGLETON)
            return [row or Row(SINGLETON, 0, registry.defaults(self.declaration).to_stored())]
        if ids is None and scope.is_limited:
            ids = tx.registry.search(self.type, scope.terms(), descending=False, limit=limit)
        if ids is None:
            return tx.registry.list(self.type, limit=limit)
        return list(tx.registry.many(self.type, ids).values())

    def _accept(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        before = former.value if former is not None else None
        check_links(tx, asking, before, entry.value)
        check_places(asking, before, entry.value)
        tenant_quotas.check(tx, self.declaration, before, entry.value)
        if self.declaration.is_singleton or self.declaration.snapshot:
            self.declaration.from_stored(entry.value.to_stored())  # what the settings could not read is not stored
        self.written(tx, asking, change, former, entry)


def handles(*types: str) -> Callable[[H], H]:
    """Declare a subclass of ``Handler`` as the one for the settings ``types``."""

    def mark(kind: H) -> H:
        kind.handled = types
        return kind

    return mark
