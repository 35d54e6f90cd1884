"""What follows from settings objects by their declarations, for a check of what the store has."""

from __future__ import annotations

from typing import Any

from stalwart.config.blob_places import FORMER
from stalwart.config.catalogue import declarations
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.index import index_rows
from stalwart.config.index_plan import plan
from stalwart.errors import StalwartError
from stalwart.schema import references, unique_keys
from stalwart.store.checks.check import Look
from stalwart.store.checks.registry import Described, described
from stalwart.store.rows import Row
from stalwart.store.sql.registry import SqlRegistry

_NOTHING = Described(frozenset(), frozenset(), None, None, "")
_OWN = frozenset((FORMER,))
"""Types without a declaration, which the server keeps for itself: nothing follows from their objects."""


def check_settings() -> Look:
    """A look at all settings objects that are declared; others say nothing."""
    sequential = [name for name, each in declarations().items() if each.stored and each.ids == "sequential"]
    return described(_describe, [name for name in sequential if not declarations()[name].is_singleton])


def _describe(registry: SqlRegistry, type: str, row: Row) -> Described | None:
    if type in _OWN:
        return _NOTHING
    declaration = declarations().get(type)
    if declaration is None or not declaration.stored:
        return None
    try:
        value: Any = declaration.from_stored(row.data)
        rows = index_rows(declaration, row.data)
    except (StalwartError, AttributeError, KeyError, TypeError, ValueError):
        return None
    links = [link for link in references(value) if link.binding and (link.type, link.id) != (type, row.id)]
    is_present = registry.index_forms().get(type, "") == plan(declaration).form
    address, kind = None, ""
    if type == Account.type_name:
        name = _name_of(registry, value.domain_id)
        if name:
            address, kind = f"{value.name}@{name}", value.tag.lower()
    return Described(
        frozenset((key.space, key.key) for key in unique_keys(value)),
        frozenset((link.type, link.id) for link in links),
        frozenset(rows) if is_present else None,
        address,
        kind,
    )


def _name_of(registry: SqlRegistry, domain_id: int) -> Any:
    """The name of a domain; None if it is not there, or cannot be read."""
    try:
        domain = registry.get(Domain.type_name, domain_id)
    except ValueError:
        return None
    return None if domain is None else domain.data.get("name")
