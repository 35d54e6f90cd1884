"""jmapc as a program that sends: who one is, a message written and sent at once, one sent later and taken back."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from jmapc import (
    Address,
    Email,
    EmailAddress,
    EmailBodyPart,
    EmailBodyValue,
    EmailQueryFilterCondition,
    EmailSubmission,
    EmailSubmissionQueryFilterCondition,
    Envelope,
    MailboxQueryFilterCondition,
    UndoStatus,
)
from jmapc.methods import (
    EmailGet,
    EmailQuery,
    EmailSet,
    EmailSubmissionChanges,
    EmailSubmissionGet,
    EmailSubmissionQuery,
    EmailSubmissionSet,
    IdentityGet,
    MailboxQuery,
)
from jmapc_client import Client, connected

PATIENCE = 20


def box(client: Client, role: str) -> str:
    """The mailbox with a role."""
    return str(client.request(MailboxQuery(filter=MailboxQueryFilterCondition(role=role))).ids[0])


def draft(sender: str, recipient: str, drafts: str, subject: str) -> Email:
    """A message in the drafts."""
    return Email(
        mail_from=[EmailAddress(email=sender)],
        to=[EmailAddress(email=recipient)],
        subject=subject,
        keywords={"$draft": True, "$seen": True},
        mailbox_ids={drafts: True},
        body_values={"b": EmailBodyValue(value="Some words.\n")},
        text_body=[EmailBodyPart(part_id="b", type="text/plain")],
    )


def send(client: Client, email: Email, submission: EmailSubmission, sent: str) -> Any:
    """What was created, of the submission; the e-mail is moved to ``sent``."""
    moved = {"#send": {"mailboxIds": {sent: True}, "keywords/$draft": None}}
    submission.email_id = "#draft"
    answers = client.request(
        [
            EmailSet(create={"draft": email}),
            EmailSubmissionSet(create={"send": submission}, on_success_update_email=moved),
        ],
        raise_errors=True,
    )
    made, moves = answers[1].response, answers[2].response
    assert not made.not_created and list(moves.updated) == [answers[0].response.created["draft"].id], answers
    return made.created["send"]


def received(client: Client) -> Email:
    """The message in the inbox, waiting for it."""
    wanted = EmailQueryFilterCondition(in_mailbox=box(client, "inbox"))
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ids = client.request(EmailQuery(filter=wanted)).ids
        if ids:
            return client.request(EmailGet(ids=ids, fetch_all_body_values=True)).data[0]
        time.sleep(0.1)
    raise AssertionError("it does not come")


def main(base: str, sender: str, recipient: str, password: str) -> dict[str, Any]:
    """What the programs of two people saw."""
    alice, bob = connected(base, sender, password), connected(base, recipient, password)
    identity = alice.request(IdentityGet()).data[0]
    drafts, sent = box(alice, "drafts"), box(alice, "sent")
    state = alice.request(EmailSubmissionGet(ids=[])).state
    made = send(alice, draft(sender, recipient, drafts, "Now"), EmailSubmission(identity_id=identity.id), sent)
    mail = received(bob)
    later = Envelope(
        mail_from=Address(email=sender, parameters={"HOLDFOR": "3600"}), rcpt_to=[Address(email=recipient)]
    )
    held = send(
        alice, draft(sender, recipient, drafts, "Later"), EmailSubmission(identity_id=identity.id, envelope=later), sent
    )
    pending = EmailSubmissionQueryFilterCondition(undo_status=UndoStatus.PENDING)
    waiting = alice.request(EmailSubmissionQuery(filter=pending)).ids
    taken = alice.request(EmailSubmissionSet(update={held.id: {"undoStatus": "canceled"}}), raise_errors=True)
    shown = {each.id: each for each in alice.request(EmailSubmissionGet(ids=[made.id, held.id])).data}
    return {
        "identity": [identity.email, identity.may_delete],
        "received": [mail.mail_from[0].email, mail.body_values[mail.text_body[0].part_id].value.strip()],
        "delivered": shown[made.id].delivery_status[recipient].delivered.value,
        "statuses": [shown[made.id].undo_status.value, shown[held.id].undo_status.value],
        "waiting": waiting == [held.id],
        "taken": list(taken.updated) == [held.id],
        "changes": alice.request(EmailSubmissionChanges(since_state=state)).created == [made.id, held.id],
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
