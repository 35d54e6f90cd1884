"""Mail sent over JMAP by a real daemon: to somebody at home, later, taken back, and after a crash."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import PATIENCE, Daemon, new_folder
from tests.live.people import Administrator

MAIL = "urn:ietf:params:jmap:mail"
SUBMISSION = "urn:ietf:params:jmap:submission"


class Person(Administrator):
    """Somebody who sends and reads mail."""

    using = (*Administrator.using, MAIL, SUBMISSION)  # type: ignore[assignment]

    def __init__(self, daemon: Daemon, login: str, password: str) -> None:
        super().__init__(daemon, login, password)
        self.login = login

    def of_account(self, name: str, **arguments: Any) -> Any:
        """A call about the own account."""
        return self.call(name, {"accountId": self.account, **arguments})

    def begin(self) -> None:
        """Learn what a program asks first."""
        session = self.daemon.json("/jmap/session", self._authorization)
        self.account = session["primaryAccounts"][SUBMISSION]
        self.capability = session["accounts"][self.account]["accountCapabilities"][SUBMISSION]
        self.identity = self.of_account("Identity/get")["list"][0]["id"]
        boxes = self.of_account("Mailbox/get")["list"]
        self.boxes = {box["role"]: box["id"] for box in boxes}

    def send(self, to: str, subject: str, hold: int = 0, size: int = 10) -> dict[str, Any]:
        """Write and submit in one request, as programs do; the submission."""
        draft = {
            "mailboxIds": {self.boxes["drafts"]: True},
            "keywords": {"$draft": True},
            "from": [{"email": self.login, "name": "Me"}],
            "to": [{"email": to}],
            "bcc": [{"email": self.login}],
            "subject": subject,
            "bodyStructure": {"partId": "1", "type": "text/plain"},
            "bodyValues": {"1": {"value": "A line.\n" * size}},
        }
        new: dict[str, Any] = {"identityId": self.identity, "emailId": "#e"}
        if hold:
            sender = {"email": self.login, "parameters": {"HOLDFOR": str(hold)}}
            new["envelope"] = {"mailFrom": sender, "rcptTo": [{"email": to, "parameters": None}]}
        moved = {"mailboxIds": {self.boxes["sent"]: True}, "keywords/$draft": None}
        answers = self.request(
            ("Email/set", {"accountId": self.account, "create": {"e": draft}}),
            (
                "EmailSubmission/set",
                {"accountId": self.account, "create": {"s": new}, "onSuccessUpdateEmail": {"#s": moved}},
            ),
        )
        assert [name for name, _ in answers] == ["Email/set", "EmailSubmission/set", "Email/set"], answers
        assert answers[1][1]["created"], answers
        assert answers[2][1]["updated"], answers
        made: dict[str, Any] = answers[1][1]["created"]["s"]
        return made

    def submission(self, id: str) -> dict[str, Any]:
        """How it stands."""
        (found,) = self.of_account("EmailSubmission/get", ids=[id])["list"]
        return dict(found)

    def inbox(self) -> list[dict[str, Any]]:
        """What has come."""
        ids = self.of_account("Email/query", filter={"inMailbox": self.boxes["inbox"]})["ids"]
        names = ["subject", "from", "to", "bcc", "size", "header:Return-Path"]
        return list(self.of_account("Email/get", ids=ids, properties=names)["list"])


class SubmissionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        self.start()
        administrator = Administrator(self.daemon)
        self.logins = [administrator.new_user(name) for name in ("alice", "bob")]
        self.meet()

    def start(self) -> None:
        self.daemon = Daemon.with_data(self.data)
        self.addCleanup(self.daemon.close)

    def meet(self) -> None:
        self.alice, self.bob = (Person(self.daemon, *login) for login in self.logins)
        for person in (self.alice, self.bob):
            person.begin()

    def until(self, holds: Callable[[], Any]) -> Any:
        """What ``holds`` answers when it is something."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = holds()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(self.daemon.log[-4000:])

    def test_at_home(self) -> None:
        self.assertIn("FUTURERELEASE", self.alice.capability["submissionExtensions"])
        made = self.alice.send("bob@example.org", "Hello")
        (mail,) = self.until(self.bob.inbox)
        self.assertEqual((mail["subject"], mail["bcc"]), ("Hello", None))
        self.assertIn("alice@example.org", mail["header:Return-Path"])
        final = self.until(lambda: (now := self.alice.submission(made["id"]))["undoStatus"] == "final" and now)
        self.assertEqual(final["deliveryStatus"]["bob@example.org"]["delivered"], "yes")
        (copy,) = self.until(self.alice.inbox)
        self.assertIsNone(copy["bcc"])
        # Larger than what the database keeps, and to several at once.
        self.alice.send("bob@example.org", "Large", size=50_000)
        large = self.until(lambda: [mail for mail in self.bob.inbox() if mail["subject"] == "Large"])
        self.assertGreater(large[0]["size"], 400_000)
        self.assertNotIn("Traceback", self.daemon.log)

    def test_later_and_never(self) -> None:
        first = self.alice.send("bob@example.org", "Soon", hold=600)["id"]
        second = self.alice.send("bob@example.org", "Sooner", hold=3)["id"]
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()
        self.start()
        self.meet()
        self.assertEqual(self.alice.submission(first)["undoStatus"], "pending")
        update = {first: {"undoStatus": "canceled"}}
        self.assertIn(first, self.alice.of_account("EmailSubmission/set", update=update)["updated"])
        self.assertEqual(self.alice.submission(first)["undoStatus"], "canceled")
        (mail,) = self.until(self.bob.inbox)
        self.assertEqual(mail["subject"], "Sooner")
        self.until(lambda: self.alice.submission(second)["undoStatus"] == "final")
        answer = self.alice.of_account("EmailSubmission/set", update={second: {"undoStatus": "canceled"}})
        self.assertEqual(answer["notUpdated"][second]["type"], "cannotUnsend")
        self.assertEqual(len(self.bob.inbox()), 1)
        self.assertNotIn("Traceback", self.daemon.log)
