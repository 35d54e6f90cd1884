"""Scripts and vacation responses of a real daemon: set over JMAP, run when mail comes, sent on through its queue."""

from __future__ import annotations

import json
import time
from functools import cached_property

from stalwart.app.demo import CREDENTIALS
from tests.live.daemon import PATIENCE
from tests.live.people import Administrator
from tests.live.test_mail_in import ALICE, BOB, MailCase

_URN = "urn:ietf:params:jmap:"


class Person(Administrator):
    """Somebody with mail."""

    using = [_URN + name for name in ("core", "mail", "sieve", "vacationresponse")]

    @cached_property
    def account(self) -> str:
        """The id of the own account."""
        status, _, body = self.daemon.get("/jmap/session", self._authorization)
        assert status == 200, body
        return str(json.loads(body)["primaryAccounts"][f"{_URN}mail"])

    def activate(self, script: str) -> None:
        """Have a script run from now on."""
        status, body = self.post(f"/jmap/upload/{self.account}/", script.encode(), "application/sieve")
        assert status in (200, 201), body
        blob = json.loads(body)["blobId"]
        given = {"accountId": self.account, "create": {"k": {"blobId": blob}}, "onSuccessActivateScript": "#k"}
        answer = self.call("SieveScript/set", given)
        assert answer["created"], answer

    def go_away(self, text: str) -> None:
        """Answer what comes."""
        update = {"singleton": {"isEnabled": True, "textBody": text}}
        answer = self.call("VacationResponse/set", {"accountId": self.account, "update": update})
        assert answer["updated"], answer

    def subjects(self, least: int) -> list[str]:
        """The subjects of all mail, once there is so much."""
        deadline = time.monotonic() + PATIENCE
        while True:
            ids = self.call("Email/query", {"accountId": self.account})["ids"]
            if len(ids) >= least or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        found = self.call("Email/get", {"accountId": self.account, "ids": ids, "properties": ["subject"]})
        return sorted(each["subject"] for each in found["list"])


class SieveTests(MailCase):
    def test_a_message_goes_on_and_is_answered(self) -> None:
        known = dict(line.split(" ", 1) for line in (self.data / CREDENTIALS).read_text().splitlines())
        alice, bob = (Person(self.daemon, login, known[login]) for login in (ALICE, BOB))
        alice.activate(
            'require ["reject", "fileinto"]; if header :contains "subject" "spam" { reject "No."; }'
            f' elsif not header :contains "auto-submitted" "auto" {{ redirect "{BOB}"; }}'
        )
        bob.go_away("I am away.")
        client = self.client(lmtp=True)
        head = f"From: {ALICE}\r\nTo: {BOB}\r\nMessage-ID: <%s@sender.test>\r\nSubject: %s\r\n\r\nText\r\n"
        ((code, text),) = client.deliver(ALICE, [ALICE], (head % ("1", "spam")).encode())
        self.assertEqual((code, text), (550, "5.7.1 No."))
        bare = f"From: {ALICE}\r\nSubject: spam\r\n\r\nText\r\n".encode()
        ((code, text),) = self.client(lmtp=False).deliver(ALICE, [ALICE], bare)
        self.assertEqual((code, text), (550, "5.7.1 No."))
        for _ in range(2):  # the second time as if the answer had been lost
            self.assertEqual(client.deliver(ALICE, [ALICE], (head % ("2", "Hello")).encode())[0][0], 250)
        self.assertEqual(bob.subjects(1), ["Hello"])
        self.assertEqual(alice.subjects(1), ["Auto: Hello"])
        found = {each.account: each.octets for each in self.ended()}
        self.assertIn(f"X-Sieve-Redirected-From: {ALICE}\r\n".encode(), found[BOB])
        self.assertIn(b"Auto-Submitted: auto-replied (vacation)\r\n", found[ALICE])
        self.assertIn(b"Return-Path: <>\r\n", found[ALICE])
