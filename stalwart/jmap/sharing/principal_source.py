"""Principals as the standard methods see them: accounts that somebody may know (RFC 9670 2).

He may know those whom DAV shows him too (``groupware.principals``), and those with whom he shares something. Which
accounts there are is in the registry, which has no log: changes are told only where there are none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.sharing import Sharing
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.groupware.granting import is_within_reach
from stalwart.groupware.homes import Home
from stalwart.groupware.principals import Seeker
from stalwart.jmap import capabilities
from stalwart.jmap.calendars.capability import CALENDARS
from stalwart.jmap.capabilities import Audience
from stalwart.jmap.session import account_object
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.filters import predicate
from stalwart.jmap.standard.source import Difference, Found, Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Listed, Window
from stalwart.store import Row
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

_ANYBODY: Final = "sysAccountQuery"
_COSTLY: Final = frozenset(("capabilities", "accounts"))


@frozen
class PrincipalSource:
    """``Source`` over the accounts of the registry; the services ``settings`` and ``base_url`` are asked."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        return tx.registry.changes(Account.type_name) + tx.registry.changes(Domain.type_name)

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        found: Found = []
        for home, row in self._known(tx, asking, ids):
            if len(found) == limit:
                break
            found.append((home.account_id, self._shown(tx, asking, home, row, names)))
        return found

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        state = self.state(tx, asking)
        if since.number != state:
            return None
        return Changes((), (), (), state, state, has_more=False, only_counts=False, origin=state)

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        raise NotImplementedError("principals are accounts")

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        raise NotImplementedError("principals are accounts")

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        raise NotImplementedError("principals are accounts")

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        raise NotImplementedError("principals are accounts")

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        matches = predicate(query.filter, asking.declared.conditions)
        results = [
            home.account_id
            for home, row in self._known(tx, asking, None)
            if matches({"id": encode_id(home.account_id), **self._shown(tx, asking, home, row, query.names)})
        ]
        return QueryAnswer(window.cut(Listed(results)), can_calculate_changes=False)

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        return None

    def _known(self, tx: Transaction, asking: Asking, ids: Collection[int] | None) -> Iterable[tuple[Home, Row]]:
        access = asking.access
        everywhere = asking.services["settings"].of(Sharing).allow_directory_queries or access.may(_ANYBODY)
        seeker = Seeker(access.account_id, access.login, access.tenant_id, everywhere)
        met = {*access.account_ids, *tx.shares.grantees(access.account_id)}
        return self._all(tx, seeker, met) if ids is None else seeker.some(tx, ids, met)

    def _all(self, tx: Transaction, seeker: Seeker, met: set[int]) -> Iterator[tuple[Home, Row]]:
        seen = set()
        for home, row in seeker.everybody(tx):
            seen.add(home.account_id)
            yield home, row
        yield from seeker.some(tx, sorted(met - seen), met)

    def _shown(self, tx: Transaction, asking: Asking, home: Home, row: Row, names: Collection[str]) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "type": "group" if home.is_group else "individual",
            "name": row.data.get("description") or home.address,
            "description": None,
            "email": home.address,
            "timeZone": row.data.get("timeZone"),
        }
        if not _COSTLY.isdisjoint(names):
            shown["capabilities"] = _capabilities(tx, asking, home)
            shown["accounts"] = _accounts(asking, home)
        return shown


def _capabilities(tx: Transaction, asking: Asking, home: Home) -> Mapping[str, Any]:
    """What can be done about a principal (draft-ietf-jmap-calendars 2)."""
    access = asking.access
    if not access.may("jmapCalendarGet"):
        return {}
    calendars = {
        "accountId": encode_id(home.account_id) if home.account_id in access.account_ids else None,
        "mayGetAvailability": access.may("jmapPrincipalGetAvailability"),
        "mayShareWith": home.account_id != access.account_id
        and is_within_reach(tx, access.account_id, home.account_id),
        "calendarAddress": f"mailto:{home.address}",
    }
    return {CALENDARS: calendars}


def _accounts(asking: Asking, home: Home) -> Mapping[str, Any] | None:
    """The accounts with data of a principal that who asks sees; null if there are none."""
    access, services = asking.access, asking.services
    if home.account_id not in access.account_ids:
        return None
    audience = Audience(services["settings"], services["base_url"], access, home.account_id)
    held = [each for each in capabilities.collected() if each.is_for(access)]
    return {encode_id(home.account_id): account_object(audience, home.address, held)}
