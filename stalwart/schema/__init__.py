"""The declaration kit: objects are declared once, reading, writing, patching and documents follow (design 4).

Pure: neither I/O nor framework. The words of a declaration: ``prop`` and the property types in a class body
below ``Singleton``, ``Object``, ``Variant`` or ``Value``; ``Union`` puts variants together; ``collect`` finds
them all.
"""

from stalwart.schema.blocks import (
    Basic,
    Bearer,
    Cron,
    Daily,
    EnvironmentVariable,
    File,
    Hourly,
    HttpAuth,
    Nothing,
    PublicStringOptional,
    PublicText,
    Rate,
    SecretKey,
    SecretKeyOptional,
    SecretText,
    SecretTextOptional,
    Unauthenticated,
    Weekly,
)
from stalwart.schema.collect import collect
from stalwart.schema.containers import Map, Nested, ObjectList, Set
from stalwart.schema.expression import Expression, ExpressionMatch, ExpressionValue
from stalwart.schema.links import Reference, UniqueKey, combined_key, references, unique_keys
from stalwart.schema.property import REQUIRED, Property, prop
from stalwart.schema.property_type import PropertyType
from stalwart.schema.scalars import (
    BlobId,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    Float,
    Integer,
    LocalId,
    ObjectId,
    Size,
    Unsigned,
    UtcDateTime,
)
from stalwart.schema.strings import Secret, String
from stalwart.schema.union import Declaration, Union
from stalwart.schema.value import Object, Singleton, Value, Variant
from stalwart.schema.violations import MASK, ValidationFailed, Violation

__all__ = [
    "MASK",
    "REQUIRED",
    "Basic",
    "Bearer",
    "BlobId",
    "Boolean",
    "Cron",
    "Daily",
    "Declaration",
    "Duration",
    "Enum",
    "Enumeration",
    "EnvironmentVariable",
    "Expression",
    "ExpressionMatch",
    "ExpressionValue",
    "File",
    "Float",
    "Hourly",
    "HttpAuth",
    "Integer",
    "LocalId",
    "Map",
    "Nested",
    "Nothing",
    "Object",
    "ObjectId",
    "ObjectList",
    "Property",
    "PropertyType",
    "PublicStringOptional",
    "PublicText",
    "Rate",
    "Reference",
    "Secret",
    "SecretKey",
    "SecretKeyOptional",
    "SecretText",
    "SecretTextOptional",
    "Set",
    "Singleton",
    "Size",
    "String",
    "Unauthenticated",
    "Union",
    "UniqueKey",
    "Unsigned",
    "UtcDateTime",
    "ValidationFailed",
    "Value",
    "Variant",
    "Violation",
    "Weekly",
    "collect",
    "combined_key",
    "prop",
    "references",
    "unique_keys",
]
