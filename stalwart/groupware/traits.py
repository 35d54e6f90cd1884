"""What is known of calendars, address books, folders and of what is in them beside their content: names of members.

They stand in the data of the object (``Member.data``); what people see in their own way is in
``Transaction.preferences`` with the same names, where null is what somebody has taken away for himself. What the owner
says is the object's.
"""

from __future__ import annotations

from typing import Final

DESCRIPTION: Final = "description"
COLOR: Final = "color"
"""``#RRGGBB``, or a name of CSS."""
ORDER: Final = "sortOrder"
TIME_ZONE: Final = "timeZone"
"""The name of the zone in the database of IANA."""
TIME_ZONE_TEXT: Final = "timeZoneText"
"""A zone that somebody has described himself: a VCALENDAR with a VTIMEZONE; either this or the name is there."""
COMPONENTS: Final = "components"
"""What a calendar takes, where that was said when it was made: a list of ``VEVENT``, ``VTODO`` and the like."""
AVAILABILITY: Final = "includeInAvailability"
"""Whether what is in a calendar makes somebody busy: ``all``, ``attending`` or ``none``."""
CREATED: Final = "created"
"""When somebody says that it was made, in seconds."""
SCHEDULE_TAG: Final = "scheduleTag"
"""Which state of its scheduling an event is in, a number (RFC 6638 3.2.10)."""
ATTACHMENTS: Final = "attachments"
"""The files that an event holds, by what they are known by: lists of hash, size, type and name (``attachments``)."""
DEAD: Final = "dead"
"""Properties that nobody here knows: a list of [name space, local name, element, size]."""
