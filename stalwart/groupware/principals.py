"""Accounts as principals: what they are called, who belongs to a group, whom somebody may look up (RFC 3744 2, 4).

Everybody may look up who shares his tenant; unless the settings let accounts look each other up, only those of his own
domain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from attrs import frozen

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config.identity.account import Account
from stalwart.groupware.homes import Home
from stalwart.store import Row, Transaction

PAGE: Final = 500
"""Accounts that are looked at in one reading."""
MOST_LOOKED_AT: Final = 20_000
"""Accounts that one search looks at."""


def account_name(tx: Transaction, home: Home) -> str:
    """What people call an account: its full name, or its address."""
    row = tx.registry.get(Account.type_name, home.account_id)
    return _named(row) or home.address


def groups_of(tx: Transaction, account_id: int) -> list[int]:
    """The groups that an account belongs to."""
    row = tx.registry.get(Account.type_name, account_id)
    return sorted(map(decode_id, (row.data.get("memberGroupIds") or {}) if row is not None else ()))


def members_of(tx: Transaction, group_id: int, limit: int) -> list[int]:
    """The accounts that belong to a group, at most so many."""
    linked = tx.registry.linked_from(Account.type_name, group_id)
    ids = [id for type, id in linked if type == Account.type_name and id != group_id][:limit]
    wanted = encode_id(group_id)
    rows = tx.registry.many(Account.type_name, ids)
    return [id for id, row in rows.items() if wanted in (row.data.get("memberGroupIds") or {})]


@frozen
class Seeker:
    """Somebody who looks others up: ``everywhere`` in his tenant, or in his own domain only."""

    account_id: int
    address: str
    tenant_id: int | None
    everywhere: bool

    def page(
        self, tx: Transaction, after: int, matches: Iterable[tuple[str, ...]], every: bool
    ) -> tuple[list[int], int | None]:
        """The accounts of a page that he may know and whose name or address has the texts of ``matches`` in it, every
        one or any (one of several texts each time), and where the next page begins.
        """
        rows = tx.registry.list(Account.type_name, after, PAGE)
        folded = [tuple(text.casefold() for text in each) for each in matches]
        judge = all if every else any
        found = []
        for row in rows:
            if self._may_know(row):
                known = (_named(row) or row.data["name"]).casefold(), row.data["name"].casefold()
                if judge(any(text in name for text in texts for name in known) for texts in folded):
                    found.append(row.id)
        return found, rows[-1].id if len(rows) == PAGE else None

    def everybody(self, tx: Transaction) -> Iterator[tuple[Home, Row]]:
        """All that he may know, with what the registry has of them; ``MOST_LOOKED_AT`` are looked at."""
        after: int | None = -1
        for _ in range(MOST_LOOKED_AT // PAGE):
            if after is None:
                return
            rows = {row.id: row for row in tx.registry.list(Account.type_name, after, PAGE)}
            wanted = [id for id, row in rows.items() if self._may_know(row)]
            for home in self.known(tx, wanted):
                yield home, rows[home.account_id]
            after = max(rows) if len(rows) == PAGE else None

    def some(self, tx: Transaction, account_ids: Iterable[int], met: Collection[int]) -> list[tuple[Home, Row]]:
        """Those of the accounts that he may know, or has ``met``."""
        rows = tx.registry.many(Account.type_name, account_ids)
        wanted = [id for id, row in rows.items() if self._may_know(row)]
        homes = {home.account_id: home for home in self.known(tx, wanted)}
        for row in tx.accounts.many([id for id in rows if id in met and id not in homes]).values():
            homes[row.id] = Home(row.id, row.login, row.kind == "group")
        return [(homes[id], row) for id, row in rows.items() if id in homes]

    def known(self, tx: Transaction, account_ids: Iterable[int]) -> list[Home]:
        """Those of the accounts that have homes and that he may know, with an address of his domain where only that is
        his.
        """
        domain = self.address.rpartition("@")[2]
        return [
            Home(row.id, row.login, row.kind == "group")
            for row in tx.accounts.many(account_ids).values()
            if self.everywhere or row.login.rpartition("@")[2] == domain
        ]

    def _may_know(self, row: Row) -> bool:
        tenant = row.data.get("memberTenantId")
        return (None if tenant is None else decode_id(tenant)) == self.tenant_id


def _named(row: Row | None) -> str | None:
    return (row.data.get("description") or None) if row is not None else None
