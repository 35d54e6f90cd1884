"""People send mail by a real daemon: they sign in over TLS, and what is answered with yes is where it belongs."""

from __future__ import annotations

import json
import shutil
import smtplib
import ssl
import subprocess
import time
import urllib.request
from typing import Any

from twisted.trial.unittest import SkipTest

from stalwart.app.demo import read_credentials
from tests.live.daemon import PATIENCE, basic
from tests.live.lmtp_client import MailClient
from tests.live.test_mail_in import ALICE, BOB, SENDER, MailCase
from tests.programs import lacking

CORE = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"]


def message(subject: str = "Hello", size: int = 100, author: str = ALICE) -> bytes:
    return f"From: {author}\r\nTo: {BOB}\r\nSubject: {subject}\r\n\r\n".encode() + b"0123456789abcde\r\n" * (size // 17)


class SendingTests(MailCase):
    """``person`` is signed in at the port for submission."""

    options = ("--submission", "tcp:0:interface=127.0.0.1")

    def start(self) -> None:
        super().start()
        self.submission = self.port("submission")
        self.passwords = dict(read_credentials(self.data))

    def connection(self) -> smtplib.SMTP:
        made = smtplib.SMTP("127.0.0.1", self.submission, "client.test", PATIENCE)
        self.addCleanup(made.close)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        made.starttls(context=context)
        return made

    def person(self, login: str = ALICE) -> smtplib.SMTP:
        made = self.connection()
        made.login(login, self.passwords[login])
        return made

    def call(self, login: str, name: str, **arguments: Any) -> dict[str, Any]:
        """A call of JMAP."""
        body = {"using": CORE, "methodCalls": [[name, arguments, "a"]]}
        headers = {"Content-Type": "application/json", **basic(login, self.passwords[login])}
        asked = urllib.request.Request(f"{self.daemon.url}/jmap/", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            found: dict[str, Any] = json.load(answer)["methodResponses"][0][1]
        return found

    def queued(self) -> list[dict[str, Any]]:
        """What the administrator sees in the queue."""
        return list(self.call(next(iter(self.passwords)), "x:QueuedMessage/get", ids=None)["list"])

    def test_to_people_here(self) -> None:
        person = self.person()
        person.sendmail(ALICE, [BOB], message())
        person.sendmail("", [BOB, ALICE], message("Large", 300_000))
        person.quit()
        found = self.ended()
        self.assertEqual(sorted(each.account for each in found), [ALICE, BOB, BOB])
        for each in found:
            self.assertIn(b"\r\nSubject: ", each.octets)
            self.assertIn(b"Date: ", each.octets)
            self.assertIn(b"Message-ID: <", each.octets)

    def test_to_others_and_for_later(self) -> None:
        person = self.person()
        person.sendmail(ALICE, ["x@[192.0.2.1]", BOB], message(), ["HOLDFOR=3600"], ["NOTIFY=NEVER"])
        (queued,) = self.queued()
        self.assertEqual(sorted(queued["recipients"]), [BOB, "x@[192.0.2.1]"])
        self.assertEqual(self.ended(), [])
        self.start()  # it is there after a start
        self.assertEqual(len(self.queued()), 1)

    def test_what_is_held_goes_with_its_account(self) -> None:
        self.person(BOB).sendmail(BOB, [ALICE], message(author=BOB), ["HOLDFOR=3600"])
        self.assertEqual(len(self.queued()), 1)
        admin = next(iter(self.passwords))
        accounts = self.call(admin, "x:Account/get", ids=None)["list"]
        ids = [each["id"] for each in accounts if each["emailAddress"] == BOB]
        self.assertEqual(self.call(admin, "x:Account/set", destroy=ids)["destroyed"], ids)
        until = time.monotonic() + PATIENCE
        while self.queued() and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(self.queued(), [])

    def test_only_in_the_own_name(self) -> None:
        person = self.person()
        with self.assertRaises(smtplib.SMTPSenderRefused):
            person.sendmail(BOB, [BOB], message())
        with self.assertRaises(smtplib.SMTPDataError):
            person.sendmail(ALICE, [BOB], message(author=BOB))

    def test_nobody_else(self) -> None:
        plain = MailClient(self.submission, hello="EHLO client.test")
        self.addCleanup(plain.close)
        self.assertNotIn("PLAIN", plain.offers)
        self.assertEqual(plain.say(f"MAIL FROM:<{ALICE}>")[0], 530)
        other = self.client()
        self.assertNotIn("AUTH", other.offers)
        self.assertEqual(other.say(f"MAIL FROM:<{SENDER}>")[0], 250)
        self.assertEqual(other.say("RCPT TO:<x@far.test>")[0], 550)

    def test_guessing_takes_time(self) -> None:
        began = time.monotonic()
        guesser = self.connection()
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            guesser.login(ALICE, "guess")
        self.assertGreater(time.monotonic() - began, 5)
        self.assertNotIn("guess", self.daemon.log)
        self.person().sendmail(ALICE, [BOB], message())

    def test_curl_with_a_token(self) -> None:
        if shutil.which("curl") is None:
            raise SkipTest("curl is not installed")
        made = self.call(ALICE, "x:ApiKey/set", create={"a": {"description": "curl"}})["created"]["a"]
        for mechanism, codes in (("OAUTHBEARER", (0, 0, 67)), ("XOAUTH2", (0, 0, 67))):
            for who, token, code in zip((ALICE, "alice", BOB), (made["secret"],) * 3, codes, strict=True):
                words = ["--ssl-reqd", "-k", "--mail-from", ALICE, "--mail-rcpt", BOB, "--upload-file", "-"]
                words += ["--login-options", f"AUTH={mechanism}", "--user", f"{who}:", "--oauth2-bearer", token]
                said = subprocess.run(
                    ["curl", *words, f"smtp://127.0.0.1:{self.submission}/client.test"],
                    input=message(f"{mechanism} {who}"),
                    capture_output=True,
                    timeout=PATIENCE,
                )
                self.assertEqual(said.returncode, code, said.stderr[-2000:])
        self.assertEqual(len(self.ended()), 4)

    def test_swaks(self) -> None:
        if absent := lacking("swaks"):
            raise SkipTest(f"not installed: {absent}")
        for mechanism in ("PLAIN", "LOGIN"):
            words = ["--server", f"127.0.0.1:{self.submission}", "--tls", "--from", ALICE, "--to", BOB]
            words += ["--auth", mechanism, "--auth-user", ALICE, "--auth-password", self.passwords[ALICE]]
            said = subprocess.run(["swaks", *words], capture_output=True, timeout=PATIENCE)
            self.assertEqual(said.returncode, 0, said.stdout[-2000:])
        self.assertEqual(len(self.ended()), 2)
