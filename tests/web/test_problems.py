"""Problem bodies, byte for byte."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import (
    Forbidden,
    Invalid,
    LimitExceeded,
    MethodNotAllowed,
    NotFound,
    SecondFactorRequired,
    StalwartError,
    TooMany,
    Unauthenticated,
    family,
)
from stalwart.web.problems import fault, of_error, reason_phrase, refused_head, status_problem


class FormTests(SynchronousTestCase):
    """http-service 5.1."""

    def test_form_a_is_alphabetical(self) -> None:
        answer = status_problem(403)
        self.assertEqual(answer.body, b'{"detail":"Forbidden","status":403,"title":"Forbidden","type":"about:blank"}')
        self.assertEqual((answer.status, answer.content_type), (403, "application/problem+json"))

    def test_form_b_begins_with_the_type(self) -> None:
        expected = (
            b'{"type":"about:blank","status":404,"title":"Not Found",'
            b'"detail":"The requested resource does not exist on this server."}'
        )
        self.assertEqual(of_error(NotFound()).body, expected)

    def test_form_c_has_two_challenges_with_absolute_metadata(self) -> None:
        answer = of_error(Unauthenticated(), "https://mail.example.test")
        metadata = "https://mail.example.test/.well-known/oauth-protected-resource"
        expected = (
            ("WWW-Authenticate", f'Bearer realm="Stalwart Server", resource_metadata="{metadata}"'),
            ("WWW-Authenticate", 'Basic realm="Stalwart Server"'),
        )
        self.assertEqual(answer.headers, expected)
        self.assertIn(b'"detail":"Invalid or missing credentials."', answer.body)

    def test_scripts_get_no_basic_challenge(self) -> None:
        headers = of_error(Unauthenticated(), "", cross_origin_script=True).headers
        self.assertEqual([value.partition(" ")[0] for _, value in headers], ["Bearer"])

    def test_an_expired_credential_gets_no_challenge(self) -> None:
        self.assertEqual(of_error(Unauthenticated(challenge=False)).headers, ())

    def test_jmap_limits_have_no_title(self) -> None:
        error = LimitExceeded("maxConcurrentRequests", "Too many.", {"RateLimit": "x"})
        answer = of_error(error)
        expected = (
            b'{"type":"urn:ietf:params:jmap:error:limit","status":400,"detail":"Too many.",'
            b'"limit":"maxConcurrentRequests"}'
        )
        self.assertEqual((answer.body, answer.headers), (expected, (("RateLimit", "x"),)))

    def test_a_second_factor_is_402_without_challenge(self) -> None:
        answer = of_error(SecondFactorRequired())
        self.assertEqual((answer.status, answer.headers), (402, ()))

    def test_rate_limits_carry_their_headers_and_title(self) -> None:
        answer = of_error(TooMany("Later.", "Too Many Authentication Attempts", {"Retry-After": "3"}))
        self.assertEqual(answer.headers, (("Retry-After", "3"),))
        self.assertIn(b'"title":"Too Many Authentication Attempts","detail":"Later."', answer.body)

    def test_a_wrong_method_lists_the_right_ones(self) -> None:
        self.assertEqual(of_error(MethodNotAllowed(("GET", "HEAD"))).headers, (("Allow", "GET, HEAD"),))

    def test_titles_of_other_errors_are_those_of_the_family(self) -> None:
        self.assertIn(b'"title":"Invalid parameters","detail":"Bad."', of_error(Invalid("Bad.")).body)
        self.assertIn(b'"title":"Forbidden"', of_error(Forbidden()).body)

    def test_every_error_of_the_family_has_a_status_that_is_its_own(self) -> None:
        made = {"MethodNotAllowed": MethodNotAllowed(()), "LimitExceeded": LimitExceeded("x")}
        for name, kind in family().items():
            if kind.__module__ == StalwartError.__module__ and name not in ("Linked", "DanglingReference"):
                self.assertEqual(of_error(made.get(name) or kind()).status, kind.status)

    def test_a_fault_says_nothing_of_its_cause(self) -> None:
        answer = fault()
        self.assertEqual((answer.status, answer.headers), (500, ()))
        self.assertIn(b"There was a problem while processing your request.", answer.body)

    def test_refused_heads_name_their_status(self) -> None:
        self.assertIn(b'"title":"Request Header Fields Too Large"', refused_head(431, "x").body)
        self.assertIn(b'"title":"URI Too Long"', refused_head(414, "x").body)

    def test_unregistered_codes_are_named_after_their_class(self) -> None:
        self.assertEqual(
            (reason_phrase(499), reason_phrase(413), reason_phrase(999)),
            ("Bad Request", "Content Too Large", "Unknown"),
        )
