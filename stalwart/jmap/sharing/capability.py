"""What the session says about principals (RFC 9670 1.5), and about looking up when they are free
(draft-ietf-jmap-calendars 1.5.2).
"""

from __future__ import annotations

from typing import Any, Final

from stalwart.codec.ids import encode_id
from stalwart.jmap.capabilities import SHARED_TYPES, Audience, Capability

PRINCIPALS: Final = "urn:ietf:params:jmap:principals"
OWNER: Final = f"{PRINCIPALS}:owner"
AVAILABILITY: Final = f"{PRINCIPALS}:availability"
LONGEST_DAYS: Final = 365
"""The longest time that availability is told for at once, in days."""


def _current(audience: Audience) -> dict[str, Any]:
    return {"currentUserPrincipalId": encode_id(audience.access.account_id)}


def _owner(audience: Audience) -> dict[str, Any]:
    """Whose account it is, and where this principal can be asked for."""
    return {
        "accountIdForPrincipal": encode_id(audience.access.account_id),
        "principalId": encode_id(audience.account_id),
    }


def _longest(audience: Audience) -> dict[str, Any]:
    return {"maxAvailabilityDuration": f"P{LONGEST_DAYS}D"}


principals = Capability(PRINCIPALS, account=_current, permission="jmapPrincipalGet")
owner = Capability(
    OWNER, session=None, account=_owner, permission="jmapPrincipalGet", primary=False, shared=SHARED_TYPES
)
availability = Capability(AVAILABILITY, account=_longest, permission="jmapPrincipalGetAvailability")
