"""The configuration for user agents over HTTP."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.config.identity.directory import Directory
from stalwart.discovery.user_agent_configuration import PREFIX
from tests.discovery.server import BASE, CORS, DiscoveryCase

PATH = "/.well-known/user-agent-configuration.json"


class ConfigurationTests(DiscoveryCase):
    def test_document_is_open_to_scripts_and_the_same_for_every_host(self) -> None:
        answer = self.ask(PATH)
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/json"))
        self.assertEqual(self.cors(answer), CORS)
        self.assertEqual(answer.json()["authentication"], {"oauth-public": {"issuer": BASE}, "password": True})
        for host in ("evil.test", f"{PREFIX}example.test:443", "[::1]:80"):
            self.assertEqual(self.ask(PATH, Host=host).body, answer.body)

    def test_announces_what_the_settings_say(self) -> None:
        self.announce("smtp", "jmap")
        expected = {"jmap": {"url": f"{BASE}/jmap/session"}, "smtp": {"host": "mail.example.test"}}
        self.assertEqual(self.ask(PATH).json()["protocols"], expected)

    def test_provider_of_the_domain_issues_its_tokens(self) -> None:
        provider = {"@type": "Oidc", "description": "Login", "issuerUrl": "https://login.test"}
        directory = encode_id(self.settle(self.settings.create(Directory, provider)))
        self.domain("elsewhere.test", directoryId=directory)
        for host in ("elsewhere.test", f"{PREFIX}elsewhere.test", f"{PREFIX.upper()}Elsewhere.test:8443"):
            issuer = self.ask(PATH, Host=host).json()["authentication"]["oauth-public"]["issuer"]
            self.assertEqual(issuer, "https://login.test", host)

    def test_methods(self) -> None:
        self.assert_problem(self.ask(PATH, "POST"), 405)
        self.assertEqual(self.ask(PATH, "HEAD").status, 200)
        self.assertEqual(self.cors(self.ask(PATH, "OPTIONS")), CORS)
