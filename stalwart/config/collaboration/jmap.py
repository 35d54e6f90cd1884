"""x:Jmap: limits of the JMAP service (settings C.9, RFC 8620 2)."""

from __future__ import annotations

from stalwart.schema import (
    Boolean,
    Duration,
    Nested,
    SecretTextOptional,
    Singleton,
    Size,
    String,
    Unsigned,
    Variant,
    prop,
)

_POSITIVE = Unsigned(min=1)
_LIMIT = Unsigned(min=1, nullable=True)


class Jmap(Singleton):
    """Limits of the JMAP service."""

    parse_limit_event: int = prop(_POSITIVE, 10, "Events of one CalendarEvent/parse.")
    parse_limit_contact: int = prop(_POSITIVE, 10, "Cards of one ContactCard/parse.")
    parse_limit_email: int = prop(_POSITIVE, 10, "Messages of one Email/parse.")
    changes_max_results: int = prop(_POSITIVE, 5000, "Changes that one call answers.")
    get_max_results: int = prop(_POSITIVE, 500, "Objects of one get (maxObjectsInGet).")
    query_max_results: int = prop(_POSITIVE, 5000, "Ids that one query answers.")
    max_method_calls: int = prop(_POSITIVE, 16, "Calls in one request (maxCallsInRequest).")
    max_concurrent_requests: int | None = prop(_LIMIT, 4, "Requests of one account at the same time; null is no limit.")
    max_request_size: int = prop(Size(min=1), 10_000_000, "Bytes of one request (maxSizeRequest).")
    set_max_objects: int = prop(_POSITIVE, 500, "Objects of one set (maxObjectsInSet).")
    snippet_max_results: int = prop(_POSITIVE, 100, "Search snippets that one call answers.")
    max_concurrent_uploads: int | None = prop(_LIMIT, 4, "Uploads of one account at the same time; null is no limit.")
    max_upload_size: int = prop(_POSITIVE, 50_000_000, "Bytes of one upload (maxSizeUpload).")
    max_upload_count: int = prop(_POSITIVE, 1000, "Unused uploads kept for one account.")
    upload_quota: int = prop(_POSITIVE, 50_000_000, "Bytes of unused uploads kept for one account.")
    upload_ttl: int = prop(Duration(min=1000), 3_600_000, "How long an unused upload is kept.", label="Upload TTL")
    event_source_throttle: int = prop(Duration(), 1_000, "Least time between two events of an event stream.")
    push_attempt_wait: int = prop(Duration(), 60_000, "Time between two attempts to push.")
    push_max_attempts: int = prop(_POSITIVE, 3, "Attempts before a push is dropped.")
    push_retry_wait: int = prop(Duration(), 1_000, "Time before a failed push is repeated.")
    push_throttle: int = prop(Duration(), 1_000, "Least time between two pushes to one subscription.")
    push_request_timeout: int = prop(Duration(), 10_000, "Limit of one request to a push service.")
    push_verify_timeout: int = prop(Duration(), 60_000, "How long a verification code is waited for.")
    push_shards_total: int = prop(
        _POSITIVE, 1, "Parts into which the push work of a cluster is divided.", enforced=False
    )
    websocket_heartbeat: int = prop(Duration(), 60_000, "Time between two pings of a WebSocket.")
    websocket_throttle: int = prop(Duration(), 1_000, "Time in which changes are gathered before they are sent.")
    websocket_timeout: int = prop(Duration(), 600_000, "Time after which a silent WebSocket is closed.")
    max_subscriptions: int | None = prop(_LIMIT, 15, "Push subscriptions of one account; null is no limit.")
    web_push_key: Variant = prop(
        Nested(SecretTextOptional),
        {"@type": "None"},
        "Key that identifies the server to push services (RFC 8292).",
    )
    web_push_contact: str | None = prop(
        String(nullable=True), None, "Contact that push services are told, such as a `mailto:` address."
    )
    anonymous_session: bool = prop(
        Boolean(), False, "Answer a session without accounts to clients that send no credentials, instead of 401."
    )
    push_to_private_networks: bool = prop(
        Boolean(), False, "Push to services outside of the public Internet too: any user can name their addresses."
    )
    max_push_size: int = prop(Unsigned(min=512), 4096, "Bytes of one pushed message.")
