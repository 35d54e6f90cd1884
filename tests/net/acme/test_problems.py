"""What authorities say when they refuse (RFC 8555 6.7, RFC 7807)."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.acme.problems import AcmeProblem, AcmeUnreachable, host_of, problem_in, refusal, words
from tests.net.acme.authority import NOW, PROBLEM, values

URL = "https://ca.test/acme/new-order"


def refused(document: Any, status: int = 400, **heads: str) -> AcmeProblem:
    """What an answer means."""
    return refusal(URL, status, {name.replace("_", "-"): [value] for name, value in heads.items()}, document, NOW)


class RefusalTests(SynchronousTestCase):
    """Problem documents, and answers that have none."""

    def test_problem_document(self) -> None:
        found = refused({"type": f"{PROBLEM}rateLimited", "detail": "Too many orders."}, 429, retry_after="7200")
        self.assertEqual((found.kind, found.type), ("rateLimited", f"{PROBLEM}rateLimited"))
        self.assertEqual((found.detail, found.status, found.retry_after), ("Too many orders.", 429, 7200))
        self.assertTrue(found.is_temporary)

    def test_subproblems_are_told(self) -> None:
        # RFC 8555 6.7.1
        found = refused(
            {
                "type": f"{PROBLEM}malformed",
                "detail": "Some of the identifiers requested were rejected",
                "subproblems": [
                    {
                        "type": f"{PROBLEM}malformed",
                        "detail": 'Invalid underscore in DNS name "_example.org"',
                        "identifier": {"type": "dns", "value": "_example.org"},
                    },
                    {"type": f"{PROBLEM}rejectedIdentifier", "identifier": {"type": "dns", "value": "example.net"}},
                    "garbage",
                    {"type": f"{PROBLEM}caa", "detail": "general", "identifier": 1},
                ],
            }
        )
        self.assertEqual(
            found.subproblems,
            (
                ("_example.org", "malformed", 'Invalid underscore in DNS name "_example.org"'),
                ("example.net", "rejectedIdentifier", "rejectedIdentifier"),
                ("", "caa", "general"),
            ),
        )
        self.assertEqual(
            found.detail,
            "Some of the identifiers requested were rejected (_example.org: Invalid underscore in DNS name "
            '"_example.org"; '
            "example.net: rejectedIdentifier; general)",
        )

    def test_many_subproblems_are_cut(self) -> None:
        each = {"type": f"{PROBLEM}dns", "detail": "x" * 10_000, "identifier": {"value": "y" * 10_000}}
        found = refused({"type": f"{PROBLEM}compound", "detail": "z" * 10_000, "subproblems": [each] * 10_000})
        self.assertLess(len(found.detail), 1100)
        self.assertLessEqual(len(found.subproblems), 100)
        self.assertLess(len(found.subproblems[0][2]), 600)

    def test_title_where_there_is_no_detail(self) -> None:
        self.assertEqual(refused({"type": "about:blank", "title": "Forbidden"}).detail, "Forbidden")

    def test_silent_document_is_told_with_its_status(self) -> None:
        found = refused({}, 418)
        self.assertEqual((found.type, found.detail), ("about:blank", "ca.test answered with status 418"))
        self.assertFalse(isinstance(found, AcmeUnreachable))

    def test_terms_of_service(self) -> None:
        # RFC 8555 7.3.3
        link = '<https://ca.test/tos/2>; rel="terms-of-service"'
        kind = f"{PROBLEM}userActionRequired"
        self.assertEqual(refused({"type": kind}, 403, link=link).terms_of_service, "https://ca.test/tos/2")
        instance = "https://ca.test/agree"
        self.assertEqual(refused({"type": kind, "instance": instance}, 403).terms_of_service, instance)
        self.assertIsNone(refused({"type": f"{PROBLEM}malformed", "instance": instance}).terms_of_service)

    def test_no_json(self) -> None:
        found = refused(None, 502, retry_after="5")
        self.assertIsInstance(found, AcmeUnreachable)
        self.assertEqual((found.detail, found.status), ("ca.test answered with status 502 and no reason", 502))
        self.assertEqual((found.kind, found.retry_after, found.is_temporary), ("unreachable", 5, True))

    def test_redirect_names_the_target(self) -> None:
        found = refused(None, 301, location="/directory")
        self.assertEqual(found.detail, "ca.test answered with status 301, which leads to https://ca.test/directory")

    def test_type_that_is_no_text(self) -> None:
        self.assertIsInstance(refused({"type": 5, "detail": "x"}), AcmeUnreachable)

    @settings(max_examples=50)
    @given(st.dictionaries(st.sampled_from(["type", "detail", "title", "status", "subproblems", "instance"]), values))
    def test_any_document(self, document: dict[str, Any]) -> None:
        for found in (refused(document), problem_in(document)):
            assert found is not None
            self.assertTrue(found.detail)
            self.assertTrue(found.detail.isprintable())
            self.assertTrue(found.type.isprintable())
            self.assertIsInstance(found.is_temporary, bool)

    def test_words_of_others_are_on_one_line(self) -> None:
        found = refused({"type": f"{PROBLEM}x\n", "detail": "a\r\nFrom: \x1b[31mb\u202e"})
        self.assertEqual((found.detail, found.kind), ("a  From:  [31mb", "x"))


class TemporaryTests(SynchronousTestCase):
    """Whether the same may succeed later."""

    def test_kinds(self) -> None:
        for kind in ("badNonce", "rateLimited", "serverInternal", "connection"):
            self.assertTrue(AcmeProblem(f"{PROBLEM}{kind}").is_temporary, kind)
        for kind in ("accountDoesNotExist", "caa", "unauthorized", "malformed", "orderNotReady", "alreadyRevoked"):
            self.assertFalse(AcmeProblem(f"{PROBLEM}{kind}", status=403).is_temporary, kind)

    def test_status(self) -> None:
        for status, expected in ((429, True), (500, True), (503, True), (400, False), (403, False), (None, False)):
            self.assertEqual(AcmeProblem("about:blank", "", status).is_temporary, expected, status)

    def test_silence_passes(self) -> None:
        self.assertTrue(AcmeUnreachable("x", status=404).is_temporary)


class EmbeddedTests(SynchronousTestCase):
    """Problems in orders and challenges."""

    def test_document(self) -> None:
        found = problem_in({"type": f"{PROBLEM}dns", "detail": "NXDOMAIN", "status": 400})
        assert found is not None
        self.assertEqual((found.kind, found.detail, found.status, found.retry_after), ("dns", "NXDOMAIN", 400, None))

    def test_type_alone_is_said(self) -> None:
        found = problem_in({"type": f"{PROBLEM}dns"})
        assert found is not None
        self.assertEqual(found.detail, "dns")

    def test_status_that_is_none(self) -> None:
        for status in (True, 10**30, -1, "400", 4.0, 99, 600):
            found = problem_in({"type": f"{PROBLEM}dns", "status": status})
            assert found is not None
            self.assertIsNone(found.status, status)
            self.assertFalse(found.is_temporary)

    def test_anything_else(self) -> None:
        for document in (None, [], "x", 1):
            self.assertIsNone(problem_in(document))


class WordsTests(SynchronousTestCase):
    """The words of others."""

    def test_cut(self) -> None:
        self.assertEqual(words("abcdef", 3), "abc...")
        self.assertEqual(words("abc", 3), "abc")

    def test_no_text(self) -> None:
        self.assertEqual((words(None), words(5), words(["a"])), ("", "", ""))

    @given(st.text(max_size=300), st.integers(1, 100))
    def test_any_text(self, text: str, longest: int) -> None:
        shown = words(text, longest)
        self.assertTrue(shown.isprintable())
        self.assertLessEqual(len(shown), longest + 3)

    def test_host(self) -> None:
        self.assertEqual(host_of("https://user:secret@ca.test:14000/dir"), "ca.test:14000")
        for url in ("", "nonsense", "https://[::1/"):
            self.assertEqual(host_of(url), "the authority")
