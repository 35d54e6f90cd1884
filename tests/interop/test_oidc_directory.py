"""Two daemons: one is the OpenID provider, the other takes its ID tokens through a directory (auth-api 2.3).

Nothing stands between them but HTTP on loopback. Tokens that are wrong in one way are made by the test, with a
signature key that the provider was given.
"""

from __future__ import annotations

import atexit
import hmac
import json
import re
import shutil
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.trial.unittest import SynchronousTestCase

from stalwart.provider.keys import make_pem
from tests.interop.programs import CLIENT_ID, Program
from tests.interop.test_jmap_clients import free_port
from tests.live.daemon import ADMIN, Daemon, basic, new_folder
from tests.live.people import PASSWORD, Administrator

DOMAIN = "example.org"
ALL = "openid email profile groups"
RECOVERS = 15.0
"""Seconds within which a provider that is back is asked again; a failure is remembered for five."""
RULES: dict[str, Any] = {
    "requireAudience": CLIENT_ID,
    "requireScopes": {},
    "claimName": "name",
    "claimGroups": "groups",
}
_numbers = count(1)


class Server:
    """A daemon that keeps its address and its data over a restart, its administrator, and its domain once made."""

    def __init__(self) -> None:
        self._port, self._data = free_port(), new_folder()
        atexit.register(shutil.rmtree, self._data, ignore_errors=True)
        self.start()
        atexit.register(lambda: self.daemon.close())

    def start(self) -> None:
        """Start it, for the first time or again."""
        self.daemon = Daemon(
            *("stalwart", "--data", str(self._data), "--http", f"tcp:{self._port}:interface=127.0.0.1"),
            STALWART_RECOVERY_ADMIN=":".join(ADMIN),
            STALWART_PUBLIC_URL=f"http://127.0.0.1:{self._port}",
        )
        self.daemon.wait_for_port()
        self.administrator = Administrator(self.daemon)

    def stop(self) -> None:
        """End it in good order."""
        self.daemon.terminate()
        self.daemon.close()

    def new_group(self, name: str, domain_id: str) -> str:
        """The id of a new group."""
        wanted = {"@type": "Group", "name": name, "domainId": domain_id}
        return str(self.administrator.create("Account", wanted)["id"])

    def account(self, address: str) -> dict[str, Any] | None:
        """The account with ``address``, if there is one."""
        listed = self.administrator.call("x:Account/get", {"ids": None})["list"]
        return next((one for one in listed if one["emailAddress"] == address), None)


class Pair:
    """The ``provider`` with its people, and the ``taker``, whose domain of the same name is bound to it."""

    def __init__(self) -> None:
        self.provider, self.taker = Server(), Server()
        self.domain = self.provider.administrator.create("Domain", {"name": DOMAIN})["id"]
        wanted = {"@type": "Oidc", "description": "Provider", "issuerUrl": self.provider.daemon.url, **RULES}
        administrator = self.taker.administrator
        self.directory = administrator.create("Directory", wanted)["id"]
        bound = administrator.create("Domain", {"name": DOMAIN, "directoryId": self.directory})["id"]
        self.local = administrator.create("Domain", {"name": "local.test"})["id"]
        self.groups = {
            name: (self.provider.new_group(name, self.domain), self.taker.new_group(name, bound))
            for name in ("sales", "staff")
        }


@cache
def pair() -> Pair:
    """What all tests share; it ends with the run."""
    return Pair()


