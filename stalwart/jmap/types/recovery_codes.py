"""x:RecoveryCodes: how many are left, and making new ones (auth-api 13.1).

New ones need the present password, and a code while there is a second factor, proved as in a sign-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config.settings import Settings
from stalwart.directory import passkey_records, recovery_codes
from stalwart.directory.directory import Directory
from stalwart.errors import Forbidden, StalwartError
from stalwart.jmap.registry.external import check_internal
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.own_account import find_user, user
from stalwart.jmap.registry.proving import prove
from stalwart.schema import Declaration
from stalwart.store import Store, Transaction

_SINGLETON = encode_id(SINGLETON)
TO_RENEW = "make new recovery codes"
NO_FACTOR = "There is no second factor that recovery codes could stand in for. Turn one on first."


@handles("RecoveryCodes")
class RecoveryCodesHandler(Handler):
    """The recovery codes of the user."""

    def __init__(self, declaration: Declaration, *, settings: Settings, directory: Directory, store: Store) -> None:
        super().__init__(declaration, settings=settings)
        self._view: Any = declaration
        self._directory = directory
        self._store = store

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The number of those that are left."""
        if (ids is not None and SINGLETON not in ids) or find_user(tx, asking) is None:
            return []
        return [{"remaining": recovery_codes.remaining(tx, asking.account_id), "id": _SINGLETON}]

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Prove the present password."""
        for change in changes:
            if change.kind == "create" or (change.kind == "update" and change.key == _SINGLETON):
                try:
                    change.prepared = await self._renews(asking, change)
                except StalwartError as problem:
                    change.refused = problem

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """As an update."""
        return SINGLETON, self.update(tx, asking, change) or {}

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Make new codes, if that was asked for, and tell them."""
        user(tx, asking)
        if not change.prepared:
            return None
        codes = recovery_codes.make_codes()
        recovery_codes.replace_codes(tx, asking.account_id, codes, asking.now)
        return {"remaining": len(codes), "codes": list(codes)}

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """No sign-in remembers codes."""
        return []

    async def _renews(self, asking: Asking, change: Change) -> bool:
        left = await self._store.read(lambda tx: self._left(tx, asking))
        wanted = self._view.patched(self._view(remaining=left), change.data)
        if not wanted.regenerate:
            return False
        await self._store.read(lambda tx: self._check_account(tx, asking))
        await prove(self._directory, asking, wanted.current_secret, wanted.otp_code, TO_RENEW)
        return True

    def _left(self, tx: Transaction, asking: Asking) -> int:
        user(tx, asking)
        return recovery_codes.remaining(tx, asking.account_id)

    def _check_account(self, tx: Transaction, asking: Asking) -> None:
        account = user(tx, asking)
        check_internal(tx, self.settings, asking.account_id, account, asking.memo)
        has_code = any(getattr(one, "otp_auth", None) is not None for one in account.credentials)
        if not has_code and not passkey_records.of_account(tx, asking.account_id):
            raise Forbidden(NO_FACTOR)
