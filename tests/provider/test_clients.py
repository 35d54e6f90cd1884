"""Applications: which are known, what they prove, where people may be sent (RFC 6749 2 and 3.1.2, design 8)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.identity.oauth_client import OAuthClient
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.identity.tenant import Tenant
from stalwart.directory import hashes
from stalwart.provider.clients import LONGEST_ID, WEBUI, Clients
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import Client
from stalwart.provider.scopes import MAIL
from stalwart.provider.stateless_clients import LONGEST
from tests.directory.world import PASSWORD
from tests.provider.world import BASE, ProviderWorld

CALLBACK = f"{BASE}/admin/oauth/callback"
SECRET = "S" * 48


class ClientsWorld(ProviderWorld):
    base_url = BASE

    def setUp(self) -> None:
        super().setUp()
        self.clients = Clients(self.store, self.settings, self.sealer, self.hashing, self.clock, self.base_url)

    def find(self, id: str) -> Client | None:
        return self.settle(self.clients.find(id))

    def found(self, id: str) -> Client:
        client = self.find(id)
        assert client is not None
        return client

    def register(self, id: str = "shop", **members: Any) -> int:
        wire = {"clientId": id, "redirectUris": {"https://shop.example/cb": True}, **members}
        return self.settle(self.settings.create(OAuthClient, wire))

    def require(self) -> None:
        self.settle(self.settings.change(OidcProvider, {"requireClientRegistration": True}))


class FindTests(ClientsWorld):
    def test_registered_client(self) -> None:
        tenant = self.settle(self.settings.create(Tenant, {"name": "acme"}))
        id = self.register(
            description="A Shop",
            secret="x",
            logo="https://l.example/",
            memberTenantId=encode_id(tenant),
            idTokenAlgorithm="RS256",
        )
        client = self.found("shop")
        self.assertEqual(
            client,
            Client(
                "shop",
                "registered",
                "A Shop",
                frozenset(("https://shop.example/cb",)),
                None,
                "x",
                "https://l.example/",
                id,
                tenant,
                "RS256",
            ),
        )
        self.assertTrue(client.is_confidential)

    def test_unknown_client_is_taken_as_it_is(self) -> None:
        self.assertEqual(self.find("some-app"), Client("some-app", "unregistered"))

    def test_unknown_client_is_refused_where_registration_is_required(self) -> None:
        self.register()
        sealed = self.clients.seal(["com.example.app:/cb"], (), None).id
        self.require()
        self.assertIsNone(self.find("some-app"))
        self.assertEqual(
            [self.found(id).kind for id in ("shop", sealed, WEBUI)], ["registered", "stateless", "built-in"]
        )

    def test_expired_client_is_refused_and_not_unknown(self) -> None:
        self.register(expiresAt="2027-01-15T08:00:10Z")  # ten seconds from now
        self.assertEqual(self.found("shop").kind, "registered")
        self.clock.advance(10)
        self.assertIsNone(self.find("shop"))

    def test_id_of_ours_that_is_void_is_refused_and_not_unknown(self) -> None:
        id = self.clients.seal(["com.example.app:/cb"], (), None).id
        self.assertIsNone(self.find(id[:-2]))
        self.master.text = "another key"
        self.assertIsNone(self.find(id))

    def test_texts_that_are_no_ids(self) -> None:
        for id in ("", "a\0b", "a\nb", "\u202eapp", "app\x7f", "x" * (LONGEST_ID + 1)):
            self.assertIsNone(self.find(id), id)
        self.assertIsNotNone(self.find("x" * LONGEST_ID))

    def test_thousands_of_clients_are_not_read_for_one(self) -> None:
        self.register()
        reads: list[str] = []

        def no_list(*_: Any) -> None:
            reads.append("list")

        transaction = type(self.successResultOf(self.store.read(lambda tx: tx.registry)))
        self.patch(transaction, "list", no_list)
        self.found("shop")
        self.assertEqual(reads, [])


class SealTests(ClientsWorld):
    def test_sealed_client_is_found_again(self) -> None:
        client = self.clients.seal(["com.example.app:/cb"], (MAIL,), "An App", "RS256")
        self.assertEqual(self.find(client.id), client)
        self.assertEqual((client.kind, client.scopes, client.signing_algorithm), ("stateless", {MAIL}, "RS256"))

    def test_what_would_be_too_long_is_refused(self) -> None:
        error = self.assertRaises(
            OAuthError, self.clients.seal, [f"https://a.example/{n:0>50}" for n in range(20)], (), None
        )
        self.assertEqual(error.code, "invalid_client_metadata")
        self.assertIn(str(LONGEST), error.description)


class AuthenticationTests(ClientsWorld):
    def prove(self, secret: str | None, id: str = "shop") -> None:
        self.settle(self.clients.authenticate(self.found(id), secret))

    def refuse(self, secret: str | None) -> None:
        error = self.refused("invalid_client", self.clients.authenticate(self.found("shop"), secret))
        self.assertEqual(error.status, 401)

    def test_secret_that_the_server_has_made_costs_no_password_work(self) -> None:
        self.register(secret=hashes.sha256_of(SECRET))
        self.prove(SECRET)
        self.refuse(SECRET + "x")
        self.refuse("")
        self.refuse(None)
        self.assertEqual(self.hashing.checks, 0)

    def test_secret_of_an_administrator_is_a_password(self) -> None:
        self.register(secret="$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$h3yKYYjh9d8Oehqe4nJB0r4xkMc")
        self.refuse(PASSWORD)
        self.assertEqual(self.hashing.checks, 1)

    def test_hash_that_nobody_can_read_fits_nothing(self) -> None:
        for stored in ("{FUTURE}x", "{SHA256}!", "$future$x"):
            self.register(stored, secret=stored)
            self.refused("invalid_client", self.clients.authenticate(self.found(stored), stored))

    def test_long_secret_fits_nothing(self) -> None:
        self.register(secret=hashes.sha256_of(SECRET))
        self.refuse("x" * 100_000)

    def test_public_client_has_nothing_to_prove(self) -> None:
        self.prove(None, "some-app")
        self.prove("whatever", "some-app")


class RedirectTests(ClientsWorld):
    def accepts(self, id: str, uri: str, host: str | None = None) -> bool:
        return self.clients.accepts(self.found(id), uri, host)

    def test_unknown_client_leads_to_the_web_only(self) -> None:
        for uri in ("https://app.example/cb", "http://127.0.0.1:5000/cb", "http://[::1]/cb"):
            self.assertTrue(self.accepts("some-app", uri), uri)
        for uri in (
            *("com.example.app:/cb", "http://app.example/cb", "http://localhost/cb", "javascript:alert(1)"),
            *("https://app.example/cb#x", "https://a@app.example/", "https://app.example/../", "/cb", ""),
        ):
            self.assertFalse(self.accepts("some-app", uri), uri)

    def test_registered_client_leads_to_what_it_has_registered(self) -> None:
        self.register(redirectUris={"https://shop.example/cb": True, "http://127.0.0.1/cb": True})
        for uri in ("https://shop.example/cb", "http://127.0.0.1:9/cb"):
            self.assertTrue(self.accepts("shop", uri), uri)
        for uri in ("https://shop.example/cb/x", "https://shop.example/", "https://other.example/cb", CALLBACK):
            self.assertFalse(self.accepts("shop", uri), uri)

    def test_client_without_any_leads_nowhere(self) -> None:
        self.register(redirectUris={})
        self.assertFalse(self.accepts("shop", "https://shop.example/cb"))

    def test_web_interface_leads_to_itself(self) -> None:
        for uri in (CALLBACK, f"{BASE}/account/oauth/callback", "http://localhost:8080/admin/oauth/callback"):
            self.assertTrue(self.accepts(WEBUI, uri), uri)
        for uri in (
            *("https://evil.example/admin/oauth/callback", f"{CALLBACK}?x", f"{BASE}/oauth/callback", BASE),
            *("http://localhost.evil.example/admin/oauth/callback", "http://x@127.0.0.1/admin/oauth/callback"),
            *("https://localhost/admin/oauth/callback", "/admin/oauth/callback", "//evil/admin/oauth/callback"),
        ):
            self.assertFalse(self.accepts(WEBUI, uri, "evil.example"), uri)

    def test_web_interface_of_another_host_can_be_registered(self) -> None:
        elsewhere = "https://ui.example/admin/oauth/callback"
        self.register(WEBUI, redirectUris={elsewhere: True}, secret="x")
        self.assertTrue(self.accepts(WEBUI, elsewhere))
        self.assertTrue(self.accepts(WEBUI, CALLBACK))
        self.assertEqual((self.found(WEBUI).kind, self.found(WEBUI).secret), ("built-in", None))


class NamelessServerTests(ClientsWorld):
    """Bootstrap and recovery mode."""

    base_url = ""

    def test_web_interface_is_where_it_was_asked_for(self) -> None:
        client = self.found(WEBUI)
        here = "http://192.0.2.9:8080/admin/oauth/callback"
        self.assertTrue(self.clients.accepts(client, here, "192.0.2.9:8080"))
        self.assertTrue(self.clients.accepts(client, "http://127.0.0.1:8080/account/oauth/callback"))
        for host in (None, "", "192.0.2.9", "evil.example"):
            self.assertFalse(self.clients.accepts(client, here, host), host)
        for uri in ("/admin/oauth/callback", "//192.0.2.9:8080/admin/oauth/callback", here + "/x"):
            self.assertFalse(self.clients.accepts(client, uri, "192.0.2.9:8080"), uri)