class PairTestCase(SynchronousTestCase):
    """A person whom the provider knows; the directory is as `RULES` say."""

    def setUp(self) -> None:
        self.pair = pair()
        self.provider, self.taker = self.pair.provider, self.pair.taker
        self.name = f"person{next(_numbers)}"
        self.login = f"{self.name}@{DOMAIN}"
        self.new_person(description="Alice A.", memberGroupIds={self.pair.groups["staff"][0]: True})
        self.set_rules()

    def new_person(self, **members: Any) -> None:
        credential = {"@type": "Password", "secret": PASSWORD}
        wanted = {"@type": "User", "name": self.name, "domainId": self.pair.domain, "credentials": {"0": credential}}
        self.account_id = self.provider.administrator.create("Account", wanted | members)["id"]

    def set_rules(self, **changes: Any) -> None:
        """Make a directory of other settings: what is kept of the provider is forgotten with the former."""
        named = {"description": f"Provider {next(_numbers)}"}
        self.taker.administrator.change("Directory", RULES | named | changes, self.pair.directory)

    def token(self, scope: str = ALL) -> str:
        """A new ID token."""
        return str(self.tokens(scope)["id_token"])

    def tokens(self, scope: str = ALL) -> dict[str, Any]:
        program = Program(self.provider.daemon.port, scope)
        self.addCleanup(program.close)
        return program.sign_in(self.login, PASSWORD)

    def ask(self, token: str, path: str = "/api/account") -> tuple[int, Any]:
        """Status and body of what the taker answers to a bearer of ``token``."""
        status, _, body = self.taker.daemon.get(path, {"Authorization": f"Bearer {token}"})
        return status, json.loads(body)

    def opens(self, token: str) -> Any:
        """What the taker says about whom ``token`` belongs to."""
        self.assertEqual(self.ask(token)[0], 200)
        status, told = self.ask(token, "/auth/userinfo")
        self.assertEqual(status, 200)
        return told

    def assert_refused(self, token: str, status: int = 401) -> None:
        self.assertEqual(self.ask(token)[0], status)
        self.assertIsNone(self.taker.account(self.login))

    def use_key(self, algorithm: str, pem: str) -> str:
        """Give the provider a signature key; its id, once that is published."""
        former = self.key_ids()
        key = {"@type": "Text", "secret": pem}
        self.provider.administrator.change("OidcProvider", {"signatureAlgorithm": algorithm, "signatureKey": key})
        until = time.monotonic() + 5
        while not (new := self.key_ids() - former):
            self.assertLess(time.monotonic(), until, "the key is not published")
            time.sleep(0.02)
        return new.pop()

    def key_ids(self) -> set[str]:
        return {key["kid"] for key in self.provider.daemon.json("/auth/jwks.json", {})["keys"]}


class FirstLoginTests(PairTestCase):
    """From the sign-in at the provider to the account at the taker."""

    def test_first_login_makes_the_account(self) -> None:
        self.assertIsNone(self.taker.account(self.login))
        told = self.opens(self.token())
        self.assertEqual((told["preferred_username"], told["name"]), (self.login, "Alice A."))
        self.assertEqual(self.ask(self.token())[1]["edition"], "oss")
        made = self.taker.account(self.login)
        assert made is not None
        self.assertEqual((made["@type"], made["description"], made["credentials"]), ("User", "Alice A.", {}))
        self.assertEqual(made["memberGroupIds"], {self.pair.groups["staff"][1]: True})

    def test_name_and_groups_follow_the_provider(self) -> None:
        first = self.opens(self.token())
        self.taker.administrator.change("Account", {"aliases": {}, "locale": "de_DE"}, self.taken()["id"])
        groups = {self.pair.groups["sales"][0]: True}
        self.provider.administrator.change(
            "Account", {"description": "Alice B.", "memberGroupIds": groups}, self.account_id
        )
        second = self.opens(self.token())
        self.assertEqual((second["sub"], second["name"]), (first["sub"], "Alice B."))
        self.assertEqual(self.taken()["memberGroupIds"], {self.pair.groups["sales"][1]: True})
        self.assertEqual(self.taken()["locale"], "de_DE")  # none of the provider's business

    def test_group_that_the_taker_does_not_have_is_not_made(self) -> None:
        other = self.provider.new_group(f"group{next(_numbers)}", self.pair.domain)
        self.provider.administrator.change("Account", {"memberGroupIds": {other: True}}, self.account_id)
        self.opens(self.token())
        self.assertEqual(self.taken()["memberGroupIds"], {})

    def test_jmap_is_open_to_who_comes_with_a_token(self) -> None:
        status, session = self.ask(self.token(), "/jmap/session")
        self.assertEqual((status, session["username"]), (200, self.login))

    def test_password_is_no_use_at_the_taker(self) -> None:
        self.opens(self.token())
        self.assertEqual(self.taker.daemon.get("/api/account", basic(self.login, PASSWORD))[0], 401)

    def test_discovery_is_that_of_the_provider_reduced(self) -> None:
        whole = self.provider.daemon.json("/.well-known/openid-configuration", {})
        told = self.taker.daemon.json(f"/api/discover/{self.login}", {})
        named = ("issuer", "jwks_uri", "userinfo_endpoint", "token_endpoint", "authorization_endpoint")
        further = ("scopes_supported", "claims_supported", "code_challenge_methods_supported")
        self.assertEqual(told, {name: whole[name] for name in (*named, *further)})
        here = self.taker.daemon.json("/api/discover/somebody@local.test", {})
        self.assertEqual(here["issuer"], self.taker.daemon.url)

    def taken(self) -> dict[str, Any]:
        found = self.taker.account(self.login)
        assert found is not None
        return found


