"""What somebody may do in a mailbox."""

from __future__ import annotations

from stalwart.jmap.mail.mailbox_rights import NAMES, rights
from tests.jmap.mail.mailbox_case import PERMISSIONS, MailboxCase


class RightsTests(MailboxCase):
    """RFC 8621 2."""

    def held(self, *lost: str) -> set[str]:
        """The rights in mailboxes other than the Inbox, without some permissions."""
        found = rights(PERMISSIONS - set(lost)).others
        self.assertEqual(tuple(found), NAMES)
        return {name for name, given in found.items() if given}

    def test_who_may_do_everything(self) -> None:
        self.assertEqual(self.held(), set(NAMES))

    def test_rights_go_with_permissions(self) -> None:
        for permissions, lost in (
            (("jmapEmailGet",), {"mayReadItems"}),
            (("jmapEmailUpdate",), {"maySetSeen", "maySetKeywords"}),
            (("jmapEmailUpdate", "jmapEmailDestroy"), {"maySetSeen", "maySetKeywords", "mayRemoveItems"}),
            (("jmapEmailCreate", "jmapEmailImport", "jmapEmailCopy"), set()),
            (("jmapMailboxCreate",), {"mayCreateChild"}),
            (("jmapMailboxUpdate", "jmapMailboxDestroy"), {"mayRename", "mayDelete"}),
        ):
            self.assertEqual(set(NAMES) - self.held(*permissions), lost, permissions)
        self.assertEqual(self.held(*PERMISSIONS), {"maySubmit"})

    def test_a_reader_is_told(self) -> None:
        self.become(permissions=frozenset(("jmapMailboxGet", "jmapEmailGet")))
        for mailbox in self.call("Mailbox/get")["list"]:
            held = {name for name, given in mailbox["myRights"].items() if given}
            self.assertEqual(held, {"mayReadItems", "maySubmit"})
