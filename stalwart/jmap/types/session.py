"""x:Session: where the user is signed in, and ending that (auth-api 13.1, RFC 7009).

Sessions begin at the sign-in page and are ended here or by the application. The recovery administrator, who has no
account, has sessions of his own too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.settings import Settings
from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.directory.directory import Directory
from stalwart.errors import Forbidden, NotFound
from stalwart.jmap.registry.filters import Condition, sort_name, unsupported_filter
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.own_account import find_user
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Listed, Results
from stalwart.provider.records import PENDING
from stalwart.schema import Declaration
from stalwart.store import SignIn, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_SESSION_ENDED

_SORTABLE = ("createdAt", "lastUsedAt", "expiresAt")


@handles("Session")
class SessionHandler(Handler):
    """The sign-ins of the user to applications."""

    def __init__(
        self, declaration: Declaration, *, settings: Settings, directory: Directory, telemetry: Telemetry
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._view: Any = declaration
        self._directory = directory
        self._telemetry = telemetry

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """Those that are not over; the newest if there are too many."""
        found = [one for one in _held(tx, asking) if ids is None or one.id in ids]
        return [{**self._seen(one, asking).to_wire(), "id": encode_id(one.id)} for one in found[-limit:]]

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """All, the newest first, or by one of the dates."""
        for condition in conditions:
            raise unsupported_filter(condition.name)
        found = _held(tx, asking)
        name = sort_name(comparator, _SORTABLE)
        if name == "lastUsedAt":
            found.sort(key=lambda one: one.used_at)
        elif name == "expiresAt":
            found.sort(key=lambda one: one.expires_at)
        if comparator is None or not comparator.is_ascending:
            found.reverse()
        return Listed([one.id for one in found])

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Refused."""
        raise Forbidden("A session begins when somebody signs in to an application.")

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Nothing can be changed, but what get returned may come back."""
        self._view.patched(self._seen(_one(tx, asking, change), asking), change.data)
        return None

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """End it."""
        change.prepared = _one(tx, asking, change)
        tx.sign_ins.delete(change.prepared.id)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Its tokens are void with the next request."""
        ended = [change.prepared for change in done if change.kind == "destroy"]
        if ended:
            self._directory.forget(asking.account_id)
        for one in ended:
            self._telemetry.emit(
                AUTH_SESSION_ENDED, accountId=asking.account_id, client=one.client, remoteIp=asking.client_ip
            )
        return []

    def _seen(self, one: SignIn, asking: Asking) -> Any:
        return self._view(
            client_id=one.client,
            client_name=one.data.get("clientName"),
            scope=frozenset(one.data.get("scope", ())),
            ip_address=one.data.get("ip") or None,
            user_agent=one.data.get("agent") or None,
            methods=frozenset(one.data.get("methods", ())),
            created_at=one.created_at,
            last_used_at=one.used_at,
            expires_at=one.expires_at,
            current=one.id == asking.access.session_id,
        )


def _held(tx: Transaction, asking: Asking) -> list[SignIn]:
    """The oldest first."""
    is_recovery = asking.account_id == RECOVERY_ACCOUNT == asking.access.account_id
    if not is_recovery and find_user(tx, asking) is None:
        return []
    found = tx.sign_ins.of_account(asking.account_id, int(asking.now))
    return [sign_in for sign_in in found if PENDING not in sign_in.data]


def _one(tx: Transaction, asking: Asking, change: Change) -> SignIn:
    for one in _held(tx, asking):
        if one.id == change.id:
            return one
    raise NotFound