class RulesTests(PairTestCase):
    """What the settings of the directory ask of a token."""

    def test_audience_is_the_program_that_was_signed_in_to(self) -> None:
        self.set_rules(requireAudience="stalwart")
        self.assert_refused(self.token())
        self.set_rules(requireAudience=None)
        self.opens(self.token())

    def test_scopes_that_are_required_are_not_in_an_id_token(self) -> None:
        self.set_rules(requireScopes={"openid": True, "email": True})
        self.assert_refused(self.token())

    def test_claims_that_are_wanted_have_to_be_in_the_token(self) -> None:
        # What is missing is asked of userinfo, which takes no ID token.
        self.assert_refused(self.token("openid email profile"))
        self.assert_refused(self.token("openid email groups"))
        self.set_rules(claimGroups=None, claimName=None)
        self.assertEqual(self.opens(self.token("openid email"))["preferred_username"], self.login)

    def test_access_token_of_the_provider_opens_nothing(self) -> None:
        # It looks like one of the taker's own, and those are sent to nobody.
        access_token = self.tokens()["access_token"]
        self.provider.daemon.json("/auth/userinfo", {"Authorization": f"Bearer {access_token}"})
        self.assert_refused(access_token)


class ForgeryTests(PairTestCase):
    """Tokens that are wrong in one way, signed with the key of the provider unless that is what is wrong."""

    def setUp(self) -> None:
        super().setUp()
        self.pem = make_pem("ES256")
        self.kid = self.use_key("es256", self.pem)
        self.set_rules()
        self.claims = jwt.decode(self.token(), options={"verify_signature": False})

    def forged(self, *, key: str | None = None, header: dict[str, str] | None = None, **claims: Any) -> str:
        changed = {name: value for name, value in (self.claims | claims).items() if value is not None}
        return jwt.encode(changed, key or self.pem, "ES256", headers={"kid": self.kid, **(header or {})})

    def test_payload_of_another_token_does_not_fit_the_signature(self) -> None:
        head, _, signature = self.token().split(".")
        self.assert_refused(f"{head}.{self.forged(exp=self.claims['exp'] + 3600).split('.')[1]}.{signature}")

    def test_provider_has_no_say_about_other_domains(self) -> None:
        victim = {"@type": "Password", "secret": PASSWORD}
        made = {"@type": "User", "name": self.name, "domainId": self.pair.local, "credentials": {"0": victim}}
        self.taker.administrator.create("Account", made)
        other = f"{self.name}@local.test"
        self.assert_refused(self.forged(preferred_username=other, email=other))
        self.assert_refused(self.forged(preferred_username=other), 403)
        self.assert_refused(self.forged(preferred_username="a@elsewhere.test", email="a@elsewhere.test"), 403)


