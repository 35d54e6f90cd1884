"""Tests ``stalwart.oauth.metadata``."""

from __future__ import annotations

from typing import Any

from stalwart.app.faces import routes
from stalwart.oauth import metadata
from stalwart.schema import collect
from stalwart.web.routes import Route
from tests.oauth.world import OAuthWorld
from tests.provider.world import BASE

SERVER = "/.well-known/oauth-authorization-server"
PROVIDER = "/.well-known/openid-configuration"
RESOURCE = "/.well-known/oauth-protected-resource"


class MetadataTests(OAuthWorld):
    routes = tuple(route for route in collect("stalwart.oauth", Route) if route.made_in == metadata.__name__)

    def read(self, path: str) -> dict[str, Any]:
        answer = self.server.request("GET", path)
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/json; charset=utf-8"))
        self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        found: dict[str, Any] = answer.json()
        return found

    def test_the_members_of_the_reference_come_first(self) -> None:
        self.assertEqual(
            list(self.read(SERVER))[:12],
            [
                "issuer",
                "token_endpoint",
                "authorization_endpoint",
                "device_authorization_endpoint",
                "registration_endpoint",
                "introspection_endpoint",
                "grant_types_supported",
                "response_types_supported",
                "scopes_supported",
                "token_endpoint_auth_methods_supported",
                "code_challenge_methods_supported",
                "authorization_response_iss_parameter_supported",
            ],
        )
        self.assertEqual(
            list(self.read(PROVIDER))[:7],
            [
                "issuer",
                "authorization_endpoint",
                "token_endpoint",
                "userinfo_endpoint",
                "jwks_uri",
                "registration_endpoint",
                "device_authorization_endpoint",
            ],
        )

    def test_both_documents_agree(self) -> None:
        server, provider = self.read(SERVER), self.read(PROVIDER)
        self.assertEqual({name: provider[name] for name in server}, server)
        self.assertEqual(server["issuer"], BASE)

    def test_every_endpoint_that_is_announced_exists(self) -> None:
        served = {route.pattern for route in routes()}
        for name, url in self.read(SERVER).items():
            if name.endswith(("_endpoint", "_uri")):
                self.assertTrue(url.startswith(BASE + "/"), name)
                self.assertIn(url.removeprefix(BASE), served, name)

    def test_only_algorithms_in_use_are_announced(self) -> None:
        self.assertEqual(self.read(PROVIDER)["id_token_signing_alg_values_supported"], ["ES256", "RS256"])
        self.assertEqual(self.read(SERVER)["code_challenge_methods_supported"], ["S256"])

    def test_a_further_path_is_ignored(self) -> None:
        for path in (
            "/.well-known/oauth-authorization-server/jmap",
            "/.well-known/openid-configuration/a/b",
        ):
            self.assertEqual(self.read(path)["issuer"], BASE)

    def test_a_resource_below_another_path_has_its_own_document(self) -> None:
        found = self.read("/.well-known/oauth-protected-resource/dav/cal")
        self.assertEqual(found["resource"], BASE + "/dav/cal")

    def test_a_resource_names_itself_as_it_was_asked_for(self) -> None:
        self.assertEqual(self.read(RESOURCE)["resource"], BASE)
        found = self.read(RESOURCE + "/jmap/session")
        self.assertEqual(found["resource"], BASE + "/jmap/session")
        self.assertEqual(found["authorization_servers"], [BASE])
        self.assertEqual(found["bearer_methods_supported"], ["header"])
