"""Values of events with their types beside them, as x:Trace and the live trace show them (telemetry 2).

Lists are objects with decimal keys, the registry's form of a list (settings A.1). What is given are values as
``fields.plain`` leaves them: masked, cut, without bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stalwart.telemetry.fields import Kind, kind_of, moment_text

_NAMES: Mapping[Kind, str] = {
    Kind.TRUTH: "Boolean",
    Kind.FRACTION: "Float",
    Kind.DURATION: "Duration",
    Kind.ADDRESS: "IpAddr",
}


def typed(kind: Kind, value: Any) -> dict[str, Any]:
    """``value`` of a field of this kind, e.g. ``{"@type": "IpAddr", "value": "192.0.2.7"}``.

    What is not of its kind (a number that is a word) is told as the text that it is.
    """
    if value is None:
        return {"@type": "Null"}
    if isinstance(value, (list, tuple)):
        return {"@type": "List", "value": numbered(typed(Kind.TEXT, item) for item in value)}
    if kind is Kind.MOMENT:
        return {"@type": "UTCDateTime", "value": value if isinstance(value, str) else moment_text(value)}
    if kind is Kind.ADDRESS or (kind is Kind.TRUTH and isinstance(value, bool)):
        return {"@type": _NAMES[kind], "value": value}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(kind, value)
    return {"@type": "String", "value": str(value)}


def key_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """All values of an event, in their order: ``{"0": {"key": ..., "value": ...}, ...}``."""
    return numbered({"key": key, "value": typed(kind_of(key), value)} for key, value in values.items())


def numbered(items: Iterable[Any]) -> dict[str, Any]:
    """A list in the registry's form."""
    return {str(number): item for number, item in enumerate(items)}


def _number(kind: Kind, value: float) -> dict[str, Any]:
    if kind is Kind.NUMBER or kind is Kind.TEXT:
        if isinstance(value, float):
            return {"@type": "Float", "value": value}
        return {"@type": "UnsignedInt" if value >= 0 else "Integer", "value": value}
    if kind is Kind.DURATION:
        return {"@type": "Duration", "value": max(0, round(value))}
    return {"@type": _NAMES.get(kind, "Float"), "value": value}
