"""What the session says about sending (RFC 8621 1.3.2)."""

from __future__ import annotations

from unittest import TestCase

from stalwart.directory.access import Access
from stalwart.jmap.capabilities import Audience, collected
from stalwart.jmap.submission.capability import LONGEST_HOLD, SUBMISSION, submission


class CapabilityTests(TestCase):
    def test_announced_with_all_members(self) -> None:
        self.assertIn(submission, collected())
        self.assertEqual(submission.urn, SUBMISSION)
        access = Access(1, "alice", None, frozenset(("jmapEmailSubmissionCreate",)))
        audience = Audience(None, "", access, 1)  # type: ignore[arg-type]
        assert submission.account is not None and submission.session is not None
        told = submission.account(audience)
        assert told is not None
        self.assertEqual(submission.session(audience), {})
        self.assertEqual({*told}, {"maxDelayedSend", "submissionExtensions"})
        self.assertEqual(told["maxDelayedSend"], LONGEST_HOLD)
        self.assertEqual(told["submissionExtensions"]["FUTURERELEASE"], [])
        self.assertTrue(all(isinstance(words, list) for words in told["submissionExtensions"].values()))

    def test_only_for_who_may_send(self) -> None:
        self.assertFalse(submission.is_for(Access(1, "alice", None, frozenset(("jmapEmailGet",)))))
