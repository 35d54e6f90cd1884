"""What DAV says no with: a status and the names of the conditions that have failed (RFC 4918 16, spec/dav.md 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stalwart.codec.dav import multistatus
from stalwart.codec.dav.errors import BadPath, MalformedField, MalformedXml, UnmetCondition
from stalwart.codec.dav.fragments import need_privileges
from stalwart.codec.dav.names import CALDAV, CARDDAV, Name, name
from stalwart.codec.dav.paths import href
from stalwart.errors import Conflict, NotFound, OverQuota, StalwartError
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS, Kind
from stalwart.groupware.violations import Rule, Violation
from stalwart.web.answers import NO_CACHE, Answer, Headers

QUOTA: Final = name("D:quota-not-exceeded")
_BOOK_RULES: Final[Mapping[Rule, tuple[int, str]]] = {
    Rule.UNREADABLE: (412, "B:supported-address-data"),
    Rule.WRONG_OBJECT: (412, "B:valid-address-data"),
    Rule.UID_TAKEN: (412, "B:no-uid-conflict"),
    Rule.TOO_LARGE: (412, "B:max-resource-size"),
}
_RULES: Final[Mapping[Rule, tuple[int, str]]] = {
    Rule.UNREADABLE: (412, "A:supported-calendar-data"),
    Rule.WRONG_OBJECT: (412, "A:valid-calendar-object-resource"),
    Rule.WRONG_RULE: (412, "A:valid-calendar-data"),
    Rule.WRONG_START: (412, "A:valid-calendar-data"),
    Rule.WRONG_KIND: (412, "A:supported-calendar-component"),
    Rule.UID_TAKEN: (412, "A:no-uid-conflict"),
    Rule.TOO_LARGE: (412, "A:max-resource-size"),
    Rule.TOO_MANY_ATTENDEES: (412, "A:max-attendees-per-instance"),
    Rule.FIRST_NEEDED: (403, "A:default-calendar-needed"),
    Rule.WRONG_MESSAGE: (412, "A:valid-scheduling-message"),
    Rule.WRONG_ORGANIZER: (412, "A:valid-organizer"),
    Rule.SEVERAL_ORGANIZERS: (412, "A:same-organizer-in-all-components"),
    Rule.ATTENDEE_CHANGE: (412, "A:allowed-attendee-scheduling-object-change"),
    Rule.ORGANIZED_HERE: (403, "A:allowed-organizer-scheduling-object-change"),
    Rule.INVITED_HERE: (403, "A:allowed-attendee-scheduling-object-change"),
    Rule.WRONG_INSTANCE: (403, "A:valid-rid-parameter"),  # RFC 8607 3.11
    Rule.UNKNOWN_ATTACHMENT: (403, "A:valid-managed-id-parameter"),
    Rule.ATTACHMENT_TOO_LARGE: (403, "A:max-attachment-size"),
    Rule.TOO_MANY_ATTACHMENTS: (403, "A:max-attachments-per-resource"),
}


_PRIVILEGES: Final[Mapping[Rule, Name]] = {
    Rule.NO_INVITING: name("A:schedule-send-invite"),
    Rule.NO_REPLYING: name("A:schedule-send-reply"),
}
"""What is missing on the outbox of the account (RFC 6638 6.2)."""


class Refused(Exception):
    """A request ends with this status. ``conditions`` are fragments for ``D:error``; without any the body is empty."""

    def __init__(self, status: int, *conditions: bytes, headers: Headers = ()) -> None:
        super().__init__(status)
        self.status = status
        self.conditions = conditions
        self.headers = headers

    def answer(self) -> Answer:
        """What the client gets."""
        if not self.conditions:
            return Answer(self.status, headers=self.headers)
        body = multistatus.error_document(*self.conditions, namespaces=(CALDAV, CARDDAV))
        return Answer(self.status, body, multistatus.CONTENT_TYPE, (*self.headers, NO_CACHE))


def refused(status: int, condition: str, *content: bytes, headers: Headers = ()) -> Refused:
    """A refusal that names one condition (``D:lock-token-submitted``), with fragments in it."""
    return Refused(status, multistatus.element(name(condition), *content), headers=headers)


def violation(kind: Kind, broken: Violation, holder: str | None) -> Refused:
    """The refusal for a rule that a write has broken; ``holder`` is the path of what stands in the way."""
    privilege = _PRIVILEGES.get(broken.rule)
    if privilege is not None:
        return Refused(403, need_privileges(href("itip", broken.account, "outbox"), (privilege,)))
    rules = _BOOK_RULES if kind is ADDRESS_BOOKS else _RULES
    status, condition = rules.get(broken.rule) or _RULES[broken.rule]
    content = multistatus.href(holder) if holder is not None else b""
    if broken.limit is not None:
        content = str(broken.limit).encode()
    return refused(status, condition, content) if content else refused(status, condition)


def translated(error: Exception) -> Refused | None:
    """What errors of the family and of reading are in DAV; None for those that the front words."""
    match error:
        case Refused():
            return error
        case BadPath() | MalformedField():
            return Refused(400)
        case UnmetCondition():
            return Refused(412, multistatus.empty(error.condition))
        case MalformedXml():
            return Refused(400)
        case Violation():
            return violation(CALENDARS, error, None)
        case OverQuota():
            return Refused(412, multistatus.empty(QUOTA))
        case NotFound() | Conflict():
            return Refused(error.status)
        case StalwartError() if error.status in (403, 405, 413, 429):
            return Refused(error.status)
    return None
