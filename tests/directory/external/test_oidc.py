"""Tokens of an OpenID provider: JWTs that are right and wrong, opaque ones, and a provider that does not answer."""

from __future__ import annotations

from typing import Any

import jwt
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.identity.directory import Oidc
from stalwart.directory.external.found import Found, TokenDirectory
from stalwart.directory.external.oidc import UNKNOWN_END, OidcDirectory
from stalwart.directory.failures import LoginFailed
from stalwart.errors import Unauthenticated, Unavailable
from stalwart.net.json_fetch import JsonAnswer
from stalwart.telemetry import Telemetry
from tests.directory.external.provider import DOWN, EC, ISSUER, OTHER, Provider

NOW = 1_800_000_000
ALICE = Found("alice@example.test", "Alice A.", None, None, expires_at=NOW + 600)
OPAQUE = "opaque-token"


class OidcCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.provider = Provider(NOW)
        self.events: list[dict[str, Any]] = []
        self.directory = self.declared()

    def declared(self, **members: Any) -> OidcDirectory:
        value = Oidc.from_wire({"description": "d", "issuerUrl": ISSUER, **members})
        telemetry = Telemetry()
        telemetry.observe(lambda event, keys: self.events.append(dict(keys)))
        return OidcDirectory(value, self.provider, self.clock, telemetry)

    def begin(self, token: str) -> Deferred[Found]:
        return Deferred.fromCoroutine(self.directory.authenticate(token))

    def found(self, token: str) -> Found:
        return self.successResultOf(self.begin(token))

    def refused(self, token: str, kind: type[Exception] = Unauthenticated) -> Any:
        problem = self.failureResultOf(self.begin(token)).value
        self.assertIsInstance(problem, kind)
        self.assertNotIn(token, f"{problem} {self.events}")
        return problem


