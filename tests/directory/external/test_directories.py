"""Which directory serves whom, one client for each, and what becomes of their answers."""

from __future__ import annotations

from typing import Any

import jwt
from twisted.internet.defer import Deferred

from stalwart.config.identity.directory import Directory as DirectoryObject
from stalwart.directory.external.directories import ExternalDirectories
from stalwart.directory.external.found import Found
from stalwart.errors import Forbidden, Invalid, Unauthenticated, Unavailable
from tests.directory.external.world import ExternalWorld

ALICE = "alice@ext.test"


def token(**claims: Any) -> str:
    return jwt.encode(claims, "k" * 32, algorithm="HS256")


class ServingTests(ExternalWorld):
    def test_own_directory_of_the_domain_then_the_default_one(self) -> None:
        for login, id in ((ALICE, self.ldap), ("a@ALIAS.test", self.ldap), ("a@example.test", None), ("alice", None)):
            self.assertEqual(self.external.serving(login), id, login)
        self.default(self.oidc)
        for login, id in ((ALICE, self.ldap), ("a@example.test", self.oidc), ("alice", self.oidc)):
            self.assertEqual(self.external.serving(login), id, login)
        for login in ("a@nowhere.test", "a@", "@", "a@\x00"):
            self.assertIsNone(self.external.serving(login), login)

    def test_addresses_of_logins(self) -> None:
        for login, address in (
            ("bob", "bob@example.test"),
            ("bob@alias.test", "bob@ext.test"),
            ("bob@nowhere.test", "bob@nowhere.test"),
        ):
            self.assertEqual(self.external.address_of(login), address)

    def test_kinds_of_directories(self) -> None:
        self.assertTrue(self.external.checks_passwords(self.ldap))
        self.assertFalse(self.external.checks_passwords(self.oidc))

    def test_token_goes_to_the_directory_of_the_domain_that_it_names(self) -> None:
        self.bind(self.domain_id, self.oidc)
        for claims, taken in (
            ({"email": "a@example.test"}, True),
            ({"preferred_username": "a@example.test"}, True),
            ({"upn": "a@EXAMPLE.test"}, True),
            ({"email": "a@gmail.test", "upn": "a@example.test"}, True),
            ({"email": "a@ext.test", "upn": "a@example.test"}, False),  # LDAP takes no tokens
            ({"email": "a@gmail.test"}, False),
            ({"email": 7, "iss": "x"}, False),
            ({"iss": "https://idp.test"}, True),
            ({"iss": "https://other.test"}, False),
        ):
            self.assertEqual(self.external.takes_token(token(**claims)), taken, claims)
        self.assertFalse(self.external.takes_token("opaque"))

    def test_default_directory_takes_all_other_tokens(self) -> None:
        self.default(self.oidc)
        for text in ("opaque", token(), token(email="a@nowhere.test"), token(email="a@example.test")):
            self.assertTrue(self.external.takes_token(text))
        for text in (token(email=ALICE), "", "a b", "x" * 20_000):
            self.assertFalse(self.external.takes_token(text))


class ClientTests(ExternalWorld):
    def test_one_client_until_its_settings_change(self) -> None:
        first = self.ldap_client
        self.assertIs(self.ldap_client, first)
        self.settle(self.settings.change(DirectoryObject, {"description": "other"}, self.oidc))
        self.assertEqual((self.ldap_client, first.closed), (first, 0))
        self.settle(self.settings.change(DirectoryObject, {"baseDn": "dc=new"}, self.ldap))
        self.assertEqual(first.closed, 1)
        self.assertEqual(self.ldap_client.declared.base_dn, "dc=new")

    def test_client_of_a_directory_that_is_gone_is_closed(self) -> None:
        client = self.oidc_client
        self.settle(self.settings.destroy(DirectoryObject, self.oidc))
        self.assertEqual(client.closed, 1)
        self.assertRaises(Unavailable, self.external.checks_passwords, self.oidc)

    def test_all_are_closed_at_the_end(self) -> None:
        people, issuer = self.ldap_client, self.oidc_client
        people.problem = RuntimeError("broken")
        self.settle(self.external.close())
        self.assertEqual((people.closed, issuer.closed), (1, 1))
        self.assertIn("RuntimeError", str(self.events))

    def test_directory_of_a_kind_that_nobody_makes(self) -> None:
        bare = ExternalDirectories(self.settings, self.store, {}, self.clock, self.telemetry)
        self.assertRaises(Unavailable, bare.checks_passwords, self.ldap)

    def test_settings_that_cannot_be_used(self) -> None:
        def refuse(declared: Any) -> Any:
            raise Invalid("The URL of the directory is wrong.")

        bare = ExternalDirectories(self.settings, self.store, {"Ldap": refuse}, self.clock, self.telemetry)
        self.assertRaises(Unavailable, bare.checks_passwords, self.ldap)
        self.assertIn("URL of the directory", str(self.events))


