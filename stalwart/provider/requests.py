"""Authorization requests, checked: who asks, where the answer goes, what for.

RFC 6749 4.1.1, RFC 9700 2.1, auth-api 3.2. Client and redirect URI come first: while they are in doubt nobody is
redirected. What is wrong afterwards is told to the application. Public clients need PKCE with S256. What is pushed
beforehand (RFC 9126) is good for the time that a browser needs to come, and may be loaded again within it, until it
has led to a code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlsplit

from attrs import frozen

from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.provider.clients import Clients
from stalwart.provider.codes import random_code
from stalwart.provider.errors import Code, OAuthError
from stalwart.provider.grants import AuthorizationRequest, Client
from stalwart.provider.scopes import SCOPES, known_scopes
from stalwart.store import Store

Parameters = Mapping[str, Sequence[str]]
Mode = Literal["query", "fragment", "form_post"]

PUSHED = "urn:ietf:params:oauth:request_uri:"
PUSHED_LIFETIME = 90
_ANSWERED_WITHIN = 1800
"""How long a person may take over the sign-in page; so long a pushed request can be spent."""

MODES: tuple[Mode, ...] = ("query", "fragment", "form_post")
_KIND = "pushed-request"
_MANY = "resource"
_LONGEST = 2048
_MOST_RESOURCES = 16
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # the base64url of a SHA-256
_RESOURCE = re.compile(r"[!-~]{1,2048}")
_SCHEMES = frozenset(
    (
        *("http", "https", "smtp", "smtps", "imap", "imaps", "pop3", "pop3s", "caldav", "caldavs"),
        *("webdav", "webdavs", "carddav", "carddavs", "sieve", "sieves"),
    )
)
_PROMPTS = frozenset(("none", "login", "consent", "select_account"))


@frozen
class Redirectable(Exception):
    """A refusal that the application is told at its ``redirect_uri`` (RFC 6749 4.1.2.1)."""

    error: Code
    description: str
    redirect_uri: str
    state: str | None
    response_mode: Mode = "query"

    def __str__(self) -> str:
        return f"{self.error}: {self.description}"


class AuthorizationRequests:
    """Reads requests for the server at ``base_url``; ``mode`` other than normal does without PKCE (auth-api 3.2)."""

    def __init__(
        self, clients: Clients, store: Store, settings: Settings, clock: Any, base_url: str, mode: str = "normal"
    ) -> None:
        self._clients = clients
        self._store = store
        self._settings = settings
        self._clock = clock
        self._base_url = base_url
        self._normal = mode == "normal"

    async def read(self, parameters: Parameters, *, host: str | None = None) -> AuthorizationRequest:
        """The request in ``parameters``, by their RFC names; with ``request_uri`` the one that was pushed.

        ``host`` is the Host field of the HTTP request (see ``Clients.accepts``). Raises OAuthError if client or
        redirect URI are no good (never redirect then), Redirectable for the rest.
        """
        given = _single(parameters)
        client = await self._client(given)
        if "request_uri" in given:
            parameters = await self._pushed(given["request_uri"], client)
            given = {**_single(parameters), "request_uri": given["request_uri"]}
        uri = given.get("redirect_uri")
        if uri is None:
            raise OAuthError("invalid_request", "The parameter redirect_uri is missing.")
        if not self._clients.accepts(client, uri, host):
            raise OAuthError("invalid_request", "This redirect_uri is not one of the application's.")
        return self._checked(client, uri, given, parameters.get(_MANY, ()))

    async def push(self, client: Client, parameters: Parameters) -> tuple[str, int]:
        """Keep a request that is good; its ``request_uri`` and how many seconds it lasts (RFC 9126 2.2).

        Raises OAuthError.
        """
        if "request_uri" in parameters:
            raise OAuthError("invalid_request", "A pushed request cannot name another one.")
        named = {**parameters, "client_id": (client.id,)}
        try:
            await self.read(named)
        except Redirectable as refusal:
            raise OAuthError(refusal.error, refusal.description) from None
        name = random_code()
        ends = int(self._clock.seconds()) + PUSHED_LIFETIME
        said = {key: list(values) for key, values in named.items()}
        kept = {"client": client.id, "parameters": said, "ends": ends}
        spent = ends + _ANSWERED_WITHIN
        await self._store.write(lambda tx: tx.tokens.put(_digest(name), _KIND, kept, expires_at=spent))
        return PUSHED + name, PUSHED_LIFETIME

    def check_resources(self, resources: Sequence[str]) -> None:
        """Raises OAuthError invalid_target for resources that are not on this server (RFC 8707 2.2)."""
        problem = self._resource_problem(resources)
        if problem is not None:
            raise OAuthError(*problem)

    async def spend(self, request_uri: str) -> bool:
        """Use up a pushed request that leads to a code now; False if it has led to one before (RFC 9126 7.3)."""
        name, now = request_uri.removeprefix(PUSHED), int(self._clock.seconds())
        return await self._store.write(lambda tx: tx.tokens.take(_digest(name), _KIND, now)) is not None

    async def _client(self, given: Mapping[str, str]) -> Client:
        id = given.get("client_id")
        if id is None:
            raise OAuthError("invalid_request", "The parameter client_id is missing.")
        client = await self._clients.find(id) if len(id) <= _LONGEST else None
        if client is None:
            raise OAuthError("invalid_client", "This application is not registered here.")
        return client

    async def _pushed(self, request_uri: str, client: Client) -> Parameters:
        name = request_uri.removeprefix(PUSHED)
        now = int(self._clock.seconds())
        kept = await self._store.read(lambda tx: tx.tokens.get(_digest(name), _KIND, now))
        is_good = kept is not None and kept["client"] == client.id and now < kept["ends"]
        if kept is None or not is_good or not request_uri.startswith(PUSHED):
            raise OAuthError("invalid_request_uri", "The request_uri is unknown or has expired; start again.")
        found: Parameters = kept["parameters"]
        return found

    def _checked(
        self, client: Client, uri: str, given: Mapping[str, str], resources: Sequence[str]
    ) -> AuthorizationRequest:
        """All that the application is told about. Raises Redirectable."""
        state, mode = given.get("state"), _mode(given.get("response_mode"))

        def refuse(error: Code, description: str) -> Redirectable:
            return Redirectable(error, description, uri, state, mode or "query")

        problem = _problem(given, mode) or self._proof_problem(client, uri, given) or self._resource_problem(resources)
        scope = granted_scope(client, given.get("scope"))
        if problem is None and scope is None:
            problem = "invalid_scope", "None of these scopes is known here and registered by the application."
        if problem is not None:
            raise refuse(*problem)
        prompt = frozenset(given.get("prompt", "").split())
        if "none" in prompt:
            # Nobody is ever signed in here beforehand: no cookie is kept.
            raise refuse("login_required", "The person has to sign in.")
        challenge = given.get("code_challenge")
        return AuthorizationRequest(
            client,
            uri,
            scope or (),
            state,
            given.get("nonce"),
            challenge,
            "S256" if challenge is not None else None,
            tuple(dict.fromkeys(resources)),
            given.get("dpop_jkt"),
            given.get("login_hint"),
            prompt,
            int(given["max_age"]) if "max_age" in given else None,
            mode or "query",
            given.get("request_uri"),
        )

    def _proof_problem(self, client: Client, uri: str, given: Mapping[str, str]) -> tuple[Code, str] | None:
        """PKCE (RFC 7636 4.3): with S256, for every client that cannot keep a secret, and for all on plain http."""
        challenge, method = given.get("code_challenge"), given.get("code_challenge_method")
        if challenge is None:
            if method is not None:
                return "invalid_request", "The parameter code_challenge is missing."
            needed = self._normal and (not client.is_confidential or uri.startswith("http://"))
            return ("invalid_request", "PKCE is required: send a code_challenge with S256.") if needed else None
        if method != "S256":
            return "invalid_request", "The code_challenge_method must be S256."
        if not _CHALLENGE.fullmatch(challenge):
            return "invalid_request", "The code_challenge must be the base64url of a SHA-256."
        return None

    def _resource_problem(self, resources: Sequence[str]) -> tuple[Code, str] | None:
        """RFC 8707 2: resources on the hosts of this server."""
        if len(resources) > _MOST_RESOURCES:
            return "invalid_target", f"At most {_MOST_RESOURCES} resources can be asked for."
        for resource in resources:
            try:
                parts = urlsplit(resource)
                host, port = parts.hostname, parts.port
            except ValueError:
                host = port = None
            readable = _RESOURCE.fullmatch(resource) is not None and "#" not in resource
            if host is None or not readable or parts.scheme not in _SCHEMES or port == 0:
                return "invalid_target", "A resource must be an absolute URI without fragment."
            if host.lower() not in self._hosts():
                return "invalid_target", "A resource is not on this server."
        return None

    def _hosts(self) -> frozenset[str]:
        system = self._settings.of(SystemSettings)
        names = [system.default_hostname, urlsplit(self._base_url).hostname or ""]
        names += [service.hostname for service in system.services.values() if service.hostname]
        names += [exchanger.hostname for exchanger in system.mail_exchangers if exchanger.hostname]
        return frozenset(name.lower() for name in names if name)


def granted_scope(client: Client, asked: str | None) -> tuple[str, ...] | None:
    """What ``client`` gets of the scope that it asks for; None if nothing of it is left (RFC 6749 3.3).

    Who asks for none gets what he has registered. Nobody who asks for something gets an empty scope: that is all.
    """
    registered = client.scopes
    if not (asked or "").split():
        return () if registered is None else tuple(name for name in SCOPES if name in registered)
    return known_scopes(asked, registered) or None


def _single(parameters: Parameters) -> dict[str, str]:
    """The parameters that may come once, empty ones left out (RFC 6749 3.1). Raises OAuthError."""
    given: dict[str, str] = {}
    for name, values in parameters.items():
        present = [value for value in values if value]
        if name == _MANY or not present:
            continue
        if len(present) > 1:
            raise OAuthError("invalid_request", "A parameter comes more than once.")
        if len(present[0]) > _LONGEST:
            raise OAuthError("invalid_request", f"A parameter is longer than {_LONGEST} characters.")
        if not all(char.isprintable() for char in present[0]):
            raise OAuthError("invalid_request", "A parameter holds characters that cannot be shown.")
        given[name] = present[0]
    return given


def _mode(asked: str | None) -> Mode | None:
    """The response mode that is asked for, None for one that is not known."""
    return next((mode for mode in MODES if mode == asked), None) if asked is not None else "query"


def _problem(given: Mapping[str, str], mode: Mode | None) -> tuple[Code, str] | None:
    """What is wrong with the request in general."""
    if given.get("response_type") != "code":
        return "unsupported_response_type", "The response_type must be code."
    if "request" in given:
        return "request_not_supported", "Request objects are not supported; push the request instead."
    if mode is None:
        return "invalid_request", f"The response_mode must be one of {', '.join(MODES)}."
    prompts = set(given.get("prompt", "").split())
    if not prompts <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
        return "invalid_request", "The prompt is not known."
    if not _CHALLENGE.fullmatch(given.get("dpop_jkt", "x" * 43)):
        return "invalid_request", "The dpop_jkt must be the base64url of a SHA-256."
    age = given.get("max_age")
    if age is not None and not (age.isascii() and age.isdigit() and len(age) < 10):
        return "invalid_request", "The max_age must be a number of seconds."
    return None


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()
