"""jmapc as a mail program: folders, a draft with a file, searching, flags, moving, threads, what changed, removing."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests
from jmapc import (
    Comparator,
    Email,
    EmailAddress,
    EmailBodyPart,
    EmailBodyValue,
    EmailQueryFilterCondition,
    Error,
    MailboxQueryFilterCondition,
    Ref,
)
from jmapc.methods import (
    CoreEcho,
    EmailChanges,
    EmailGet,
    EmailQuery,
    EmailSet,
    MailboxChanges,
    MailboxGet,
    MailboxQuery,
    MailboxSet,
    SearchSnippetGet,
    ThreadGet,
)
from jmapc_client import connected

WORD = "zebraquartz"
NEWEST = [Comparator(property="receivedAt", is_ascending=False)]


class MailProgram:
    """What a person does, one step after the other; ``seen`` is what came of it."""

    def __init__(self, base: str, user: str, password: str) -> None:
        self.base = base
        self.client = connected(base, user, password)
        self.address = user
        self.seen: dict[str, Any] = {}

    def ask(self, call: Any) -> Any:
        """The response, which refuses nothing."""
        answer = self.client.request(call, raise_errors=True, single_response=True)
        for part in ("not_created", "not_updated", "not_destroyed"):
            refused = getattr(answer, part, None)
            if refused:
                raise AssertionError(f"{part}: {refused!r}")
        return answer

    def folders(self) -> None:
        """The folders of a new account, and one more that is renamed."""
        wrong = requests.get(f"{self.base}/.well-known/jmap", auth=(self.address, "wrong"), timeout=20)
        self.seen["wrong password"] = wrong.status_code
        self.seen["echo"] = self.ask(CoreEcho(data={"a": "wörld"})).data
        self.roles = {each.role: each.id for each in self.ask(MailboxGet(ids=None)).data if each.role}
        self.seen["roles"] = sorted(self.roles)
        found = self.ask(MailboxQuery(filter=MailboxQueryFilterCondition(role="inbox"))).ids
        self.seen["inbox by role"] = found == [self.roles["inbox"]]
        [made] = self.ask(MailboxSet(create={"a": {"name": "Projects"}})).created.values()
        self.folder = made.id
        state = self.ask(MailboxGet(ids=[self.folder])).state
        self.ask(MailboxSet(update={self.folder: {"name": "Prøjects"}}))
        self.seen["renamed"] = self.ask(MailboxGet(ids=[self.folder])).data[0].name
        self.seen["mailbox changes"] = self.ask(MailboxChanges(since_state=state)).updated == [self.folder]

    def draft(self) -> None:
        """Write a message with a file, and read it again."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "note.txt")
            path.write_bytes(f"attached {WORD}".encode())
            blob = self.client.upload_blob(path)
        person = EmailAddress(name="Jäne", email=self.address)
        email = Email(
            mail_from=[person],
            to=[person],
            subject="hällo there",
            keywords={"$draft": True, "$seen": True},
            mailbox_ids={self.roles["drafts"]: True},
            body_values={"b": EmailBodyValue(value=f"The body says {WORD}.\n")},
            text_body=[EmailBodyPart(part_id="b", type="text/plain")],
            attachments=[EmailBodyPart(blob_id=blob.id, type="text/plain", name="nöte.txt", disposition="attachment")],
        )
        self.email = self.ask(EmailSet(create={"d": email})).created["d"].id
        [read] = self.ask(EmailGet(ids=[self.email], fetch_all_body_values=True)).data
        self.thread = read.thread_id
        self.seen["read"] = [
            read.subject,
            read.mail_from[0].name,
            read.has_attachment,
            read.attachments[0].name,
            any(WORD in value.value for value in read.body_values.values()),
        ]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "back")
            self.client.download_attachment(read.attachments[0], path)
            self.seen["downloaded"] = path.read_text()

    def search(self) -> None:
        """By what a message says and is; the list and its messages in one request."""
        for name, condition in {
            "from": {"mail_from": self.address},
            "to": {"to": self.address},
            "text": {"text": WORD},
            "body": {"body": WORD},
            "attachment": {"has_attachment": True},
        }.items():
            wanted = EmailQueryFilterCondition(in_mailbox=self.roles["drafts"], **condition)
            self.seen[f"search {name}"] = self.ask(EmailQuery(filter=wanted)).ids == [self.email]
        snippet = self.ask(SearchSnippetGet(ids=[self.email], filter=EmailQueryFilterCondition(text=WORD))).data[0]
        self.seen["snippet"] = f"<mark>{WORD}</mark>" in (snippet.preview or "")
        within = EmailQueryFilterCondition(in_mailbox=self.roles["drafts"])
        listed = self.client.request(
            [EmailQuery(filter=within, sort=NEWEST, limit=5), EmailGet(ids=Ref("/ids"))], raise_errors=True
        )
        self.seen["listed"] = [each.id for each in listed[1].response.data] == [self.email]
        self.seen["thread"] = self.ask(ThreadGet(ids=[self.thread])).data[0].email_ids == [self.email]

    def changes(self) -> None:
        """Flag it, move it, and ask what has changed."""
        state = self.ask(EmailGet(ids=[self.email])).state
        self.ask(EmailSet(update={self.email: {"keywords/$flagged": True, "keywords/$draft": None}}))
        for keyword in ("has_keyword", "not_keyword"):
            ids = self.ask(EmailQuery(filter=EmailQueryFilterCondition(**{keyword: "$flagged"}))).ids
            self.seen[keyword] = self.email in ids
        self.seen["email changes"] = self.ask(EmailChanges(since_state=state)).updated == [self.email]
        self.ask(EmailSet(update={self.email: {"mailboxIds": {self.folder: True}}}))
        [box] = self.ask(MailboxGet(ids=[self.folder])).data
        self.seen["counts"] = [box.total_emails, box.unread_emails]
        refused = self.client.request(MailboxSet(destroy=[self.folder]), single_response=True)
        self.seen["not empty"] = refused.not_destroyed[self.folder].type

    def removing(self) -> None:
        """Everything goes."""
        self.ask(EmailSet(destroy=[self.email]))
        self.seen["gone"] = self.ask(EmailGet(ids=[self.email])).not_found
        self.ask(MailboxSet(destroy=[self.folder], on_destroy_remove_emails=True))
        unknown = self.client.request(EmailGet(ids=[], properties=["nonsense"]), single_response=True)
        self.seen["refused"] = unknown.type if isinstance(unknown, Error) else None


def main(base: str, user: str, password: str) -> dict[str, Any]:
    """What the program saw."""
    program = MailProgram(base, user, password)
    for step in (program.folders, program.draft, program.search, program.changes, program.removing):
        step()
    return program.seen


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
