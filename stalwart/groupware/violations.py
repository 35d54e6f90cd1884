"""What calendars, address books and files refuse: rules with names of their own, which DAV and JMAP have words for."""

from __future__ import annotations

from enum import Enum

from stalwart.errors import Invalid


class Rule(Enum):
    """A rule that a write has broken."""

    UNREADABLE = "unreadable"
    """It is no iCalendar or no vCard (RFC 4791 5.3.2.1 supported-calendar-data)."""
    WRONG_OBJECT = "wrong-object"
    """It is one, but no object of its own: several UIDs, kinds of components, none."""
    WRONG_RULE = "wrong-rule"
    """A recurrence rule in it cannot be one (RFC 4791 5.3.2.1 valid-calendar-data)."""
    WRONG_START = "wrong-start"
    """An event begins at what is no time (RFC 4791 5.3.2.1 valid-calendar-data)."""
    WRONG_KIND = "wrong-kind"
    """The calendar does not take components of this kind."""
    UID_TAKEN = "uid-taken"
    """Another one in the collection has the UID, or it was to change."""
    TOO_LARGE = "too-large"
    TOO_MANY_ATTENDEES = "too-many-attendees"
    FIRST_NEEDED = "first-needed"
    """The calendar that invitations go to has to stay (RFC 6638 4.3)."""
    WRONG_MESSAGE = "wrong-message"
    """It is no scheduling message (RFC 6638 3.2.4.1)."""
    WRONG_ORGANIZER = "wrong-organizer"
    SEVERAL_ORGANIZERS = "several-organizers"
    ATTENDEE_CHANGE = "attendee-change"
    """An attendee has changed what only the organizer may (RFC 6638 3.2.4.3)."""
    NO_INVITING = "no-inviting"
    """Who writes may not invite people in the name of whose calendar it is (RFC 6638 6.2.2)."""
    NO_REPLYING = "no-replying"
    """Nor answer invitations for him (RFC 6638 6.2.3)."""
    ORGANIZED_HERE = "organized-here"
    """The organizer of what people are invited to keeps it (RFC 6638 3.2.4.2)."""
    INVITED_HERE = "invited-here"
    """So does who has been invited, and has said that he comes."""
    WRONG_INSTANCE = "wrong-instance"
    """An event has no such instance, or that is no way to name one (RFC 8607 3.11)."""
    UNKNOWN_ATTACHMENT = "unknown-attachment"
    ATTACHMENT_TOO_LARGE = "attachment-too-large"
    TOO_MANY_ATTACHMENTS = "too-many-attachments"


class Violation(Invalid):
    """A write breaks a rule. ``holder`` is (collection, name) of what stands in the way; ``limit`` is how much is
    taken; ``account`` is the name of the account that rights are missing on.
    """

    def __init__(
        self,
        rule: Rule,
        detail: str | None = None,
        *,
        holder: tuple[int, str] | None = None,
        limit: int | None = None,
        account: str = "",
    ) -> None:
        super().__init__(detail)
        self.rule = rule
        self.holder = holder
        self.limit = limit
        self.account = account
