"""Where submissions are kept; see also ``test_email_submission``."""

from __future__ import annotations

from stalwart.config.collaboration.email import Email
from stalwart.jmap.submission.submission_source import SubmissionSource, Work
from stalwart.store.object_types import EMAIL_SUBMISSION
from tests.jmap.submission.sending_case import SendingCase, message


class SourceTests(SendingCase):
    def send(self) -> dict[str, object]:
        email = self.email(message("To: bob@example.test"))
        new = {"identityId": self.identity(), "emailId": email}
        return dict(self.call("EmailSubmission/set", create={"s": new}))

    def test_a_letter_that_is_gone_is_final_though_nobody_said_so(self) -> None:
        self.send()
        self.queue.letters.clear()
        (shown,) = self.call("EmailSubmission/get")["list"]
        self.assertEqual(shown["undoStatus"], "final")
        self.assertEqual(shown["deliveryStatus"]["bob@example.test"]["delivered"], "unknown")
        (shown,) = self.call("EmailSubmission/get", properties=["undoStatus"])["list"]
        self.assertEqual({*shown}, {"id", "undoStatus"})

    def test_room_of_the_account(self) -> None:
        self.patch_account(self.alice, {"quotas": {"maxEmailSubmissions": 1}})
        self.send()
        self.assertEqual(self.send()["notCreated"]["s"]["type"], "overQuota")  # type: ignore[index]
        self.queue.letters.clear()
        self.assertIsNone(self.send()["notCreated"])

    def test_no_limit(self) -> None:
        self.settle(self.settings.change(Email, {"maxSubmissions": None}))
        for _ in range(3):
            self.assertIsNone(self.send()["notCreated"])

    def test_values(self) -> None:
        self.assertEqual(SubmissionSource(EMAIL_SUBMISSION).number, EMAIL_SUBMISSION)
        self.assertEqual(Work(self.sending).emails, {})
