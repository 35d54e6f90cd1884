"""The data type Email as it is declared (RFC 8621 4): properties, conditions of filters, sorts.

Email/get, query and set have modules of their own, because speed and bodies ask for it; they keep to this declaration.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from stalwart.codec.mime.header_forms import InvalidProperty, parse_property
from stalwart.jmap.email.keywords import Keyword
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.standard.containers import ListOf, MapOf, Member, SetOf, Struct
from stalwart.jmap.standard.dates import Date, UTCDate
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.scalars import Boolean, Id, Json, Nullable, PropertyType, String, Unfit, UnsignedInt
from stalwart.jmap.standard.sorting import Sort
from stalwart.store.object_types import MAILBOX

HEADER_PREFIX = "header:"

METADATA = ("id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt")
"""What is not read from the message itself, apart from its size (RFC 8621 4.1.1)."""

PART_PROPERTIES = (
    *("partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language", "location"),
    *("headers", "subParts"),
)
"""Of an EmailBodyPart (RFC 8621 4.1.4)."""

DEFAULT_PART_PROPERTIES = PART_PROPERTIES[:10]
"""What ``bodyProperties`` is if it is not given (RFC 8621 4.2)."""

_ADDRESSES = Nullable(ListOf(Struct({"name": Member(Nullable(String()), required=False), "email": Member(String())})))
_MESSAGE_IDS = Nullable(ListOf(String()))
_HEADERS = ListOf(Struct({"name": Member(String()), "value": Member(String())}))
_PARTS = ListOf(Json())
_VALUE = Struct(
    {
        "value": Member(String(most=1 << 30)),
        "isEncodingProblem": Member(Boolean(), required=False, default=False),
        "isTruncated": Member(Boolean(), required=False, default=False),
    }
)


def _given(type: PropertyType, **members: Any) -> Property:
    """A part of the message: set when it is made, never after."""
    return Property(type, default=None, immutable=True, **members)


def _known(type: PropertyType) -> Property:
    """What only the server says."""
    return Property(type, server_set=True, immutable=True)


def is_header_property(name: str) -> bool:
    """Whether ``name`` is ``header:...`` in a form that its field can have (RFC 8621 4.1.3)."""
    if not name.startswith(HEADER_PREFIX):
        return False
    try:
        parse_property(name)
    except InvalidProperty:
        return False
    return True


@frozen
class HeaderTest(PropertyType):
    """The condition ``header``: the name of a field, and a text to look for in it (RFC 8621 4.4.1)."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, list) or not 1 <= len(value) <= 2 or not all(isinstance(each, str) for each in value):
            raise Unfit("must be a list of one or two strings")
        if not value[0]:
            raise Unfit("must begin with the name of a header field")
        return value


_KEYWORD = {"keyword": Keyword()}
_ON_KEYWORDS = ("keywords",)
_TEXT = Condition(String(most=4096), calculable=False)


def _on_threads() -> Condition:
    return Condition(Keyword(), on=_ON_KEYWORDS, calculable=False)


EMAIL = Declaration(
    name="Email",
    capability=MAIL,
    properties={
        "blobId": _known(Id()),
        "threadId": _known(Id()),
        "mailboxIds": Property(SetOf(Id())),
        "keywords": Property(SetOf(Keyword()), default={}),
        "size": _known(UnsignedInt()),
        "receivedAt": _given(UTCDate(), copied=False),
        "messageId": _given(_MESSAGE_IDS),
        "inReplyTo": _given(_MESSAGE_IDS),
        "references": _given(_MESSAGE_IDS),
        "sender": _given(_ADDRESSES),
        "from": _given(_ADDRESSES),
        "to": _given(_ADDRESSES),
        "cc": _given(_ADDRESSES),
        "bcc": _given(_ADDRESSES),
        "replyTo": _given(_ADDRESSES),
        "subject": _given(Nullable(String())),
        "sentAt": _given(Nullable(Date())),
        "hasAttachment": _known(Boolean()),
        "preview": _known(String()),
        "bodyValues": _given(Nullable(MapOf(String(), _VALUE))),
        "textBody": _given(Nullable(_PARTS)),
        "htmlBody": _given(Nullable(_PARTS)),
        "attachments": _given(Nullable(_PARTS)),
        "headers": _given(Nullable(_HEADERS), by_default=False),
        "bodyStructure": _given(Nullable(Json()), by_default=False),
    },
    conditions={
        "inMailbox": Condition(Id(), on=("mailboxIds",)),
        "inMailboxOtherThan": Condition(ListOf(Id()), on=("mailboxIds",)),
        "before": Condition(UTCDate(), on=("receivedAt",)),
        "after": Condition(UTCDate(), on=("receivedAt",)),
        "minSize": Condition(UnsignedInt(), on=("size",)),
        "maxSize": Condition(UnsignedInt(), on=("size",)),
        "allInThreadHaveKeyword": _on_threads(),
        "someInThreadHaveKeyword": _on_threads(),
        "noneInThreadHaveKeyword": _on_threads(),
        "hasKeyword": Condition(Keyword(), on=_ON_KEYWORDS),
        "notKeyword": Condition(Keyword(), on=_ON_KEYWORDS),
        "hasAttachment": Condition(Boolean(), on=("hasAttachment",)),
        "text": _TEXT,
        "from": _TEXT,
        "to": _TEXT,
        "cc": _TEXT,
        "bcc": _TEXT,
        "subject": _TEXT,
        "body": _TEXT,
        "header": Condition(HeaderTest(), calculable=False),
    },
    sorts={
        "receivedAt": Sort(on=("receivedAt",)),
        "size": Sort(on=("size",)),
        "from": Sort(on=("from",)),
        "to": Sort(on=("to",)),
        "subject": Sort(on=("subject",)),
        "sentAt": Sort(on=("sentAt",)),
        "hasKeyword": Sort(on=_ON_KEYWORDS, members=_KEYWORD),
        "allInThreadHaveKeyword": Sort(on=_ON_KEYWORDS, calculable=False, members=_KEYWORD),
        "someInThreadHaveKeyword": Sort(on=_ON_KEYWORDS, calculable=False, members=_KEYWORD),
    },
    further_name=is_header_property,
    shared=MAILBOX,
)

TEXT_CONDITIONS = frozenset(("text", "from", "to", "cc", "bcc", "subject", "body", "header"))
"""The conditions that text search answers."""