def _wrong(reason: str, make: Callable[[ForgeryTests], str]) -> Callable[[ForgeryTests], None]:
    def test(self: ForgeryTests) -> None:
        before = len(self.taker.daemon.log)
        self.assert_refused(make(self))
        self.opens(self.forged())
        (told,) = re.findall(r"\(auth\.token-refused\).*", self.taker.daemon.log[before:])
        self.assertIn(reason, told)

    return test


def _unsigned(self: ForgeryTests) -> str:
    return f"{_encoded({'alg': 'none'})}.{_encoded(self.claims)}."


def _with_public_key_as_secret(self: ForgeryTests) -> str:
    keys = jwt.PyJWKSet.from_dict(self.provider.daemon.json("/auth/jwks.json", {}))
    public: Any = keys[self.kid].key
    signed = f"{_encoded({'alg': 'HS256', 'kid': self.kid})}.{_encoded(self.claims)}"
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return f"{signed}.{_base64url(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _encoded(members: dict[str, Any]) -> str:
    return _base64url(json.dumps(members).encode())


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _seconds(later: int) -> int:
    return int(time.time()) + later


OTHER_KEY = make_pem("ES256")
WRONG: dict[str, tuple[str, Callable[[ForgeryTests], str]]] = {  # why, as the log says
    "audience": ("meant for somebody else", lambda test: test.forged(aud="another-program")),
    "issuer": ("another issuer", lambda test: test.forged(iss=test.taker.daemon.url)),
    "end": ("expired", lambda test: test.forged(exp=_seconds(-61))),
    "missing_end": ("expired", lambda test: test.forged(exp=None)),
    "beginning": ("from the future", lambda test: test.forged(nbf=_seconds(120))),
    "holder_of_a_key": ("bound to a key", lambda test: test.forged(cnf={"jkt": "x"})),
    "signature": ("its signature is wrong", lambda test: test.forged(key=OTHER_KEY)),
    "key_id": ("the provider has no such key", lambda test: test.forged(header={"kid": "unknown"})),
    "type": ("it is of another type", lambda test: test.forged(header={"typ": "logout+jwt"})),
    "missing_signature": ("its algorithm is not accepted", _unsigned),
    "public_key_as_secret": ("its algorithm is not accepted", _with_public_key_as_secret),
}
for _name, _row in WRONG.items():
    setattr(ForgeryTests, f"test_wrong_{_name}_is_refused", _wrong(*_row))


class ChangeTests(PairTestCase):
    """The provider goes and comes, and changes its key."""

    def test_provider_that_is_gone_is_told_apart_from_a_wrong_token(self) -> None:
        tokens = [self.token() for _ in range(3)]
        self.opens(tokens[0])
        self.provider.stop()
        try:
            self.opens(tokens[1])  # its keys are known
            self.set_rules()
            status, problem = self.ask(tokens[2])
            self.assertEqual(status, 503)
            self.assertIn("cannot be reached", problem["detail"])
            self.assertEqual(self.taker.daemon.get(f"/api/discover/{self.login}", {})[0], 503)
            self.assertEqual(self.taker.daemon.get("/api/account")[0], 200)  # who is known here is not held up
        finally:
            self.provider.start()
        until = time.monotonic() + RECOVERS
        while self.ask(tokens[2])[0] == 503 and time.monotonic() < until:
            time.sleep(0.1)
        self.opens(tokens[2])
        self.taker.daemon.json(f"/api/discover/{self.login}", {})

    def test_new_signature_key_is_taken_and_the_former_still_counts(self) -> None:
        before = [self.token() for _ in range(2)]
        self.opens(before[0])
        kid = self.use_key("es384", make_pem("ES384"))
        after = self.token()
        self.assertEqual(jwt.get_unverified_header(after)["kid"], kid)
        self.assertEqual(
            self.ask(after)[0], 401
        )  # keys were fetched a moment ago, and are so every five minutes at most
        self.set_rules()
        self.opens(after)
        self.opens(before[1])
        self.assertIn(jwt.get_unverified_header(before[1])["kid"], self.key_ids())
