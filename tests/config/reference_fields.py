"""The fields of ``reference_fields*.txt`` as values: what declarations are compared with (settings C)."""

import json
import re
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

_CASE = re.compile(r"if `(.*?)` then `(.*?)`")
_ELSE = re.compile(r"else `(.*?)`$")


@frozen
class Field:
    """A field: its type in a few words, its default in wire form (None: none), bounds, who may write it."""

    type: str
    default: Any
    least: int | None = None
    most: int | None = None
    update: str = "mutable"


def reference_fields(name: str = "reference_fields.txt") -> dict[tuple[str, str], dict[str, Field]]:
    """(Object, variant or "") to its fields by name, from the file ``name`` of this folder."""
    found: dict[tuple[str, str], dict[str, Field]] = {}
    for line in Path(__file__).with_name(name).read_text().splitlines()[2:]:
        if line.startswith("## "):
            object, _, variant = line[3:].partition(" ")
            fields = found.setdefault((object, variant), {})
        elif line:
            name, type, default, constraint = (*line.split(" | "), "", "", "")[:4]
            fields[name] = _constrained(Field(type, _default(type, default)), constraint)
    return found


def _default(type: str, text: str) -> Any:
    """The default that a cell states, in wire form."""
    if not text:
        return None
    if type == "Expression":
        return _expression(text)
    names = re.findall(r"`([^`]*)`", text)
    if type.startswith("set "):
        return dict.fromkeys(names, True)
    if names:
        return json.loads(names[0]) if names[0].startswith("{") else names[0]
    return json.loads(text.split(" (")[0])


def _expression(text: str) -> dict[str, Any]:
    """``if `a` then `b` ; else `c```; the port of a listener says what it is for (design 8)."""
    text = text.replace("local_port == 25", "role == 'mx'").replace("local_port != 25", "role == 'submission'")
    match = {str(at): {"if": condition, "then": then} for at, (condition, then) in enumerate(_CASE.findall(text))}
    otherwise = _ELSE.search(text)
    assert otherwise is not None, text
    return {"match": match, "else": otherwise[1]}


def _constrained(field: Field, text: str) -> Field:
    for part in filter(None, text.split(", ")):
        if part in ("RO", "create-only"):
            field = evolve(field, update={"RO": "serverSet", "create-only": "immutable"}[part])
        elif bounds := re.fullmatch(r"(-?\d+)\.\.(\d+)", part):
            field = evolve(field, least=int(bounds[1]), most=int(bounds[2]))
        elif least := re.fullmatch(r">=(\d+)|min (\d+) item", part):
            field = evolve(field, least=int(least[1] or least[2]))
        else:
            most = re.fullmatch(r"<=(\d+)(?: bytes)?", part)
            assert most is not None, part
            field = evolve(field, most=int(most[1]))
    return field
