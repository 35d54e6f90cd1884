"""Creation references in the values of a ``/set``: ``#cid`` stands for the id of what ``cid`` made (RFC 8620 5.3).

Anywhere in a value, in the keys of objects, and as a step of a patch pointer (``mailboxIds/#m1``). Text that only looks
like a reference (``#ff0000``) stays as it is: where an id is wanted, the type of the property refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol


class CreatedIds(Protocol):
    """Where creation ids are looked up: ``call.Request``."""

    @property
    def created_ids(self) -> dict[str, str]: ...


def resolved(value: Any, request: CreatedIds) -> Any:
    """``value`` with every known ``#cid`` replaced by its id; a new value, the old one stays as it is."""
    return _resolved(value, request.created_ids) if request.created_ids else value


def _resolved(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, str):
        return ids.get(value[1:], value) if value.startswith("#") else value
    if isinstance(value, list):
        return [_resolved(each, ids) for each in value]
    if isinstance(value, dict):
        return {_resolved_key(key, ids): _resolved(each, ids) for key, each in value.items()}
    return value


def _resolved_key(key: str, ids: dict[str, str]) -> str:
    if "#" not in key:
        return key
    return "/".join(_resolved(step, ids) for step in key.split("/"))


def mentioned(value: Any) -> Iterator[str]:
    """The creation ids that ``value`` seems to refer to, wherever they stand; some may come twice."""
    if isinstance(value, str):
        if value.startswith("#"):
            yield value[1:]
    elif isinstance(value, list):
        for each in value:
            yield from mentioned(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            for step in key.split("/"):
                yield from mentioned(step)
            yield from mentioned(each)
