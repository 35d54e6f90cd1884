"""``myRights`` of mailboxes (RFC 8621 2): whoever may use an account, or belongs to the group, may do everything there.

But for the Inbox, which stays where it is. Mailboxes that are shared one by one join once sharing is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stalwart.mail.messages.folders import INBOX
from stalwart.store.mail_rows import MailboxRow

RIGHTS: Final[Mapping[str, bool]] = dict.fromkeys(
    (
        *("mayReadItems", "mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords"),
        *("mayCreateChild", "mayRename", "mayDelete", "maySubmit"),
    ),
    True,
)
INBOX_RIGHTS: Final[Mapping[str, bool]] = {**RIGHTS, "mayRename": False, "mayDelete": False}


def rights_of(mailbox: MailboxRow) -> Mapping[str, bool]:
    """What the user may do with a mailbox and in it."""
    return INBOX_RIGHTS if mailbox.role == INBOX else RIGHTS
