"""Equality of JSON values, where true is not 1 as it is in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def differing(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The members of ``new`` that ``old`` lacks or has with another value."""
    return {name: value for name, value in new.items() if name not in old or not same(value, old[name])}
