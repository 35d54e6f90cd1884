"""A user of a real daemon with folders and mail, as the public JMAP test suite makes them, and calls in his name."""

from __future__ import annotations

import http.client
import json
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from tests.live.daemon import PATIENCE, Daemon
from tests.live.people import Administrator

MAIL = "urn:ietf:params:jmap:mail"
DAY = 86_400
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + b" " * 100
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def instant(days: float, *, form: str = "%Y-%m-%dT%H:%M:%S.123Z") -> str:
    """So many days ago, as JavaScript's toISOString says it."""
    return datetime.fromtimestamp(time.time() - days * DAY, UTC).strftime(form)


def plain(sender: str, subject: str, body: str, days: float, *more: str, to: str = "testuser@example.com") -> bytes:
    """A plain message; ``more`` are further header lines."""
    date = format_datetime(datetime.fromtimestamp(time.time() - days * DAY, UTC))
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Date: {date}", *more]
    lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "", body]
    return "\r\n".join(lines).encode()


def multi(kind: str, head: tuple[str, ...], *parts: tuple[str, bytes]) -> bytes:
    """A multipart message of parts with their header lines."""
    lines = [*head, "MIME-Version: 1.0", f'Content-Type: multipart/{kind}; boundary="b1"', "", ""]
    message = "\r\n".join(lines).encode()
    for fields, content in parts:
        message += b"--b1\r\n" + fields.encode() + b"\r\n\r\n" + content + b"\r\n"
    return message + b"--b1--\r\n"


