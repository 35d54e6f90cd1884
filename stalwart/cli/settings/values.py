"""From words on a command line to wire values: the schema says what ``true``, ``5`` or ``a,b`` means (settings A.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stalwart.cli.settings.problems import Problem
from stalwart.cli.settings.schema_view import SchemaView, TypeView

_JSON_KINDS = ("object", "objectList", "map")


def fields(schema: SchemaView, type: TypeView, pairs: Sequence[str]) -> dict[str, Any]:
    """``--field name=value`` arguments as members of an object or a patch; a name may be a pointer."""
    members: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise Problem(f"{pair!r} must be name=value")
        stated = schema.type_of(f"x:{type.name}", type.variant, name)
        if stated is None and name != "@type":
            known = ", ".join(schema.properties(f"x:{type.name}", type.variant))
            raise Problem(f"{type.name} has no property {name!r}; it has: {known}")
        members[name] = text if stated is None else value(stated, text, name)
    return members


def value(stated: Mapping[str, Any], text: str, name: str) -> Any:
    """``text`` as a value of the type that the schema states for ``name``."""
    kind = stated["type"]
    if text == "null" and (stated.get("nullable") or kind in (*_JSON_KINDS, "set")):
        return None
    if kind == "boolean":
        return _boolean(text, name)
    if kind == "number":
        return _number(text, name, stated.get("format"))
    if kind == "set":
        return _set(stated, text, name)
    if kind in _JSON_KINDS:
        return _json(text, name)
    return text


def condition(schema: SchemaView, type: str, pairs: Sequence[str]) -> dict[str, Any]:
    """``--where name=value`` arguments as a filter; comparisons are names such as ``dueIsLessThan``."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise Problem(f"{pair!r} must be name=value")
        stated = schema.type_of(f"x:{type}", None, name.partition("Is")[0]) or {"type": "string"}
        found[name] = value(stated, text, name) if stated["type"] in ("boolean", "number") else text
    return found


def given_object(schema: SchemaView, type: TypeView, options: Any, stdin: Any) -> dict[str, Any]:
    """The object of ``create`` or the patch of ``update``: from ``--field``, ``--json``, ``--file`` or ``--stdin``."""
    ways = [bool(options.field), options.json_value is not None, options.file is not None, options.stdin]
    if sum(ways) != 1:
        raise Problem("give the values by --field name=value (repeatable), or one of --json, --file, --stdin")
    if options.field:
        return fields(schema, type, options.field)
    if options.json_value is not None:
        text, where = options.json_value, "--json"
    elif options.file is not None:
        text, where = read_file(options.file), options.file
    else:
        text, where = stdin.read(), "standard input"
    found = _json(text, where)
    if not isinstance(found, dict):
        raise Problem(f"{where} must hold one JSON object")
    return found


def read_file(path: str) -> str:
    """The text of a file."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as failure:
        raise Problem(f"{path} cannot be read: {getattr(failure, 'strerror', None) or 'it is not UTF-8'}") from None


def _boolean(text: str, name: str) -> bool:
    if text.lower() in ("true", "yes", "on", "1"):
        return True
    if text.lower() in ("false", "no", "off", "0"):
        return False
    raise Problem(f"{name} must be true or false, not {text!r}")


def _number(text: str, name: str, format: str | None) -> int | float:
    try:
        return float(text) if format == "float" else int(text)
    except ValueError:
        unit = {"duration": " of milliseconds", "size": " of bytes"}.get(format or "", "")
        raise Problem(f"{name} must be a number{unit}, not {text!r}") from None


def _set(stated: Mapping[str, Any], text: str, name: str) -> Any:
    if text.startswith("{"):
        return _json(text, name)
    return {member.strip(): True for member in text.split(",") if member.strip()}


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as failure:
        raise Problem(f"{where} is not JSON: {failure}") from None
