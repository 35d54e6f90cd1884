"""The schema document of the product, made once for all tests, and validators of its parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.document import document_bytes
from stalwart.config.schema_document.shapes import Shapes, shapes


@cache
def document() -> dict[str, Any]:
    """The document as a client reads it."""
    read: dict[str, Any] = json.loads(document_bytes(declarations()))
    return read


@cache
def found() -> Shapes:
    """What it is about."""
    return shapes(declarations())


@cache
def validator(name: str | None = None) -> Draft202012Validator:
    """Checks values against the root, or against one entry of ``$defs``."""
    definitions = {"$defs": document()["$defs"]}
    root = {"anyOf": document()["anyOf"]} if name is None else {"$ref": f"#/$defs/{name}"}
    return Draft202012Validator({**root, **definitions})


def inside(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every JSON object in ``value`` with its path."""
    if isinstance(value, dict):
        yield path, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from inside(member, (*path, str(name)))
