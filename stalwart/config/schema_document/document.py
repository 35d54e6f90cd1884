"""The whole document: a JSON Schema that also has the members which the reference's clients read (settings B).

Its bytes depend on the declarations, and on two long lists that differ between computers: the time zones of the IANA
data there, the locales that Python knows. The same bytes have the same hash wherever they are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from stalwart.config.schema_document import json_schema
from stalwart.config.schema_document.enums import enum_entries
from stalwart.config.schema_document.fields import field_entries, schema_entries
from stalwart.config.schema_document.forms import form_entries
from stalwart.config.schema_document.layouts import layout_entries
from stalwart.config.schema_document.lists import list_entries
from stalwart.config.schema_document.objects import object_entries
from stalwart.config.schema_document.shapes import shapes
from stalwart.schema import Declaration


def schema_document(objects: Mapping[str, Declaration]) -> dict[str, Any]:
    """The document about ``objects``, which are ``catalogue.declarations()``."""
    found = shapes(objects)
    return {
        **json_schema.head(found),
        "objects": object_entries(found),
        "schemas": schema_entries(found),
        "fields": field_entries(found),
        "forms": form_entries(found),
        "lists": list_entries(found),
        "enums": enum_entries(found),
        "dashboards": [],
        "layouts": layout_entries(found),
        "$defs": json_schema.definitions(found),
    }


def document_bytes(objects: Mapping[str, Declaration]) -> bytes:
    """The document in compact JSON."""
    return msgspec.json.encode(schema_document(objects))


def document_hash(document: bytes) -> str:
    """What the document is addressed by: the SHA-256 of its bytes in lower-case hex."""
    return sha256(document).hexdigest()
