"""Plans: one JSON object a line, each an operation on objects of one type (settings A.14).

``create`` makes objects, ``update`` patches one, ``destroy`` removes, ``upsert`` patches what is there by its natural
key and makes the rest, ``reconcile`` does that and then removes what the plan does not name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from stalwart.cli.settings.problems import Problem
from stalwart.cli.settings.schema_view import SchemaView, is_secret

_PLAIN = frozenset(("string", "number", "boolean", "enum", "utcDateTime", "objectId"))

KINDS = ("create", "update", "destroy", "upsert", "reconcile")
_MEMBERS = frozenset(("@type", "object", "matchOn", "scope", "value", "id", "ids"))


@frozen
class Step:
    """One operation of a plan; ``line`` is where it stands, ``value`` maps creation ids to objects, or is a patch."""

    line: int
    kind: str
    type: str
    variant: str | None
    value: Mapping[str, Any]
    ids: tuple[str, ...]
    match_on: tuple[str, ...]
    scope: Mapping[str, Any]

    def shown(self, key: str) -> str:
        """What people call an object of the plan: its name or description, with the key that the plan has for it."""
        found = self.value.get(key)
        members = found if isinstance(found, dict) else {}
        names = [members.get(name) for name in ("name", "description", *self.match_on)]
        name = next((name for name in names if isinstance(name, str) and name and name != key), None)
        return f"{name} ({key})" if name is not None else key

    @property
    def size(self) -> int:
        """How many objects it touches at least."""
        return len(self.ids) if self.kind == "destroy" else 1 if self.kind == "update" else len(self.value)


def read_plan(text: str, schema: SchemaView) -> list[Step]:
    """The steps of a plan, every line checked before anything is done."""
    steps = [_step(number, line, schema) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not steps:
        raise Problem("the plan is empty")
    return steps


def _step(number: int, line: str, schema: SchemaView) -> Step:
    def refuse(reason: str) -> Problem:
        return Problem(f"line {number} of the plan: {reason}")

    try:
        entry = json.loads(line)
    except ValueError as failure:
        raise refuse(f"not JSON: {failure}") from None
    if not isinstance(entry, dict):
        raise refuse("not a JSON object")
    kind = entry.get("@type")
    if kind not in KINDS:
        raise refuse(f"@type must be one of {', '.join(KINDS)}")
    if unknown := entry.keys() - _MEMBERS:
        raise refuse(f"unknown member {', '.join(sorted(unknown))}")
    try:
        type = schema.find(str(entry.get("object")))
    except Problem as problem:
        raise refuse(str(problem)) from None
    value, ids = entry.get("value") or {}, _ids(entry)
    if not isinstance(value, dict):
        raise refuse("value must be an object")
    if kind == "update" and not ids:
        if not schema.is_singleton(type.name):
            raise refuse("update needs the id")
        ids = ("singleton",)
    if kind == "destroy" and not ids:
        raise refuse("destroy needs id or ids")
    if kind in ("create", "upsert", "reconcile") and not all(isinstance(each, dict) for each in value.values()):
        raise refuse("value must map names to objects")
    match_on = _match_on(entry, schema, type.name)
    if kind in ("upsert", "reconcile") and not match_on:
        raise refuse(f"{type.name} has no natural key: name the properties in matchOn")
    return Step(number, kind, type.name, type.variant, value, ids, match_on, entry.get("scope") or {})


def _ids(entry: Mapping[str, Any]) -> tuple[str, ...]:
    given = entry.get("ids", entry.get("id"))
    if isinstance(given, str):
        return (given,)
    if isinstance(given, dict):
        return tuple(given)
    return tuple(map(str, given or ()))


def _match_on(entry: Mapping[str, Any], schema: SchemaView, type: str) -> tuple[str, ...]:
    given = entry.get("matchOn")
    return tuple(map(str, given)) if isinstance(given, (list, dict)) and given else natural_key(schema, type)


def natural_key(schema: SchemaView, type: str) -> tuple[str, ...]:
    """The properties that tell objects of ``type`` apart: the label, and the domain where that is part of a name.

    Without a label that a client sets, what is chosen once and for all; without that, every plain property.
    """
    properties = schema.properties(f"x:{type}")
    given = {name: made for name, made in properties.items() if made["update"] != "serverSet"}
    label = schema.label(type)
    if label in given:
        return (label, "domainId") if "domainId" in given and label in ("name", "selector") else (label,)
    chosen = [name for name, made in given.items() if made["update"] == "immutable" and not is_secret(made["type"])]
    return tuple(chosen or (name for name, made in given.items() if made["type"]["type"] in _PLAIN))


def merged(steps: Iterable[Step]) -> list[Step]:
    """The steps with neighbouring creates and upserts of one type made one, as the server takes many at once."""
    joined: list[Step] = []
    for step in steps:
        last = joined[-1] if joined else None
        if last is not None and _joins(last, step):
            joined[-1] = Step(
                last.line,
                last.kind,
                last.type,
                last.variant,
                {**last.value, **step.value},
                (),
                last.match_on,
                last.scope,
            )
        else:
            joined.append(step)
    return joined


def _joins(last: Step, step: Step) -> bool:
    same = (last.kind, last.type, last.variant, last.match_on, last.scope) == (
        step.kind,
        step.type,
        step.variant,
        step.match_on,
        step.scope,
    )
    return same and step.kind in ("create", "upsert") and not (last.value.keys() & step.value.keys())
