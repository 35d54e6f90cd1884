"""``myRights`` of mailboxes (RFC 8621 2): in the own account and in those of groups, whatever the permissions allow;
elsewhere what was granted besides. But for the Inbox, which stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from attrs import frozen

from stalwart.codec.dav.rights import Rights as Granted
from stalwart.jmap.sharing.rights import MAILBOX
from stalwart.mail.messages.folders import INBOX
from stalwart.store.mail_rows import MailboxRow

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "mayReadItems": ("jmapEmailGet",),
    "mayAddItems": ("jmapEmailCreate", "jmapEmailImport", "jmapEmailCopy", "jmapEmailUpdate"),
    "mayRemoveItems": ("jmapEmailUpdate", "jmapEmailDestroy"),
    "maySetSeen": ("jmapEmailUpdate",),
    "maySetKeywords": ("jmapEmailUpdate",),
    "mayCreateChild": ("jmapMailboxCreate",),
    "mayRename": ("jmapMailboxUpdate",),
    "mayDelete": ("jmapMailboxDestroy",),
}
"""Which permissions give a right, any of them."""

NAMES: Final = (*_NEEDED, "maySubmit")
MAY_SHARE: Final = "mayShare"
"""Shown to those who know of it (draft-ietf-jmap-mail-sharing)."""


@frozen(eq=False)
class Rights:
    """What somebody may do in the Inbox and in the other mailboxes of an account, by the names of the rights."""

    inbox: Mapping[str, bool]
    others: Mapping[str, bool]

    def of(self, mailbox: MailboxRow, granted: Granted | None = None, *, shares: bool = False) -> Mapping[str, bool]:
        """In this one, where only what is ``granted`` may be done unless that is None; with the right to share it if
        that is asked for.
        """
        held = self.inbox if mailbox.role == INBOX else self.others
        if granted is None:
            return {**held, MAY_SHARE: self.others["mayRename"]} if shares else held
        shown = MAILBOX.shown(granted)
        names = (*NAMES, MAY_SHARE) if shares else NAMES
        return {name: shown[name] and held.get(name, self.others["mayRename"]) for name in names}


@lru_cache(maxsize=256)
def rights(permissions: frozenset[str]) -> Rights:
    """The rights of somebody with these permissions. Mail can be sent to a mailbox whatever he may do."""
    held = {name: not permissions.isdisjoint(needed) for name, needed in _NEEDED.items()}
    others = {**held, "maySubmit": True}
    return Rights({**others, "mayRename": False, "mayDelete": False}, others)
