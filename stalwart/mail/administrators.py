"""Who is in charge of a domain: the account that gets mail for which somebody has to be there, such as postmaster's.

A tenant has administrators of its own; the server's are there for everybody. Accounts are not found by their roles, so
they are looked through, and on a large server what was found is remembered for a while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config.identity.authentication import Authentication
from stalwart.config.settings import Settings
from stalwart.store import Row, Transaction

REMEMBERED = 60.0
"""Seconds."""
PAGE = 500
"""Accounts that are read at once; where there are more, what was found is remembered."""
_ACCOUNT = "Account"


@frozen
class _Found:
    """The account that was found, None for nobody; it is not looked for again before ``until``."""

    id: int | None
    until: float


class Administrators:
    """Finds accounts with the role Admin, or with all the roles that it stands for."""

    def __init__(self, settings: Settings, clock: Any) -> None:
        self._settings = settings
        self._clock = clock
        self._found: dict[int | None, _Found] = {}

    def first(
        self,
        tx: Transaction,
        tenant_id: int | None,
        may: Callable[[Row], bool],
        has_room: Callable[[int], bool],
    ) -> Row | None:
        """The oldest one who ``may`` and has room, the tenant's before the server's; if nobody has, one without room.

        Called in threads.
        """
        known = self._found.get(tenant_id)
        if known is not None and known.until > self._clock.seconds():
            row = None if known.id is None else tx.registry.get(_ACCOUNT, known.id)
            if row is None and known.id is None:
                return None
            if row is not None and self._is_one(row.data) and _is_for(row.data, tenant_id) and may(row):
                return row
        chosen: Row | None = None
        for row in self._all(tx, tenant_id):
            if may(row):
                if has_room(row.id):
                    chosen = row
                    break
                chosen = chosen or row
        if tx.registry.count(_ACCOUNT) > PAGE:
            self._found[tenant_id] = _Found(None if chosen is None else chosen.id, self._clock.seconds() + REMEMBERED)
        return chosen

    def _all(self, tx: Transaction, tenant_id: int | None) -> Iterator[Row]:
        others = []
        for row in _accounts(tx):
            if self._is_one(row.data) and _is_for(row.data, tenant_id):
                if tenant_id is not None and row.data.get("memberTenantId") is None:
                    others.append(row)
                else:
                    yield row
        yield from others

    def _is_one(self, data: Mapping[str, Any]) -> bool:
        roles = data.get("roles") or {}
        if roles.get("@type") == "Admin":
            return True
        wanted = self._settings.of(Authentication).default_admin_role_ids
        held = roles.get("roleIds") or {}
        return roles.get("@type") == "Custom" and bool(wanted) and {encode_id(id) for id in wanted} <= held.keys()


def _accounts(tx: Transaction) -> Iterator[Row]:
    page = tx.registry.list(_ACCOUNT, limit=PAGE)
    while page:
        yield from page
        page = tx.registry.list(_ACCOUNT, page[-1].id, PAGE) if len(page) == PAGE else []


def _is_for(data: Mapping[str, Any], tenant_id: int | None) -> bool:
    """Whether an administrator may see what belongs to a tenant, or to none."""
    own = data.get("memberTenantId")
    return own is None or (tenant_id is not None and own == encode_id(tenant_id))
