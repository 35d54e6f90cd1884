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
SUBSCRIBED: Final = "isSubscribed"
"""Whether somebody wants to see it in his programs."""
VISIBLE: Final = "isVisible"
"""Whether what is in a calendar is to be shown among that of others."""
ALERTS_WITH_TIME: Final = "defaultAlertsWithTime"
ALERTS_WITHOUT_TIME: Final = "defaultAlertsWithoutTime"
"""What reminds of events that have default alerts and last whole days: Alert objects of JSCalendar by their ids."""
DEFAULT: Final = "default"
"""The member of a home that says which calendar or address book is the default one, by its number."""
CREATED: Final = "created"
"""When somebody says that it was made, in seconds."""
MODIFIED: Final = "modified"
"""When somebody says that the content of a file is from, in seconds; gone when there is another content."""
ACCESSED: Final = "accessed"
"""When somebody says that he has used a file last, in seconds."""
EXECUTABLE: Final = "executable"
"""Whether a file is a program."""
ROLE: Final = "role"
"""What a folder is for, in the words of JMAP (``trash``, ``documents``)."""
SCHEDULE_TAG: Final = "scheduleTag"
"""Which state of its scheduling an event is in, a number (RFC 6638 3.2.10)."""
SECOND_HAND: Final = "secondHand"
"""Whether an invitation was brought by somebody else than its organizer, who has not said anything of it yet."""
DRAFT: Final = "isDraft"
"""Whether an event is not finished: nobody is told of it, no alarm goes off (draft-ietf-jmap-calendars 5.1)."""
ATTACHMENTS: Final = "attachments"
"""The files that an event holds, by what they are known by: lists of hash, size, type and name (``attachments``)."""
DEAD: Final = "dead"
"""Properties that nobody here knows: a list of [name space, local name, element, size]."""
