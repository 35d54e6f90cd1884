"""x:WebHook: a server that is told of events (settings C.10, telemetry 4.1)."""

from __future__ import annotations

from collections.abc import Mapping

from stalwart.config.monitoring.levels import enabled, events_policy, least_level, lossy, selected_events
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    HttpAuth,
    Map,
    Nested,
    Object,
    SecretKeyOptional,
    String,
    Variant,
    prop,
)


class WebHook(Object, label="url", enforced=False):
    """A server that is told of events."""

    enable: bool = enabled()
    url: str = prop(String("uri"), REQUIRED, "Address that events are posted to.", label="URL")
    signature_key: Variant = prop(
        Nested(SecretKeyOptional),
        {"@type": "None"},
        "Key that signs each request, as HMAC-SHA256 in `X-Signature`.",
    )
    http_auth: Variant = prop(
        Nested(HttpAuth), {"@type": "Unauthenticated"}, "Credentials.", label="HTTP authentication"
    )
    http_headers: Mapping[str, str] = prop(
        Map(String("headerName"), String("headerValue")), {}, "Further headers of each request.", label="HTTP headers"
    )
    allow_invalid_certs: bool = prop(Boolean(), False, "Do not verify the certificate of the server.")
    timeout: int = prop(Duration(), 30_000, "Limit of one request.")
    throttle: int = prop(Duration(), 1_000, "Least time between two requests; events in between go together.")
    discard_after: int = prop(Duration(), 300_000, "Age at which events that could not be sent are dropped.")
    level: str = least_level()
    lossy: bool = lossy()
    events: frozenset[str] = selected_events()
    events_policy: str = events_policy()
