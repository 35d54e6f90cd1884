"""MDN/send (RFC 9007 2.1)."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.codec import mdn
from stalwart.codec.mime import body_values
from stalwart.store.blob_files import LARGE, Stored
from tests.jmap.submission.sending_case import SendingCase, message

SHOWN = {"actionMode": "manual-action", "sendingMode": "mdn-sent-manually", "type": "displayed"}
ASKING = ("From: joe@elsewhere.test", "Subject: Hello", "Disposition-Notification-To: Joe <joe@elsewhere.test>")


class SendTests(SendingCase):
    def setUp(self) -> None:
        super().setUp()
        self.mine = self.identity()

    def send(self, email: str, **given: Any) -> tuple[dict[str, Any], list[Any]]:
        """What MDN/send answers, and what follows."""
        then = given.pop("then", None)
        new = {"forEmailId": email, "disposition": SHOWN, **given}
        first, *rest = self.calls(
            ("MDN/send", {"identityId": self.mine, "send": {"k": new}, "onSuccessUpdateEmail": then})
        )
        self.assertEqual(first[0], "MDN/send", first)
        return first[1], rest

    def problem(self, email: str, **given: Any) -> dict[str, Any]:
        answer, _ = self.send(email, **given)
        self.assertIsNone(answer["sent"])
        problem: dict[str, Any] = answer["notSent"]["k"]
        return problem

    def content(self) -> bytes:
        content = self.queue.last.content
        if isinstance(content, Stored):
            hash = content.hash
            return self.successResultOf(self.store.blob_work(lambda files: files.read(hash)))
        return content

    def test_sent(self) -> None:
        email = self.email(message(*ASKING, "Original-Recipient: rfc822;al@example.test"))
        answer, rest = self.send(email, reportingUA="test; 1")
        self.assertEqual(rest, [])
        told = answer["sent"]["k"]
        self.assertEqual(told["finalRecipient"], "rfc822; alice@example.test")
        self.assertEqual(told["originalRecipient"], "rfc822;al@example.test")
        self.assertEqual(told["originalMessageId"], "<1@example.test>")
        self.assertEqual(told["subject"], "Disposition notification: Hello")
        self.assertEqual((told["includeOriginalMessage"], told["mdnGateway"], told["error"]), (False, None, None))
        self.assertNotIn("disposition", told)
        letter = self.queue.last
        self.assertEqual(
            (letter.return_path, [each.address for each in letter.recipients]), ("", ["joe@elsewhere.test"])
        )
        self.assertEqual((letter.account_id, letter.submission_id), (self.alice, None))
        self.assertEqual(self.queue.told, [*self.queue.letters])
        content = self.content()
        self.assertTrue(content.startswith(b"DKIM-Signature: d=example.test\r\nFrom: alice <alice@example.test>\r\n"))
        self.assertIn(b"\r\nIn-Reply-To: <1@example.test>\r\n", content)
        self.assertNotIn(b"Auto-Submitted", content)
        report = mdn.read_report(content)
        assert report is not None and report.text is not None
        self.assertEqual(report.notification.original_recipient, "rfc822;al@example.test")
        self.assertEqual(report.notification.reporting_ua, "test; 1")
        self.assertFalse(report.has_original)
        self.assertIn("was displayed", body_values.body_value(content, report.text).value)

    def test_all_that_a_client_can_say(self) -> None:
        given = {
            "subject": "Gelesen: ä",
            "textBody": "Ich habe es gelesen.\nä",
            "includeOriginalMessage": True,
            "finalRecipient": "rfc822; al@example.test",
            "extensionFields": {"X-Shoe-Size": "44"},
            "disposition": {
                "actionMode": "automatic-action",
                "sendingMode": "mdn-sent-automatically",
                "type": "processed",
            },
        }
        answer, _ = self.send(self.email(message(*ASKING)), **given)
        self.assertFalse({*given} & {*answer["sent"]["k"]})
        content = self.content()
        self.assertIn(b"\r\nAuto-Submitted: auto-replied\r\n", content)
        report = mdn.read_report(content)
        assert report is not None and report.text is not None
        self.assertTrue(report.has_original)
        self.assertEqual(report.notification.extensions, {"X-Shoe-Size": "44"})
        self.assertEqual(body_values.body_value(content, report.text).value, given["textBody"])
        self.assertEqual(report.notification.disposition.type, "processed")

    def test_a_large_original_is_copied_by_files(self) -> None:
        original = message(*ASKING, body="x\r\n" * LARGE)
        self.send(self.email(original), includeOriginalMessage=True)
        self.assertIsInstance(self.queue.last.content, Stored)
        self.assertIn(original, self.content())

    def test_once(self) -> None:
        email = self.email(message(*ASKING))
        self.send(email)
        (shown,) = self.call("Email/get", ids=[email], properties=["keywords"])["list"]
        self.assertEqual(shown["keywords"], {"$mdnsent": True})
        self.assertEqual(self.problem(email)["type"], "mdnAlreadySent")
        new = {"forEmailId": self.email(message(*ASKING)), "disposition": SHOWN}
        answer = self.call("MDN/send", identityId=self.mine, send={"a": new, "b": new})
        self.assertEqual(({*answer["sent"]}, {*answer["notSent"]}), ({"a"}, {"b"}))
        self.assertEqual(len(self.queue.letters), 2)

    def test_what_follows(self) -> None:
        email = self.email(message(*ASKING))
        _, rest = self.send(email, then={"#k": {"keywords/$mdnsent": True, "keywords/$seen": True}})
        ((name, told, call),) = rest
        self.assertEqual((name, told["updated"], call), ("Email/set", {email: None}, "c0"))
        self.assertEqual(self.send(email, then={"#k": {"keywords/$seen": None}})[1], [])

    def test_refused(self) -> None:
        asking, plain = self.email(message(*ASKING)), self.email(message("From: joe@elsewhere.test"))
        for email, given, type in (
            (plain, {}, "notFound"),
            ("zz", {}, "notFound"),
            (asking, {"finalRecipient": "rfc822; bob@example.test"}, "forbiddenFrom"),
            (asking, {"finalRecipient": "garbage"}, "forbiddenFrom"),
            (asking, {"disposition": {"actionMode": "manual-action"}}, "invalidProperties"),
            (asking, {"disposition": SHOWN | {"type": "eaten"}}, "invalidProperties"),
            (asking, {"extensionFields": {"Disposition": "x"}}, "invalidProperties"),
            (asking, {"extensionFields": {"a b": "x"}}, "invalidProperties"),
            (asking, {"originalMessageId": "<x@y>"}, "invalidProperties"),
            (asking, {"further": 1}, "invalidProperties"),
            (asking, {"includeOriginalMessage": "yes"}, "invalidProperties"),
        ):
            self.assertEqual(self.problem(email, **given)["type"], type, given)
        self.assertFalse(self.queue.letters)
        access = self.request.access
        self.request.access = evolve(access, permissions=access.permissions - {"emailSend"})
        self.assertEqual(self.problem(asking)["type"], "forbiddenToSend")

    def test_arguments_that_cannot_be(self) -> None:
        for arguments in (
            {"send": {}},
            {"identityId": self.mine},
            {"identityId": "zz", "send": {}},
            {"identityId": self.mine, "send": []},
            {"identityId": self.mine, "send": {}, "onSuccessUpdateEmail": []},
        ):
            self.assertEqual(self.refused("MDN/send", **arguments), "invalidArguments", arguments)
        nothing = self.call("MDN/send", identityId=self.mine, send={})
        self.assertEqual(nothing, {"accountId": self.account, "sent": None, "notSent": None})
