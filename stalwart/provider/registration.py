"""Applications that register themselves (RFC 7591), and change what they said (RFC 7592).

A public client is not stored: its id carries what it said. A confidential one becomes an x:OAuthClient; its secret and
the token that manages its registration are random, so a SHA-256 of each is enough.
"""

from __future__ import annotations

import re
import secrets
import string
import unicodedata
from collections.abc import Mapping
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.codec.redirect_uris import problem as uri_problem
from stalwart.config import registry
from stalwart.config.identity.oauth_client import ID_TOKEN_ALGORITHM, OAuthClient
from stalwart.directory import hashes
from stalwart.directory.access import Access
from stalwart.errors import StalwartError
from stalwart.provider.clients import Clients
from stalwart.provider.codes import random_code
from stalwart.provider.errors import OAuthError
from stalwart.provider.scopes import SCOPES, known_scopes
from stalwart.store import Store, Transaction

Metadata = Mapping[str, Any]

CONFIDENTIAL = ("client_secret_post", "client_secret_basic")
_MOST_URIS = 64
_LONGEST_NAME = 200
_ID_LETTERS = string.ascii_lowercase + string.digits
_LISTS = ("redirect_uris", "response_types", "grant_types", "contacts", "post_logout_redirect_uris", "request_uris")
_TEXTS = (
    *("client_name", "scope", "logo_uri", "client_uri", "policy_uri", "tos_uri", "jwks_uri"),
    *("token_endpoint_auth_method", "id_token_signed_response_alg", "software_id", "software_version"),
)
_PAGES = ("logo_uri", "client_uri", "policy_uri", "tos_uri")  # people may follow them
_PAGE = re.compile(r"https?://[!-~]{1,2000}")
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of writing for more than a letter (UAX 9)."""

_KNOWN = {
    "application_type": ("web", "native"),
    "subject_type": ("public",),
    "token_endpoint_auth_method": ("none", *CONFIDENTIAL),
    "id_token_signed_response_alg": ID_TOKEN_ALGORITHM.names,
}


def checked(metadata: Any) -> dict[str, Any]:
    """The metadata of RFC 7591 2 without what is empty. Raises OAuthError."""
    if not isinstance(metadata, dict):
        raise _bad("The body must be a JSON object.")
    said = {name: value for name, value in metadata.items() if value not in (None, [], "")}
    for name in _LISTS:
        values = said.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise _bad(f"{name} must be a list of strings.")
    for name in _TEXTS:
        if not isinstance(said.get(name, ""), str):
            raise _bad(f"{name} must be a string.")
    for name, allowed in _KNOWN.items():
        if name in said and said[name] not in allowed:
            raise _bad(f"{name} must be one of {', '.join(allowed)}.")
    for name in _PAGES:
        if name in said and not _PAGE.fullmatch(said[name]):
            raise _bad(f"{name} must be an http or https URL.")
    _check_uris(said.get("redirect_uris", []))
    _check_flows(said)
    if any(unicodedata.category(letter) == "Cc" or letter in _TURNS for letter in said.get("client_name", "")):
        raise _bad("client_name holds characters that cannot be shown.")
    if said.get("scope") and not known_scopes(said["scope"]):
        raise _bad("None of these scopes is known here.")
    if len(said.get("client_name", "")) > _LONGEST_NAME:
        raise _bad(f"client_name can have at most {_LONGEST_NAME} characters.")
    return said


class Registration:
    """Registers at the server at ``base_url``."""

    def __init__(self, clients: Clients, store: Store, clock: Any, base_url: str) -> None:
        self._clients = clients
        self._store = store
        self._clock = clock
        self._base_url = base_url

    def public(self, said: Metadata) -> dict[str, Any]:
        """The answer for a client without a secret. Raises OAuthError."""
        scopes = known_scopes(said.get("scope"))
        algorithm = said.get("id_token_signed_response_alg")
        client = self._clients.seal(said["redirect_uris"], scopes, said.get("client_name"), algorithm)
        issued = {"client_id": client.id, "client_id_issued_at": int(self._clock.seconds())}
        return {**issued, **_echoed(said), "token_endpoint_auth_method": "none"}

    async def confidential(self, said: Metadata, owner: Access) -> dict[str, Any]:
        """Store a client with a secret for the tenant of ``owner``; the answer. Raises OAuthError."""
        id = "".join(secrets.choice(_ID_LETTERS) for _ in range(20))
        secret, token = random_code(48), random_code(48)
        wire = {
            **_members(said),
            "clientId": id,
            "secret": hashes.sha256_of(secret),
            "registrationSecret": hashes.sha256_of(token),
            "memberTenantId": encode_id(owner.tenant_id) if owner.tenant_id is not None else None,
        }
        now = self._clock.seconds()
        await self._write(lambda tx: registry.create(tx, OAuthClient, wire, now=now, by_server=True))
        return {
            "client_id": id,
            "client_secret": secret,
            "client_id_issued_at": int(now),
            "client_secret_expires_at": 0,
            **self._management(id, token),
            **_echoed(said),
        }

    async def read(self, client_id: str, token: str) -> dict[str, Any]:
        """What is registered (RFC 7592 2.1). Raises OAuthError invalid_token."""
        _, stored = await self._store.read(lambda tx: _managed(tx, client_id, token))
        return self._shown(stored, token)

    async def change(self, client_id: str, token: str, metadata: Any) -> dict[str, Any]:
        """Replace the metadata (RFC 7592 2.2); id and secret stay. Raises OAuthError."""
        said = checked(metadata)
        if said.get("client_id", client_id) != client_id:
            raise _bad("client_id cannot be changed.")
        if said.get("token_endpoint_auth_method", CONFIDENTIAL[0]) not in CONFIDENTIAL:
            raise _bad("A client with a secret stays one.")
        now = self._clock.seconds()

        def change(tx: Transaction) -> OAuthClient:
            id, _ = _managed(tx, client_id, token)
            members = dict.fromkeys(_STORED.values()) | {"contacts": {}} | _members(said)
            value: OAuthClient = registry.update(tx, OAuthClient, id, members, now=now, by_server=True).value
            return value

        return self._shown(await self._write(change), token)

    async def remove(self, client_id: str, token: str) -> None:
        """Remove the client; everybody is signed out of it (RFC 7592 2.3). Raises OAuthError invalid_token."""

        def remove(tx: Transaction) -> None:
            id, _ = _managed(tx, client_id, token)
            registry.destroy(tx, OAuthClient, id)
            tx.sign_ins.delete_of_client(client_id)

        await self._write(remove)

    async def _write(self, work: Any) -> Any:
        try:
            return await self._store.write(work)
        except StalwartError as problem:
            if problem.status >= 500:
                raise
            raise _bad(problem.detail) from None

    def _management(self, client_id: str, token: str) -> dict[str, Any]:
        where = f"{self._base_url}/auth/register/{client_id}"
        return {"registration_access_token": token, "registration_client_uri": where}

    def _shown(self, stored: OAuthClient, token: str) -> dict[str, Any]:
        said: dict[str, Any] = {"client_id": stored.client_id, "redirect_uris": sorted(stored.redirect_uris)}
        said |= {
            "client_name": stored.description,
            "contacts": sorted(stored.contacts),
            "logo_uri": stored.logo,
            "client_uri": stored.client_uri,
            "policy_uri": stored.policy_uri,
            "tos_uri": stored.tos_uri,
            "id_token_signed_response_alg": stored.id_token_algorithm,
            "scope": " ".join(scope for scope in SCOPES if scope in stored.scopes) or None,
        }
        shown = {name: value for name, value in said.items() if value not in (None, [])}
        return {**shown, **self._management(stored.client_id, token)}


_ISSUED = frozenset(
    (
        *("client_id", "client_secret", "client_id_issued_at", "client_secret_expires_at"),
        *("registration_access_token", "registration_client_uri"),
    )
)
_STORED = {
    "client_name": "description",
    "logo_uri": "logo",
    "client_uri": "clientUri",
    "policy_uri": "policyUri",
    "tos_uri": "tosUri",
    "id_token_signed_response_alg": "idTokenAlgorithm",
}


def _echoed(said: Metadata) -> dict[str, Any]:
    """What comes back as it was said: all but what only the server says (RFC 7591 3.2.1)."""
    return {name: value for name, value in said.items() if name not in _ISSUED}


def _members(said: Metadata) -> dict[str, Any]:
    """The members of x:OAuthClient that come from metadata."""
    return {
        "redirectUris": dict.fromkeys(said["redirect_uris"], True),
        "contacts": dict.fromkeys(said.get("contacts", ()), True),
        "scopes": dict.fromkeys(known_scopes(said.get("scope")), True),
        **{stored: said[name] for name, stored in _STORED.items() if name in said},
    }


def _managed(tx: Transaction, client_id: str, token: str) -> tuple[int, OAuthClient]:
    """The client that ``token`` manages; who is unknown and who is not allowed get the same answer (RFC 7592 2)."""
    holder = tx.registry.lookup("OAuthClient.clientId", client_id)
    row = tx.registry.get(OAuthClient.type_name, holder[1]) if holder is not None else None
    stored = OAuthClient.from_stored(row.data) if row is not None else None
    if row is None or stored is None or stored.registration_secret is None:
        raise _no_token()
    if not hashes.verify(stored.registration_secret, token):
        raise _no_token()
    return row.id, stored


def _check_uris(uris: list[str]) -> None:
    if not uris:
        raise OAuthError("invalid_redirect_uri", "At least one redirect URI is needed.")
    if len(uris) > _MOST_URIS:
        raise OAuthError("invalid_redirect_uri", f"At most {_MOST_URIS} redirect URIs can be registered.")
    for uri in uris:
        problem = uri_problem(uri)
        if problem is not None:
            shown = uri[:100].encode("ascii", "replace").decode("ascii")
            raise OAuthError("invalid_redirect_uri", f"The redirect URI {shown!r} {problem}.")


def _check_flows(said: Metadata) -> None:
    if "response_types" in said and "code" not in said["response_types"]:
        raise _bad("response_types must contain code.")
    if "grant_types" in said and not {"authorization_code", "refresh_token"} <= set(said["grant_types"]):
        raise _bad("grant_types must contain authorization_code and refresh_token.")


def _bad(description: str) -> OAuthError:
    return OAuthError("invalid_client_metadata", description)


def _no_token() -> OAuthError:
    return OAuthError("invalid_token", "The registration access token is not valid.", status=401, challenge="Bearer")
