"""x:DataRetention: how long things are kept that nobody deletes, and when they are cleared away (settings C.11)."""

from __future__ import annotations

from stalwart.schema import Cron, Duration, Nested, Singleton, Unsigned, Variant, prop

_DAY = 86_400_000
_KEPT = Duration(nullable=True)


def _daily(hour: int) -> dict[str, object]:
    return {"@type": "Daily", "hour": hour, "minute": 0}


class DataRetention(Singleton):
    """How long things are kept."""

    expunge_trash_after: int | None = prop(
        _KEPT, 30 * _DAY, "Age at which messages in the trash and junk folders are deleted; null keeps them."
    )
    expunge_submissions_after: int | None = prop(
        _KEPT, 3 * _DAY, "Age at which records of sent messages are deleted; null keeps them."
    )
    expunge_share_notify_after: int | None = prop(
        _KEPT, 30 * _DAY, "Age at which notes about shared folders are deleted; null keeps them."
    )
    expunge_scheduling_inbox_after: int | None = prop(
        _KEPT, 30 * _DAY, "Age at which the scheduling inbox is cleared; null keeps it."
    )
    expunge_schedule: Variant = prop(Nested(Cron), _daily(0), "When old items are deleted.")
    data_cleanup_schedule: Variant = prop(Nested(Cron), _daily(2), "When expired data leaves the data store.")
    blob_cleanup_schedule: Variant = prop(Nested(Cron), _daily(4), "When unused blobs leave the blob store.")
    max_changes_history: int | None = prop(
        Unsigned(nullable=True),
        10_000,
        "Changes remembered for each account; clients that have seen less must read everything again. Null keeps all.",
    )
    hold_mta_reports_for: int | None = prop(
        _KEPT,
        30 * _DAY,
        "How long reports of other servers are kept; null keeps them.",
        label="Hold MTA reports for",
    )
    hold_traces_for: int | None = prop(_KEPT, 30 * _DAY, "How long traces are kept; null keeps them.", enforced=False)
    hold_metrics_for: int | None = prop(_KEPT, 90 * _DAY, "How long metrics are kept; null keeps them.", enforced=False)
    metrics_collection_interval: Variant = prop(
        Nested(Cron), {"@type": "Hourly", "minute": 0}, "When metrics are added to the history.", enforced=False
    )
    archive_deleted_items_for: int | None = prop(
        _KEPT, 30 * _DAY, "How long deleted files, events and cards can be restored; null deletes them at once."
    )
    archive_deleted_accounts_for: int | None = prop(
        _KEPT, None, "How long a deleted account can be restored; null deletes it at once.", enforced=False
    )
