"""Tests ``stalwart.oauth.registration``, ``stalwart.provider.registration`` and ``stalwart.oauth.credentials``."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve

from stalwart.config.identity.oauth_client import OAuthClient
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.identity.tenant import Tenant
from stalwart.oauth.registration import change, register, registered, remove
from stalwart.oauth.token import token
from stalwart.oauth.userinfo import userinfo
from stalwart.provider.clients import entry_of
from stalwart.provider.grants import Client
from stalwart.provider.registration import Registration
from stalwart.provider.scopes import MAIL
from stalwart.store import SignIn
from tests.directory.world import PASSWORD
from tests.oauth.world import OAuthWorld, basic, bearer
from tests.provider.proofs import Prover
from tests.provider.world import BASE, REDIRECT
from tests.web.client import Response, request_bytes

PRIVATE = "com.example.app:/cb"
ADMIN = basic("root", "recovery secret")
ALICE = basic("alice@example.test", PASSWORD)
WITH_SECRET = {"redirect_uris": [REDIRECT], "token_endpoint_auth_method": "client_secret_basic"}


class RegistrationWorld(OAuthWorld):
    routes = (register, registered, change, remove, token, userinfo)

    def services(self) -> dict[str, Any]:
        registration = Registration(self.clients, self.store, self.clock, BASE)
        return super().services() | {"registration": registration, "telemetry": self.telemetry}

    def send(
        self, metadata: Any, headers: dict[str, str] | None = None, method: str = "POST", id: str = ""
    ) -> Response:
        body = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
        return self.server.request(method, "/auth/register" + (f"/{id}" if id else ""), headers, body)

    def made(self, metadata: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
        answer = self.send(metadata, headers)
        self.assertEqual(answer.status, 201, answer.body)
        self.assertIn("no-store", answer.headers["cache-control"])
        found: dict[str, Any] = answer.json()
        return found

    def client(self, id: str) -> Client | None:
        return self.settle(self.clients.find(id))

    def stored(self, id: str) -> OAuthClient:
        entry = self.successResultOf(self.store.read(lambda tx: entry_of(tx, id)))
        assert entry is not None
        value: OAuthClient = entry.value
        return value

    def let(self, **provider: Any) -> None:
        self.settle(self.settings.change(OidcProvider, provider))


class PublicTests(RegistrationWorld):
    def test_anybody_registers_and_nothing_is_stored(self) -> None:
        told = self.made({"redirect_uris": [PRIVATE], "scope": f"{MAIL} offline_access", "client_name": "An App"})
        self.assertEqual(told["client_id"][:5], "swc1.")
        self.assertEqual(told["client_id_issued_at"], int(self.clock.seconds()))
        self.assertEqual((told["redirect_uris"], told["scope"]), ([PRIVATE], f"{MAIL} offline_access"))
        self.assertEqual(told["token_endpoint_auth_method"], "none")
        self.assertNotIn("client_secret", told)
        client = self.client(told["client_id"])
        assert client is not None
        self.assertEqual((client.name, client.scopes), ("An App", {MAIL, "offline_access"}))
        self.assertEqual(self.successResultOf(self.store.read(lambda tx: tx.registry.count("OAuthClient"))), 1)

    def test_content_type_does_not_matter(self) -> None:
        self.assertEqual(self.send({"redirect_uris": [PRIVATE]}, {"Content-Type": "text/plain"}).status, 201)

    def test_algorithm_of_id_tokens_is_carried(self) -> None:
        told = self.made({"redirect_uris": [PRIVATE], "id_token_signed_response_alg": "RS256"})
        client = self.client(told["client_id"])
        assert client is not None
        self.assertEqual(client.signing_algorithm, "RS256")

    def test_what_is_empty_is_left_out_and_the_rest_echoed(self) -> None:
        said = {"redirect_uris": [PRIVATE], "contacts": [], "client_name": None, "software_id": "s", "x": {"y": 1}}
        told = self.made(said)
        self.assertEqual((told["software_id"], told["x"]), ("s", {"y": 1}))
        self.assertFalse({"contacts", "client_name"} & told.keys())

    def test_nobody_chooses_his_id(self) -> None:
        told = self.made(
            {"redirect_uris": [PRIVATE], "client_id": "shop", "client_secret": "x", "client_id_issued_at": 1}
        )
        self.assertEqual(told["client_id"][:5], "swc1.")
        self.assertEqual(told["client_id_issued_at"], int(self.clock.seconds()))
        self.assertFalse({"client_secret", "registration_access_token", "registration_client_uri"} & told.keys())

    def test_ids_that_could_not_be_used_are_not_given(self) -> None:
        uris = [f"https://a.example/{n:0>60}" for n in range(20)]
        self.refusal(self.send({"redirect_uris": uris}), "invalid_client_metadata")

    def test_where_anonymous_registration_is_off_somebody_must_answer_for_it(self) -> None:
        self.let(anonymousClientRegistration=False)
        answer = self.send({"redirect_uris": [PRIVATE]})
        self.assertEqual((answer.status, len(answer.all("www-authenticate"))), (401, 2))
        self.assertEqual(self.send({"redirect_uris": [PRIVATE]}, ALICE).status, 403)
        self.assertEqual(self.send({"redirect_uris": [PRIVATE]}, ADMIN).status, 201)


class BadMetadataTests(RegistrationWorld):
    def test_redirect_uris(self) -> None:
        for uris in (
            *([], None, [""], ["javascript:alert(1)"], ["https://a.example/#"], ["https://a.example/../"]),
            *(["http://localhost/"], ["https://u@a.example/"], [PRIVATE, "http://a.example/"], [REDIRECT] * 65),
        ):
            self.refusal(self.send({"redirect_uris": uris}), "invalid_redirect_uri")
        self.refusal(self.send({"client_name": "x"}), "invalid_redirect_uri")

    def test_members(self) -> None:
        wrong: tuple[dict[str, Any], ...] = (
            {"redirect_uris": "https://a.example/"},
            {"redirect_uris": [7]},
            {"response_types": ["token"]},
            {"grant_types": ["authorization_code"]},
            {"grant_types": ["implicit", "refresh_token"]},
            {"token_endpoint_auth_method": "private_key_jwt"},
            {"token_endpoint_auth_method": 7},
            {"token_endpoint_auth_method": ["none"]},
            {"application_type": "magic"},
            {"application_type": ["web"]},
            {"subject_type": "pairwise"},
            {"id_token_signed_response_alg": "none"},
            {"id_token_signed_response_alg": "HS256"},
            {"client_name": 7},
            {"client_name": "x" * 201},
            {"client_name": "a\0b"},
            {"client_name": "\u202egpj.exe"},
            {"client_uri": "javascript:alert(1)"},
            {"logo_uri": "data:text/html,x"},
            {"policy_uri": "https://a.example/ x"},
            {"tos_uri": "//a.example/"},
            {"contacts": "me"},
        )
        for members in wrong:
            for method in ("none", "client_secret_post"):
                metadata = {"redirect_uris": [REDIRECT], "token_endpoint_auth_method": method, **members}
                self.refusal(self.send(metadata, ADMIN), "invalid_client_metadata")

    def test_contacts_are_addresses(self) -> None:
        self.refusal(self.send({**WITH_SECRET, "contacts": ["nobody"]}, ADMIN), "invalid_client_metadata")

    def test_it_comes_before_who_asks(self) -> None:
        self.let(anonymousClientRegistration=False)
        self.refusal(self.send({"redirect_uris": []}), "invalid_redirect_uri")
        self.refusal(self.send({**WITH_SECRET, "response_types": ["token"]}), "invalid_client_metadata")

    def test_bodies(self) -> None:
        for body in (b"{", b"[]", b"7", b"null", b"\xff", b'{"a":1,"a":2}', b'{"client_name":"\\ud800"}', b"[" * 9000):
            self.assertIn(
                self.send(body).json().get("error"), ("invalid_client_metadata", "invalid_redirect_uri"), body
            )
        answer = self.send({"redirect_uris": [PRIVATE], "x": "y" * 21_000})
        self.assertEqual(answer.status, 413)


class ConfidentialTests(RegistrationWorld):
    def test_it_needs_somebody_who_may(self) -> None:
        self.assertEqual(self.send(WITH_SECRET).status, 401)
        self.assertEqual(self.send(WITH_SECRET, ALICE).status, 403)

    def test_wrong_passwords_are_held_back(self) -> None:
        connected = self.server.connect()
        body = json.dumps(WITH_SECRET).encode()
        connected.send(request_bytes("POST", "/auth/register", basic("root", "wrong"), body))
        self.assertEqual(connected.responses(), [])
        self.clock.advance(0.51)
        self.assertEqual(connected.response().status, 401)
        self.assertEqual([login for _, login in self.failures], ["root"])
        connected.lose()

    def test_it_gets_a_secret_of_which_a_hash_is_kept(self) -> None:
        said = {
            **WITH_SECRET,
            "client_name": "A Shop",
            "contacts": ["me@example.test"],
            "logo_uri": "https://l.example/",
        }
        told = self.made(said, ADMIN)
        self.assertRegex(told["client_id"], r"^[a-z0-9]{20}$")
        self.assertRegex(told["client_secret"], r"^[A-Za-z0-9]{48}$")
        self.assertEqual(told["client_secret_expires_at"], 0)
        self.assertEqual(told["registration_client_uri"], f"{BASE}/auth/register/{told['client_id']}")
        self.assertEqual({name: told[name] for name in said}, said)
        stored = self.stored(told["client_id"])
        self.assertEqual((stored.description, stored.logo), ("A Shop", "https://l.example/"))
        self.assertEqual((stored.contacts, stored.redirect_uris), ({"me@example.test"}, {REDIRECT}))
        self.assertEqual(stored.created_at, int(self.clock.seconds()))
        for name in ("client_secret", "registration_access_token"):
            self.assertNotIn(told[name], json.dumps(stored.to_stored()))

    def test_it_cannot_choose_what_the_server_issues(self) -> None:
        issued = ("client_id", "client_secret", "registration_access_token", "registration_client_uri")
        told = self.made({**WITH_SECRET, **dict.fromkeys(issued, "mine"), "client_secret_expires_at": 1}, ADMIN)
        self.assertNotIn("mine", [told[name] for name in issued])
        self.assertEqual(told["client_secret_expires_at"], 0)

    def test_its_secret_opens_the_token_endpoint_without_password_work(self) -> None:
        told = self.made(WITH_SECRET, ADMIN)
        client = self.client(told["client_id"])
        assert client is not None
        code = self.code(client=client)
        checks = self.hashing.checks
        answer = self.exchange(code, headers=basic(client.id, told["client_secret"]), client_id=None)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.hashing.checks, checks)
        self.refusal(self.exchange(self.code(client=client), client_id=client.id), "invalid_client", 401)

    def test_it_belongs_to_the_tenant_of_who_answers_for_it(self) -> None:
        tenant = self.settle(self.settings.create(Tenant, {"name": "acme"}))
        owner = evolve(self.sign_in(), tenant_id=tenant)
        registration = Registration(self.clients, self.store, self.clock, BASE)
        told = self.settle(registration.confidential(WITH_SECRET, owner))
        client = self.client(told["client_id"])
        assert client is not None
        self.assertEqual(client.tenant_id, tenant)

    def test_it_is_told_in_an_event_without_its_secrets(self) -> None:
        events: list[str] = []
        self.telemetry.observe(lambda event, keys: events.append(f"{event.id} {keys}"))
        told = self.made(WITH_SECRET, ADMIN)
        self.assertTrue(any(event.startswith("auth.client-registration") for event in events))
        for name in ("client_secret", "registration_access_token"):
            self.assertNotIn(told[name], " ".join(events))


class ManagementTests(RegistrationWorld):
    """RFC 7592."""

    def setUp(self) -> None:
        super().setUp()
        self.told = self.made({**WITH_SECRET, "client_name": "A Shop"}, ADMIN)
        self.id = self.told["client_id"]
        self.mine = bearer(self.told["registration_access_token"])

    def no_token(self, answer: Response) -> None:
        self.refusal(answer, "invalid_token", 401)
        self.assertTrue(answer.headers["www-authenticate"].startswith("Bearer"))

    def test_it_is_read(self) -> None:
        answer = self.server.request("GET", f"/auth/register/{self.id}", self.mine)
        self.assertEqual(answer.status, 200)
        members = answer.json()
        self.assertEqual((members["client_id"], members["client_name"]), (self.id, "A Shop"))
        self.assertEqual(members["redirect_uris"], [REDIRECT])
        self.assertEqual(members["registration_access_token"], self.told["registration_access_token"])
        self.assertNotIn("client_secret", members)

    def test_it_is_replaced(self) -> None:
        said = {
            **WITH_SECRET,
            "client_id": self.id,
            "redirect_uris": ["https://new.example/"],
            "tos_uri": "https://t.example/",
        }
        answer = self.send(said, self.mine, "PUT", self.id)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertNotIn("client_name", answer.json())
        stored = self.stored(self.id)
        self.assertEqual((stored.redirect_uris, stored.description), ({"https://new.example/"}, None))
        self.assertEqual(stored.tos_uri, "https://t.example/")
        client = self.client(self.id)
        assert client is not None
        self.settle(self.clients.authenticate(client, self.told["client_secret"]))

    def test_bad_replacements(self) -> None:
        for members, error in (
            ({"client_id": "shop"}, "invalid_client_metadata"),
            ({"token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
            ({"redirect_uris": ["javascript:x"]}, "invalid_redirect_uri"),
        ):
            self.refusal(self.send({**WITH_SECRET, **members}, self.mine, "PUT", self.id), error)
        self.assertEqual(self.stored(self.id).description, "A Shop")

    def test_it_is_removed_and_everybody_signed_out(self) -> None:
        client = self.client(self.id)
        assert client is not None
        opened = self.redeem(self.code(client=client), client).access_token
        self.assertEqual(self.server.request("GET", "/auth/userinfo", bearer(opened)).status, 200)
        answer = self.server.request("DELETE", f"/auth/register/{self.id}", self.mine)
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(self.server.request("GET", "/auth/userinfo", bearer(opened)).status, 401)
        self.assertEqual(self.sign_ins(), [])
        self.no_token(self.server.request("DELETE", f"/auth/register/{self.id}", self.mine))

    def test_nobody_else_may(self) -> None:
        other = self.made(WITH_SECRET, ADMIN)
        wrong: tuple[dict[str, str] | None, ...] = (
            None,
            ADMIN,
            bearer("x"),
            bearer(other["registration_access_token"]),
            bearer(self.told["client_secret"]),
            basic(self.id, self.told["client_secret"]),
        )
        for headers in wrong:
            self.no_token(self.server.request("GET", f"/auth/register/{self.id}", headers))
            self.no_token(self.send(WITH_SECRET, headers, "PUT", self.id))
            self.no_token(self.server.request("DELETE", f"/auth/register/{self.id}", headers))
        for id in ("shop", "nobody", "swc1.x", "%00", "%ff"):
            answer = self.server.request("GET", f"/auth/register/{id}", self.mine)
            self.assertIn(answer.status, (400, 401), id)
        self.assertEqual(self.stored(self.id).description, "A Shop")

    def sign_ins(self) -> list[SignIn]:
        now = int(self.clock.seconds())
        return self.successResultOf(self.store.read(lambda tx: tx.sign_ins.of_account(self.alice, now)))


class PresentedTests(RegistrationWorld):
    """The account behind a request to an endpoint that others may use too."""

    def test_tokens_that_are_bound_to_a_key_do_not_count_without_it(self) -> None:
        self.let(anonymousClientRegistration=False)
        prover = Prover()
        thumbprint = self.proofs.check(
            prover.proof("GET", BASE, self.clock.seconds()), method="GET", url=BASE, access_token=None
        )
        bound = self.redeem(self.code(dpop_thumbprint=thumbprint), thumbprint=thumbprint).access_token
        self.assertEqual(self.send({"redirect_uris": [PRIVATE]}, bearer(bound)).status, 401)
        free = self.tokens().access_token
        self.assertEqual(self.send({"redirect_uris": [PRIVATE]}, bearer(free)).status, 403)

    def test_a_known_credential_is_not_checked_again(self) -> None:
        self.send(WITH_SECRET, ALICE)
        checks = self.hashing.checks
        self.send(WITH_SECRET, ALICE)
        self.assertEqual(self.hashing.checks, checks)
