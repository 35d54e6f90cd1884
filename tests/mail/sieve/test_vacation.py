"""When the response of an account is given (RFC 8621 8)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sieve.actions import KEPT, Filing, Redirection, Refusal, Verdict
from stalwart.mail.sieve.vacation import answer_of, is_worth_answering

NOW = datetime(2024, 5, 5, tzinfo=UTC)


class VacationTests(SynchronousTestCase):
    """Dates, words, junk."""

    def test_dates(self) -> None:
        for begins, ends, expected in (
            (None, None, True),
            ("2024-05-05T00:00:00Z", None, True),
            ("2024-05-05T00:00:01Z", None, False),
            (None, "2024-05-05T00:00:01Z", True),
            (None, "2024-05-05T00:00:00Z", False),
            ("2024-05-01T00:00:00Z", "2024-05-04T00:00:00Z", False),
        ):
            data = {"isEnabled": True, "fromDate": begins, "toDate": ends, "textBody": "x"}
            self.assertEqual(answer_of(data, NOW) is not None, expected, (begins, ends))

    def test_off(self) -> None:
        self.assertIsNone(answer_of({"textBody": "x"}, NOW))
        self.assertIsNone(answer_of({"isEnabled": False, "textBody": "x"}, NOW))

    def test_other_words_are_another_answer(self) -> None:
        def handle(**members: Any) -> str | None:
            found = answer_of({"isEnabled": True, **members}, NOW)
            assert found is not None
            return found.handle

        self.assertEqual(handle(textBody="a", toDate="2030-01-01T00:00:00Z"), handle(textBody="a"))
        self.assertEqual(
            len({handle(textBody="a"), handle(textBody="b"), handle(htmlBody="a"), handle(subject="a")}), 4
        )

    def test_worth_answering(self) -> None:
        for verdict, folder, expected in (
            (KEPT, "inbox", True),
            (KEPT, "junk", False),
            (Verdict(), "inbox", False),
            (Verdict((Filing("Junk"),)), "inbox", False),
            (Verdict((Filing("x", special_use="trash"),)), "inbox", False),
            (Verdict((Filing("Junk"), Filing("Lists"))), "inbox", True),
            (Verdict((), (Redirection("a@b.example"),)), "inbox", True),
            (Verdict(refusal=Refusal("x")), "inbox", False),
        ):
            self.assertEqual(is_worth_answering(verdict, folder), expected, verdict)
