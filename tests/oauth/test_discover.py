"""Where somebody signs in: here, or at the provider that serves his domain."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.directory import Directory as DirectoryObject
from stalwart.directory.external.directories import ExternalDirectories
from stalwart.directory.external.oidc import OidcDirectory
from stalwart.oauth import discover
from stalwart.schema import collect
from stalwart.web.routes import Route
from tests.directory.external.provider import DOWN, ISSUER, Provider
from tests.directory.world import NOW
from tests.oauth.world import OAuthWorld
from tests.provider.world import BASE


class DiscoverTests(OAuthWorld):
    routes = tuple(route for route in collect("stalwart.oauth", Route) if route.made_in == discover.__name__)

    def setUp(self) -> None:
        super().setUp()
        id = self.settle(
            self.settings.create(DirectoryObject, {"@type": "Oidc", "description": "O", "issuerUrl": ISSUER})
        )
        self.settle(
            self.settings.create(
                Domain, {"name": "ext.test", "directoryId": encode_id(id), "aliases": {"x.test": True}}
            )
        )

    def services(self) -> dict[str, Any]:
        self.identity_provider = Provider(NOW)
        self.external = ExternalDirectories(
            self.settings,
            self.store,
            {"Oidc": lambda value: OidcDirectory(value, self.identity_provider, self.clock, self.telemetry)},
            self.clock,
            self.telemetry,
        )
        return {**super().services(), "external_directories": self.external}

    def test_this_server_for_everybody_else(self) -> None:
        for path in ("", "alice@example.test", "alice", "alice@nowhere.test", "%20", "%E2%82%AC@", "a/b@c", "x" * 600):
            answer = self.server.request("GET", f"/api/discover/{path}")
            self.assertEqual((answer.status, answer.json()["issuer"]), (200, BASE), path)
            self.assertTrue(answer.json()["authorization_endpoint"].startswith(BASE))
            self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        self.assertEqual(self.identity_provider.asked, [])

    def test_provider_of_the_domain_with_what_is_needed_only(self) -> None:
        for path in ("alice@ext.test", "nobody@EXT.test", "%20a%40x.test%20"):
            answer = self.server.request("POST", f"/api/discover/{path}", body=b"{}")
            self.assertEqual(answer.status, 200)
            self.assertEqual(
                answer.json(),
                {
                    "issuer": ISSUER,
                    "jwks_uri": f"{ISSUER}/jwks",
                    "userinfo_endpoint": f"{ISSUER}/userinfo",
                    "token_endpoint": f"{ISSUER}/token",
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "scopes_supported": ["openid", "email"],
                },
            )
            self.assertIn("no-store", answer.headers["cache-control"])
            self.assertNotIn("access-control-allow-origin", answer.headers)
        self.assertEqual(self.identity_provider.asked, ["openid-configuration"])

    def test_provider_that_cannot_be_reached(self) -> None:
        self.identity_provider.down = DOWN
        answer = self.server.request("GET", "/api/discover/alice@ext.test")
        self.assertEqual(answer.status, 503)
        self.assertIn("identity provider cannot be reached", answer.json()["detail"])

    def test_path_without_the_last_segment(self) -> None:
        self.assertEqual(self.server.request("GET", "/api/discover").status, 404)
        self.assertEqual(self.server.request("GET", "/api/discover/%ff@ext.test").status, 400)
