"""x:Passkey: enrolling passkeys and taking them away again (WebAuthn 3, auth-api 13.1).

A creation needs the present password, and a code while there is a second factor. So does what makes signing in easier:
letting the password be enough again. Who manages the accounts of others may remove their passkeys without that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config.settings import Settings
from stalwart.directory import passkey_records
from stalwart.directory.directory import Directory
from stalwart.directory.passkey_records import Details, Passkey
from stalwart.errors import Conflict, Forbidden, NotFound, StalwartError
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry.external import check_internal
from stalwart.jmap.registry.filters import Condition, sort_name, unsupported_filter
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.own_account import find_user, user
from stalwart.jmap.registry.proving import is_owner, no_secret, prove
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.window import Listed, Results
from stalwart.provider.passkeys import Passkeys
from stalwart.schema import Declaration
from stalwart.store import Store, Transaction

TO_ADD = "add a passkey"
TO_WEAKEN = "let the password be enough again"
STILL_REQUIRED = "The password is not accepted without this passkey. Set requiredWithPassword to false first."

_COMPUTED = ("createdAt", "lastUsedAt", "backedUp", "transports")
_SHOWN = ("description", "requiredWithPassword", *_COMPUTED)
_LARGEST = 65_536


@frozen
class _Ready:
    """What came of the preparations: the password was proved; a credential was ``enrolled``."""

    proved: bool = False
    enrolled: tuple[str, Details] | None = None


@handles("Passkey")
class PasskeyHandler(Handler):
    """The passkeys of the user."""

    def __init__(
        self, declaration: Declaration, *, settings: Settings, directory: Directory, passkeys: Passkeys, store: Store
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._view: Any = declaration
        self._directory = directory
        self._passkeys = passkeys
        self._store = store

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """All that are asked for: an account has few."""
        return [
            {**self._wire(held), "id": encode_id(held.details.id)}
            for held in _held(tx, asking)
            if ids is None or held.details.id in ids
        ]

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """All, the newest first."""
        for condition in conditions:
            raise unsupported_filter(condition.name)
        found = _held(tx, asking)
        if sort_name(comparator, ()) is None and comparator is not None and comparator.is_ascending:
            return Listed([held.details.id for held in found])
        return Listed([held.details.id for held in reversed(found)])

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Prove passwords, check what authenticators have answered."""
        for change in changes:
            try:
                if change.kind == "create":
                    change.prepared = await self._wanted(asking, change)
                elif change.kind == "update":
                    change.prepared = await self._ready(asking, change)
            except StalwartError as problem:
                change.refused = problem

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Begin an enrolment."""
        account, row = user(tx, asking), tx.accounts.get(asking.account_id)
        if row is None:
            raise NotFound
        wanted = {"description": change.prepared.description, "required": change.prepared.required_with_password}
        id, options = self._passkeys.begin_enrolment(
            tx, asking.account_id, row.login, account.description, wanted, origin=_origin(asking)
        )
        return id, {"options": options}

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Finish an enrolment, or change what its owner may."""
        user(tx, asking)
        ready: _Ready = change.prepared
        if ready.enrolled is not None:
            return self._finish(tx, asking, change, *ready.enrolled)
        held = _one(tx, asking, change)
        value = self._view.patched(self._seen(held.details, held.created_at), change.data)
        if held.details.required and not value.required_with_password and is_owner(asking) and not ready.proved:
            raise Forbidden(no_secret(TO_WEAKEN))
        passkey_records.change(tx, held, description=value.description, required=value.required_with_password)
        return None

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Take it away."""
        held = _one(tx, asking, change)
        if held.details.required and is_owner(asking):
            raise Forbidden(STILL_REQUIRED)
        passkey_records.remove(tx, held)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """A password may not be enough any more."""
        self._directory.forget(asking.account_id)
        return []

    async def _wanted(self, asking: Asking, change: Change) -> Any:
        if "response" in change.data:
            raise SetRefused("invalidProperties", "The response belongs to an update.", ("response",))
        wanted = self._view.from_wire(change.data)
        await self._store.read(lambda tx: self._check_account(tx, asking))
        await prove(self._directory, asking, wanted.current_secret, wanted.otp_code, TO_ADD)
        return wanted

    async def _ready(self, asking: Asking, change: Change) -> _Ready:
        response, id = change.data.pop("response", None), number_of(change.key)
        if response is not None and id is not None:
            await self._store.read(lambda tx: self._check_account(tx, asking))
            return _Ready(enrolled=await self._passkeys.finish_enrolment(asking.account_id, id, _response_of(response)))
        secret, code = change.data.get("currentSecret"), change.data.get("otpCode")
        if not isinstance(secret, str) or not isinstance(code, str | None):
            return _Ready()  # the declaration says what is wrong with them
        await self._store.read(lambda tx: self._check_account(tx, asking))
        await prove(self._directory, asking, secret, code, TO_WEAKEN)
        return _Ready(proved=True)

    def _check_account(self, tx: Transaction, asking: Asking) -> None:
        check_internal(tx, self.settings, asking.account_id, user(tx, asking), asking.memo)

    def _finish(
        self, tx: Transaction, asking: Asking, change: Change, credential: str, details: Details
    ) -> dict[str, Any]:
        value = self._view.patched(self._seen(details, int(asking.now)), change.data)
        named = msgspec.structs.replace(details, description=value.description, required=value.required_with_password)
        try:
            made = passkey_records.insert(tx, asking.account_id, credential, named, asking.now)
        except Conflict:
            text = "This passkey is enrolled already. Use another authenticator."
            raise SetRefused("invalidProperties", text, ("response",)) from None
        shown = self._wire(made)
        return {name: shown[name] for name in _COMPUTED}

    def _wire(self, passkey: Passkey) -> dict[str, Any]:
        shown = self._seen(passkey.details, passkey.created_at).to_wire()
        return {name: shown[name] for name in _SHOWN}

    def _seen(self, details: Details, created_at: int) -> Any:
        return self._view(
            description=details.description,
            required_with_password=details.required,
            created_at=created_at,
            last_used_at=details.used_at,
            backed_up=details.backed_up,
            transports=frozenset(details.transports),
        )


def _held(tx: Transaction, asking: Asking) -> list[Passkey]:
    return passkey_records.of_account(tx, asking.account_id) if find_user(tx, asking) is not None else []


def _one(tx: Transaction, asking: Asking, change: Change) -> Passkey:
    for held in _held(tx, asking):
        if held.details.id == change.id:
            return held
    raise NotFound


def _origin(asking: Asking) -> str:
    exchange = asking.request.exchange
    return (exchange.header("origin") or "") if exchange is not None else ""


def _response_of(given: Any) -> Mapping[str, Any]:
    """The RegistrationResponseJSON that a client has sent, as an object or as text."""
    refusal = SetRefused("invalidProperties", "This is not what a browser answers to the options.", ("response",))
    try:
        found = msgspec.json.decode(given) if isinstance(given, str) else given
        size = len(msgspec.json.encode(found))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise refusal from None
    if not isinstance(found, dict) or size > _LARGEST:
        raise refusal
    return found
