"""The arguments of the six standard methods, read and bounded (RFC 8620 5.1 to 5.6).

``accountId`` is read by ``accounts.account_argument``. Each set keeps in ``rest`` what it does not know: arguments of
the type's own; unknown ones are ignored (jmap.md 5).
"""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid

_MOST_COMPARATORS = 32
Objects = dict[str, dict[str, Any]]


@frozen
class GetArguments:
    """``/get`` (RFC 8620 5.1): ``ids`` None is all objects, ``properties`` None the default ones.

    Ids are as the client wrote them, creation references replaced.
    """

    ids: list[str] | None
    properties: list[str] | None
    rest: dict[str, Any] = field(factory=dict)

    @classmethod
    def read(cls, call: Call) -> GetArguments:
        """Raises ``MethodError`` ``invalidArguments`` or ``requestTooLarge``, and ``UnresolvedReference``."""
        reader = _reader(call)
        ids = reader.texts("ids")
        if ids is not None:
            _bounded("ids", len(ids), call.request.limits.max_objects_in_get)
            ids = [call.request.id_of(each) for each in ids]
        return cls(ids, reader.texts("properties"), reader.rest)


@frozen
class SetArguments:
    """``/set`` (RFC 8620 5.3), creation references not yet replaced: they may mean what the same call creates."""

    if_in_state: str | None = None
    create: Objects = field(factory=dict)
    update: Objects = field(factory=dict)
    destroy: list[str] = field(factory=list)
    rest: dict[str, Any] = field(factory=dict)

    @classmethod
    def read(cls, call: Call) -> SetArguments:
        """Raises ``MethodError`` ``invalidArguments`` or ``requestTooLarge``."""
        reader = _reader(call)
        read = cls(
            reader.text("ifInState"),
            reader.creations("create"),
            reader.object_map("update"),
            reader.texts("destroy") or [],
        )
        total = len(read.create) + len(read.update) + len(read.destroy)
        _bounded("create, update and destroy", total, call.request.limits.max_objects_in_set)
        read.rest.update(reader.rest)
        return read

    @property
    def verbs(self) -> list[str]:
        """What is asked for: some of ``Create``, ``Update``, ``Destroy``."""
        changes = {"Create": self.create, "Update": self.update, "Destroy": self.destroy}
        return [verb for verb, given in changes.items() if given]


@frozen
class ChangesArguments:
    """``/changes`` (RFC 8620 5.2)."""

    since_state: str
    max_changes: int | None
    rest: dict[str, Any] = field(factory=dict)

    @classmethod
    def read(cls, call: Call) -> ChangesArguments:
        """Raises ``MethodError`` ``invalidArguments``, also for ``maxChanges`` 0."""
        reader = _reader(call)
        return cls(reader.required_text("sinceState"), reader.unsigned("maxChanges", least=1), reader.rest)


@frozen
class Comparator:
    """One sort criterion (RFC 8620 5.5); ``members`` are those that a type adds, such as ``keyword``."""

    property: str
    is_ascending: bool = True
    collation: str | None = None
    members: dict[str, Any] = field(factory=dict)

    @classmethod
    def of(cls, given: dict[str, Any]) -> Comparator:
        """Raises ``MethodError`` ``invalidArguments``."""
        reader = ArgumentReader(given)
        name = reader.text("property")
        if name is None:
            raise invalid("sort", 'must name a "property" in every entry')
        ascending = reader.rest.get("isAscending") is None or reader.flag("isAscending")
        return cls(name, ascending, reader.text("collation"), reader.rest)


@frozen
class QueryArguments:
    """``/query`` (RFC 8620 5.5); ``position`` may be negative, ``limit`` None is as many as the server gives."""

    filter: dict[str, Any] | None = None
    sort: list[Comparator] = field(factory=list)
    position: int = 0
    anchor: str | None = None
    anchor_offset: int = 0
    limit: int | None = None
    calculate_total: bool = False
    rest: dict[str, Any] = field(factory=dict)

    @classmethod
    def read(cls, call: Call) -> QueryArguments:
        """Raises ``MethodError`` ``invalidArguments``, and ``UnresolvedReference`` for the anchor."""
        reader = _reader(call)
        anchor = reader.text("anchor")
        return cls(
            filter=reader.object("filter"),
            sort=_comparators(reader),
            position=reader.integer("position") or 0,
            anchor=None if anchor is None else call.request.id_of(anchor),
            anchor_offset=reader.integer("anchorOffset") or 0,
            limit=reader.unsigned("limit"),
            calculate_total=reader.flag("calculateTotal"),
            rest=reader.rest,
        )


@frozen
class QueryChangesArguments:
    """``/queryChanges`` (RFC 8620 5.6)."""

    since_query_state: str
    filter: dict[str, Any] | None = None
    sort: list[Comparator] = field(factory=list)
    max_changes: int | None = None
    up_to_id: str | None = None
    calculate_total: bool = False
    rest: dict[str, Any] = field(factory=dict)

    @classmethod
    def read(cls, call: Call) -> QueryChangesArguments:
        """Raises ``MethodError`` ``invalidArguments``, and ``UnresolvedReference`` for ``upToId``."""
        reader = _reader(call)
        up_to_id = reader.text("upToId")
        return cls(
            since_query_state=reader.required_text("sinceQueryState"),
            filter=reader.object("filter"),
            sort=_comparators(reader),
            max_changes=reader.unsigned("maxChanges"),
            up_to_id=None if up_to_id is None else call.request.id_of(up_to_id),
            calculate_total=reader.flag("calculateTotal"),
            rest=reader.rest,
        )


@frozen
class CopyArguments:
    """``/copy`` (RFC 8620 5.4): each value of ``create`` names its original by ``id`` and overrides properties."""

    if_from_in_state: str | None
    if_in_state: str | None
    create: Objects
    on_success_destroy_original: bool
    destroy_from_if_in_state: str | None
    rest: dict[str, Any] = field(factory=dict)

    @classmethod
    def read(cls, call: Call) -> CopyArguments:
        """Raises ``MethodError`` ``invalidArguments`` or ``requestTooLarge``."""
        reader = _reader(call)
        if reader.rest.get("create") is None:
            raise invalid("create", "is missing")
        create = reader.creations("create")
        _bounded("create", len(create), call.request.limits.max_objects_in_set)
        reader.rest.pop("fromAccountId", None)
        return cls(
            reader.text("ifFromInState"),
            reader.text("ifInState"),
            create,
            reader.flag("onSuccessDestroyOriginal"),
            reader.text("destroyFromIfInState"),
            reader.rest,
        )


def _reader(call: Call) -> ArgumentReader:
    reader = ArgumentReader(call.arguments)
    reader.rest.pop("accountId", None)
    return reader


def _comparators(reader: ArgumentReader) -> list[Comparator]:
    given = reader.objects("sort") or []
    if len(given) > _MOST_COMPARATORS:
        raise MethodError("unsupportedSort", f"At most {_MOST_COMPARATORS} comparators are supported.")
    return [Comparator.of(each) for each in given]


def _bounded(name: str, given: int, most: int) -> None:
    if given > most:
        raise MethodError("requestTooLarge", f"At most {most} objects can be named in {name}, not {given}.")