class JwtTests(OidcCase):
    def test_token_that_tells_all_needs_no_userinfo(self) -> None:
        self.assertIsInstance(self.directory, TokenDirectory)
        for key in ("one", "two"):
            self.assertEqual(self.found(self.provider.token(key)), ALICE)
        self.assertEqual(self.provider.asked, ["openid-configuration", "jwks"])

    def test_wrong_claims(self) -> None:
        for claims in (
            {"iss": ISSUER + "/"},
            {"iss": None},
            {"aud": "other"},
            {"aud": None},
            {"aud": ["a", "b"]},
            {"exp": NOW - 60},
            {"exp": None},
            {"exp": "never"},
            {"nbf": NOW + 61},
            {"iat": NOW + 61},
            {"scope": "openid"},
            {"scope": None},
            {"cnf": {"jkt": "x"}},
            {"preferred_username": "root%alice@example.test", "email": None},
        ):
            with_userinfo = JsonAnswer(200, {"sub": "4711"})
            token = self.provider.token(**claims)
            self.provider.people[token] = with_userinfo
            self.refused(token)

    def test_clocks_may_differ_by_a_minute(self) -> None:
        self.assertEqual(self.found(self.provider.token(exp=NOW - 59)).expires_at, NOW - 59)
        self.found(self.provider.token(nbf=NOW + 60, iat=NOW + 60))

    def test_audience_and_scopes_as_the_settings_say(self) -> None:
        self.found(self.provider.token(aud=["a", "stalwart"], scope=None, scp=["email", "openid", "x"]))
        self.directory = self.declared(requireAudience=None, requireScopes={})
        self.found(self.provider.token(aud=None, scope=None))
        self.directory = self.declared(requireScopes={"mail": True})
        self.assertEqual(self.found(self.provider.token(scope="mail")), ALICE)

    def test_shared_secret_and_no_signature(self) -> None:
        claims = self.provider.claims()
        self.refused(jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"kid": "two"}))
        self.refused(jwt.encode(claims, None, algorithm="none", headers={"kid": "two"}))
        self.assertEqual(self.provider.asked, [])

    def test_foreign_key(self) -> None:
        claims = self.provider.claims()
        self.refused(jwt.encode(claims, OTHER, algorithm="ES256", headers={"kid": "two"}))
        self.refused(jwt.encode(claims, EC, algorithm="ES256", headers={"kid": "three"}))
        self.refused(jwt.encode(claims, EC, algorithm="ES256", headers={"kid": "two", "crit": ["x"], "x": 1}))
        self.assertEqual(len(self.events), 3)

    def test_userinfo_completes_what_is_missing(self) -> None:
        token = self.provider.token(name=None, preferred_username=None)
        told = {"sub": "4711", "preferred_username": "bob@example.test", "name": "Bob", "aud": "other"}
        self.provider.people[token] = JsonAnswer(200, told)
        found = self.found(token)
        self.assertEqual((found.address, found.name, found.expires_at), ("bob@example.test", "Bob", NOW + 600))
        self.assertEqual(self.provider.bearers[-1], token)

    def test_token_comes_before_userinfo(self) -> None:
        token = self.provider.token(name=None)
        self.provider.people[token] = JsonAnswer(200, {"sub": "4711", "preferred_username": "root@example.test"})
        self.assertEqual(self.found(token), Found("alice@example.test", None, expires_at=NOW + 600))

    def test_groups_when_there_is_a_claim_for_them(self) -> None:
        self.directory = self.declared(claimGroups="groups")
        token = self.provider.token()
        self.provider.people[token] = JsonAnswer(200, {"sub": "4711", "groups": ["/Sales", "all@example.test"]})
        self.assertEqual(self.found(token).groups, {"sales", "all@example.test"})
        self.assertEqual(self.found(self.provider.token(groups=[])).groups, frozenset())

    def test_userinfo_of_somebody_else(self) -> None:
        token = self.provider.token(name=None)
        for sub in ("1", None, 4711):
            self.provider.people[token] = JsonAnswer(200, {"sub": sub, "name": "Eve"})
            self.refused(token, LoginFailed if sub == "1" else Unavailable)

    def test_token_that_the_provider_has_taken_back(self) -> None:
        self.assertEqual(self.refused(self.provider.token(name=None), LoginFailed).answer.status, 401)

    def test_token_that_is_not_meant_for_userinfo_is_good_all_the_same(self) -> None:
        token = self.provider.token(name=None)
        self.provider.people[token] = JsonAnswer(403, None)
        self.assertEqual(self.found(token).address, "alice@example.test")
        token = self.provider.token(preferred_username=None)
        self.provider.people[token] = JsonAnswer(403, None)
        self.assertIn("address", self.refused(token).detail)

    def test_provider_without_userinfo(self) -> None:
        del self.provider.document["userinfo_endpoint"]
        self.assertEqual(self.found(self.provider.token(name=None)).name, None)
        self.refused(OPAQUE)

    def test_trouble_is_no_failed_login(self) -> None:
        token = self.provider.token(name=None)
        self.provider.people[token] = JsonAnswer(502, None)
        self.refused(token, Unavailable)
        self.provider.people[token] = JsonAnswer(200, None)
        self.refused(token, Unavailable)
        self.provider.down = DOWN
        self.assertIn("refused", self.refused(token, Unavailable).detail)
        self.directory = self.declared()
        self.refused(token, Unavailable)

    def test_same_token_at_the_same_time_is_one_request(self) -> None:
        token = self.provider.token(name=None)
        self.provider.people[token] = JsonAnswer(200, {"sub": "4711", "name": "Alice"})
        self.found(token)
        self.provider.asked.clear()
        self.provider.held = Deferred()
        waiting = [self.begin(token) for _ in range(5)]
        self.provider.held.callback(None)
        self.assertEqual({self.successResultOf(one).name for one in waiting}, {"Alice"})
        self.assertEqual(self.provider.asked, ["userinfo"])

    def test_what_is_no_token_at_all(self) -> None:
        for text in ("", "a b", "é", "x" * 20_000, "a\nb"):
            self.assertIsInstance(self.failureResultOf(self.begin(text)).value, Unauthenticated)
        self.assertEqual(self.provider.asked, [])

    def test_metadata(self) -> None:
        found = self.successResultOf(Deferred.fromCoroutine(self.directory.discovery()))
        self.assertEqual(found["token_endpoint"], f"{ISSUER}/token")
        self.successResultOf(Deferred.fromCoroutine(self.directory.close()))


