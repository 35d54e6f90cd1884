"""How each type states itself in the schema document (settings B)."""

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema import (
    BlobId,
    Boolean,
    Duration,
    Enum,
    Expression,
    Float,
    Integer,
    LocalId,
    Map,
    Nested,
    ObjectId,
    ObjectList,
    Rate,
    Secret,
    SecretKey,
    Set,
    Size,
    String,
    Unsigned,
    UtcDateTime,
)
from stalwart.schema.property_type import PropertyType
from tests.schema.samples import COLOUR

STATED: dict[str, tuple[PropertyType, dict[str, Any]]] = {
    "string": (String(), {"type": "string", "format": "string"}),
    "bounded_string": (
        String("uri", min_length=1, max_length=9, nullable=True),
        {"type": "string", "format": "uri", "minLength": 1, "maxLength": 9, "nullable": True},
    ),
    "domain": (String("domainName"), {"type": "string", "format": "string"}),
    "secret": (Secret(), {"type": "string", "format": "secret"}),
    "secret_text": (Secret("secretText"), {"type": "string", "format": "secretText"}),
    "boolean": (Boolean(), {"type": "boolean"}),
    "integer": (Integer(min=-1), {"type": "number", "format": "integer", "min": -1}),
    "unsigned": (Unsigned(max=9), {"type": "number", "format": "unsignedInteger", "max": 9}),
    "size": (Size(), {"type": "number", "format": "size"}),
    "duration": (Duration(nullable=True), {"type": "number", "format": "duration", "nullable": True}),
    "float": (Float(), {"type": "number", "format": "float"}),
    "date": (UtcDateTime(), {"type": "utcDateTime"}),
    "enum": (Enum(COLOUR), {"type": "enum", "enumName": "Colour"}),
    "blob": (BlobId(), {"type": "blobId"}),
    "reference": (ObjectId("Domain"), {"type": "objectId", "objectName": "x:Domain"}),
    "reference_to_a_variant": (
        ObjectId("Account", variant="Group"),
        {"type": "objectId", "objectName": "x:Account/Group"},
    ),
    "local_id": (LocalId(), {"type": "string", "format": "string"}),
    "object": (Nested(Rate, nullable=True), {"type": "object", "objectName": "x:Rate", "nullable": True}),
    "union": (Nested(SecretKey), {"type": "object", "objectName": "x:SecretKey"}),
    "list": (ObjectList(Rate, min_items=1), {"type": "objectList", "objectName": "x:Rate", "minItems": 1}),
    "set": (Set(Boolean(), max_items=3), {"type": "set", "class": {"type": "boolean"}, "maxItems": 3}),
    "map": (
        Map(Enum(COLOUR), Size(), min_items=1),
        {
            "type": "map",
            "keyClass": {"type": "enum", "enumName": "Colour"},
            "valueClass": {"type": "number", "format": "size"},
            "minItems": 1,
        },
    ),
    "expression": (Expression(frozenset()), {"type": "object", "objectName": "x:Expression"}),
}


class DocumentTests(SynchronousTestCase):
    """One method a type."""


def _states(kind: PropertyType, wanted: dict[str, Any]) -> Callable[[DocumentTests], None]:
    return lambda self: self.assertEqual(kind.document(), wanted)


for _name, (_kind, _wanted) in STATED.items():
    setattr(DocumentTests, f"test_{_name}_is_stated", _states(_kind, _wanted))
