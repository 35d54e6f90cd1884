"""Where submissions are kept; see also ``test_email_submission``."""

from __future__ import annotations

from stalwart.codec.feedback import Feedback, message_id_of
from stalwart.config.collaboration.email import Email
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.submission.submission_source import SubmissionSource, Work
from stalwart.mail.feedback import find_submissions
from stalwart.store.object_types import EMAIL_SUBMISSION, ENV_ID, MESSAGE_ID
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

    def about(self, feedback: Feedback) -> tuple[int, ...]:
        return tuple(self.read(lambda tx: find_submissions(tx, self.alice, feedback)))

    def test_what_reports_call_it_is_known_and_not_shown(self) -> None:
        answer = self.send()
        id = number_of(answer["created"]["s"]["id"])  # type: ignore[index]
        self.assertEqual(self.about(Feedback("mdn", None, "1@example.test", ())), (id,))
        (shown,) = self.call("EmailSubmission/get")["list"]
        self.assertTrue({MESSAGE_ID, ENV_ID}.isdisjoint(shown))

    def test_reports_know_what_was_added_on_the_way(self) -> None:
        email = self.email(message("Message-ID:", "To: bob@example.test"))
        envelope = {
            "mailFrom": {"email": "alice@example.test", "parameters": {"ENVID": "a+2Bb"}},
            "rcptTo": [{"email": "bob@example.test", "parameters": None}],
        }
        new = {"identityId": self.identity(), "emailId": email, "envelope": envelope}
        answer = self.call("EmailSubmission/set", create={"s": new})
        id = number_of(answer["created"]["s"]["id"])
        self.assertEqual(self.about(Feedback("dsn", self.queue.last.env_id, None, ())), (id,))
        content = self.queue.last.content
        assert isinstance(content, bytes)
        self.assertEqual(self.about(Feedback("dsn", None, message_id_of(content), ())), (id,))

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
