"""What a client proposes in a ``/set``, read against the declaration: new objects and patches (RFC 8620 5.3).

Pure. Everything is refused with ``SetRefused``: ``invalidProperties`` names all the properties that are wrong in the
same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.equality import differing
from stalwart.jmap.standard.patch import Path, patched, path_of, pointer_of
from stalwart.jmap.standard.property import REQUIRED, Property
from stalwart.jmap.standard.references import CreatedIds, mentioned, resolved
from stalwart.jmap.standard.scalars import Nullable, Unfit

Properties = Mapping[str, Property]


def references(given: Mapping[str, Any], properties: Properties) -> Iterator[str]:
    """The creation ids that a new object refers to, in the properties that hold ids."""
    for name, value in given.items():
        if name in properties and properties[name].type.holds_ids:
            yield from mentioned(value)


def with_ids(given: Mapping[str, Any], properties: Properties, request: CreatedIds) -> dict[str, Any]:
    """A new object with the creation references in it replaced."""
    return {
        name: resolved(value, request) if name in properties and properties[name].type.holds_ids else value
        for name, value in given.items()
    }


def new_object(given: Mapping[str, Any], properties: Properties) -> dict[str, Any]:
    """A new object with all settable properties, the absent ones by default."""
    _refuse("are not known", [name for name in given if name not in properties and name != "id"])
    server_set = [name for name in given if name == "id" or not properties[name].settable]
    _refuse("are set by the server only", server_set)
    _refuse("must be given", [name for name, each in properties.items() if each.required and name not in given])
    made = {
        name: _read(name, each, given[name]) if name in given else each.fresh_default()
        for name, each in properties.items()
        if not each.computed and (each.settable or each.default is not REQUIRED)
    }
    # open types know names that they do not list
    return made | {name: _read(name, properties[name], value) for name, value in given.items() if name not in made}


def read_patch(given: Mapping[str, Any], properties: Properties, request: CreatedIds) -> dict[Path, Any]:
    """The paths of a patch and their values, creation references replaced where ids can stand."""
    changes = {}
    for pointer, value in given.items():
        path = path_of(pointer)
        known = properties.get(path[0])
        if known is not None and known.type.holds_ids:
            path, value = tuple(resolved(list(path), request)), resolved(value, request)
        if path in changes:
            raise SetRefused("invalidPatch", "Two pointers of the patch mean the same.", (pointer_of(path),))
        changes[path] = value
    unknown = [pointer_of(path) for path in changes if path[0] not in properties and path[0] != "id"]
    _refuse("are not known", unknown)
    return changes


def proposed(old: Mapping[str, Any], changes: Mapping[Path, Any], properties: Properties) -> dict[str, Any]:
    """``old`` as the client wants it, not read yet; ``old`` has every property that ``changes`` names."""
    named = {path[0]: properties[path[0]] for path in changes if path[0] in properties}
    # A property without a default that can be null becomes just that.
    with_default = (
        name for name, each in named.items() if each.default is not REQUIRED or isinstance(each.type, Nullable)
    )
    former = _deepened(old, [path for path in changes if len(path) > 1 and path[0] in named and named[path[0]].sparse])
    return patched(former, changes, {name: named[name].fresh_default() for name in with_default})


def _deepened(old: Mapping[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """``old`` with empty objects where ``paths`` lead through something that is not there."""
    made = dict(old)
    for path in paths:
        here = made
        for step in path[:-1]:
            child = here.get(step)
            if not (child is None or isinstance(child, dict)):
                break
            here[step] = here = dict(child or {})
    return made


def read_changes(old: Mapping[str, Any], wanted: Mapping[str, Any], properties: Properties) -> dict[str, Any]:
    """``wanted`` with the changed properties read; what only the server or nobody may change must be as it was."""
    _refuse("must have a value", [name for name in old if name not in wanted])
    changed = differing(wanted, old)
    _refuse("are set by the server only", [name for name in changed if name == "id" or not properties[name].settable])
    read = {name: _read(name, properties[name], value) for name, value in changed.items()}
    _refuse("cannot be changed", [name for name in differing(read, old) if properties[name].immutable])
    return {**wanted, **read}


def _read(name: str, property: Property, value: Any) -> Any:
    try:
        return property.type.read(value)
    except Unfit as problem:
        where = pointer_of((name, *problem.path))
        raise SetRefused("invalidProperties", f'"{where[:255]}" {problem.rule}.', (where,)) from None


def _refuse(why: str, names: Iterable[str]) -> None:
    listed = list(names)
    if listed:
        shown = ", ".join(f'"{name[:255]}"' for name in listed[:8])
        raise SetRefused("invalidProperties", f"These properties {why}: {shown}.", listed)
