"""All settings objects that are declared, by name: found in the modules of this package, listed nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from stalwart.schema import Declaration, Object, Singleton, Union, collect


@cache
def declarations() -> Mapping[str, Declaration]:
    """Type name to declaration, in alphabetical order."""
    found: list[Declaration] = [
        *collect("stalwart.config", (Singleton, Object)),
        *(union for union in collect("stalwart.config", Union) if isinstance(union, Union) and union.is_object),
    ]
    return MappingProxyType({made.type_name: made for made in sorted(found, key=lambda made: made.type_name)})
