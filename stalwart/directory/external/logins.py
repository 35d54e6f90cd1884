"""Logins and bearer tokens of those whom a directory elsewhere knows: `directory.Directory` asks here first
(auth-api 2.2, 2.3).

What the server makes itself is never sent anywhere: neither its own access tokens, API keys and app passwords, nor
anything that begins like one.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from stalwart.directory.access import Access
from stalwart.directory.external.directories import ExternalDirectories
from stalwart.directory.failures import LoginFailed
from stalwart.directory.identity import Identities, Identity
from stalwart.directory.passwords import Passwords
from stalwart.errors import Forbidden, Unauthenticated

OWN_PREFIXES = ("sw1.", "API_", "app_")
"""How the secrets begin that the server itself has made."""

_LONGEST_SECRET = 1024


class ExternalLogins:
    """Proves passwords elsewhere, and is the bearer scheme of OpenID providers.

    ``generation`` counts what made remembered credentials stale.
    """

    def __init__(
        self,
        directories: ExternalDirectories,
        identities: Identities,
        passwords: Passwords,
        generation: Callable[[], int],
    ) -> None:
        self._directories = directories
        self._identities = identities
        self._passwords = passwords
        self._generation = generation

    def serving(self, identity: Identity | None, login: str) -> int | None:
        """The directory that has to say who ``login`` is; None: it is decided here."""
        if identity is None:
            return self._directories.serving(login)
        return identity.directory_id if identity.is_external else None

    def checks_passwords(self, directory_id: int) -> bool:
        """See `ExternalDirectories`."""
        return self._directories.checks_passwords(directory_id)

    async def prove(
        self,
        directory_id: int,
        identity: Identity | None,
        login: str,
        secret: str,
        client_ip: str,
        code: str | None,
        *,
        passkey_proved: bool = False,
    ) -> Access:
        """The access for a password that the directory knows; ``identity`` is who ``login`` is here, if anybody.

        Raises LoginFailed, SecondFactorRequired, Forbidden, Unavailable.
        """
        if identity is not None and not identity.may_sign_in:
            raise LoginFailed("unknown account")
        if not secret or len(secret) > _LONGEST_SECRET or secret.startswith(OWN_PREFIXES):
            raise LoginFailed("wrong password")
        address = identity.address if identity is not None else self._directories.address_of(login)
        account_id = await self._directories.check(directory_id, address, secret)
        if account_id is None:
            raise LoginFailed("wrong password, says the directory of the domain")
        stamp = self._generation()
        proved = await self._identities.by_id(account_id)
        if proved is None or not proved.may_sign_in or (identity is not None and identity.account_id != account_id):
            raise LoginFailed("the directory of the domain names another account")
        by_alias = identity.by_alias if identity is not None else "@" in login and login != proved.address
        proved = evolve(proved, by_alias=by_alias)
        return await self._passwords.prove_elsewhere(proved, client_ip, code, stamp, passkey_proved=passkey_proved)

    async def find(self, login: str) -> Identity | None:
        """The account of ``login`` that its directory knows and this server did not. Raises Forbidden, Unavailable."""
        account_id = await self._directories.find(self._directories.address_of(login))
        return None if account_id is None else await self._identities.by_id(account_id)

    def recognises(self, token: str) -> bool:
        """Whether a provider might know ``token``. Raises Unavailable if its directory cannot be used."""
        return not token.startswith(OWN_PREFIXES) and self._directories.takes_token(token)

    async def authenticate(self, token: str, client_ip: str) -> Access:
        """The access of whose token it is, until it ends.

        Raises LoginFailed for what the provider refuses, Unauthenticated, Forbidden, Unavailable.
        """
        account_id, expires_at = await self._directories.check_token(token)
        stamp = self._generation()
        identity = await self._identities.by_id(account_id)
        if identity is None or not identity.may_sign_in:
            raise Unauthenticated()
        access = self._passwords.access_for(identity, client_ip, stamp)
        if not access.may("authenticate"):
            raise Forbidden()
        return evolve(access, expires_at=expires_at)
