"""``stalwart-cli describe``: the settings types and enumerations of the server, in its own words."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from stalwart.cli.settings.command import command
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import Problem
from stalwart.cli.settings.schema_view import SchemaView
from stalwart.cli.settings.server import Server

EXAMPLES = """\
examples:
  stalwart-cli describe                 all types
  stalwart-cli describe Http            one type
  stalwart-cli describe Account/User    one variant
  stalwart-cli describe Permission      the names of an enumeration"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare the command."""
    made = command(commands, shared, "describe", "show types, properties and enumerations", work, EXAMPLES)
    made.add_argument("name", nargs="?", metavar="NAME", help="a type, a variant or an enumeration")
    made.add_argument("--json", dest="as_json", action="store_true", help="as JSON")


def work(options: argparse.Namespace, server: Server, output: Output) -> int:
    """Show the list or one entry."""
    schema = server.schema
    if options.name is None:
        kinds = [
            (name, schema.described(name)["type"], schema.described(name)["description"]) for name in schema.types()
        ]
        if output.as_json:
            for name, kind, text in kinds:
                output.json({"name": name, "type": kind, "description": text})
        else:
            output.rows(("type", "kind", "meaning"), kinds)
        return 0
    return _one(schema, options.name, output)


def _one(schema: SchemaView, name: str, output: Output) -> int:
    try:
        type = schema.find(name)
    except Problem:
        if _enum(schema, name, output) or _block(schema, name, output):
            return 0
        raise
    shape = f"x:{type.name}"
    if output.as_json:
        output.json(_document(schema, shape, type.variant))
        return 0
    described = schema.described(type.name)
    output.heading(f"{type.name} ({described['type']})")
    output.text(described["description"])
    for variant in _variants(schema, shape, type.variant):
        if variant is not None:
            output.text()
            output.heading(f"@type {variant}")
        _table(schema, shape, variant, output)
    return 0


def _enum(schema: SchemaView, name: str, output: Output) -> bool:
    found = schema.enum(name)
    if found is None:
        return False
    for member in found[1]:
        if output.as_json:
            output.json(member)
        else:
            output.text(member["name"] + (f"  {member['explanation']}" if member.get("explanation") else ""))
    return True


def _block(schema: SchemaView, name: str, output: Output) -> bool:
    shapes = {shape.removeprefix("x:").lower(): shape for shape in schema.document["schemas"]}
    shape = shapes.get(name.removeprefix("x:").lower())
    if shape is None:
        return False
    for variant in _variants(schema, shape, None):
        if variant is not None:
            output.heading(f"@type {variant}")
        if output.as_json:
            output.json(_document(schema, shape, variant))
        else:
            _table(schema, shape, variant, output)
    return True


def _variants(schema: SchemaView, shape: str, chosen: str | None) -> list[str | None]:
    """The variants to show; one that is none for a plain shape."""
    return [chosen] if chosen else [*schema.variants(shape)] or [None]


def _document(schema: SchemaView, shape: str, variant: str | None) -> dict[str, Any]:
    return {
        "name": shape.removeprefix("x:"),
        "variant": variant,
        "properties": dict(schema.properties(shape, variant)),
        "defaults": dict(schema.defaults(shape, variant)),
    }


def _table(schema: SchemaView, shape: str, variant: str | None, output: Output) -> None:
    defaults = schema.defaults(shape, variant)
    rows = [
        (name, words(made["type"]), _default(defaults, name), _when(made["update"]), made["description"])
        for name, made in schema.properties(shape, variant).items()
    ]
    if rows:
        output.rows(("property", "type", "default", "set", "meaning"), rows)


def words(stated: Mapping[str, Any]) -> str:
    """A type document in a few words."""
    kind = stated["type"]
    named = str(stated.get("enumName") or stated.get("objectName") or "").removeprefix("x:")
    if kind == "set":
        text = f"set of {words(stated['class'])}"
    elif kind == "map":
        text = f"map of {words(stated['keyClass'])} to {words(stated['valueClass'])}"
    elif kind == "objectList":
        text = f"list of {named}"
    elif kind == "objectId":
        text = f"id of {named}"
    else:
        text = named or str(stated.get("format") or kind)
    if stated.get("format") == "duration":
        text += " (ms)"
    return text + _bounds(stated) + (", or null" if stated.get("nullable") else "")


def _bounds(stated: Mapping[str, Any]) -> str:
    least = next((stated[name] for name in ("min", "minItems", "minLength") if name in stated), None)
    most = next((stated[name] for name in ("max", "maxItems", "maxLength") if name in stated), None)
    if least is None and most is None:
        return ""
    return f" {'' if least is None else least}..{'' if most is None else most}"


def _default(defaults: Mapping[str, Any], name: str) -> str:
    return json.dumps(defaults[name], ensure_ascii=False) if name in defaults else ""


def _when(update: str) -> str:
    return {"mutable": "", "immutable": "create", "serverSet": "server"}.get(update, update)
