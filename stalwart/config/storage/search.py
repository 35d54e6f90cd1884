"""x:Search: what goes into the full-text index, and in which languages (settings C.11)."""

from __future__ import annotations

from stalwart.config.languages import LOCALE
from stalwart.schema import Boolean, Enum, Enumeration, Set, Singleton, Unsigned, prop

EMAIL_FIELD = Enumeration(
    "SearchEmailField",
    (
        *("from", "to", "cc", "bcc", "subject", "body", "attachment", "receivedAt", "sentAt", "size"),
        *("hasAttachment", "headers"),
    ),
    "Parts of a message that can be searched.",
)
CALENDAR_FIELD = Enumeration(
    "SearchCalendarField",
    ("title", "description", "location", "owner", "attendee", "start", "uid"),
    "Parts of an event that can be searched.",
)
CONTACT_FIELD = Enumeration(
    "SearchContactField",
    (
        *("member", "kind", "name", "nickname", "organization", "email", "phone", "onlineService"),
        *("address", "note", "uid"),
    ),
    "Parts of a card that can be searched.",
)
TRACING_FIELD = Enumeration(
    "SearchTracingField", ("eventType", "queueId", "keywords"), "Parts of a trace that can be searched."
)


def _all_of(enumeration: Enumeration, *but: str) -> dict[str, bool]:
    return {name: True for name in enumeration.names if name not in but}


class Search(Singleton):
    """The full-text index."""

    default_language: str = prop(
        Enum(LOCALE), "en_US", "Language of a text that does not tell its own.", enforced=False
    )
    supported_languages: frozenset[str] = prop(
        Set(Enum(LOCALE)), {"en_US": True}, "Languages whose words are reduced to their stems.", enforced=False
    )
    index_batch_size: int = prop(Unsigned(min=1), 100, "Items that are indexed in one go, at most 500.")
    index_email: bool = prop(Boolean(), True, "Index messages.")
    index_email_fields: frozenset[str] = prop(
        Set(Enum(EMAIL_FIELD)),
        _all_of(EMAIL_FIELD, "headers"),
        "Parts of a message that are indexed. Header fields, dates, sizes and attachments can be searched in any case. "
        "What was indexed before a change stays as it is until it is indexed again.",
    )
    index_calendar: bool = prop(Boolean(), True, "Index events.", enforced=False)
    index_calendar_fields: frozenset[str] = prop(
        Set(Enum(CALENDAR_FIELD)), _all_of(CALENDAR_FIELD), "Parts of an event that are indexed.", enforced=False
    )
    index_contacts: bool = prop(Boolean(), True, "Index cards.", enforced=False)
    index_contact_fields: frozenset[str] = prop(
        Set(Enum(CONTACT_FIELD)), _all_of(CONTACT_FIELD), "Parts of a card that are indexed.", enforced=False
    )
    index_telemetry: bool = prop(Boolean(), True, "Index traces.", enforced=False)
    index_tracing_fields: frozenset[str] = prop(
        Set(Enum(TRACING_FIELD)), _all_of(TRACING_FIELD), "Parts of a trace that are indexed.", enforced=False
    )
