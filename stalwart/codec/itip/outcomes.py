"""What scheduling comes to: messages, the object as it is to be stored, and why something is not done."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

from attrs import field, frozen

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import LIMIT
from stalwart.codec.icalendar.lines import MAX_OCTETS
from stalwart.codec.itip.facts import Facts
from stalwart.errors import Invalid

Method = Literal["REQUEST", "ADD", "CANCEL", "REPLY", "REFRESH", "COUNTER"]

RuleName = Literal["WRONG_MESSAGE", "WRONG_ORGANIZER", "SEVERAL_ORGANIZERS", "ATTENDEE_CHANGE", "TOO_MANY_ATTENDEES"]
"""The rules that a write can break, by their names in ``groupware.violations.Rule``."""

MOST_INSTANCES: Final = LIMIT
"""Instances that one message can be about."""


class SchedulingRefused(Invalid):
    """A write that people must not be told of like this; ``rule`` says which rule it breaks (RFC 6638 3.2.4)."""

    def __init__(self, rule: RuleName, detail: str) -> None:
        super().__init__(detail)
        self.rule: RuleName = rule


class TooLarge(Exception):
    """A message would add more than is taken; it is ignored."""


class TagStep(Enum):
    """What becomes of Schedule-Tag (RFC 6638 3.2.10)."""

    KEEP = "keep"
    FIRST = "first"
    """The object becomes one of scheduling: 1."""
    NEXT = "next"
    """One more."""
    DROP = "drop"
    """Nobody is invited any more."""


@frozen
class Options:
    """What is asked for the account that owns the calendar."""

    addresses: frozenset[str]
    """All of its addresses, in lower case: those of groups that the calendar belongs to, and aliases, too."""
    now: int
    """UTC seconds, for DTSTAMP."""
    is_tagged: bool = False
    """Whether the stored object has a Schedule-Tag."""
    max_recipients: int = 100
    """So many, or more, are too many (the setting ``maxRecipients``)."""
    max_octets: int = MAX_OCTETS
    """What a message adds to an object is less than this. How large the whole is, whoever stores it has to see."""
    attached: frozenset[str] = frozenset()
    """MANAGED-ID of the files that the account itself has put to its object (RFC 8607 4.3)."""
    called_off: int | None = None
    """What is new was called off before, with this SEQUENCE: those who take part hear that it takes place."""
    is_second_hand: bool = False
    """Whether what is stored came from somebody else than the organizer, whose own word goes before it whatever its
    SEQUENCE is.
    """
    sends_reply: bool = True
    """Schedule-Reply (RFC 6638 8.1): whether the organizer is told that an attendee deletes the object."""


@frozen
class ItipMessage:
    """One message, the same for all of its recipients. Components are shared between messages: do not edit them."""

    method: Method
    sender: str
    """The address of the one who says it: of the account."""
    recipients: tuple[str, ...]
    calendar: Component = field(repr=False)
    """VCALENDAR with METHOD."""
    facts: Facts = field(repr=False)
    """What a mail tells of it."""


@frozen
class Outcome:
    """What a write of an object comes to."""

    calendar: Component | None = None
    """The object as it is to be stored; None if it is stored as it was given, or deleted."""
    tag: TagStep = TagStep.KEEP
    messages: tuple[ItipMessage, ...] = ()
    is_put_back: bool = False
    """Whether something of what was written is not the writer's to change, and stays as it was."""

    @property
    def recipients(self) -> list[str]:
        """All recipients, each once."""
        return list(dict.fromkeys(each for message in self.messages for each in message.recipients))


class Reason(Enum):
    """Why a message changes nothing."""

    UNSUPPORTED = "unsupported"
    """PUBLISH, DECLINECOUNTER, no METHOD, or one that its recipient cannot act on."""
    MALFORMED = "malformed"
    """No UID, several, mixed components, one instance twice, several organizers."""
    NO_ORGANIZER = "no-organizer"
    WRONG_ORGANIZER = "wrong-organizer"
    """The stored object has another one."""
    SENDER_NOT_INVITED = "sender-not-invited"
    """Who sends it is not the organizer, or no attendee."""
    RECIPIENT_NOT_INVITED = "recipient-not-invited"
    UNKNOWN_OBJECT = "unknown-object"
    """There is no object with the UID, and it is no invitation."""
    OUT_OF_SEQUENCE = "out-of-sequence"
    """What is stored is newer (RFC 5546 2.1.5)."""
    TOO_LARGE = "too-large"
    UNCHANGED = "unchanged"
    """It says what is known."""


@frozen
class Ignored:
    """The message changes nothing."""

    reason: Reason


@frozen
class Applied:
    """What a message comes to. Each one is put into the inbox, too."""

    method: Method
    facts: Facts = field(repr=False)
    """What it tells, with what it changes."""
    calendar: Component | None = None
    """The object as it is to be stored; None if it stays as it is (REFRESH, COUNTER)."""
    is_new: bool = False
    """Whether there was none: it goes to the first calendar, if invitations are taken from this sender."""
    is_second_hand: bool = False
    """See ``Options``: of the object as it is then."""
    tag: TagStep = TagStep.KEEP
    messages: tuple[ItipMessage, ...] = ()
    """What is sent back."""
