"""References between the objects of a plan: ``#cid`` stands for the id of what the plan made (RFC 8620 5.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stalwart.cli.settings.schema_view import SchemaView


def reference_targets(
    schema: SchemaView, shape: str, variant: str | None, value: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Every (type, id) that the members of ``value``, an object of ``shape`` in wire form, refer to."""
    collected: list[tuple[str, str]] = []

    def note(target: str, id: str) -> str:
        collected.append((target, id))
        return id

    with_references(schema, shape, variant, value, note)
    return iter(collected)


def with_references(
    schema: SchemaView, shape: str, variant: str | None, value: Mapping[str, Any], renamed: Callable[[str, str], str]
) -> dict[str, Any]:
    """``value`` with every reference replaced by ``renamed(type, id)``."""
    tag = value.get("@type")
    stated = schema.properties(shape, tag if isinstance(tag, str) else variant)
    return {
        name: _replaced(schema, stated[name]["type"], member, renamed) if name in stated else member
        for name, member in value.items()
    }


def _replaced(schema: SchemaView, type: Mapping[str, Any], value: Any, renamed: Callable[[str, str], str]) -> Any:
    kind = type["type"]
    if value is None:
        return None
    if kind == "objectId":
        return renamed(_target(type), value)
    if not isinstance(value, dict):
        return value
    if kind == "set" and type["class"]["type"] == "objectId":
        return {renamed(_target(type["class"]), id): mark for id, mark in value.items()}
    if kind == "object":
        return with_references(schema, type["objectName"], None, value, renamed)
    if kind == "objectList":
        return {key: with_references(schema, type["objectName"], None, item, renamed) for key, item in value.items()}
    if kind == "map":
        return {key: _replaced(schema, type["valueClass"], item, renamed) for key, item in value.items()}
    return value


def _target(type: Mapping[str, Any]) -> str:
    return str(type["objectName"]).removeprefix("x:").partition("/")[0]


def resolved(value: Any, created_ids: Mapping[str, str]) -> Any:
    """``value`` with every known ``#cid``, as a string or as a key, replaced by its id."""
    if isinstance(value, str):
        return created_ids.get(value[1:], value) if value.startswith("#") else value
    if isinstance(value, dict):
        return {resolved(key, created_ids): resolved(member, created_ids) for key, member in value.items()}
    return [resolved(member, created_ids) for member in value] if isinstance(value, list) else value
