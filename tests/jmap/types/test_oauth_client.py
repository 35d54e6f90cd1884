"""``x:OAuthClient``: hashed secrets, redirect URIs that can be relied on."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import decode_id
from stalwart.directory import hashes
from stalwart.jmap.types.oauth_client import uri_problem
from tests.jmap.registry.world import RegistryWorld

SECRET = "the secret of an application"


class OAuthClientTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.patch(hashes, "make", lambda clear, algorithm: hashes.sha256_of(clear))

    def stored(self, id: str) -> str | None:
        """The secret in the store."""
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("OAuthClient", decode_id(id))))
        assert row is not None
        found: str | None = row.data["secret"]
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


def _uri(uri: str, good: bool):  # type: ignore[no-untyped-def]
    return lambda test: test.assertEqual(uri_problem(uri) is None, good, uri_problem(uri))


class UriTests(SynchronousTestCase):
    """One test for each URI below."""


_URIS = {
    "https": ("https://app.example.test/callback?x=1", True),
    "loopback": ("http://127.0.0.1/callback", True),  # RFC 8252 7.3
    "private_scheme": ("com.example.app:/callback", True),  # RFC 8252 7.1
    "fragment": ("https://a.test/x#", False),
    "no_host": ("https:///x", False),
    "script": ("JavaScript:alert(1)", False),
    "data": ("data:text/html,x", False),
    "user": ("https://bank.test@evil.test/", False),
    "bad_address": ("https://[::1/", False),
}
for _name, (_text, _good) in _URIS.items():
    setattr(UriTests, f"test_{_name}", _uri(_text, _good))
