"""Bearer tokens of the form `API_...`: keys that a user made for a program (auth-api 2.3)."""

from __future__ import annotations

from stalwart.directory.access import Access
from stalwart.directory.cache import CredentialCache
from stalwart.directory.credentials import read_api_key
from stalwart.directory.failures import LoginFailed
from stalwart.directory.identity import Identities
from stalwart.directory.passwords import Passwords


class ApiKeys:
    """The bearer scheme of API keys."""

    def __init__(self, identities: Identities, passwords: Passwords, cache: CredentialCache) -> None:
        self._identities = identities
        self._passwords = passwords
        self._cache = cache

    def recognises(self, token: str) -> bool:
        """Whether ``token`` is an API key by its form."""
        return read_api_key(token) is not None

    async def authenticate(self, token: str, client_ip: str) -> Access:
        """The access that the key allows. Raises `LoginFailed`, Unauthenticated (expired), Forbidden."""
        key = read_api_key(token)
        assert key is not None  # recognises() says so
        stamp = self._cache.generation
        identity = await self._identities.by_id(key.account_id)
        usable = identity if identity is not None and identity.may_sign_in else None
        try:
            return await self._passwords.prove_generated(usable, "ApiKey", key.credential_id, token, client_ip, stamp)
        except LoginFailed as failure:
            failure.login = identity.address if identity is not None else ""
            raise
