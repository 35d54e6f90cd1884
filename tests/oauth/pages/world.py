"""The sign-in pages over a real directory, real codes and a real store; requests and passkeys are stand-ins.

`get`, `post` and `auth` send a request and let the time pass that a failed login is held back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.directory.totp import Totp
from stalwart.errors import Unauthenticated
from stalwart.oauth import sign_in_api
from stalwart.oauth.pages import device, files, login
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import AuthorizationRequest, Client
from stalwart.provider.scopes import known_scopes
from stalwart.provider.sign_in import SignIn
from tests.provider.world import BASE, ProviderWorld
from tests.web.client import Response, request_bytes, serve

ROUTES = [
    sign_in_api.authenticate,
    login.login,
    login.submit,
    device.enter,
    device.enter_with_slash,
    device.submit,
    files.file,
]
URI = "otpauth://totp/x:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
ASKED = {"client_id": "app", "redirect_uri": "https://app.example/cb", "state": "xyz", "scope": "openid email"}
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class FakeRequests:
    """Lets `app` pass, with its redirect URI as it is; ``raises`` is raised instead, ``changes`` are made to it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.raises: Exception | None = None
        self.changes: dict[str, Any] = {}
        self.spent: list[str] = []

    async def spend(self, request_uri: str) -> bool:
        self.spent.append(request_uri)
        return self.spent.count(request_uri) == 1

    async def read(self, parameters: Mapping[str, Sequence[str]], *, host: str | None = None) -> AuthorizationRequest:
        self.asked.append({name: list(values) for name, values in parameters.items()})
        if self.raises is not None:
            raise self.raises
        single = {name: values[0] for name, values in parameters.items()}
        if single.get("client_id") != "app" or "redirect_uri" not in single:
            raise OAuthError("invalid_client", "This client is not known.")
        request = AuthorizationRequest(
            Client("app", "unregistered", "An App"),
            single["redirect_uri"],
            known_scopes(single.get("scope")),
            single.get("state"),
            login_hint=single.get("login_hint"),
        )
        return evolve(request, **self.changes)


class FakeClients:
    """Every application is of one ``kind``."""

    kind: Any = "registered"

    async def find(self, client_id: str) -> Client | None:
        return Client(client_id, self.kind)


class FakePasskeys:
    """The ticket `good` is alice's; signing in with it gives her ``access``."""

    access: Any = None

    async def begin_sign_in(self, account_id: int | None = None) -> tuple[str, dict[str, Any]]:
        return "good", {"challenge": "AAAA", "rpId": "mail.example.test"}

    async def finish_sign_in(self, ticket: str, response: Any, client_ip: str) -> Any:
        if ticket != "good":
            raise Unauthenticated
        return self.access


class PagesWorld(ProviderWorld):
    """A browser at the sign-in pages."""

    def setUp(self) -> None:
        super().setUp()
        self.requests: Any = FakeRequests()
        self.clients: Any = FakeClients()
        self.passkeys = FakePasskeys()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: self.events.append((event.id, keys)))
        self.furnish()
        services = {
            "sign_in": SignIn(self.directory, self.passkeys, self.clock, self.telemetry),
            "authorization_requests": self.requests,
            "clients": self.clients,
            "authorization_codes": self.codes,
            "device_codes": self.devices,
            "passkeys": self.passkeys,
            "sealer": self.sealer,
            "sign_in_assets": files.sign_in_assets(),
            "clock": self.clock,
            "base_url": BASE,
            "telemetry": self.telemetry,
        }
        self.server = serve(ROUTES, services, directory=self.directory)

    def furnish(self) -> None:
        """Replace stand-ins by real parts."""

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"", host: str = ""
    ) -> Response:
        connected = self.server.connect(host or "198.51.100.7")
        connected.send(request_bytes(method, path, headers, body))
        self.clock.advance(0.51)
        response = connected.response(method)
        connected.lose()
        return response

    def get(self, path: str, parameters: Mapping[str, str] | None = None, **headers: str) -> Response:
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self.ask("GET", path + query, _named(headers))

    def post(self, path: str, fields: Mapping[str, str], host: str = "", **headers: str) -> Response:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, {**kind, **_named(headers)}, urlencode(fields).encode(), host)

    def auth(self, members: Any, **headers: str) -> Response:
        """``POST /api/auth``."""
        return self.ask("POST", "/api/auth", _named(headers), json.dumps(members).encode())

    def add_second_factor(self) -> None:
        self.patch_account(self.alice, {"credentials/0/otpAuth": URI})

    def one_time_code(self) -> str:
        totp = Totp.from_uri(URI)
        return totp.code(totp.step_at(self.clock.seconds()))

    def tokens_of(self, code: str, redirect_uri: str = ASKED["redirect_uri"]) -> Any:
        """The tokens that a code gives."""
        client = Client("app", "unregistered", "An App")
        return self.settle(self.codes.redeem(code, client, redirect_uri, None, "198.51.100.7"))

    def user_code(self, **members: Any) -> str:
        """The code that a device shows."""
        client = Client("tv", "unregistered", members.get("name", "A Television"))
        begun = Deferred.fromCoroutine(self.devices.begin(client, members.get("scope", ())))
        return str(self.successResultOf(begun).user_code)

    def event_ids(self) -> list[str]:
        return [id for id, _ in self.events]


def hidden_fields(page: Response) -> dict[str, str]:
    """What the form of a page carries."""
    return {unescape(name): unescape(value) for name, value in _FIELD.findall(page.body.decode())}


def alert(page: Response) -> str:
    """The refusal on a page."""
    found = re.search(r'<p [^>]*role="alert"[^>]*>([^<]*)</p>', page.body.decode())
    assert found, "there is no place for refusals"
    return unescape(found[1])


def led_to(answer: Response) -> tuple[str, dict[str, str]]:
    """Where a redirect leads: the address without its query, and the query."""
    parts = urlsplit(answer.headers["location"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return parts._replace(query="").geturl(), query


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
