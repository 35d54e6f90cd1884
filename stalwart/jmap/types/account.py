"""x:Account: users and groups (settings C.5, A.8).

Beside the declaration: passwords are hashed, grants bounded, app passwords and API keys left to their users, the
object store's row and the credential cache kept in step. Another password, a second factor that is gone and a right to
sign in that is taken away end the sign-ins of the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.config import registry
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.credentials import Password
from stalwart.config.settings import Settings
from stalwart.directory import account_records
from stalwart.directory.accounts import Accounts
from stalwart.directory.directory import Directory
from stalwart.directory.identity import find_by_id
from stalwart.directory.totp import InvalidUri, Totp
from stalwart.errors import StalwartError
from stalwart.groupware.granting import part_ways
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry import passwords
from stalwart.jmap.registry.external import check_internal
from stalwart.jmap.registry.grants import Grants
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.last_administrator import check_own_way_in, check_somebody_left, has_more, is_administrator
from stalwart.jmap.registry.waking import Wakeable
from stalwart.jmap.standard.asking import number_of
from stalwart.schema import Declaration
from stalwart.store import Row, Store, Transaction
from stalwart.tasks.scheduling import schedule_destroy

_RESTORED = "restore-"
_IDS = (1 << 32) - 1  # an account id has 32 bits, and the last is the recovery administrator's


@handles("Account")
class AccountHandler(Handler):
    """Users and groups."""

    def __init__(
        self,
        declaration: Declaration,
        *,
        settings: Settings,
        accounts: Accounts,
        directory: Directory,
        store: Store,
        tasks: Wakeable,
        mode: str,
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._accounts = accounts
        self._directory = directory
        self._store = store
        self._tasks = tasks
        self._mode = mode

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """Used octets and the address, both of the object store's row."""
        if not (asking.wants("usedDiskQuota") or asking.wants("emailAddress")):
            return
        rows = tx.accounts.many([id for id, _ in found])
        for id, members in found:
            if id in rows:
                members["usedDiskQuota"] = rows[id].used_octets
                members["emailAddress"] = rows[id].login

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Hash what is not a hash yet."""
        new = list(passwords.places(changes))
        passwords.set_expiry(new, self._accounts.password_expiry())
        clear = passwords.clear(new)
        if clear:
            await passwords.hash_all(clear, self._accounts, await self._known(clear))

    def store_new(self, tx: Transaction, asking: Asking, change: Change, data: dict[str, Any]) -> registry.Entry:
        """Write the account and the object store's row."""
        entry = account_records.insert(tx, data, asking.now, self._chosen_id(change), by_server=False)
        _raise(change.prepared)
        return entry

    def store_patched(self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry) -> registry.Entry:
        """Write the account and, if it moves, the object store's row."""
        entry = super().store_patched(tx, asking, change, former)
        _raise(change.prepared)
        account_records.moved(tx, entry.id, former.value, entry.value)
        return entry

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Grants and credentials."""
        before, account = former.value if former is not None else None, entry.value
        grants = Grants(tx, asking, self.settings)
        grants.check_account(before, account)
        held = getattr(before, "credentials", ())
        credentials = getattr(account, "credentials", ())
        if credentials != held:
            if before is not None:
                grants.check_takeover(before)
            _check_generated(held, credentials)
            _check_second_factor(held, credentials)
            check_internal(tx, self.settings, entry.id, account, asking.memo)
        if before is not None and before.member_tenant_id != account.member_tenant_id:
            part_ways(tx, entry.id)
        if before is not None and account.tag == "User":
            account_records.password_changed(tx, entry.id, before, account, asking.access.session_id)
            if _rights(before) != _rights(account):
                self._end_if_locked_out(tx, entry.id)
                self._check_last(tx, asking, entry.id, before)
            check_own_way_in(tx, asking, entry.id, self.settings.of(Authentication))

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Remove the account with what belongs to it alone; its data go in the background."""
        assert change.id is not None
        former = self.existing(tx, asking, change.id)
        schedule_destroy(tx, change.id, asking.now)
        account_records.remove(tx, change.id)
        self._check_last(tx, asking, change.id, former.value)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Their next requests are checked again; the data of those that are gone begin to go."""
        for change in done:
            assert change.id is not None
            self._directory.forget(change.id)
        if any(change.kind == "destroy" for change in done):
            self._tasks.wake()
        return []

    def _check_last(self, tx: Transaction, asking: Asking, account_id: int, former: Any) -> None:
        """Raises ``SetRefused`` if the account was an administrator and there is none any more."""
        authentication = self.settings.of(Authentication)
        was = former.member_tenant_id is None and has_more(former)
        if was and not is_administrator(tx, account_id, authentication):
            check_somebody_left(tx, asking, authentication)

    def _end_if_locked_out(self, tx: Transaction, account_id: int) -> None:
        """Nobody is signed in any more whose right to is taken away, also after it is given back."""
        identity = find_by_id(tx, account_id, self.settings.of(Authentication))
        if identity is None or "authenticate" not in identity.permissions:
            tx.sign_ins.delete_of_account(account_id)

    def _chosen_id(self, change: Change) -> int | None:
        """In recovery mode the creation id ``restore-77`` asks for the id 77 (settings A.10)."""
        text = change.key.removeprefix(_RESTORED)
        if self._mode != "recovery" or text == change.key:
            return None
        if not (text.isascii() and text.isdecimal() and 0 < int(text[:11]) < _IDS):
            raise SetRefused("invalidProperties", "An account cannot have this id.", ("id",))
        return int(text)

    async def _known(self, places: Sequence[passwords.Place]) -> dict[str, list[str]]:
        """Words of each account that its password should not be made of."""
        changes = {place.change.key: place.change for place in places}
        stored = await self._stored([change for change in changes.values() if change.kind == "update"])
        return {key: _words(stored.get(key, {}), change.data) for key, change in changes.items()}

    async def _stored(self, changes: Sequence[Change]) -> dict[str, dict[str, Any]]:
        numbers = {change.key: number for change in changes if (number := number_of(change.key)) is not None}
        if not numbers:
            return {}
        rows: dict[int, Row] = await self._store.read(lambda tx: tx.registry.many(self.type, numbers.values()))
        return {key: rows[number].data for key, number in numbers.items() if number in rows}


def _words(*sources: dict[str, Any]) -> list[str]:
    found = [source.get(name) for source in sources for name in ("name", "description")]
    return [text for text in found if isinstance(text, str)]


def _rights(account: Any) -> tuple[Any, ...]:
    return account.roles, account.permissions, account.member_tenant_id


def _raise(problem: StalwartError | None) -> None:
    if problem is not None:
        raise problem


def _check_generated(held: Sequence[Any], credentials: Sequence[Any]) -> None:
    """App passwords and API keys can be taken away here, not made or changed."""
    known = {one.credential_id: one for one in held}
    for one in credentials:
        if not isinstance(one, Password) and known.get(one.credential_id) != one:
            text = "App passwords and API keys are made and changed as x:AppPassword and x:ApiKey."
            raise SetRefused("invalidProperties", text, ("credentials",))


def _check_second_factor(held: Sequence[Any], credentials: Sequence[Any]) -> None:
    known = {one.otp_auth for one in held if isinstance(one, Password)}
    for one in credentials:
        if isinstance(one, Password) and one.otp_auth is not None and one.otp_auth not in known:
            try:
                Totp.from_uri(one.otp_auth)
            except InvalidUri as problem:
                text = f"The otpauth URL cannot be used: {problem}."
                raise SetRefused("invalidProperties", text, ("otpAuth",)) from None
