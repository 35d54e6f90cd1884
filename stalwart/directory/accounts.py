"""Making and changing accounts: password rules, hashing off the reactor, then one write, then the caches are told.

Used by the first start, the demonstration data and the command line; faces that write more in the same
transaction use `account_records` and `stored_password` themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from twisted.internet.interfaces import IReactorTime

from stalwart.codec.ids import encode_id
from stalwart.config.identity.authentication import Authentication
from stalwart.directory import account_records, hashes
from stalwart.directory.hashing import Hashing
from stalwart.directory.identity import is_address
from stalwart.directory.password_policy import STRENGTHS, PasswordPolicy
from stalwart.directory.second_factor import use_code
from stalwart.directory.totp import InvalidUri, Totp
from stalwart.errors import Invalid, Unauthenticated
from stalwart.store.store import Store, Transaction

T = TypeVar("T")


class Accounts:
    """Changes accounts of ``store``; ``forget`` (of the `Directory`) is called with the id of each that changed."""

    def __init__(
        self,
        store: Store,
        settings: Any,
        hashing: Hashing,
        clock: IReactorTime,
        forget: Callable[[int], None] = lambda account_id: None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._hashing = hashing
        self._clock: Any = clock
        self._forget = forget

    async def has_address(self, address: str) -> bool:
        """Whether an account or mailing list has ``address`` (lower case)."""
        return await self._store.read(lambda tx: is_address(tx, address))

    async def create_user(
        self,
        name: str,
        domain_id: int,
        password: str | None = None,
        *,
        members: Mapping[str, Any] | None = None,
        checked: bool = True,
    ) -> int:
        """A new user, its id. ``members`` are further wire members, ``checked`` False skips the password rules.

        Raises Conflict (the address is taken), Invalid, DanglingReference.
        """
        wire: dict[str, Any] = {
            **(members or {}),
            "@type": "User",
            "name": name,
            "domainId": encode_id(domain_id),
        }
        if password is not None:
            hashed = await self.stored_password(password, (name,), checked=checked)
            expiry = account_records.date_text(self.password_expiry())
            wire["credentials"] = {"0": {"@type": "Password", "secret": hashed, "expiresAt": expiry}}
        return await self._insert(wire)

    async def create_group(self, name: str, domain_id: int, *, members: Mapping[str, Any] | None = None) -> int:
        """A new group, its id. Raises as `create_user`."""
        return await self._insert({**(members or {}), "@type": "Group", "name": name, "domainId": encode_id(domain_id)})

    async def set_password(self, account_id: int, password: str, *, checked: bool = True) -> None:
        """Give a user another password. Raises NotFound, Invalid."""
        account = await self._store.read(lambda tx: account_records.user(tx, account_id))
        known = (account.name, account.description or "")
        hashed = await self.stored_password(password, known, checked=checked)
        now, expiry = self._clock.seconds(), self.password_expiry()
        await self._change(account_id, lambda tx: account_records.put_password(tx, account_id, hashed, now, expiry))

    async def add_app_password(self, account_id: int, description: str, **limits: Any) -> tuple[int, str]:
        """A new app password: credential id and secret. ``limits`` and errors: see `account_records.add_generated`."""
        return await self._add(account_id, "AppPassword", description, limits)

    async def add_api_key(self, account_id: int, description: str, **limits: Any) -> tuple[int, str]:
        """A new API key: credential id and secret. ``limits`` and errors: see `account_records.add_generated`."""
        return await self._add(account_id, "ApiKey", description, limits)

    async def remove_credential(self, account_id: int, credential_id: int) -> None:
        """Take a credential away. Raises NotFound."""
        now = self._clock.seconds()
        await self._change(account_id, lambda tx: account_records.remove_credential(tx, account_id, credential_id, now))

    async def enable_totp(self, account_id: int, uri: str, code: str) -> None:
        """Ask for one-time codes of ``uri`` from now on; ``code`` proves that the user's device makes them.

        Raises Invalid for a URI that cannot be used, Unauthenticated for a wrong code, NotFound.
        """
        try:
            totp = Totp.from_uri(uri)
        except InvalidUri as error:
            raise Invalid(f"The otpauth URL cannot be used: {error}.", ("otpAuth",)) from None
        now = self._clock.seconds()

        def enable(tx: Transaction) -> None:
            account_records.put_second_factor(tx, account_id, uri, now)
            if not use_code(tx, account_id, totp, code, int(now)):
                raise Unauthenticated("The one-time code is wrong.", challenge=False)

        await self._change(account_id, enable)

    async def disable_totp(self, account_id: int) -> None:
        """Ask for no codes any more. Raises NotFound, Invalid if there is no password."""
        now = self._clock.seconds()
        await self._change(account_id, lambda tx: account_records.put_second_factor(tx, account_id, None, now))

    async def delete(self, account_id: int) -> None:
        """Remove an account with all its data. Raises NotFound, Linked."""
        now = self._clock.seconds()
        await self._change(account_id, lambda tx: account_records.delete(tx, account_id, now))

    async def stored_password(self, password: str, known: Sequence[str] = (), *, checked: bool = True) -> str:
        """What to store for ``password``: itself if it is a hash already, else its hash, after the rules
        (settings A.7).

        `{PLAIN}` and `{CLEAR}` are taken for the password they hold: nothing is stored in clear. Raises
        Invalid.
        """
        if hashes.is_hash(password):
            try:
                hashes.check_usable(password)
            except hashes.UnknownHash as problem:
                raise Invalid(f"The password cannot be used: {problem}.", ("secret",)) from None
            return password
        clear = _without_scheme(password)
        policy = self._policy()
        if checked:
            await policy.check(self._hashing, clear, known)
        algorithm = self._settings.of(Authentication).password_hash_algorithm
        return await self._hashing.run(lambda: hashes.make(clear, algorithm))

    def password_expiry(self) -> int | None:
        """When a password that is set now expires (seconds), None for never."""
        age = self._settings.of(Authentication).password_default_expiry
        return None if age is None else int(self._clock.seconds() + age / 1000)

    def _policy(self) -> PasswordPolicy:
        rules = self._settings.of(Authentication)
        return PasswordPolicy(
            rules.password_min_length,
            rules.password_max_length,
            STRENGTHS.index(rules.password_min_strength),
        )

    async def _insert(self, wire: Mapping[str, Any]) -> int:
        now = self._clock.seconds()
        entry = await self._store.write(lambda tx: account_records.insert(tx, wire, now))
        return entry.id

    async def _add(self, account_id: int, kind: str, description: str, limits: Mapping[str, Any]) -> tuple[int, str]:
        now = self._clock.seconds()
        return await self._change(
            account_id,
            lambda tx: account_records.add_generated(tx, account_id, kind, description, now, **limits),
        )

    async def _change(self, account_id: int, work: Callable[[Transaction], T]) -> T:
        result = await self._store.write(work)
        self._forget(account_id)
        return result


def _without_scheme(password: str) -> str:
    try:
        return password.partition("}")[2] if hashes.scheme_of(password) == "clear" else password
    except hashes.UnknownHash:
        return password
