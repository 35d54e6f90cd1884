"""``x:OAuthClient``: hashed secrets, redirect URIs that can be relied on."""

from __future__ import annotations

from stalwart.codec.ids import decode_id
from stalwart.directory import hashes
from tests.directory.world import NOW
from tests.jmap.registry.world import RegistryWorld

SECRET = "the secret of an application"


class OAuthClientTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.patch(hashes, "make", lambda clear, algorithm: hashes.sha256_of(clear))

    def stored(self, id: str, name: str = "secret") -> str | None:
        """A secret in the store."""
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("OAuthClient", decode_id(id))))
        assert row is not None
        found: str | None = row.data[name]
        return found

    def test_hash_of_the_secret_is_kept_and_not_shown(self) -> None:
        id = self.create("OAuthClient", clientId="app", secret=SECRET)
        self.assertTrue(hashes.verify(self.stored(id) or "", SECRET))
        self.assertEqual(self.get("OAuthClient", id)["secret"], "****")

    def test_rules_of_passwords_do_not_hold(self) -> None:
        id = self.create("OAuthClient", clientId="app", secret="x")
        self.assertTrue(hashes.verify(self.stored(id) or "", "x"))

    def test_hash_is_kept_as_it_is(self) -> None:
        known = hashes.sha256_of(SECRET)
        self.assertEqual(self.stored(self.create("OAuthClient", clientId="app", secret=known)), known)

    def test_mask_changes_nothing(self) -> None:
        id = self.create("OAuthClient", clientId="app", secret=SECRET)
        before = self.stored(id)
        self.update("OAuthClient", id, secret="****", description="new")
        self.assertEqual(self.stored(id), before)

    def test_secret_can_be_changed_and_taken_away(self) -> None:
        id = self.create("OAuthClient", clientId="app", secret=SECRET)
        self.update("OAuthClient", id, secret="another")
        self.assertTrue(hashes.verify(self.stored(id) or "", "another"))
        self.update("OAuthClient", id, secret=None)
        self.assertIsNone(self.stored(id))
        self.assertIsNone(self.get("OAuthClient", id)["secret"])

    def test_what_is_no_secret_is_refused(self) -> None:
        self.assertEqual(self.not_created("OAuthClient", clientId="app", secret=7)["properties"], ["secret"])
        self.assertEqual(self.not_created("OAuthClient", clientId="app", secret="****")["type"], "invalidProperties")

    def test_redirect_uri_with_fragment(self) -> None:
        error = self.not_created("OAuthClient", clientId="app", redirectUris={"https://a.test/#x": True})
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["redirectUris"]))
        self.assertEqual(error["description"], "The redirect URI https://a.test/#x has a fragment.")

    def test_redirect_uri_without_scheme(self) -> None:
        error = self.not_created("OAuthClient", clientId="app", redirectUris={"/callback": True})
        self.assertEqual(error["type"], "invalidPatch")

    def test_refused_redirect_uri_leaves_the_client_as_it_was(self) -> None:
        id = self.create("OAuthClient", clientId="app", redirectUris={"https://a.test/": True})
        self.not_updated("OAuthClient", id, redirectUris={"javascript:alert(1)": True})
        self.assertEqual(self.get("OAuthClient", id)["redirectUris"], {"https://a.test/": True})

    def test_rules_of_redirect_uris(self) -> None:
        for uri in ("https://a.test/cb?x=1", "com.example.app:/cb", "http://127.0.0.1/cb", "http://localhost:3000/cb"):
            self.create("OAuthClient", clientId=f"app {uri}", redirectUris={uri: True})
        for uri in (
            *("http://a.test/cb", "myapp:/cb", "JavaScript:alert(1)", "data:text/html,x", "https:///x"),
            *("https://bank.test@evil.test/", "https://[::1/", "https://a.test/../b", "https://a.test\\@evil.test/"),
        ):
            error = self.not_created("OAuthClient", clientId="app", redirectUris={uri: True})
            self.assertIn(error["type"], ("invalidProperties", "invalidPatch"), uri)

    def test_ids_of_the_server_are_not_given(self) -> None:
        self.assertEqual(self.not_created("OAuthClient", clientId="swc1.x")["properties"], ["clientId"])

    def test_token_of_registration_is_kept_as_a_hash(self) -> None:
        id = self.create("OAuthClient", clientId="app", registrationSecret=SECRET)
        self.assertEqual(self.stored(id, "registrationSecret"), hashes.sha256_of(SECRET))
        self.assertEqual(self.get("OAuthClient", id)["registrationSecret"], "****")
        self.update("OAuthClient", id, registrationSecret="****", description="x")
        self.assertEqual(self.stored(id, "registrationSecret"), hashes.sha256_of(SECRET))
        self.update("OAuthClient", id, registrationSecret=None)
        self.assertIsNone(self.stored(id, "registrationSecret"))


class SignedOutTests(RegistryWorld):
    """Whose client goes or gets another secret is signed out (RFC 9700 2.1)."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(hashes, "make", lambda clear, algorithm: hashes.sha256_of(clear))
        self.id = self.create("OAuthClient", clientId="app", secret=SECRET)
        self.begin_sign_in("app")
        self.begin_sign_in("other")
        self.forgotten = 0
        self.patch(self.directory, "forget_all", self.forgot)

    def forgot(self) -> None:
        self.forgotten += 1

    def begin_sign_in(self, client: str) -> None:
        self.successResultOf(
            self.store.write(lambda tx: tx.sign_ins.insert(7, client, {}, now=NOW, expires_at=NOW + 3600))
        )

    def left(self) -> list[str]:
        """The clients that somebody is signed in to."""
        found = self.successResultOf(self.store.read(lambda tx: tx.sign_ins.of_account(7, NOW)))
        return sorted(one.client for one in found)

    def test_removing(self) -> None:
        self.destroy("OAuthClient", self.id)
        self.assertEqual((self.left(), self.forgotten), (["other"], 1))

    def test_another_secret(self) -> None:
        self.update("OAuthClient", self.id, secret="another")
        self.assertEqual((self.left(), self.forgotten), (["other"], 1))

    def test_no_secret(self) -> None:
        self.update("OAuthClient", self.id, secret=None)
        self.assertEqual(self.left(), ["other"])

    def test_another_id(self) -> None:
        self.update("OAuthClient", self.id, clientId="renamed")
        self.assertEqual(self.left(), ["other"])

    def test_other_changes_and_the_mask_leave_them(self) -> None:
        self.update("OAuthClient", self.id, secret="****", description="new")
        self.assertEqual(self.left(), ["app", "other"])

    def test_refused_change_leaves_them(self) -> None:
        self.not_updated("OAuthClient", self.id, secret="another", redirectUris={"javascript:alert(1)": True})
        self.assertEqual(self.left(), ["app", "other"])
