"""What came of a form, as text for the page; faults are not among it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Conflict, Forbidden, TooMany, Unauthenticated, Unavailable
from stalwart.oauth.pages.attempts import refusal
from stalwart.oauth.pages.texts import ENGLISH


class RefusalTests(SynchronousTestCase):
    """Errors of the closed family as sentences."""

    def test_each_error_of_a_sign_in_has_a_sentence_and_a_status(self) -> None:
        expected = {
            Unauthenticated: ("wrong", 200),
            Forbidden: (ENGLISH.not_allowed, 403),
            TooMany: (ENGLISH.too_many, 429),
            Unavailable: (ENGLISH.unavailable, 503),
        }
        for kind, pair in expected.items():
            found = refusal(kind(), ENGLISH, "wrong", "alice")
            self.assertEqual((found.text, found.status), pair)
            self.assertEqual(found.user_name, "alice")

    def test_time_to_wait_is_passed_on(self) -> None:
        found = refusal(TooMany(headers={"Retry-After": "7"}), ENGLISH, "wrong")
        self.assertEqual(found.headers, (("Retry-After", "7"),))

    def test_other_errors_are_not_hidden(self) -> None:
        self.assertRaises(Conflict, refusal, Conflict(), ENGLISH, "wrong")