class OpaqueTests(OidcCase):
    def setUp(self) -> None:
        super().setUp()
        self.provider.people[OPAQUE] = JsonAnswer(
            200, {"sub": "4711", "preferred_username": "alice", "email": "alice@example.test", "name": "Alice A."}
        )

    def introspect(self, **members: Any) -> None:
        self.provider.document["introspection_endpoint"] = f"{ISSUER}/introspect"
        told = {"active": True, "sub": "4711", "aud": "stalwart", "scope": "openid email", "exp": NOW + 50, **members}
        self.provider.introspection[OPAQUE] = JsonAnswer(
            200, {name: value for name, value in told.items() if value is not None}
        )

    def test_userinfo_says_whose_it_is(self) -> None:
        found = self.found(OPAQUE)
        self.assertEqual((found.address, found.name), ("alice@example.test", "Alice A."))
        self.assertEqual(found.expires_at, NOW + UNKNOWN_END)
        self.assertEqual(self.provider.asked, ["openid-configuration", "userinfo"])

    def test_refusal_of_the_provider_is_a_failed_login(self) -> None:
        for status in (400, 401, 403):
            self.provider.people[OPAQUE] = JsonAnswer(status, None)
            self.refused(OPAQUE, LoginFailed)

    def test_trouble_is_no_failed_login(self) -> None:
        for status in (404, 429, 500, 503):
            self.provider.people[OPAQUE] = JsonAnswer(status, None)
            self.refused(OPAQUE, Unavailable)
        self.provider.down = DOWN
        self.refused(OPAQUE, Unavailable)

    def test_introspection_says_what_it_is_good_for(self) -> None:
        self.introspect()
        self.assertEqual(self.found(OPAQUE).expires_at, NOW + 50)
        self.assertEqual(self.provider.bearers[-2:], [OPAQUE, OPAQUE])
        self.introspect(aud=None, client_id="stalwart", exp=None)
        self.assertEqual(self.found(OPAQUE).expires_at, NOW + UNKNOWN_END)

    def test_introspection_that_speaks_against_it(self) -> None:
        for members in (
            {"aud": "other"},
            {"aud": None},
            {"scope": "openid"},
            {"exp": NOW - 60},
            {"exp": "soon"},
            {"cnf": {"jkt": "x"}},
        ):
            self.introspect(**members)
            self.refused(OPAQUE)
        for active in (False, None, "true", 1):
            self.introspect(active=active)
            self.refused(OPAQUE, LoginFailed)
        self.introspect(sub="1")
        self.refused(OPAQUE, LoginFailed)

    def test_introspection_that_wants_a_client_is_left_out(self) -> None:
        self.introspect()
        self.provider.introspection.clear()
        self.assertEqual(self.found(OPAQUE).address, "alice@example.test")
        self.assertEqual(self.provider.asked, ["openid-configuration", "introspect", "userinfo"])

    def test_introspection_is_not_asked_where_nothing_is_required(self) -> None:
        self.introspect(active=False)
        self.directory = self.declared(requireAudience=None, requireScopes={})
        self.assertEqual(self.found(OPAQUE).address, "alice@example.test")

    def test_introspection_alone(self) -> None:
        self.introspect(preferred_username="alice@example.test")
        del self.provider.document["userinfo_endpoint"]
        self.assertEqual(self.found(OPAQUE).address, "alice@example.test")
