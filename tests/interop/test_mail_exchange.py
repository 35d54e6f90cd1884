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
