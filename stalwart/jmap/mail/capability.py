"""What the session says about mail (RFC 8621 1.3.1) and quotas (RFC 9425 2), for each account that a client sees."""

from __future__ import annotations

from typing import Any

from stalwart.config.collaboration.email import Email
from stalwart.jmap.capabilities import Audience, Capability
from stalwart.store.object_types import MAILBOX

MAIL = "urn:ietf:params:jmap:mail"
MAIL_SHARE = "urn:ietf:params:jmap:mail:share"
"""Sharing of mailboxes (draft-ietf-jmap-mail-sharing)."""

QUOTA = "urn:ietf:params:jmap:quota"

EMAIL_SORTS = (
    "receivedAt",
    "size",
    "from",
    "to",
    "subject",
    "sentAt",
    "hasKeyword",
    "allInThreadHaveKeyword",
    "someInThreadHaveKeyword",
)
"""What Email/query can sort by (RFC 8621 4.4.2)."""


_LEAST_NAME = 100  # RFC 8621 1.3.1


def longest_name(email: Email) -> int:
    """How many octets the name of a mailbox may have, whatever less is set."""
    return max(email.max_mailbox_name_length, _LEAST_NAME)


def _limits(audience: Audience) -> dict[str, Any]:
    """All members of RFC 8621 1.3.1, as x:Email sets them."""
    email = audience.settings.of(Email)
    return {
        "maxMailboxesPerEmail": None,
        "maxMailboxDepth": email.max_mailbox_depth,
        "maxSizeMailboxName": longest_name(email),
        "maxSizeAttachmentsPerEmail": email.max_attachment_size,
        "emailQuerySortOptions": list(EMAIL_SORTS),
        "mayCreateTopLevelMailbox": audience.belongs and audience.access.may("jmapMailboxCreate"),
    }


mail = Capability(MAIL, account=_limits, permission="jmapEmailGet", shared=(MAILBOX,))
mail_share = Capability(MAIL_SHARE, permission="jmapMailboxGet", shared=(MAILBOX,))
quota = Capability(QUOTA, permission="jmapQuotaGet")
