"""x:AccountPassword: how people change their own password and second factor (settings C.5, auth-api 3.3).

Every change needs the present password, and a code while there is a second factor; both are proved as in a sign-in, so
failures count as such. A new second factor is taken on only with a code that its device has made. Another password, or
no second factor any more, ends all sign-ins of the account but the one that asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config.identity.account_password import OtpAuth
from stalwart.config.settings import Settings
from stalwart.directory import account_records
from stalwart.directory.accounts import Accounts
from stalwart.directory.directory import Directory
from stalwart.directory.second_factor import use_code
from stalwart.directory.totp import InvalidUri, Totp
from stalwart.errors import Forbidden, Invalid, StalwartError
from stalwart.jmap.registry.external import check_internal
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.own_account import find_user, user
from stalwart.jmap.registry.proving import CODE, prove
from stalwart.schema import Declaration
from stalwart.store import Store, Transaction

_SINGLETON = encode_id(SINGLETON)
TO_CHANGE = "change the password or OTP auth"
NO_NEW_CODE = "A code of the new second factor is required to turn it on."
WRONG_NEW_CODE = "The code does not belong to the new second factor."


@frozen
class _Plan:
    """What a change comes to: a new ``hash``; whether the factor becomes ``uri``; the factor to prove with ``code``."""

    hash: str | None = None
    changes_factor: bool = False
    uri: str | None = None
    proof: Totp | None = None
    code: str = ""


@handles("AccountPassword")
class AccountPasswordHandler(Handler):
    """The password of the user and its second factor."""

    def __init__(
        self, declaration: Declaration, *, settings: Settings, accounts: Accounts, directory: Directory, store: Store
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._view: Any = declaration
        self._accounts = accounts
        self._directory = directory
        self._store = store

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The one object; what is not set is left out, as in the reference."""
        entry = find_user(tx, asking) if ids is None or SINGLETON in ids else None
        if entry is None:
            return []
        shown = self._seen(entry.value).to_wire()
        members = {name: shown[name] for name in ("secret", "otpAuth") if name in shown}
        return [{**members, "id": _SINGLETON}]

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Prove the present password, hash the new one."""
        for change in changes:
            if change.kind == "create" or (change.kind == "update" and change.key == _SINGLETON):
                try:
                    change.prepared = await self._planned(asking, change)
                except StalwartError as problem:
                    change.refused = problem

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """As an update: what is not given stays."""
        self.update(tx, asking, change)
        return SINGLETON, {}

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Write what was prepared."""
        user(tx, asking)
        plan: _Plan = change.prepared
        present = asking.access.session_id
        if plan.hash is not None:
            expiry = self._accounts.password_expiry()
            account_records.put_password(tx, asking.account_id, plan.hash, asking.now, expiry, spare=present)
        if plan.changes_factor:
            account_records.put_second_factor(tx, asking.account_id, plan.uri, asking.now, spare=present)
        if plan.proof is not None and not use_code(tx, asking.account_id, plan.proof, plan.code, int(asking.now)):
            raise Forbidden(WRONG_NEW_CODE, (CODE,))
        return None

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Who knows the former password only is out."""
        self._directory.forget(asking.account_id)
        return []

    async def _planned(self, asking: Asking, change: Change) -> _Plan:
        account = await self._store.read(lambda tx: self._account(tx, asking))
        before = self._seen(account)
        wanted = self._view.patched(before, change.data)
        secret = wanted.secret if wanted.secret not in (None, before.secret) else None
        uri, had = wanted.otp_auth.otp_url, before.otp_auth.otp_url
        changes_factor = _names_factor(change.data) and uri != had
        if secret is None and not changes_factor:
            return _Plan()
        await prove(self._directory, asking, wanted.current_secret, wanted.otp_auth.otp_code, TO_CHANGE)
        hash = None
        if secret is not None:
            hash = await self._accounts.stored_password(secret, (account.name, account.description or ""))
        totp = _totp(uri) if changes_factor and uri is not None else None
        if totp is None or had is not None:
            return _Plan(hash, changes_factor, uri)
        if not wanted.otp_auth.otp_code:
            raise Forbidden(NO_NEW_CODE, (CODE,))
        return _Plan(hash, changes_factor, uri, totp, wanted.otp_auth.otp_code)

    def _account(self, tx: Transaction, asking: Asking) -> Any:
        account = user(tx, asking)
        check_internal(tx, self.settings, asking.account_id, account, asking.memo)
        return account

    def _seen(self, account: Any) -> Any:
        password = next((one for one in account.credentials if one.tag == "Password"), None)
        if password is None:
            return self._view()
        return self._view(secret=password.secret, otp_auth=OtpAuth(otp_url=password.otp_auth))


def _names_factor(data: Mapping[str, Any]) -> bool:
    """Whether a patch says what the second factor shall be, rather than giving a code only."""
    whole = data.get("otpAuth")
    return "otpAuth/otpUrl" in data or (isinstance(whole, dict) and "otpUrl" in whole)


def _totp(uri: str) -> Totp:
    try:
        return Totp.from_uri(uri)
    except InvalidUri as problem:
        raise Invalid(f"The otpauth URL cannot be used: {problem}.", ("otpAuth",)) from None
