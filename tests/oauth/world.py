"""The endpoints of OAuth over a real provider in memory, and a client that posts forms."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from stalwart.config.identity.oauth_client import OAuthClient
from stalwart.provider.clients import Clients
from stalwart.provider.dpop import Proofs
from stalwart.provider.requests import AuthorizationRequests
from stalwart.web.limits import MemoryCounters
from stalwart.web.routes import Route
from tests.directory.world import FAST, PASSWORD
from tests.provider.world import BASE, REDIRECT, VERIFIER, ProviderWorld
from tests.web.client import Response, Server, request_bytes

SECRET = PASSWORD  # its hash costs nothing


class OAuthWorld(ProviderWorld):
    """``routes`` are served; ``app`` is an unregistered client, ``shop`` a registered one with `SECRET`."""

    routes: Iterable[Route] = ()

    def setUp(self) -> None:
        super().setUp()
        self.clients = Clients(self.store, self.settings, self.sealer, self.hashing, self.clock, BASE)
        self.proofs = Proofs(MemoryCounters(), self.clock)
        self.shop = self.settle(
            self.settings.create(
                OAuthClient,
                {"clientId": "shop", "description": "A Shop", "secret": FAST, "redirectUris": {REDIRECT: True}},
            )
        )
        self.server = Server(self.routes, self.services(), directory=self.directory, base_url=BASE)

    def services(self) -> dict[str, Any]:
        """What the routes may ask for."""
        return {
            "clients": self.clients,
            "authorization_requests": AuthorizationRequests(
                self.clients, self.store, self.settings, self.clock, BASE, "normal"
            ),
            "proofs": self.proofs,
            "authorization_codes": self.codes,
            "device_codes": self.devices,
            "sessions": self.sessions,
            "signing_keys": self.keys,
            "directory": self.directory,
            "store": self.store,
            "settings": self.settings,
            "base_url": BASE,
        }

    def post(self, path: str, *, headers: dict[str, str] | None = None, **form: str | None) -> Response:
        """A form; parameters that are None are left out."""
        body = urlencode({name: value for name, value in form.items() if value is not None})
        kind = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        connected = self.server.connect()
        connected.send(request_bytes("POST", path, kind, body.encode() or b"&"))
        self.clock.advance(1)  # a wrong secret is held back
        return connected.response("POST")

    def exchange(self, code: str, *, headers: dict[str, str] | None = None, **changes: str | None) -> Response:
        """A code at the token endpoint."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "client_id": "app",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        return self.post("/auth/token", headers=headers, **{**form, **changes})

    def refusal(self, answer: Response, error: str, status: int = 400) -> str:
        """The description of an OAuth error."""
        self.assertEqual((answer.status, answer.json().get("error")), (status, error), answer.body)
        self.assertEqual(answer.headers["content-type"], "application/json; charset=utf-8")
        self.assertIn("no-store", answer.headers["cache-control"])
        return str(answer.json()["error_description"])


def basic(name: str, secret: str) -> dict[str, str]:
    """An Authorization header."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    """An Authorization header."""
    return {"Authorization": f"Bearer {token}"}
