"""x:Task: work that the server does later (settings A.12, C.12).

Administrators may make the tasks whose members they can set; the others are made by the server, which sets their
members. Accounts, domains and tenants can go while a task for them waits. What a task does is no business of its
declaration.
"""

from __future__ import annotations

from typing import Self

from stalwart.config.domains.domain import DNS_RECORD_TYPE
from stalwart.config.operation.task_status import Status, TaskStatus
from stalwart.schema import (
    REQUIRED,
    BlobId,
    Boolean,
    Enum,
    Enumeration,
    Integer,
    LocalId,
    Nested,
    ObjectId,
    ObjectList,
    Set,
    String,
    Union,
    Unsigned,
    UtcDateTime,
    Value,
    Variant,
    prop,
)

DOCUMENT_TYPE = Enumeration("IndexDocumentType", ("email", "calendar", "contacts", "file"), "What can be searched for.")

ARCHIVED_TYPE = Enumeration(
    "ArchivedItemType",
    ("Email", "FileNode", "CalendarEvent", "ContactCard", "SieveScript"),
    "What is kept for a while after it was deleted.",
)

ACCOUNT_TYPE = Enumeration("AccountType", ("User", "Group"), "Kinds of accounts.")

ACCOUNT_MAINTENANCE = Enumeration(
    "TaskAccountMaintenanceType",
    ("purge", "reindex", "recalculateImapUid", "recalculateQuota"),
    "Work on one account: delete what has expired, index it again, number its messages anew, count its bytes.",
)

TENANT_MAINTENANCE = Enumeration(
    "TaskTenantMaintenanceType", ("recalculateQuota",), "Work on one tenant: count its bytes."
)

STORE_MAINTENANCE = Enumeration(
    "TaskStoreMaintenanceType",
    (
        *("reindexAccounts", "reindexTelemetry", "purgeAccounts", "purgeData", "purgeBlob"),
        *("resetRateLimiters", "resetUserQuotas", "resetTenantQuotas", "resetBlobQuotas", "removeAuthTokens"),
        *("removeLockQueueMessage", "removeLockTask", "removeLockDav", "removeSieveId", "removeGreylist"),
    ),
    "Work on the stores: index again, delete what has expired or nobody refers to, reset counters, drop locks and "
    "what is remembered for a short time.",
)

SPAM_FILTER_MAINTENANCE = Enumeration(
    "TaskSpamFilterMaintenanceType",
    ("train", "retrain", "abort", "reset", "updateRules"),
    "Work on the spam filter: learn what is new, learn everything again, stop learning, forget, fetch its rules.",
)


class Job(Variant):
    """What all tasks share."""

    status: Status = prop(Nested(TaskStatus), {"@type": "Pending"}, "How far it is.")
    due: int | None = prop(
        UtcDateTime(nullable=True), None, "When it runs; null is never.", update="serverSet", index="exact"
    )

    def completed(self, former: Self | None, now: int) -> Self:
        """The moments that nobody gave; ``due`` is that of the status."""
        made = super().completed(former, now)
        status = made.status.begun(former.status if former is not None else None, now)
        return made.replaced(status=status, due=status.runs_at)


class Indexing(Job):
    """What both tasks of the search index share."""

    document_type: str = prop(Enum(DOCUMENT_TYPE), REQUIRED, "Kind of the document.", update="immutable")
    account_id: int = prop(ObjectId("Account", binding=False), REQUIRED, "Account that has it.", update="immutable")
    document_id: int = prop(LocalId(), REQUIRED, "Id of the document.", update="immutable")


class IndexDocument(Indexing):
    """Enter a document into the search index."""


class UnindexDocument(Indexing):
    """Take a document out of the search index."""


class IndexTrace(Job):
    """Enter a trace into the search index."""

    trace_id: int | None = prop(LocalId(), None, "The trace.", update="serverSet")


class CalendarAlarm(Job):
    """What both tasks of an alarm share."""

    alarm_id: int = prop(Unsigned(), 0, "Alarm of the event.", update="serverSet")
    event_id: int = prop(Unsigned(), 0, "Which of the events in the object.", update="serverSet")
    account_id: int | None = prop(
        ObjectId("Account", binding=False), None, "Account that has the event.", update="serverSet"
    )
    document_id: int | None = prop(LocalId(), None, "Id of the object with the event.", update="serverSet")


class CalendarAlarmEmail(CalendarAlarm):
    """Send a message before an event."""

    event_start: int | None = prop(UtcDateTime(), None, "When the event begins.", update="serverSet")
    event_start_tz: int = prop(
        Unsigned(), 0, "Time zone of its beginning.", update="serverSet", label="Event start time zone"
    )
    event_end: int | None = prop(UtcDateTime(), None, "When the event ends.", update="serverSet")
    event_end_tz: int = prop(Unsigned(), 0, "Time zone of its end.", update="serverSet", label="Event end time zone")


class CalendarAlarmNotification(CalendarAlarm):
    """Notify clients before an event."""

    recurrence_id: int | None = prop(Integer(nullable=True), None, "Which occurrence of the event.", update="serverSet")


