"""The objects of RFC 8555 7.1 and RFC 9773 4.2, from JSON that nobody has checked."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.acme.head_fields import is_https
from stalwart.net.acme.resources import (
    LEAST_PAUSE,
    MOST_PAUSE,
    USUAL_PAUSE,
    Unusable,
    authorization_of,
    directory_of,
    moment_of,
    order_of,
    renewal_info_of,
)
from tests.net.acme.authority import PROBLEM, authorization, order, values

DIRECTORY = json.loads("""{
    "newNonce": "https://example.com/acme/new-nonce",
    "newAccount": "https://example.com/acme/new-account",
    "newOrder": "https://example.com/acme/new-order",
    "newAuthz": "https://example.com/acme/new-authz",
    "revokeCert": "https://example.com/acme/revoke-cert",
    "keyChange": "https://example.com/acme/key-change",
    "meta": {
        "termsOfService": "https://example.com/acme/terms/2017-5-30",
        "website": "https://www.example.com/",
        "caaIdentities": ["example.com"],
        "externalAccountRequired": false
    }
}""")
"""RFC 8555 7.1.1."""

ORDER = json.loads("""{
    "status": "valid",
    "expires": "2016-01-20T14:09:07.99Z",
    "identifiers": [
        { "type": "dns", "value": "www.example.org" },
        { "type": "dns", "value": "example.org" }
    ],
    "notBefore": "2016-01-01T00:00:00Z",
    "notAfter": "2016-01-08T00:00:00Z",
    "authorizations": [
        "https://example.com/acme/authz/PAniVnsZcis",
        "https://example.com/acme/authz/r4HqLzrSrpI"
    ],
    "finalize": "https://example.com/acme/order/TOlocE8rfgo/finalize",
    "certificate": "https://example.com/acme/cert/mAt3xBGaobw"
}""")
"""RFC 8555 7.1.3."""

AUTHORIZATION = json.loads("""{
    "status": "valid",
    "expires": "2015-03-01T14:09:07.99Z",
    "identifier": { "type": "dns", "value": "www.example.org" },
    "challenges": [
        {
            "url": "https://example.com/acme/chall/prV_B7yEyA4",
            "type": "http-01",
            "status": "valid",
            "token": "DGyRejmCefe7v4NfDGDKfA",
            "validated": "2014-12-01T12:05:58.16Z"
        }
    ],
    "wildcard": false
}""")
"""RFC 8555 7.1.4."""

URL = "https://example.com/acme/1"


def corrupted(document: dict[str, Any]) -> Any:
    """Documents with some members replaced, or gone."""
    return st.dictionaries(st.sampled_from(sorted(document)), values, max_size=3).map(
        lambda other: {**document, **other}
    )


class DirectoryTests(SynchronousTestCase):
    """RFC 8555 7.1.1, 9.7.5, 9.7.6."""

    def test_example(self) -> None:
        found = directory_of(DIRECTORY)
        self.assertEqual(found.terms_of_service, "https://example.com/acme/terms/2017-5-30")
        self.assertEqual((found.website, found.caa_identities), ("https://www.example.com/", ("example.com",)))
        self.assertEqual((found.external_account_required, found.has_renewal_info), (False, False))
        self.assertEqual(found.resources["revokeCert"], "https://example.com/acme/revoke-cert")

    def test_without_meta(self) -> None:
        found = directory_of({**DIRECTORY, "meta": None})
        self.assertEqual((found.terms_of_service, found.caa_identities, found.profiles), (None, (), {}))

    def test_profiles_and_renewal_info(self) -> None:
        meta = {"profiles": {"classic": "The usual", "shortlived": 6}, "externalAccountRequired": True}
        found = directory_of({**DIRECTORY, "renewalInfo": "https://example.com/acme/ari", "meta": meta})
        self.assertEqual(found.profiles, {"classic": "The usual", "shortlived": ""})
        self.assertTrue(found.has_renewal_info)
        self.assertTrue(found.external_account_required)

    def test_names_of_profiles_that_nobody_could_enter_are_left_out(self) -> None:
        profiles = {"a": "", "x" * 5000: "", "b\n": "", "": ""}
        self.assertEqual(list(directory_of({**DIRECTORY, "meta": {"profiles": profiles}}).profiles), ["a"])

    def test_what_is_needed(self) -> None:
        for name in ("newNonce", "newAccount", "newOrder"):
            problem = self.assertRaises(Unusable, directory_of, {**DIRECTORY, name: None})
            self.assertEqual(str(problem), f"is no ACME directory, as it has no {name}")

    def test_addresses_are_https(self) -> None:
        for url in ("http://example.com/", "", "/relative", "https://a@b/", "ftp://x"):
            problem = self.assertRaises(Unusable, directory_of, {**DIRECTORY, "keyChange": url})
            self.assertEqual(str(problem), "has an address for keyChange that is no https: URL")

    @settings(max_examples=50)
    @given(corrupted({**DIRECTORY, "renewalInfo": "https://example.com/ari"}), values)
    def test_any_document(self, document: dict[str, Any], meta: Any) -> None:
        for each in (
            document,
            {**DIRECTORY, "meta": meta},
            {**DIRECTORY, "meta": {"profiles": meta, "caaIdentities": meta}},
        ):
            try:
                found = directory_of(each)
            except Unusable as problem:
                self.assertRegex(str(problem), r"\A(is|has) .* ")
            else:
                self.assertTrue(all(map(is_https, found.resources.values())))


class OrderTests(SynchronousTestCase):
    """RFC 8555 7.1.3."""

    def test_example(self) -> None:
        found = order_of(URL, ORDER, 5.0)
        self.assertEqual((found.url, found.status, found.names), (URL, "valid", ("www.example.org", "example.org")))
        self.assertEqual(found.authorizations[1], "https://example.com/acme/authz/r4HqLzrSrpI")
        self.assertEqual(found.certificate, "https://example.com/acme/cert/mAt3xBGaobw")
        self.assertEqual((found.expires, found.error, found.retry_after), (1453298947.0, None, 5.0))

    def test_error(self) -> None:
        found = order_of(URL, order("invalid", error={"type": f"{PROBLEM}caa", "detail": "CAA forbids it"}))
        assert found.error is not None
        self.assertEqual((found.error.kind, found.error.detail), ("caa", "CAA forbids it"))

    def test_profile_and_predecessor(self) -> None:
        found = order_of(URL, order(profile="shortlived", replaces="aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"))
        self.assertEqual((found.profile, found.replaces), ("shortlived", "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"))

    def test_other_identifiers_are_not_names(self) -> None:
        identifiers = [{"type": "ip", "value": "192.0.2.1"}, 5, {"type": "dns"}, {"type": "dns", "value": "A.Test"}]
        self.assertEqual(order_of(URL, order(identifiers=identifiers)).names, ("a.test",))

    def test_what_is_needed(self) -> None:
        for name, value in (("status", 5), ("finalize", None), ("finalize", "http://x/")):
            self.assertRaises(Unusable, order_of, URL, order(**{"status": "ready", name: value}))
        for value in (None, "x", ["http://x/"], [5], ["https://x/"] * 1001):
            problem = self.assertRaises(Unusable, order_of, URL, order(authorizations=value))
            self.assertIn("authorizations", str(problem))
        for value in ("http://ca.test/cert", 5, ""):
            self.assertRaises(Unusable, order_of, URL, order("valid", certificate=value))

    @settings(max_examples=50)
    @given(corrupted(ORDER))
    def test_any_document(self, document: dict[str, Any]) -> None:
        try:
            found = order_of(URL, document)
        except Unusable as problem:
            self.assertTrue(str(problem).startswith("is "))
        else:
            self.assertTrue(all(map(is_https, found.authorizations)))


class AuthorizationTests(SynchronousTestCase):
    """RFC 8555 7.1.4, 8."""

    def test_example(self) -> None:
        found = authorization_of(URL, AUTHORIZATION, 3.0)
        self.assertEqual((found.url, found.name, found.is_wildcard), (URL, "www.example.org", False))
        (challenge,) = found.challenges
        self.assertEqual((challenge.type, challenge.token), ("http-01", "DGyRejmCefe7v4NfDGDKfA"))
        self.assertEqual((challenge.url, challenge.status), ("https://example.com/acme/chall/prV_B7yEyA4", "valid"))
        self.assertEqual((found.expires, found.retry_after, found.error), (1425218947.0, 3.0, None))

    def test_error_is_that_of_the_challenge(self) -> None:
        found = authorization_of(URL, authorization("invalid", {"type": f"{PROBLEM}dns", "detail": "NXDOMAIN"}))
        assert found.error is not None
        self.assertEqual((found.error.kind, found.error.detail), ("dns", "NXDOMAIN"))

    def test_challenges_that_cannot_be_answered_are_left_out(self) -> None:
        good = {"type": "http-01", "url": "https://x/1", "token": "a-b_C9"}
        bad: list[Any] = [
            5,
            {},
            {**good, "url": "http://x/"},
            {**good, "token": "../secret"},
            {**good, "token": "a/b"},
            {**good, "token": "a\n"},
            {**good, "token": 5},
            {**good, "type": None},
            {**good, "token": "a" * 513},
        ]
        found = authorization_of(URL, authorization(challenges=[*bad, good, {"type": "new-02", "url": "https://x/2"}]))
        self.assertEqual([each.type for each in found.challenges], ["http-01", "new-02"])
        self.assertEqual(found.challenges[0].status, "pending")

    def test_what_is_needed(self) -> None:
        for name, value in (("status", None), ("identifier", {"type": "ip", "value": "::1"}), ("challenges", {})):
            document = {**authorization(), name: value}
            self.assertEqual(
                str(self.assertRaises(Unusable, authorization_of, URL, document)), "is no authorization", name
            )

    @settings(max_examples=50)
    @given(corrupted(AUTHORIZATION), values)
    def test_any_document(self, document: dict[str, Any], challenge: Any) -> None:
        for each in (document, {**AUTHORIZATION, "challenges": [challenge]}):
            try:
                authorization_of(URL, each)
            except Unusable:
                continue


class RenewalInfoTests(SynchronousTestCase):
    """RFC 9773 4.2."""

    WINDOW = {"start": "2025-01-02T04:00:00Z", "end": "2025-01-03T04:00:00Z"}

    def test_example(self) -> None:
        page = "https://acme.example.com/docs/ari"
        found = renewal_info_of({"suggestedWindow": self.WINDOW, "explanationURL": page}, 21600.0)
        self.assertEqual((found.start, found.end), (1735790400.0, 1735876800.0))
        self.assertEqual((found.explanation, found.retry_after), (page, 21600.0))

    def test_pause_has_bounds(self) -> None:
        # RFC 9773 4.3.2
        for again, expected in ((None, USUAL_PAUSE), (0.0, LEAST_PAUSE), (1e9, MOST_PAUSE), (3600.0, 3600.0)):
            self.assertEqual(renewal_info_of({"suggestedWindow": self.WINDOW}, again).retry_after, expected)

    def test_windows_that_are_none(self) -> None:
        turned = {"start": self.WINDOW["end"], "end": self.WINDOW["start"]}
        empty = {"start": self.WINDOW["end"], "end": self.WINDOW["end"]}
        for window in (None, 5, {}, turned, empty, {"start": self.WINDOW["start"]}, {**self.WINDOW, "end": 5}):
            self.assertRaises(Unusable, renewal_info_of, {"suggestedWindow": window}, None)

    @settings(max_examples=50)
    @given(values, values)
    def test_any_document(self, one: Any, other: Any) -> None:
        for window in (one, {"start": one, "end": other}):
            self.assertRaises(Unusable, renewal_info_of, {"suggestedWindow": window, "explanationURL": other}, None)


class MomentTests(SynchronousTestCase):
    """RFC 3339 5.6."""

    def test_moments(self) -> None:
        for text in (
            "2016-01-20T14:09:07Z",
            "2016-01-20t14:09:07z",
            "2016-01-20T14:09:07.99Z",
            "2016-01-20T15:09:07.123456789+01:00",
            "2016-01-20T06:39:07-07:30",
        ):
            self.assertEqual(moment_of(text), 1453298947.0, text)

    def test_leap_second(self) -> None:
        self.assertEqual(moment_of("2016-12-31T23:59:60Z"), moment_of("2016-12-31T23:59:59Z"))

    def test_others(self) -> None:
        for text in (
            "",
            "2016-01-20",
            "2016-13-20T14:09:07Z",
            "2016-01-20T14:09:07",
            "0000-01-01T00:00:00Z",
            5,
            None,
            [],
        ):
            self.assertIsNone(moment_of(text), text)
        self.assertIsNone(moment_of("٢٠١٦-01-20T14:09:07Z"))

    @given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,20})?([Zz]|[+-]\d\d:\d\d)"))
    def test_any_text(self, text: str) -> None:
        found = moment_of(text)
        self.assertTrue(found is None or isinstance(found, float))
