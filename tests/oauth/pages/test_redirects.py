"""The way back to the application."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.oauth.pages.language import reader_in
from stalwart.oauth.pages.redirects import to_application, with_query
from stalwart.web.answers import Answer
from tests.codec.test_markup import Reading

TOLD = {"code": "abc", "state": "a&b=c é", "iss": "https://mail.example.test", "error": None}


def led(uri: str, mode: str = "query") -> Answer:
    return to_application(reader_in("en"), uri, mode, TOLD)


def location(uri: str, mode: str = "query") -> str:
    return dict(led(uri, mode).headers)["Location"]


class QueryTests(SynchronousTestCase):
    """Response mode `query`."""

    def test_parameters_are_added(self) -> None:
        answer = led("https://app.example/cb")
        self.assertEqual(answer.status, 303)
        self.assertEqual(
            location("https://app.example/cb"),
            "https://app.example/cb?code=abc&state=a%26b%3Dc+%C3%A9&iss=https%3A%2F%2Fmail.example.test",
        )

    def test_own_query_of_the_application_stays(self) -> None:
        self.assertTrue(
            location("https://app.example/cb?x=1&y=%20").startswith("https://app.example/cb?x=1&y=%20&code=")
        )

    def test_parameters_of_the_same_name_are_replaced(self) -> None:
        found = parse_qsl(urlsplit(location("https://app.example/cb?code=old&c%6fde=older&x=1&state=s")).query)
        self.assertEqual([name for name, _ in found], ["x", "code", "state", "iss"])

    def test_schemes_of_programs_are_kept_as_they_are(self) -> None:
        for uri in ("com.example.app:/cb", "com.example.app:cb", "com.example.app:///cb", "com.Example.App://x/y"):
            self.assertTrue(location(uri).startswith(f"{uri}?code=abc&"), uri)

    def test_answer_is_not_kept_and_tells_no_referrer(self) -> None:
        headers = dict(led("https://app.example/cb").headers)
        self.assertIn("no-store", headers["Cache-Control"])
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")

    def test_letters_that_no_header_can_carry_are_encoded(self) -> None:
        self.assertIn("/%C3%A9%20%22?code", location('https://app.example/é "'))

    @given(st.text(max_size=40), st.text(max_size=40))
    def test_header_can_always_be_sent(self, query: str, state: str) -> None:
        answer = to_application(reader_in("en"), f"https://a.example/?{query}", "query", {"state": state, "code": "c"})
        found = dict(answer.headers)["Location"]
        self.assertTrue(found.isascii() and found.isprintable(), found)
        self.assertIn(("code", "c"), parse_qsl(urlsplit(found).query))

    def test_only_what_is_told_is_there(self) -> None:
        self.assertEqual(with_query("https://a.example/?", {"a": "1"}), "https://a.example/?a=1")


class OtherModeTests(SynchronousTestCase):
    """Response modes `fragment` and `form_post`."""

    def test_fragment_carries_the_parameters(self) -> None:
        self.assertTrue(
            location("https://app.example/cb?x=1", "fragment").startswith("https://app.example/cb?x=1#code=")
        )

    def test_form_is_sent_to_the_application(self) -> None:
        answer = led("https://app.example/cb?x=1", "form_post")
        found = Reading(answer.body.decode()).tags
        forms = [dict(attributes) for name, attributes in found if name == "form"]
        fields = [dict(attributes) for name, attributes in found if name == "input"]
        self.assertEqual(forms, [{"method": "post", "action": "https://app.example/cb?x=1"}])
        self.assertEqual(
            {field["name"]: field["value"] for field in fields},
            {"code": "abc", "state": "a&b=c é", "iss": "https://mail.example.test"},
        )
        self.assertIn("form-action 'self' https://app.example", dict(answer.headers)["Content-Security-Policy"])
        self.assertIn("/assets/oauth/continue.js", answer.body.decode())
