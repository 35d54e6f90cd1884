"""The applications that may ask people to sign in: built in, registered in the settings, carried by their own id, or
simply unknown (RFC 6749 2, RFC 7591, auth-api 4, design 8).

An unknown application is taken as it is, unless ``OidcProvider.requireClientRegistration`` says otherwise; it may have
people sent to the web only. An id that is registered and has expired, or looks like one of ours and is none, is no
unknown one: it is refused. How applications register is in ``registration``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from attrs import evolve

from stalwart.codec.redirect_uris import is_web, matches
from stalwart.codec.sealing import Sealer
from stalwart.config import registry
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.oauth_client import OAuthClient
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.settings import Settings
from stalwart.directory import hashes
from stalwart.directory.hashing import Hashing
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import Client
from stalwart.provider.stateless_clients import LONGEST, PREFIX, Carried, read_id, write_id
from stalwart.store import Store, Transaction

WEBUI = "stalwart-webui"
"""The web interface of the server itself."""

LONGEST_ID = 2048  # auth-api 3.2

_KEY_SPACE = "OAuthClient.clientId"
_CALLBACKS = ("/admin/oauth/callback", "/account/oauth/callback")
_NAME = "Stalwart"
_ID = re.compile(r"[ -~]+")  # RFC 6749 A.1
_LOOPBACK_HOST = re.compile(r"(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?")


class Clients:
    """Finds applications and checks what they prove. ``base_url`` is empty in bootstrap and recovery mode."""

    def __init__(
        self, store: Store, settings: Settings, sealer: Sealer, hashing: Hashing, clock: Any, base_url: str
    ) -> None:
        self._store = store
        self._settings = settings
        self._sealer = sealer
        self._hashing = hashing
        self._clock = clock
        self._base_url = base_url

    async def find(self, client_id: str) -> Client | None:
        """The application with this id; None if it has to be refused."""
        if len(client_id) > LONGEST_ID or not _ID.fullmatch(client_id):
            return None
        if client_id.startswith(PREFIX):
            return read_id(self._sealer, client_id)
        entry = await self._store.read(lambda tx: entry_of(tx, client_id))
        if client_id == WEBUI:
            return self._web_interface(entry)
        if entry is not None:
            return None if self._is_over(entry.value) else registered_client(entry)
        if self._settings.of(OidcProvider).require_client_registration:
            return None
        return Client(client_id, "unregistered")

    def seal(
        self,
        redirect_uris: Sequence[str],
        scopes: Sequence[str],
        name: str | None,
        signing_algorithm: str | None = None,
    ) -> Client:
        """A public client that its id alone describes (auth-api 4.2); without ``scopes`` it may ask for any.

        Raises OAuthError invalid_client_metadata: the id would be too long to be used.
        """
        id = write_id(self._sealer, Carried(tuple(redirect_uris), frozenset(scopes) or None, name, signing_algorithm))
        client = read_id(self._sealer, id)
        if client is None:
            text = f"This makes a client_id of more than {LONGEST} characters; register fewer or shorter redirect URIs."
            raise OAuthError("invalid_client_metadata", text)
        return client

    async def authenticate(self, client: Client, secret: str | None) -> None:
        """Check the secret of a confidential client (RFC 6749 2.3); a public one has nothing to prove.

        Raises OAuthError invalid_client with status 401; Unavailable.
        """
        if client.secret is None:
            return
        if secret is None:
            raise OAuthError("invalid_client", "This client has to prove itself with its secret.", status=401)
        if not await self._fits(client.secret, secret):
            raise OAuthError("invalid_client", "The secret of the client is wrong.", status=401)

    def accepts(self, client: Client, redirect_uri: str, host: str | None = None) -> bool:
        """Whether people may be sent to ``redirect_uri`` (auth-api 4.3).

        ``host`` is the Host field of the request that asks, for the web interface in bootstrap and recovery mode, where
        the server does not know what it is called.
        """
        if any(matches(registered, redirect_uri) for registered in client.redirect_uris):
            return True
        if client.kind == "built-in":
            return self._is_own_page(redirect_uri, host)
        return client.kind == "unregistered" and is_web(redirect_uri)

    async def _fits(self, stored: str, secret: str) -> bool:
        try:
            if stored.startswith("{SHA256}"):
                return hashes.verify(stored, secret)  # of what the server has made: microseconds
            return await self._hashing.check(stored, secret, self._settings.of(Authentication).password_hash_algorithm)
        except hashes.UnknownHash:
            return False

    def _web_interface(self, entry: registry.Entry | None) -> Client:
        """An object with its id adds redirect URIs: those of interfaces that another host serves."""
        own = frozenset(self._base_url + path for path in _CALLBACKS) if self._base_url else frozenset()
        client = Client(WEBUI, "built-in", _NAME, own)
        if entry is None or self._is_over(entry.value) or entry.value.member_tenant_id is not None:
            return client
        return evolve(client, redirect_uris=own | entry.value.redirect_uris)

    def _is_own_page(self, redirect_uri: str, host: str | None) -> bool:
        """Whether this server answers there: on this computer, or where whoever asks has just asked."""
        for path in _CALLBACKS:
            if not redirect_uri.endswith(path):
                continue
            scheme, _, authority = redirect_uri[: -len(path)].partition("://")
            if scheme == "http" and _LOOPBACK_HOST.fullmatch(authority):
                return True
            return not self._base_url and scheme in ("http", "https") and bool(host) and authority == host
        return False

    def _is_over(self, value: OAuthClient) -> bool:
        ends: int | None = value.expires_at
        return ends is not None and ends <= self._clock.seconds()


def entry_of(tx: Transaction, client_id: str) -> registry.Entry | None:
    """The x:OAuthClient with this id, expired or not."""
    place = tx.registry.lookup(_KEY_SPACE, client_id)
    return registry.get(tx, OAuthClient, place[1]) if place is not None else None


def registered_client(entry: registry.Entry) -> Client:
    """An x:OAuthClient as an application."""
    value: OAuthClient = entry.value
    return Client(
        value.client_id,
        "registered",
        value.description,
        value.redirect_uris,
        value.scopes or None,
        value.secret,
        value.logo,
        entry.id,
        value.member_tenant_id,
        value.id_token_algorithm,
    )
