"""The data type Principal (RFC 9670 2): get, changes, query, queryChanges, set; people and groups of this server.

They are made and changed as x:Account; here nobody may.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.sharing.capability import PRINCIPALS
from stalwart.jmap.sharing.principal_source import PrincipalSource
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.containers import ListOf, MapOf
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.property import computed
from stalwart.jmap.standard.rules import Rules
from stalwart.jmap.standard.scalars import Id, Json, Nullable, String

_TEXT = String(most=1000)


def _has(*names: str) -> Condition:
    """A condition that one of these properties has a text in it."""

    def matches(principal: Mapping[str, Any], text: str) -> bool:
        wanted = text.casefold()
        return any(wanted in (principal[name] or "").casefold() for name in names)

    return Condition(_TEXT, matches, names)


def _owns(principal: Mapping[str, Any], ids: list[str]) -> bool:
    """Whether one of the accounts that can be seen belongs to the principal."""
    return not set(principal["accounts"] or ()).isdisjoint(ids)


class PrincipalRules(Rules):
    """Nobody changes anything."""

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, SetRefused]:
        refused = SetRefused("forbidden", "Principals are changed as accounts, by those who may.")
        return dict.fromkeys((*arguments.create, *arguments.update, *arguments.destroy), refused)


PRINCIPAL = DataType(
    Declaration(
        name="Principal",
        capability=PRINCIPALS,
        properties={
            "type": computed(String()),
            "name": computed(String()),
            "description": computed(Nullable(String())),
            "email": computed(Nullable(String())),
            "timeZone": computed(Nullable(String())),
            "capabilities": computed(MapOf(String(), Json())),
            "accounts": computed(Nullable(MapOf(Id(), Json()))),
        },
        conditions={
            "accountIds": Condition(ListOf(Id()), _owns, ("accounts",)),
            "email": _has("email"),
            "name": _has("name"),
            "text": _has("name", "email", "description"),
            "type": Condition(_TEXT, lambda principal, type: principal["type"] == type, ("type",)),
            "timeZone": Condition(_TEXT, lambda principal, zone: principal["timeZone"] == zone, ("timeZone",)),
        },
    ),
    source=PrincipalSource(),
    rules=PrincipalRules(),
    services=("settings", "base_url"),
)
