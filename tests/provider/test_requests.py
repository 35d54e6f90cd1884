"""Authorization requests: the order of the checks, who is told, what is pushed (auth-api 3.2, RFC 9700, RFC 9126)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.config.identity.oauth_client import OAuthClient
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.network.system import SystemSettings
from stalwart.provider.clients import WEBUI, Clients
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import AuthorizationRequest, Client
from stalwart.provider.requests import (
    PUSHED,
    PUSHED_LIFETIME,
    AuthorizationRequests,
    Redirectable,
    granted_scope,
)
from stalwart.provider.scopes import CALENDARS, CONTACTS, MAIL
from tests.provider.world import BASE, REDIRECT, VERIFIER, ProviderWorld, challenge_of

CHALLENGE = challenge_of(VERIFIER)
GOOD = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": REDIRECT,
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
FOREVER = 10_000


class RequestsWorld(ProviderWorld):
    """``read`` takes changes to `GOOD`; None leaves a parameter out, a list gives it several times."""

    base_url, mode = BASE, "normal"

    def setUp(self) -> None:
        super().setUp()
        self.clients = Clients(self.store, self.settings, self.sealer, self.hashing, self.clock, self.base_url)
        self.requests = AuthorizationRequests(
            self.clients, self.store, self.settings, self.clock, self.base_url, self.mode
        )
        wire = {"clientId": "shop", "secret": "x", "redirectUris": {REDIRECT: True, "http://127.0.0.1/cb": True}}
        self.settle(self.settings.create(OAuthClient, wire))

    def parameters(self, **changes: Any) -> dict[str, list[str]]:
        given = {name: value for name, value in (GOOD | changes).items() if value is not None}
        return {name: value if isinstance(value, list) else [value] for name, value in given.items()}

    def read(self, **changes: Any) -> AuthorizationRequest:
        return self.settle(self.requests.read(self.parameters(**changes)))

    def shown(self, code: str, **changes: Any) -> str:
        """The description of a refusal that nobody is redirected for."""
        return self.refused(code, self.requests.read(self.parameters(**changes))).description

    def told(self, error: str, **changes: Any) -> Redirectable:
        """A refusal that the application is told."""
        work = Deferred.fromCoroutine(self.requests.read(self.parameters(**changes)))
        refusal: Redirectable = self.failureResultOf(work, Redirectable).value
        self.assertEqual(refusal.error, error, refusal.description)
        self.assertTrue(refusal.description.isascii())
        return refusal


class GoodTests(RequestsWorld):
    def test_request_is_read(self) -> None:
        request = self.read(
            scope=f"openid {MAIL} nonsense openid",
            state="a b",
            nonce="n",
            login_hint="alice",
            max_age="60",
            prompt="login consent",
            response_mode="fragment",
            dpop_jkt="x" * 43,
            resource=[BASE, f"{BASE}/jmap/session"],
        )
        self.assertEqual(
            request,
            AuthorizationRequest(
                Client("app", "unregistered"),
                REDIRECT,
                ("openid", MAIL),
                "a b",
                "n",
                CHALLENGE,
                "S256",
                (BASE, f"{BASE}/jmap/session"),
                "x" * 43,
                "alice",
                frozenset(("login", "consent")),
                60,
                "fragment",
            ),
        )

    def test_parameters_without_a_value_and_unknown_ones_do_not_count(self) -> None:
        request = self.read(state="", scope="", later="x", display="page", claims="{}")
        self.assertEqual((request.state, request.scope), (None, ()))

    def test_long_state_is_kept(self) -> None:
        self.assertEqual(self.read(state="x" * 2000).state, "x" * 2000)

    def test_confidential_client_may_do_without_pkce(self) -> None:
        request = self.read(client_id="shop", code_challenge=None, code_challenge_method=None)
        self.assertEqual((request.challenge, request.challenge_method), (None, None))


class NeverRedirectedTests(RequestsWorld):
    """While the client or the redirect URI is in doubt."""

    def test_client(self) -> None:
        self.shown("invalid_request", client_id=None)
        self.shown("invalid_client", client_id="swc1.nonsense")
        self.shown("invalid_request", client_id="x" * 2049)
        self.settle(self.settings.change(OidcProvider, {"requireClientRegistration": True}))
        self.shown("invalid_client")

    def test_redirect_uri(self) -> None:
        self.shown("invalid_request", redirect_uri=None)
        for uri in (
            *(f"{REDIRECT}#x", "https://u@app.example/cb", "https://app.example/../cb", "javascript:alert(1)"),
            *(
                "http://app.example/cb",
                "com.example.app:/cb",
                "//app.example/cb",
                "https://app.example\\@evil.example/",
            ),
        ):
            self.shown("invalid_request", redirect_uri=uri)
        for uri in (f"{REDIRECT}/x", f"{REDIRECT}?x=1", REDIRECT.upper(), f"{REDIRECT}.evil.example"):
            self.shown("invalid_request", client_id="shop", redirect_uri=uri)

    def test_repeated_parameters(self) -> None:
        for name in ("client_id", "redirect_uri", "state", "scope", "code_challenge"):
            self.shown("invalid_request", **{name: [GOOD.get(name, "x"), "y"]})

    def test_control_characters(self) -> None:
        for text in ("a\0b", "a\nb", "a\x7fb", "a\x85b", "a\u202eb"):
            self.shown("invalid_request", state=text)
            self.shown("invalid_request", nonce=text)
            self.shown("invalid_request", login_hint=text)

    def test_longer_parameters(self) -> None:
        self.shown("invalid_request", state="x" * 2049)


class ToldTests(RequestsWorld):
    """What is sent to the application at its redirect URI."""

    def test_refusal_carries_the_way_back(self) -> None:
        refusal = self.told("unsupported_response_type", response_type="token", state="xyz", response_mode="fragment")
        self.assertEqual((refusal.redirect_uri, refusal.state, refusal.response_mode), (REDIRECT, "xyz", "fragment"))
        self.assertEqual(str(refusal), f"unsupported_response_type: {refusal.description}")

    def test_response_type(self) -> None:
        for kind in (None, "token", "code id_token", "none", "CODE"):
            self.told("unsupported_response_type", response_type=kind)

    def test_response_mode(self) -> None:
        self.assertEqual(self.told("invalid_request", response_mode="web_message").response_mode, "query")

    def test_request_objects(self) -> None:
        self.told("request_not_supported", request="a.b.c")

    def test_nobody_is_signed_in_beforehand(self) -> None:
        self.told("login_required", prompt="none")
        self.told("invalid_request", prompt="none login")
        self.told("invalid_request", prompt="magic")

    def test_max_age(self) -> None:
        for age in ("-1", "x", "1.5", "\u0661", "9" * 10):
            self.told("invalid_request", max_age=age)
        self.assertEqual(self.read(max_age="0").max_age, 0)

    def test_pkce_is_required_and_cannot_be_weakened(self) -> None:
        sealed = self.clients.seal([REDIRECT], (), None).id
        for id in ("app", sealed):
            self.told("invalid_request", client_id=id, code_challenge=None, code_challenge_method=None)
            self.told("invalid_request", client_id=id, code_challenge=None)
            self.told("invalid_request", client_id=id, code_challenge_method=None)
            self.told("invalid_request", client_id=id, code_challenge_method="plain")
            self.told("invalid_request", client_id=id, code_challenge_method="s256")
            for challenge in ("x", "x" * 42, "x" * 44, CHALLENGE[:-1] + "=", "x" * 42 + "\u0430"):
                self.told("invalid_request", client_id=id, code_challenge=challenge)

    def test_confidential_client_that_begins_with_pkce_does_it_well(self) -> None:
        self.told("invalid_request", client_id="shop", code_challenge_method="plain")
        self.told("invalid_request", client_id="shop", code_challenge=None)

    def test_plain_http_needs_pkce(self) -> None:
        nothing = {"code_challenge": None, "code_challenge_method": None}
        self.told("invalid_request", client_id="shop", redirect_uri="http://127.0.0.1:9/cb", **nothing)

    def test_key_that_is_none(self) -> None:
        for jkt in ("x", "x" * 44, "=" * 43):
            self.told("invalid_request", dpop_jkt=jkt)


class ScopeTests(RequestsWorld):
    """Nobody gets more than he asked for, or more than he has registered."""

    def sealed(self, *scopes: str) -> str:
        return self.clients.seal([REDIRECT], scopes, None).id

    def test_scope_is_reduced_to_what_is_registered(self) -> None:
        id = self.sealed("openid", MAIL)
        self.assertEqual(self.read(client_id=id, scope=f"{CONTACTS} {MAIL} x").scope, (MAIL,))

    def test_what_is_reduced_to_nothing_is_not_everything(self) -> None:
        self.told("invalid_scope", client_id=self.sealed(MAIL), scope=CONTACTS)
        self.told("invalid_scope", scope="nonsense")

    def test_who_asks_for_nothing_gets_what_he_has_registered(self) -> None:
        self.assertEqual(self.read(client_id=self.sealed(CALENDARS, "openid")).scope, ("openid", CALENDARS))
        self.assertEqual(self.read(client_id=self.sealed()).scope, ())
        self.assertEqual(self.read(client_id=self.sealed(MAIL), scope=" ").scope, (MAIL,))

    def test_devices_are_judged_alike(self) -> None:
        limited = Client("tv", "stateless", scopes=frozenset((MAIL,)))
        self.assertEqual(granted_scope(limited, None), (MAIL,))
        self.assertIsNone(granted_scope(limited, "openid"))
        self.assertEqual(granted_scope(Client("tv", "unregistered"), None), ())


class ResourceTests(RequestsWorld):
    """RFC 8707 2: only what is on this server."""

    def test_hosts_of_the_server(self) -> None:
        self.settle(
            self.settings.change(
                SystemSettings,
                {
                    "services/imap": {"hostname": "imap.example.test"},
                    "mailExchangers": {"0": {"hostname": "mx.example.test"}},
                },
            )
        )
        good = ["https://MAIL.example.test:8443/dav/", "imaps://imap.example.test", "smtp://mx.example.test:25"]
        self.assertEqual(self.read(resource=good).resources, tuple(good))

    def test_each_is_named_once(self) -> None:
        self.assertEqual(self.read(resource=[BASE, BASE]).resources, (BASE,))

    def test_other_hosts_and_schemes(self) -> None:
        for resource in (
            *(
                "https://evil.example/",
                "https://mail.example.test.evil.example/",
                "ftp://mail.example.test/",
                "x",
                "/jmap",
            ),
            *(f"{BASE}/#x", f"{BASE}#", "https://", "https://[::1/", f"{BASE}:99999/", f"{BASE}/\n", f"{BASE}/ x"),
            *("https://mail.example.test@evil.example/", f"{BASE}/\0", f"{BASE}/" + "x" * 2048),
        ):
            self.told("invalid_target", resource=[BASE, resource])

    def test_there_are_not_endlessly_many(self) -> None:
        self.told("invalid_target", resource=[f"{BASE}/{n}" for n in range(17)])


class PushedTests(RequestsWorld):
    """RFC 9126."""

    def client(self, id: str = "app") -> Client:
        found = self.settle(self.clients.find(id))
        assert found is not None
        return found

    def push(self, **changes: Any) -> str:
        uri, lifetime = self.settle(self.requests.push(self.client(), self.parameters(**changes)))
        self.assertEqual(lifetime, PUSHED_LIFETIME)
        self.assertRegex(uri, rf"^{PUSHED}[A-Za-z0-9]{{40}}$")
        return uri

    def load(self, uri: str, **further: str) -> AuthorizationRequest:
        named = {"client_id": "app", "request_uri": uri, **further}
        return self.settle(self.requests.read({name: [value] for name, value in named.items()}))

    def gone(self, uri: str, client_id: str = "app") -> None:
        self.refused("invalid_request_uri", self.requests.read({"client_id": [client_id], "request_uri": [uri]}))

    def test_pushed_request_is_the_one_that_counts(self) -> None:
        uri = self.push(scope=MAIL, state="mine", resource=[BASE, f"{BASE}/dav"])
        request = self.load(uri, scope="openid", state="theirs", redirect_uri="https://evil.example/", prompt="none")
        self.assertEqual((request.scope, request.state, request.redirect_uri), ((MAIL,), "mine", REDIRECT))
        self.assertEqual((request.resources, request.prompt), ((BASE, f"{BASE}/dav"), frozenset()))

    def test_it_may_be_loaded_again_until_it_is_spent(self) -> None:
        uri = self.push()
        self.assertEqual(self.load(uri), self.load(uri))
        self.assertTrue(self.settle(self.requests.spend(uri)))
        self.assertFalse(self.settle(self.requests.spend(uri)))
        self.gone(uri)

    def test_it_lasts_for_a_moment(self) -> None:
        uri = self.push()
        self.clock.advance(PUSHED_LIFETIME - 1)
        self.load(uri)
        self.clock.advance(1)
        self.gone(uri)

    def test_who_takes_his_time_on_the_page_can_still_end_it_once(self) -> None:
        uri = self.push()
        self.clock.advance(600)
        self.assertTrue(self.settle(self.requests.spend(uri)))
        late = self.push()
        self.clock.advance(FOREVER)
        self.assertFalse(self.settle(self.requests.spend(late)))

    def test_it_is_for_its_client_only(self) -> None:
        uri = self.push()
        self.gone(uri, "other")
        self.refused("invalid_request", self.requests.read({"request_uri": [uri]}))

    def test_names_that_are_none(self) -> None:
        uri = self.push()
        for text in (PUSHED, uri + "x", uri[:-1], uri.removeprefix(PUSHED), "https://app.example/request.jwt"):
            self.gone(text)

    def test_bad_requests_are_not_kept(self) -> None:
        for changes in (
            {"code_challenge_method": "plain"},
            {"redirect_uri": "javascript:alert(1)"},
            {"response_type": None},
            {"state": ["a", "b"]},
            {"request_uri": f"{PUSHED}x"},
            {"request": "x"},
        ):
            work = self.requests.push(self.client(), self.parameters(**changes))
            self.failureResultOf(Deferred.fromCoroutine(work), OAuthError)

    def test_client_is_who_has_proved_himself(self) -> None:
        uri, _ = self.settle(self.requests.push(self.client("shop"), self.parameters(client_id="app")))
        self.gone(uri)
        request = self.settle(self.requests.read({"client_id": ["shop"], "request_uri": [uri]}))
        self.assertEqual(request.client.id, "shop")


class NamelessServerTests(RequestsWorld):
    """Recovery mode: browsers on plain http cannot hash, and the server does not know its name (http-service 9)."""

    base_url, mode = "", "recovery"

    def test_web_interface_does_without_pkce_and_leads_back_to_the_host(self) -> None:
        changes = {
            "client_id": WEBUI,
            "redirect_uri": "http://192.0.2.9:8080/admin/oauth/callback",
            "code_challenge": None,
            "code_challenge_method": None,
        }
        self.shown("invalid_request", **changes)
        request = self.settle(self.requests.read(self.parameters(**changes), host="192.0.2.9:8080"))
        self.assertEqual((request.client.kind, request.challenge), ("built-in", None))
