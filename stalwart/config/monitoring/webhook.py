"""x:WebHook: a server that is told of events (settings C.10, telemetry 4.1). ``app.observing.web_hooks`` obeys it."""

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


class WebHook(Object, label="url"):
    """A server that is told of events: `POST` of `{"events":[{"id","createdAt","type","data"}, ...]}`.

    A status of 200 to 299 takes them; all else is tried again. Redirects are not followed.
    """

    enable: bool = enabled()
    url: str = prop(
        String("uri"),
        REQUIRED,
        "Address that events are posted to. With credentials it has to be an https: one, but for the own machine.",
        label="URL",
    )
    signature_key: Variant = prop(
        Nested(SecretKeyOptional),
        {"@type": "None"},
        "Key that signs each request: `X-Signature` is the HMAC-SHA256 of the body, in base64.",
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