class TaskCalendarItipContents(Value):
    """A scheduling message (RFC 5546)."""

    sender: str | None = prop(String("emailAddress"), None, "Who sends it.", update="serverSet", name="from")
    to: frozenset[str] = prop(Set(String("emailAddress")), {}, "Who gets it.", update="serverSet")
    is_from_organizer: bool = prop(Boolean(), False, "Whether the organizer sends it.", update="serverSet")
    i_calendar_data: str | None = prop(
        String("text"), None, "The event (RFC 5545).", update="serverSet", label="iCalendar data"
    )
    summary: str | None = prop(String("text"), None, "What the event is called.", update="serverSet")


class CalendarItipMessage(Job):
    """Send scheduling messages."""

    messages: tuple[TaskCalendarItipContents, ...] = prop(
        ObjectList(TaskCalendarItipContents), {}, "The messages.", update="serverSet"
    )
    account_id: int | None = prop(
        ObjectId("Account", binding=False), None, "Account that has the event.", update="serverSet"
    )
    document_id: int | None = prop(LocalId(), None, "Id of the object with the event.", update="serverSet")


class MergeThreads(Job):
    """Make one thread of several."""

    account_id: int | None = prop(
        ObjectId("Account", binding=False), None, "Account that has the messages.", update="serverSet"
    )
    thread_name: str | None = prop(String("text"), None, "Subject of the thread.", update="serverSet")
    message_ids: frozenset[str] = prop(
        Set(String("text")), {}, "Message-IDs of the messages in it.", update="serverSet", label="Message-IDs"
    )


class DmarcReport(Job):
    """Send a DMARC report (RFC 7489 7.2)."""

    report_id: int | None = prop(LocalId(), None, "The report.", update="serverSet")


class TlsReport(Job):
    """Send a TLS report (RFC 8460 5)."""

    report_id: int | None = prop(LocalId(), None, "The report.", update="serverSet")


class RestoreArchivedItem(Job):
    """Bring something back that was deleted. None is ever made: x:ArchivedItem does it at once."""

    blob_id: str | None = prop(BlobId(), None, "Its content.", update="serverSet")
    archived_item_type: str | None = prop(Enum(ARCHIVED_TYPE), None, "What it is.", update="serverSet")
    created_at: int | None = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    archived_until: int | None = prop(UtcDateTime(), None, "Until when it is kept.", update="serverSet")
    account_id: int | None = prop(ObjectId("Account", binding=False), None, "Account that had it.", update="serverSet")


class DestroyAccount(Job):
    """Delete everything of an account that is gone."""

    account_id: int | None = prop(LocalId(), None, "Id that the account had.", update="serverSet")
    account_name: str | None = prop(String("localPart"), None, "Name that it had.", update="serverSet")
    account_domain_id: int | None = prop(
        ObjectId("Domain", binding=False), None, "Domain that it was in.", update="serverSet"
    )
    account_type: str | None = prop(Enum(ACCOUNT_TYPE), None, "What it was.", update="serverSet")


class AccountMaintenance(Job):
    """Tidy an account up."""

    account_id: int = prop(ObjectId("Account", binding=False), REQUIRED, "The account.", update="immutable")
    maintenance_type: str = prop(Enum(ACCOUNT_MAINTENANCE), REQUIRED, "What is done.", update="immutable")


class TenantMaintenance(Job):
    """Tidy a tenant up."""

    tenant_id: int = prop(ObjectId("Tenant", binding=False), REQUIRED, "The tenant.", update="immutable")
    maintenance_type: str = prop(Enum(TENANT_MAINTENANCE), REQUIRED, "What is done.", update="immutable")


class StoreMaintenance(Job):
    """Tidy the stores up."""

    maintenance_type: str = prop(Enum(STORE_MAINTENANCE), REQUIRED, "What is done.", update="immutable")
    shard_index: int | None = prop(Unsigned(nullable=True), None, "Part of a store that is in parts; null is all.")


class SpamFilterMaintenance(Job):
    """Tidy the spam filter up. There is no spam filter yet."""

    maintenance_type: str = prop(Enum(SPAM_FILTER_MAINTENANCE), REQUIRED, "What is done.", update="immutable")


class OfDomain(Job):
    """What the tasks of a domain share."""

    domain_id: int = prop(ObjectId("Domain", binding=False), REQUIRED, "The domain.", update="immutable", index="exact")


class AcmeRenewal(OfDomain):
    """Get or renew the certificate of a domain."""

    force: bool = prop(Boolean(), False, "Renew it now, even if it is not due.", update="immutable")


class DkimManagement(OfDomain):
    """Make, rotate and delete the DKIM keys of a domain."""


class DnsManagement(OfDomain):
    """Publish the DNS records of a domain."""

    update_records: frozenset[str] = prop(Set(Enum(DNS_RECORD_TYPE)), {}, "Kinds of records; empty is all.")
    on_success_renew_certificate: bool = prop(Boolean(), False, "Renew the certificate of the domain afterwards.")


Task = Union(
    "Task",
    IndexDocument,
    UnindexDocument,
    IndexTrace,
    CalendarAlarmEmail,
    CalendarAlarmNotification,
    CalendarItipMessage,
    MergeThreads,
    DmarcReport,
    TlsReport,
    RestoreArchivedItem,
    DestroyAccount,
    AccountMaintenance,
    TenantMaintenance,
    StoreMaintenance,
    SpamFilterMaintenance,
    AcmeRenewal,
    DkimManagement,
    DnsManagement,
    doc="Work that the server does later.",
    ids="snowflake",
    snapshot=False,
    fixed="Cannot change the type of an existing task.",
)
