"""What the session says about calendars to whom."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import SharedAccount
from stalwart.jmap.calendars.capability import calendars
from stalwart.jmap.capabilities import Audience
from stalwart.store.object_types import CALENDAR
from tests.jmap.desk import access
from tests.jmap.mail.mailbox_case import OwnSettings


class CapabilityTests(SynchronousTestCase):
    def test_all_members(self) -> None:
        permissions = frozenset(("jmapCalendarGet", "jmapCalendarCreate"))
        who = access(permissions=permissions, shared=(SharedAccount(9, frozenset({CALENDAR}), frozenset()),))
        assert calendars.account is not None
        said = calendars.account(Audience(OwnSettings(), "", who, 7))
        self.assertEqual(
            said,
            {
                "maxCalendarsPerEvent": None,
                "minDateTime": "0001-01-01T00:00:00Z",
                "maxDateTime": "9999-12-31T23:59:59Z",
                "maxExpandedQueryDuration": "P365D",
                "maxParticipantsPerEvent": 20,
                "mayCreateCalendar": True,
            },
        )
        shared = calendars.account(Audience(OwnSettings(), "", who, 9))
        assert shared is not None
        self.assertFalse(shared["mayCreateCalendar"])
