"""The finished document: bytes, the same compressed, and the hash that is part of its address (settings B).

A valid JSON Schema 2020-12 that also carries the members by which the reference's programs build their forms.
"""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

import msgspec
from attrs import frozen

from stalwart.config.schema_doc import editing, fields, json_schema
from stalwart.config.schema_doc.shapes import enumerations, shapes


@frozen
class SchemaDocument:
    """``hash`` is the lower-case hex SHA-256 of ``text``."""

    text: bytes
    compressed: bytes
    hash: str


def build() -> SchemaDocument:
    """The document of what is declared; takes some tenths of a second, so not for the reactor."""
    text = msgspec.json.encode(members())
    return SchemaDocument(text, gzip.compress(text, 9, mtime=0), hashlib.sha256(text).hexdigest())


def members() -> dict[str, Any]:
    """The document before it is written."""
    described = shapes()
    enums = enumerations(described)
    return {
        **json_schema.root(),
        "objects": fields.objects(),
        "schemas": fields.schemas(described),
        "fields": fields.fields(described),
        "forms": editing.forms(described),
        "lists": editing.lists(),
        "enums": fields.enums(enums),
        "dashboards": [],
        "layouts": editing.layouts(),
        "$defs": json_schema.definitions(described, enums),
    }
