"""A daemon in the test network that is the mail server of a domain of ``domains.RELAYED``, and its one user."""

from __future__ import annotations

import base64
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.interop.daemon import LOGIN, Daemon
from tests.interop.domains import RELAYED
from tests.interop.internet import Internet
from tests.interop.names import KEY_OF_RELAYED

PASSWORD = "correct-horse-battery-7"
PATIENCE = 60.0
USING = [
    "urn:ietf:params:jmap:core",
    "urn:ietf:params:jmap:mail",
    "urn:ietf:params:jmap:submission",
    "urn:stalwart:jmap",
]
SUBMISSION = re.compile(r"listening submission (127\.[0-9.]+):(\d+)")
Arguments = dict[str, Any]


class MailServer:
    """Mail for ``person@domain`` comes to port 25 of the domain's address, and leaves signed."""

    def __init__(self, internet: Internet, domain: str, person: str) -> None:
        self.internet = internet
        self.domain = domain
        self.login = f"{person}@{domain}"
        self.folder = Path(tempfile.mkdtemp(prefix="test-mail-server-"))
        self.start()
        made = self.admin("x:Domain/set", {"create": {"d": {"name": domain, "dkimManagement": {"@type": "Manual"}}}})
        id = made["created"]["d"]["id"]
        user = {
            "@type": "User",
            "name": person,
            "domainId": id,
            "credentials": {"0": {"@type": "Password", "secret": PASSWORD}},
        }
        assert self.admin("x:Account/set", {"create": {"u": user}})["created"]
        key = {
            "@type": "Dkim1Ed25519Sha256",
            "domainId": id,
            "selector": "test",
            "privateKey": {"@type": "Text", "secret": (internet.folder / KEY_OF_RELAYED).read_text()},
        }
        answer = self.admin("x:DkimSignature/set", {"create": {"k": key}})
        assert answer["created"], answer

    def start(self) -> None:
        """Also again, with what it has kept."""
        here = RELAYED[self.domain]
        doors = ["--smtp", f"tcp:25:interface={here}", "--submission", f"tcp:587:interface={here}"]
        hostname = f"client.{self.domain}"
        self.daemon = Daemon(self.internet, *doors, hostname=hostname, folder=self.folder)

    def close(self) -> None:
        """End it for good."""
        self.daemon.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self.daemon.log.read_text(errors="replace")

    def admin(self, name: str, arguments: Arguments) -> Any:
        """One call of the recovery administrator."""
        ((answered, found, _),) = self._post(LOGIN, [[name, arguments, "0"]])
        assert answered == name, (answered, found)
        return found

    def calls(self, *calls: tuple[str, Arguments]) -> list[list[Any]]:
        """Responses to calls of the user."""
        account = self._session()["primaryAccounts"]["urn:ietf:params:jmap:mail"]
        named = [[name, {"accountId": account, **given}, str(at)] for at, (name, given) in enumerate(calls)]
        return self._post((self.login, PASSWORD), named)

    def call(self, name: str, arguments: Arguments) -> Any:
        """The arguments of the one response, which is no error."""
        answered, found, _ = self.calls((name, arguments))[0]
        assert answered == name, (answered, found)
        return found

    def mailbox(self, role: str) -> str:
        """The id of the mailbox with a role."""
        found = self.call("Mailbox/get", {"ids": None})["list"]
        return next(str(each["id"]) for each in found if each["role"] == role)

    def send(self, to: str, subject: str, text: str = "Hello.\r\n", **submission: Any) -> dict[str, Any]:
        """Write a message and submit it; the submission as it was created."""
        identity = self.call("Identity/get", {"ids": None})["list"][0]["id"]
        email = {
            "mailboxIds": {self.mailbox("sent"): True},
            "from": [{"email": self.login}],
            "to": [{"email": to}],
            "subject": subject,
            "textBody": [{"partId": "t", "type": "text/plain"}],
            "bodyValues": {"t": {"value": text}},
        }
        answers = self.calls(
            ("Email/set", {"create": {"m": email}}),
            ("EmailSubmission/set", {"create": {"s": {"identityId": identity, "emailId": "#m", **submission}}}),
        )
        made = answers[1][1].get("created") or {}
        assert "s" in made, answers
        created: dict[str, Any] = made["s"]
        return created

    def wait_for(self, subject: str, role: str = "inbox", seconds: float = PATIENCE) -> bytes:
        """The octets of a message that comes into a mailbox."""
        box, late = self.mailbox(role), time.monotonic() + seconds
        wanted = {"filter": {"inMailbox": box, "subject": subject}}
        while time.monotonic() < late:
            ids = self.call("Email/query", wanted)["ids"]
            if ids:
                (found,) = self.call("Email/get", {"ids": ids[:1], "properties": ["blobId"]})["list"]
                return self.octets(found["blobId"])
            time.sleep(0.2)
        raise AssertionError(f"{subject!r} has not come to {self.login}; the log:\n{self.log[-6000:]}")

    def bounce(self, recipient: str) -> bytes:
        """The report that mail to ``recipient`` could not be delivered."""
        late = time.monotonic() + PATIENCE
        while time.monotonic() < late:
            found = self.call("Email/query", {"filter": {"inMailbox": self.mailbox("inbox"), "subject": "undelivered"}})
            shown = self.call("Email/get", {"ids": found["ids"], "properties": ["blobId"]})["list"]
            for each in shown:
                octets = self.octets(each["blobId"])
                if recipient.encode() in octets:
                    return octets
            time.sleep(0.2)
        raise AssertionError(f"nothing has come back about {recipient}; the log:\n{self.log[-6000:]}")

    def find_queued(self, recipient: str) -> dict[str, Any] | None:
        """The x:QueuedMessage for ``recipient``, if it waits."""
        found = self.admin("x:QueuedMessage/get", {"ids": None})["list"]
        return next((each for each in found if recipient in each["recipients"]), None)

    def queued(self, recipient: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The same, once the recipient is as ``wanted``."""
        late = time.monotonic() + PATIENCE
        while time.monotonic() < late:
            found = self.find_queued(recipient)
            if found is not None and wanted(found["recipients"][recipient]):
                return found
            time.sleep(0.2)
        raise AssertionError(f"mail to {recipient} is not as wanted: {found}; the log:\n{self.log[-6000:]}")

    def octets(self, blob: str) -> bytes:
        """A download."""
        account = self._session()["primaryAccounts"]["urn:ietf:params:jmap:mail"]
        path = f"/jmap/download/{account}/{blob}/message?accept=message/rfc822"
        status, _, octets = self.daemon.get(path, _basic((self.login, PASSWORD)))
        assert status == 200, octets
        return octets

    def _session(self) -> Any:
        status, _, body = self.daemon.get("/jmap/session", _basic((self.login, PASSWORD)))
        assert status == 200, body
        return json.loads(body)

    def _post(self, login: tuple[str, str], calls: list[Any]) -> list[list[Any]]:
        client = self.daemon.connection()
        try:
            body = json.dumps({"using": USING, "methodCalls": calls})
            client.request("POST", "/jmap", body, {**_basic(login), "Content-Type": "application/json"})
            answer = client.getresponse()
            text = answer.read()
            assert answer.status == 200, text
            responses: list[list[Any]] = json.loads(text)["methodResponses"]
            return responses
        finally:
            client.close()


def _basic(login: tuple[str, str]) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(":".join(login).encode()).decode("ascii")}
