"""Accounts at certificate authorities (x:AcmeProvider), and the clients that speak for them (RFC 8555 7.3).

A client lives as long as its account stays what it is. An account that the authority does not know any more, as after a
move of its database, is registered again with the key that it has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from twisted.internet.defer import DeferredLock

from stalwart.config import registry
from stalwart.config.kept_text import Unreadable
from stalwart.config.settings import Settings
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.vault import Vault
from stalwart.errors import Invalid, NotFound
from stalwart.net.acme import AcmeClient, AcmeProblem, ExternalAccount, new_key_pem
from stalwart.store import Store, Transaction

ACCOUNT_KEY = "AcmeProvider.accountKey"
"""What the keys of accounts are called in the vault."""

MakeClient = Callable[..., AcmeClient]
"""Called with directory URL, account key in PEM and ``account_uri=``."""

_GONE = "accountDoesNotExist"
_OF_EXTERNAL_ACCOUNTS = ("externalAccountRequired", "badPublicKey", "unauthorized")


@frozen
class Registered:
    """A new account: its key, in PEM, and its URL."""

    key: str
    uri: str


@frozen
class _Open:
    """A client, and the account that it was made for."""

    client: AcmeClient
    account: tuple[Any, ...]


class Authorities:
    """Clients by the id of their x:AcmeProvider. Call ``close`` at the end.

    ``make_confined`` makes those of tenants, which stay out of the server's own network.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        vault: Vault,
        clock: Any,
        make_client: MakeClient,
        make_confined: MakeClient | None = None,
    ) -> None:
        self._make_confined = make_confined or make_client
        self._store = store
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._make_client = make_client
        self._open: dict[int, _Open] = {}
        self._opening: dict[int, DeferredLock] = {}

    def provider(self, id: int) -> AcmeProvider:
        """The running settings of an account. Raises NotFound."""
        for each, provider in self._settings.all(AcmeProvider):
            if each == id:
                return provider
        raise NotFound

    async def client(self, id: int) -> AcmeClient:
        """The client of an account. Raises NotFound, Unreadable (its key), AcmeProblem (it cannot be registered)."""
        async with self._one_at_a_time(id):
            return await self._client(id)

    async def revive(self, id: int) -> None:
        """Register an account again that the authority does not know any more. Raises AcmeProblem."""
        async with self._one_at_a_time(id):
            client = await self._client(id)
            provider = self.provider(id)
            uri = await self._registered_again(id, provider, client)
            self._open[id] = _Open(client, (provider.directory, provider.account_key, uri))

    async def register(self, provider: AcmeProvider, *, for_tenant: bool = False) -> Registered:
        """A new account with a new key, for an object that is about to be stored.

        Raises Invalid, naming the property that the authority does not like.
        """
        key = new_key_pem()
        client = self._made(provider, key, for_tenant=for_tenant)
        external = None
        if provider.eab_key_id is not None and provider.eab_hmac_key is not None:
            external = ExternalAccount(provider.eab_key_id, provider.eab_hmac_key.strip())
        try:
            directory = await client.directory()
            if external is None and directory.external_account_required:
                raise Invalid(
                    "Failed to create ACME account: this authority wants an external account (EAB); enter its key "
                    "id and its HMAC key.",
                    ("eabKeyId", "eabHmacKey"),
                )
            check_profile(provider.profile, directory.profiles)
            return Registered(key, await client.register(sorted(provider.contact), external))
        except AcmeProblem as problem:
            raise refused(problem, external is not None) from problem
        finally:
            await client.close()

    async def update(self, id: int, provider: AcmeProvider) -> None:
        """Tell the authority of other contact addresses. Raises Invalid."""
        try:
            client = await self.client(id)
            check_profile(provider.profile, (await client.directory()).profiles)
            if provider.contact != self.provider(id).contact:
                await client.update_contact(sorted(provider.contact))
        except (AcmeProblem, Unreadable) as problem:
            raise Invalid(f"Failed to update ACME account: {words_of(problem)}", ("contact",)) from problem

    async def change_key(self, id: int) -> None:
        """Sign for an account with a new key from now on. Raises NotFound, Invalid with the authority's words.

        The new key is written down first: should nobody live to hear the authority's answer, it is tried later on.
        """
        async with self._one_at_a_time(id):
            try:
                client = await self._client(id)
                sealed = await self._accepted_key(id, client)
            except (AcmeProblem, Unreadable) as problem:
                raise Invalid(f"The key was not changed: {words_of(problem)}", ("acmeProviderId",)) from problem
            provider = self.provider(id)
            self._open[id] = _Open(client, (provider.directory, sealed, provider.account_uri))
            await self._take_over(id, sealed)

    async def _accepted_key(self, id: int, client: AcmeClient) -> str:
        """A new key, sealed, that ``client`` signs with from now on."""
        key = new_key_pem()
        sealed = self._vault.seal(ACCOUNT_KEY, key)
        await self._store.write(lambda tx: tx.secrets.put(_next_key(id), sealed.encode("ascii")))
        try:
            await client.change_key(key)
        except BaseException as problem:  # also the end of somebody's patience
            if isinstance(problem, AcmeProblem) and not problem.is_temporary:
                await self._store.write(lambda tx: tx.secrets.put(_next_key(id), b""))
            else:
                self._open.pop(id, None)  # the next client finds out which key the authority goes by
                await client.close()
            raise
        return sealed

    async def close(self) -> None:
        """Close all connections."""
        opened, self._open = self._open, {}
        for each in opened.values():
            await each.client.close()

    def _one_at_a_time(self, id: int) -> DeferredLock:
        """So that there is one client of an account, however many ask for it at once."""
        return self._opening.setdefault(id, DeferredLock())

    async def _client(self, id: int) -> AcmeClient:
        await self._close_forgotten()
        provider = self.provider(id)
        account = (provider.directory, provider.account_key, provider.account_uri)
        known = self._open.get(id)
        if known is not None and known.account == account:
            return known.client
        if known is not None:
            del self._open[id]
            await known.client.close()
        key = self._vault.open(ACCOUNT_KEY, provider.account_key or "")
        changed = await self._changed_key(id, provider)
        if changed is not None:
            account = (account[0], changed, account[2])
            key = self._vault.open(ACCOUNT_KEY, changed)
        client = self._made(provider, key, provider.account_uri)
        if not provider.account_uri:
            try:
                account = (*account[:2], await self._registered_again(id, provider, client))
            except Exception:
                await client.close()
                raise
        self._open[id] = _Open(client, account)
        return client

    def _made(
        self, provider: AcmeProvider, key: str, account_uri: str | None = None, *, for_tenant: bool = False
    ) -> AcmeClient:
        is_confined = for_tenant or provider.member_tenant_id is not None
        make = self._make_confined if is_confined else self._make_client
        return make(provider.directory, key, account_uri=account_uri)

    async def _close_forgotten(self) -> None:
        """Close the clients of accounts that were removed."""
        for id in self._open.keys() - {id for id, _ in self._settings.all(AcmeProvider)}:
            await self._open.pop(id).client.close()

    async def _changed_key(self, id: int, provider: AcmeProvider) -> str | None:
        """The key that a change has begun with, sealed, if the authority has taken it; it is the account's then."""
        waiting: bytes | None = await self._store.read(lambda tx: tx.secrets.get(_next_key(id)))
        if not waiting:
            return None
        sealed = waiting.decode("ascii")
        client = self._made(provider, self._vault.open(ACCOUNT_KEY, sealed))
        try:
            await client.register((), existing_only=True)
        except AcmeProblem as problem:
            if problem.is_temporary:
                raise
            if problem.kind == _GONE:  # else nobody knows, and this may be the account's only key
                await self._store.write(lambda tx: tx.secrets.put(_next_key(id), b""))
            return None
        finally:
            await client.close()
        await self._take_over(id, sealed)
        return sealed

    async def _take_over(self, id: int, sealed: str) -> None:
        now = self._clock.seconds()

        def write(tx: Transaction) -> None:
            registry.update(tx, AcmeProvider, id, {"accountKey": sealed}, now=now, by_server=True)
            tx.secrets.put(_next_key(id), b"")

        await self._store.write(write)
        await self._settings.reload((AcmeProvider.type_name,))

    async def _registered_again(self, id: int, provider: AcmeProvider, client: AcmeClient) -> str:
        try:
            uri = await client.register(sorted(provider.contact))
        except AcmeProblem as problem:
            if problem.kind != "externalAccountRequired":
                raise
            raise AcmeProblem(
                problem.type,
                "The authority has forgotten the account, and wants an external account (EAB) for a new one; make "
                "another x:AcmeProvider and set the domains to it.",
            ) from problem
        now = self._clock.seconds()
        await self._store.write(
            lambda tx: registry.update(tx, AcmeProvider, id, {"accountUri": uri}, now=now, by_server=True)
        )
        await self._settings.reload((AcmeProvider.type_name,))
        return uri


def _next_key(id: int) -> str:
    """What the key of an account is called in the store while the authority is asked to take it."""
    return f"acme-next-key-{id}"


def words_of(problem: Exception) -> str:
    """What went wrong, for the administrator."""
    return str(problem.detail) if isinstance(problem, AcmeProblem) else f"The key of the account: {problem}."


def check_profile(profile: str | None, offered: Any) -> None:
    """Raises Invalid if the authority has no such profile."""
    if profile is not None and profile not in offered:
        names = ", ".join(sorted(offered)) or "none"
        raise Invalid(f"The authority has no profile of this name; it has {names}.", ("profile",))


def refused(problem: AcmeProblem, has_external: bool) -> Invalid:
    """Why there is no account, and which property is to blame."""
    about_external = problem.kind in _OF_EXTERNAL_ACCOUNTS and (has_external or problem.kind.startswith("external"))
    about_contact = problem.kind in ("invalidContact", "unsupportedContact")
    names = ("eabKeyId", "eabHmacKey") if about_external else ("contact",) if about_contact else ("directory",)
    return Invalid(f"Failed to create ACME account: {problem.detail}", names)
