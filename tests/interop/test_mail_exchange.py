"""Two daemons write to each other through a Postfix in between: TLS by DANE and MTA-STS, DKIM, DMARC; and what happens
when that does not work.
"""

from __future__ import annotations

import email
import email.policy
from functools import cache

from twisted.trial.unittest import SkipTest, TestCase

from tests.interop.mail_server import MailServer
from tests.interop.shared import network, skip_reason


@cache
def servers() -> tuple[MailServer, MailServer]:
    """Those of left.test and of right.test, shared by the tests here."""
    import atexit

    made = MailServer(network(), "left.test", "alice"), MailServer(network(), "right.test", "bob")
    for each in made:
        atexit.register(each.close)
    return made


class ExchangeTests(TestCase):
    """Everything is real but the network."""

    def setUp(self) -> None:
        reason = skip_reason("openssl")
        if reason:
            raise SkipTest(reason)
        self.left, self.right = servers()

    def test_from_one_to_the_other_and_back(self) -> None:
        self.left.send(self.right.login, "From left to right")
        octets = self.right.wait_for("From left to right")
        message = email.message_from_bytes(octets, policy=email.policy.default)
        results = " ".join(message.get_all("Authentication-Results", []))
        self.assertIn("dkim=pass", results)
        self.assertIn("dmarc=pass", results)
        self.assertIn("header.d=left.test", results)
        hops = message.get_all("Received", [])
        self.assertRegex(hops[-1], "ESMTPS")  # as Postfix has noted it
        self.right.send(self.left.login, "Re: From left to right")
        self.left.wait_for("Re: From left to right")

    def test_the_diagnosis_says_ok(self) -> None:
        for here, there in ((self.left, self.right), (self.right, self.left)):
            stages = here.daemon.stages(there.login)
            (summary,) = [each for each in stages if each["type"] == "summary"]
            self.assertEqual(summary["verdict"], "ok", summary)

    def test_what_the_exchange_refuses_comes_back_from_us(self) -> None:
        self.left.send("nobody@good.test", "To nobody at good.test")
        parts = list(email.message_from_bytes(self.left.bounce("nobody@good.test")).walk())
        kinds = [part.get_content_type() for part in parts]
        self.assertEqual(kinds[:3], ["multipart/report", "text/plain", "message/delivery-status"])
        report = "".join(str(part) for part in parts[2].get_payload())  # type: ignore[union-attr]
        self.assertIn("Action: failed\n", report)
        self.assertIn("Status: 5.1.1\n", report)
        self.assertIn("Remote-MTA: dns; mx.good.test\n", report)
        self.assertIn("nobody at good.test", parts[-1].as_string())

    def test_what_is_refused_behind_the_exchange_comes_back_from_it(self) -> None:
        self.left.send("nobody@right.test", "To nobody at right.test")
        self.assertIn(b"This is the mail system at host mx.good.test", self.left.bounce("nobody@right.test"))

    def test_what_cannot_be_sent_safely_waits_and_is_taken_back(self) -> None:
        made = self.left.send("alice@stsselfsigned.test", "Only over TLS that holds")
        waiting = self.left.queued("alice@stsselfsigned.test", lambda row: row["status"]["@type"] != "Scheduled")
        status = waiting["recipients"]["alice@stsselfsigned.test"]["status"]
        self.assertEqual((status["@type"], status["errorType"]), ("TemporaryFailure", "mtaStsError"), status)
        stages = self.left.daemon.stages("alice@stsselfsigned.test")
        (summary,) = [each for each in stages if each["type"] == "summary"]
        self.assertEqual(summary["verdict"], "fail")
        answer = self.left.call("EmailSubmission/set", {"update": {made["id"]: {"undoStatus": "canceled"}}})
        self.assertIn(made["id"], answer["updated"])
        self.assertIsNone(self.left.find_queued("alice@stsselfsigned.test"))

    def test_what_is_sent_later_survives_a_restart(self) -> None:
        parameters = {"mailFrom": {"email": self.left.login, "parameters": {"HOLDFOR": "15"}}}
        envelope = {**parameters, "rcptTo": [{"email": self.right.login}]}
        made = self.left.send(self.right.login, "Later", envelope=envelope)
        self.assertEqual(made["undoStatus"], "pending")
        self.left.daemon.process.kill()
        self.left.daemon.process.wait()
        self.left.start()
        self.assertIsNotNone(self.left.find_queued(self.right.login))
        self.right.wait_for("Later")
        (found,) = self.left.call("EmailSubmission/get", {"ids": [made["id"]]})["list"]
        self.assertEqual(found["undoStatus"], "final")
        self.assertEqual(found["deliveryStatus"][self.right.login]["smtpReply"][:3], "250")