class SeededAccount(Administrator):
    """A new user of ``daemon``, by ``administrator``; ``boxes`` and ``emails`` are ids by name."""

    using = ["urn:ietf:params:jmap:core", MAIL]

    def __init__(self, daemon: Daemon, administrator: Administrator, **members: Any) -> None:
        super().__init__(daemon, *administrator.new_user("testuser", **members))
        self.session = self.get_json("/jmap/session")
        self.account = self.session["primaryAccounts"][MAIL]
        self.boxes: dict[str, str] = {each["role"]: each["id"] for each in self.mail("Mailbox/get", ids=None)["list"]}
        self.emails: dict[str, str] = {}

    def mail(self, name: str, /, **arguments: Any) -> Any:
        """The answer to a call about the account, which is no error."""
        return self.call(name, {"accountId": self.account, **arguments})

    def fault(self, name: str, /, **arguments: Any) -> str:
        """The type of the error that a call gets."""
        ((answered, found),) = self.request((name, {"accountId": self.account, **arguments}))
        assert answered == "error", (answered, found)
        return str(found["type"])

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Status, media type, body."""
        client = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        try:
            client.request("GET", path, headers=self._authorization)
            answer = client.getresponse()
            return answer.status, answer.getheader("Content-Type") or "", answer.read()
        finally:
            client.close()

    def get_json(self, path: str) -> Any:
        """What is there."""
        status, _, body = self.get(path)
        assert status == 200, (status, body)
        return json.loads(body)

    def upload(self, content: bytes, type: str = "application/octet-stream") -> dict[str, Any]:
        """What is told of an upload."""
        status, body = self.post(f"/jmap/upload/{self.account}/", content, type)
        assert status in (200, 201), (status, body)
        told: dict[str, Any] = json.loads(body)
        return told

    def draft(self, box: str = "inbox", **members: Any) -> dict[str, Any]:
        """An e-mail to create."""
        return {
            "mailboxIds": {self.boxes[box]: True},
            "from": [{"name": "Test", "email": "test@example.com"}],
            "to": [{"name": "User", "email": "user@example.com"}],
            "subject": "A test",
            "bodyStructure": {"type": "text/plain", "partId": "1"},
            "bodyValues": {"1": {"value": "body"}},
            **members,
        }

    def make(self, **members: Any) -> dict[str, Any]:
        """What is told of a new e-mail."""
        answer = self.mail("Email/set", create={"new": self.draft(**members)})
        assert answer["notCreated"] is None, answer
        made: dict[str, Any] = answer["created"]["new"]
        return made

    def seed(self) -> None:
        """Four folders, and messages in them."""
        made = self.mail("Mailbox/set", create={name: {"name": f"Test Folder {name}"} for name in ("A", "B")})[
            "created"
        ]
        self.boxes |= {f"folder{name}": made[name]["id"] for name in made}
        below = {name: {"name": name, "parentId": self.boxes["folderA"]} for name in ("child1", "child2")}
        self.boxes |= {name: told["id"] for name, told in self.mail("Mailbox/set", create=below)["created"].items()}
        wanted = {}
        for name, (content, boxes, keywords, days) in self._messages().items():
            wanted[name] = {
                "blobId": self.upload(content, "message/rfc822")["blobId"],
                "mailboxIds": {self.boxes[box]: True for box in boxes},
                "keywords": dict.fromkeys(keywords, True),
                "receivedAt": instant(days),
            }
        answer = self.mail("Email/import", emails=wanted)
        assert answer["notCreated"] is None, answer
        self.emails = {name: told["id"] for name, told in answer["created"].items()}

    @staticmethod
    def _messages() -> dict[str, tuple[bytes, tuple[str, ...], tuple[str, ...], float]]:
        alice, bob, seen = "Alice Sender <alice@example.com>", "Bob Jones <bob@example.org>", ("$seen",)
        first, second = "<alpha-1@test>", "<alpha-2@test>"
        head = (f"From: {bob}", "To: testuser@example.com", "Cc: charlie@example.net", "Subject: Q3 Financial Report")
        html, text = "Content-Type: text/html; charset=UTF-8", "Content-Type: text/plain; charset=UTF-8"
        inbox, a, b = ("inbox",), ("folderA",), ("folderB",)
        alpha = "Project Alpha Discussion"
        file = 'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="report.pdf"'
        image = "Content-Type: image/jpeg\r\nContent-ID: <image001@test>\r\nContent-Disposition: inline"
        korean = bytes.fromhex("c5d7bdbac6ae20c0ccb8dec0cfc0d4b4cfb4d9")
        return {
            "plain": (plain(alice, "Meeting tomorrow", "At 9am in the conference room.", 10), inbox, seen, 10),
            "attachment": (
                multi("mixed", head, (html, b"<h1>Q3 Report</h1>"), (file, PDF)),
                *(inbox, ("$seen", "$flagged"), 9),
            ),
            "starter": (
                plain(
                    "testuser@example.com", alpha, "The timeline.", 8, f"Message-ID: {first}", to="alice@example.com"
                ),
                *(a, seen, 8),
            ),
            "reply1": (
                plain(alice, f"Re: {alpha}", "Thursday?", 7, f"Message-ID: {second}", f"In-Reply-To: {first}"),
                *(inbox, (), 7),
            ),
            "reply2": (
                plain(bob, f"Re: {alpha}", "I bring the xylophone.", 6, f"References: {first} {second}"),
                *(inbox, ("$answered",), 6),
            ),
            "filed": (plain("david@example.com", "Cross-filed", "In two folders.", 5), ("inbox", "folderA"), seen, 5),
            "large": (plain("eve@example.com", "Detailed analysis", "A detailed paragraph. " * 2500, 4), b, (), 4),
            "html": (
                multi(
                    "alternative", ("From: f@example.com", "Subject: Digest"), (text, b"Digest"), (html, b"<p>Digest")
                ),
                *(inbox, seen, 3),
            ),
            "nameless": (plain("grace@example.com", "", "No subject.", 2), inbox, seen, 2),
            "tagged": (plain("h@example.com", "Tags", "Tags.", 1), inbox, ("$seen", "$forwarded", "Custom_Label"), 1),
            "old": (plain("iris@example.com", "Archive", "A month ago.", 30), a, seen, 30),
            "list": (
                plain("l@example.com", "Post", "x", 1, "List-Unsubscribe: <https://example.com/u>", "X-Own: value-123"),
                *(inbox, seen, 1),
            ),
            "related": (
                multi("related", ("From: k@example.com", "Subject: Image"), (html, b"<img>"), (image, JPEG)),
                *(inbox, seen, 0.5),
            ),
            "sort1": (plain("Zara <zara@example.com>", "Alpha sort", "A" * 100, 5), b, seen, 3),
            "sort2": (plain("Amy <amy@example.com>", "Beta sort", "B" * 500, 3), b, ("$seen", "$flagged"), 2),
            "sort3": (plain("Mike <mike@example.com>", "Gamma sort", "C" * 50, 1), b, (), 1),
            "child": (plain("n@example.com", "Nested", "x", 5), ("child1",), seen, 5),
            "korean": (
                b"From: k@example.com\r\nSubject: =?EUC-KR?B?sNa0z7TZ?=\r\nMIME-Version: 1.0\r\n"
                b"Content-Type: text/plain; charset=EUC-KR\r\n\r\n" + korean,
                *(inbox, seen, 0.2),
            ),
            "broken": (
                b"From: broken@example.com\r\nSubject: Malformed\r\nX-Broken: a \x01\x02\r\n\r\n"
                + b"x" * 2000
                + b"caf\xe9",
                *(inbox, seen, 0.1),
            ),
        }
