"""A domain whose people sign in at node-oidc-provider, a certified OpenID provider; its tokens open accounts here.

Its JWT access tokens are as RFC 9068 has them: each is for one audience (RFC 8707), so its userinfo does not take those
that are meant for mail. Without the package, see tests/interop/clients/prepare, the tests are skipped.
"""

from __future__ import annotations

import atexit
import re
import shutil
import sys
import time
from functools import cache
from typing import Any
from unittest import mock

import jwt
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.openid_provider import LATE, MAIL, TERSE, WIKI, OpenIdProvider, missing
from tests.live.daemon import Daemon, new_folder
from tests.live.people import Administrator

DOMAIN = "example.test"
AGAIN = 1.0
"""Seconds, in place of five minutes, after which an unknown key has the daemon ask for the keys again."""
STARTED = (
    f"from stalwart.directory.external import provider_metadata; provider_metadata.KEYS_AGAIN = {AGAIN}; "
    "from twisted.scripts.twistd import run; run()"
)
REFUSED = re.compile(r"\(auth\.token-refused\).*")


def person(name: str, **claims: Any) -> dict[str, Any]:
    """What the provider tells about somebody."""
    address = f"{name}@{DOMAIN}"
    return {"email": address, "email_verified": True, "preferred_username": address, "name": name.title(), **claims}


class World:
    """The provider, and a daemon with a domain that is bound to it and with two groups in there."""

    def __init__(self) -> None:
        folder = new_folder()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        people = {name: person(name, groups=["Staff", "chess"]) for name in ("alice", "bob", "carol", "dora")}
        people["eve"] = person("eve", groups=[]) | dict.fromkeys(("email", "preferred_username"), "eve@elsewhere.test")
        self.provider = OpenIdProvider(folder, people)
        atexit.register(self.provider.stop)
        self.provider.start()
        with mock.patch("tests.live.daemon.TWISTD", (sys.executable, "-c", STARTED, "-n", "--pidfile=")):
            self.daemon = Daemon.with_data(folder / "data")
        atexit.register(self.daemon.close)
        self.administrator = Administrator(self.daemon)
        wanted = {"@type": "Oidc", "description": "SSO", "issuerUrl": self.provider.issuer, "claimGroups": "groups"}
        directory = self.administrator.create("Directory", wanted)["id"]
        domain = self.administrator.create("Domain", {"name": DOMAIN, "directoryId": directory})["id"]
        self.groups = {
            name: self.administrator.create("Account", {"@type": "Group", "name": name, "domainId": domain})["id"]
            for name in ("staff", "sales")
        }


@cache
def world() -> World:
    """What all tests share; it ends with the run."""
    return World()


