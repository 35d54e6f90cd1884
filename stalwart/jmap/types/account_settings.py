"""x:AccountSettings: some members of one's own x:Account (settings C.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config import registry
from stalwart.config.identity.account import Account
from stalwart.config.settings import Settings
from stalwart.directory.directory import Directory
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.own_account import find_user, user
from stalwart.schema import Declaration
from stalwart.store import Transaction


@handles("AccountSettings")
class AccountSettingsHandler(Handler):
    """A view of the user; what is written goes through its declaration, and then that of the account."""

    def __init__(self, declaration: Declaration, *, settings: Settings, directory: Directory) -> None:
        super().__init__(declaration, settings=settings)
        self._view: Any = declaration
        self._directory = directory

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The one object, if there is such a user."""
        entry = find_user(tx, asking) if ids is None or SINGLETON in ids else None
        return [] if entry is None else [{**self._seen(entry.value).to_wire(), "id": encode_id(SINGLETON)}]

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Defaults and what is given replace what there is."""
        user(tx, asking)
        self._write(tx, asking, self._view.from_wire(change.data).to_stored())
        return SINGLETON, {}

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Apply a patch."""
        before = self._seen(user(tx, asking))
        self._write(tx, asking, self._view.patched(before, change.data).to_stored())
        return None

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Name and language are part of what a sign-in remembers."""
        self._directory.forget(asking.account_id)
        return []

    def _seen(self, account: Any) -> Any:
        attributes = (declared.attribute for declared in self._view.properties.values())
        return self._view(**{name: getattr(account, name) for name in attributes})

    def _write(self, tx: Transaction, asking: Asking, members: Mapping[str, Any]) -> None:
        registry.update(tx, Account, asking.account_id, members, now=asking.now)
