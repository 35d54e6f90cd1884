"""What the session says about mail and quotas (RFC 8621 1.3.1, RFC 9425 2)."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.collaboration.email import Email
from stalwart.directory.access import Access
from stalwart.jmap.capabilities import KNOWN, Audience, collected
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.mail.capability import EMAIL_SORTS, MAIL, QUOTA, mail, quota

JANE = Access(1, "jane", None, frozenset(("jmapEmailGet", "jmapMailboxCreate", "jmapQuotaGet")))


class Settings:
    def __init__(self, **email: Any) -> None:
        self.email = Email.from_wire(email)

    def of(self, kind: Any) -> Any:
        return self.email


class CapabilityTests(SynchronousTestCase):
    def members(self, access: Access = JANE, **email: Any) -> Any:
        assert mail.account is not None
        return mail.account(Audience(Settings(**email), "", access, 1))

    def test_all_members_are_there(self) -> None:
        self.assertEqual(
            self.members(),
            {
                "maxMailboxesPerEmail": None,
                "maxMailboxDepth": 10,
                "maxSizeMailboxName": 255,
                "maxSizeAttachmentsPerEmail": 50_000_000,
                "emailQuerySortOptions": list(EMAIL_SORTS),
                "mayCreateTopLevelMailbox": True,
            },
        )

    def test_limits_are_settings(self) -> None:
        members = self.members(maxMailboxDepth=3, maxMailboxNameLength=101, maxAttachmentSize=7)
        self.assertEqual(
            (members["maxMailboxDepth"], members["maxSizeMailboxName"], members["maxSizeAttachmentsPerEmail"]),
            (3, 101, 7),
        )
        self.assertEqual(self.members(maxMailboxNameLength=50)["maxSizeMailboxName"], 100)

    def test_who_may_not_create_mailboxes_is_told(self) -> None:
        reader = evolve(JANE, permissions=frozenset(("jmapEmailGet",)))
        self.assertFalse(self.members(reader)["mayCreateTopLevelMailbox"])

    def test_announced_are_the_sorts_that_there_are(self) -> None:
        self.assertEqual(set(EMAIL_SORTS), set(EMAIL.sorts))

    def test_they_are_found_known_and_bound_to_permissions(self) -> None:
        found = collected()
        for capability, urn in ((mail, MAIL), (quota, QUOTA)):
            self.assertIn(capability, found)
            self.assertIn(urn, KNOWN)
            self.assertTrue(capability.is_for(JANE))
            self.assertFalse(capability.is_for(evolve(JANE, permissions=frozenset())))