class OpenIdProviderTests(SynchronousTestCase):
    """Tokens that a program got in the usual way, by a code for which somebody has signed in."""

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        self.world = world()
        self.provider, self.daemon = self.world.provider, self.world.daemon

    def status(self, token: str, path: str = "/api/account") -> int:
        return self.daemon.get(path, {"Authorization": f"Bearer {token}"})[0]

    def account(self, name: str) -> dict[str, Any] | None:
        """The account of that name, if there is one."""
        found = self.world.administrator.call("x:Account/get", {"ids": None})["list"]
        return next((each for each in found if each["name"] == name), None)

    def why_refused(self, token: str) -> str:
        """What the log says about a token that is answered 401."""
        before = len(self.daemon.log)
        self.assertEqual(self.status(token), 401)
        return " ".join(REFUSED.findall(self.daemon.log[before:]))

    def test_first_token_for_mail_makes_the_account_and_puts_it_into_its_groups(self) -> None:
        self.assertIsNone(self.account("alice"))
        token = self.provider.token("alice", MAIL)
        self.assertEqual(self.status(token), 200)
        made = self.account("alice")
        assert made is not None
        self.assertEqual((made["@type"], made["description"], made["credentials"]), ("User", "Alice", {}))
        self.assertEqual(made["memberGroupIds"], {self.world.groups["staff"]: True})
        session = self.daemon.json("/jmap/session", {"Authorization": f"Bearer {token}"})
        self.assertEqual(session["username"], f"alice@{DOMAIN}")

    def test_opaque_token_is_shown_to_userinfo(self) -> None:
        token = self.provider.token("bob")
        self.assertNotIn(".", token)
        self.assertEqual(self.status(token), 401)  # no domain claims it: it does not go to a provider unasked
        self.set_default(self.directory())
        self.addCleanup(self.set_default, None)
        self.assertEqual(self.status(token), 200)
        made = self.account("bob")
        assert made is not None
        self.assertEqual(made["memberGroupIds"], {self.world.groups["staff"]: True})
        self.assertEqual(self.status(token + "x"), 401)

    def test_token_for_something_else_is_refused(self) -> None:
        self.assertIn("meant for somebody else", self.why_refused(self.provider.token("carol", WIKI)))
        id_token = self.provider.tokens("carol", MAIL)["id_token"]  # for the program, which must not use it so
        self.assertEqual(self.status(id_token), 401)
        self.assertIsNone(self.account("carol"))

    def test_expired_and_altered_tokens_are_refused(self) -> None:
        self.assertIn("expired", self.why_refused(self.provider.token("carol", LATE)))
        head, claims, signature = self.provider.token("carol", MAIL).split(".")
        other = self.provider.token("alice", MAIL).split(".")[1]
        self.assertIn("signature is wrong", self.why_refused(f"{head}.{other}.{signature}"))
        for garbage in (f"{head}.{claims}.", f"{head}.{claims}", "e30.e30.e30", "x" * 43):
            self.assertEqual(self.status(garbage), 401, garbage)
        self.assertIsNone(self.account("carol"))

    def test_provider_names_nobody_in_other_domains(self) -> None:
        self.assertEqual(self.status(self.provider.token("eve", MAIL)), 403)
        self.assertIsNone(self.account("eve"))

    def test_token_that_says_too_little_is_refused_where_userinfo_does_not_take_it(self) -> None:
        token = self.provider.token("carol", TERSE)
        self.assertNotIn("email", jwt.decode(token, options={"verify_signature": False}))
        self.assertEqual(self.status(token), 401)

    def test_program_learns_where_people_of_the_domain_sign_in(self) -> None:
        published = self.provider.published()
        told = self.daemon.json(f"/api/discover/somebody@{DOMAIN}", {})
        self.assertEqual(told["issuer"], self.provider.issuer)
        self.assertEqual(told, {name: published[name] for name in told})
        self.assertLessEqual({"authorization_endpoint", "token_endpoint", "jwks_uri"}, told.keys())
        here = self.daemon.json("/api/discover/somebody@elsewhere.test", {})
        self.assertNotEqual(here["issuer"], self.provider.issuer)

    def test_new_keys_and_new_groups_of_the_provider_are_followed(self) -> None:
        former = self.provider.token("dora", MAIL)
        self.assertEqual(self.status(former), 200)
        self.provider.stop()
        self.provider.people["dora"] |= {"groups": ["sales"], "name": "Dora the Second"}
        self.provider.start()
        token = self.provider.token("dora", MAIL)
        ids = [jwt.get_unverified_header(each)["kid"] for each in (former, token)]
        self.assertNotEqual(*ids)
        time.sleep(AGAIN)
        self.assertEqual(self.status(token), 200)
        found = self.account("dora")
        assert found is not None
        self.assertEqual(found["memberGroupIds"], {self.world.groups["sales"]: True})
        self.assertEqual(found["description"], "Dora the Second")

    def directory(self) -> str:
        (found,) = self.world.administrator.call("x:Directory/get", {"ids": None})["list"]
        return str(found["id"])

    def set_default(self, directory: str | None) -> None:
        self.world.administrator.change("Authentication", {"directoryId": directory})