class AskingTests(ExternalWorld):
    def check(self, secret: str = "secret") -> int | None:
        return self.settle(self.external.check(self.ldap, ALICE, secret))

    def test_right_password_makes_the_account_once(self) -> None:
        self.ldap_client.add(ALICE, name="Alice")
        account_id = self.check()
        assert account_id is not None
        self.assertEqual(self.account(account_id).description, "Alice")
        self.assertEqual((self.check(), self.revision(account_id)), (account_id, 1))
        self.assertEqual([name for name, _ in self.events].count("auth.account-created"), 1)

    def test_wrong_password_and_groups_that_try_to_sign_in(self) -> None:
        self.ldap_client.add(ALICE, kind="Group")
        self.assertEqual((self.check("other"), self.check()), (None, None))
        self.assertEqual(self.settle(self.external.check(self.oidc, "a@example.test", "x")), None)

    def test_groups_are_made_on_the_way(self) -> None:
        self.ldap_client.add(ALICE, groups=frozenset(["team"]))
        self.ldap_client.entries["team@ext.test"] = Found("team@ext.test", kind="Group")
        account_id = self.check()
        assert account_id is not None
        self.assertEqual(len(self.account(account_id).member_group_ids), 1)

    def test_who_writes_an_account_tells_the_caches(self) -> None:
        told: list[int] = []
        self.external.on_change(told.append)
        self.ldap_client.add(ALICE)
        account_id = self.check()
        self.check()
        self.ldap_client.add(ALICE, name="New")
        self.check()
        self.assertEqual(told, [account_id, account_id])

    def test_foreign_address_is_refused_and_told_in_the_log(self) -> None:
        self.ldap_client.add(ALICE, named="root@example.test")
        work = Deferred.fromCoroutine(self.external.check(self.ldap, ALICE, "secret"))
        problem = self.failureResultOf(work, Forbidden)
        self.assertNotIn("root@", str(problem.value))
        self.assertIn("auth.directory-refused", [name for name, _ in self.events])

    def test_directory_that_is_down(self) -> None:
        self.ldap_client.problem = Unavailable("no connection")
        work = Deferred.fromCoroutine(self.external.check(self.ldap, ALICE, "secret"))
        self.failureResultOf(work, Unavailable)
        self.assertIn(("auth.error", {"directory": self.ldap, "reason": "no connection"}), self.events)

    def test_same_password_at_the_same_time_is_checked_once(self) -> None:
        self.ldap_client.add(ALICE)
        held: Deferred[None] = Deferred()
        self.people[-1].held = held
        words = ("secret", "x", "secret")
        waiting = [Deferred.fromCoroutine(self.external.check(self.ldap, ALICE, word)) for word in words]
        held.callback(None)
        found = [self.successResultOf(one) for one in waiting]
        self.assertEqual((found[0], found[1]), (found[2], None))
        self.assertEqual(len(self.people[-1].checked), 2)

    def test_account_of_whom_the_directory_knows(self) -> None:
        self.ldap_client.entries[ALICE] = Found(ALICE, "Alice")
        account_id = self.settle(self.external.find(ALICE))
        assert account_id is not None
        self.assertEqual(self.account(account_id).name, "alice")
        self.bind(self.domain_id, self.oidc)
        for address in ("bob@ext.test", "bob@example.test", "bob@nowhere.test"):
            self.assertIsNone(self.settle(self.external.find(address)))

    def test_token(self) -> None:
        self.bind(self.domain_id, self.oidc)
        text = token(email="bob@example.test")
        self.oidc_client.known[text] = Found("bob@example.test", "Bob", expires_at=7)
        account_id, ends = self.settle(self.external.check_token(text))
        self.assertEqual((self.account(account_id).description, ends), ("Bob", 7))
        self.oidc_client.known[text] = Found(ALICE)
        for wrong, kind in ((text, Forbidden), ("opaque", Unauthenticated)):
            self.failureResultOf(Deferred.fromCoroutine(self.external.check_token(wrong)), kind)

    def test_metadata_of_the_provider_of_a_domain(self) -> None:
        self.bind(self.domain_id, self.oidc)
        found = self.settle(self.external.discovery("x@example.test"))
        self.assertEqual(found and found["issuer"], "https://idp.test")
        for address in ("x", "x@nowhere.test", ALICE, ""):
            self.assertIsNone(self.settle(self.external.discovery(address)))
        self.oidc_client.problem = Unavailable("down")
        self.failureResultOf(Deferred.fromCoroutine(self.external.discovery("x@example.test")), Unavailable)
