"""Reading claims: addresses, names, groups, scopes, whatever tokens hold."""

from __future__ import annotations

from typing import Any

import jwt
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.external.token_claims import (
    address_in,
    audiences_in,
    claim,
    groups_in,
    is_token,
    name_in,
    named_domains,
    scopes_in,
    seconds_in,
    unverified,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["email", "preferred_username", "upn", "aud", "scope", "scp", "exp", "groups", "a.b"])


class AddressTests(SynchronousTestCase):
    def check(
        self, expected: str | None, username: str = "preferred_username", domain: str | None = None, **claims: Any
    ) -> None:
        self.assertEqual(address_in(claims, username, domain), expected)

    def test_username_that_is_an_address(self) -> None:
        self.check("alice@example.test", preferred_username="Alice@EXAMPLE.test", email="other@example.test")

    def test_username_is_completed_with_the_domain_of_the_settings(self) -> None:
        self.check("alice@example.test", domain="example.test", preferred_username="alice", email="x@example.test")

    def test_email_stands_in_for_a_username_that_is_no_address(self) -> None:
        self.check("x@example.test", preferred_username="alice", email="x@example.test")
        self.check("x@example.test", preferred_username=7, email="x@example.test")
        self.check("x@example.test", email="x@example.test", email_verified=True)

    def test_email_that_is_not_verified_is_no_proof(self) -> None:
        self.check(None, email="x@example.test", email_verified=False)
        self.check(None, email="x@example.test", email_verified="false")
        self.check(None, username="email", email="x@example.test", email_verified=False)
        self.check("a@example.test", preferred_username="a@example.test", email="x@y.test", email_verified=False)

    def test_another_claim_has_the_name(self) -> None:
        self.check("alice@example.test", username="upn", upn="alice@example.test")
        self.check("alice@example.test", username="who.mail", who={"mail": "alice@example.test"})

    def test_what_is_no_address(self) -> None:
        for text in (
            "",
            "@",
            "a@",
            "@example.test",
            "a@b@c",
            "root%alice@example.test",
            "a b@example.test",
            "a@b.test\n",
        ):
            self.check(None, preferred_username=text)
        self.check(None, domain="example.test", preferred_username=" ")
        self.check(None)

    def test_domains_by_which_a_directory_is_chosen(self) -> None:
        claims = {"upn": "a@Three.test", "email": "a@one.test", "preferred_username": "alice"}
        self.assertEqual(list(named_domains(claims)), ["one.test", "three.test"])


class OtherClaimTests(SynchronousTestCase):
    def test_name(self) -> None:
        self.assertEqual(name_in({"name": "Alice"}, "name"), "Alice")
        self.assertIsNone(name_in({"name": ["Alice"]}, "name"))
        self.assertIsNone(name_in({"name": "Alice"}, None))

    def test_groups(self) -> None:
        for value, expected in (
            (["Sales", "/Staff", " ", 7], {"sales", "staff"}),
            ("sales", {"sales"}),
            ([], set()),
            (None, None),
            ({"a": 1}, None),
        ):
            self.assertEqual(groups_in({"groups": value}, "groups"), expected)
        self.assertIsNone(groups_in({"groups": ["a"]}, None))
        self.assertEqual(groups_in({"realm": {"roles": ["a"]}}, "realm.roles"), {"a"})

    def test_a_name_with_dots_comes_before_the_way_along_them(self) -> None:
        self.assertEqual(claim({"a.b": 1, "a": {"b": 2}}, "a.b"), 1)
        self.assertIsNone(claim({"a": {"b": 2}}, "a.b.c"))

    def test_scopes_and_audiences(self) -> None:
        self.assertEqual(scopes_in({"scope": "a b", "scp": ["c", 4]}), {"a", "b", "c"})
        self.assertEqual(scopes_in({"scp": "a"}), {"a"})
        self.assertEqual(audiences_in({"aud": "a"}), {"a"})
        self.assertEqual(audiences_in({"aud": ["a", "b", 1]}), {"a", "b"})
        self.assertEqual(audiences_in({}), set())

    def test_dates(self) -> None:
        self.assertEqual(seconds_in({"exp": 1.5}, "exp"), 1.5)
        self.assertIsNone(seconds_in({}, "exp"))
        for value in ("1", True, [], float("inf"), 1e300):
            self.assertRaises(ValueError, seconds_in, {"exp": value}, "exp")


class FormTests(SynchronousTestCase):
    def test_jwt_is_taken_apart_without_being_believed(self) -> None:
        token = jwt.encode({"a": 1}, "k" * 32, algorithm="HS256")
        self.assertEqual(unverified(token), ({"alg": "HS256", "typ": "JWT"}, {"a": 1}))
        for text in ("", "a.b", "a.b.c", "a.b.c.d.e", token + ".x", token.replace(".", "!"), "e30.e30.", "x" * 20_000):
            self.assertIsNone(unverified(text), text[:20])

    def test_form_of_bearer_tokens(self) -> None:
        self.assertTrue(is_token("aB1-._~+/=="))
        for text in ("", "a b", "a\n", "é", "a=b", "x" * 16_385):
            self.assertFalse(is_token(text))

    @given(st.dictionaries(NAMES, JSON, max_size=6))
    def test_any_claims_can_be_read(self, claims: dict[str, Any]) -> None:
        found = address_in(claims, "preferred_username", "example.test")
        self.assertTrue(found is None or (found.count("@") == 1 and found == found.lower()))
        groups = groups_in(claims, "groups")
        self.assertTrue(groups is None or all(groups))
        self.assertTrue(all("@" not in name for name in named_domains(claims)))
        self.assertIsInstance(scopes_in(claims) | audiences_in(claims), frozenset)

    @given(st.text() | st.text("eyJ.abc-_=", max_size=40))
    def test_any_text_can_be_taken_apart(self, text: str) -> None:
        found = unverified(text)
        self.assertTrue(found is None or isinstance(found[0]["alg"], str))
