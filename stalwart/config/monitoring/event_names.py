"""The names of events that settings may choose from: those of the reference server that the specification lists
(telemetry 1.2, 4.1), and everything that this server emits.
"""

from __future__ import annotations

from collections.abc import Iterable

from stalwart.config.monitoring.counter_names import COUNTERS, named
from stalwart.schema import Enumeration
from stalwart.telemetry import events
from stalwart.telemetry.events import Event

_UNCOUNTED = """
    http: connection-end request-url
    auth: token-expired mfa-required client-registration warning credential-expired
    acme: auth-start auth-pending auth-valid auth-completed process-cert order-start order-processing order-ready
        order-valid renew-backoff client-supplied-sni tls-alpn-received
    tls: handshake not-configured certificate-not-found no-certificates-available multiple-certificates-available
        expired-certificate-removed
    jmap: state-mismatch anchor-not-found invalid-result-reference account-not-found
        account-not-supported-by-method account-read-only not-found cannot-calculate-changes unknown-data-type
        unknown-capability websocket-stop
    web-dav: propfind proppatch get head report mkcol mkcalendar delete put post patch copy move lock unlock acl
        options error
    security: ip-block-expired ip-allow-expired ip-unauthorized
    resource: download-external application-updated application-unpacked
    server: startup shutdown licensing startup-error recovery-mode bootstrap-mode
    network: listen-start listen-stop listen-error bind-error split-error set-opt-error read-error write-error
        flush-error closed accept-error proxy-error
    telemetry: metrics-collected metrics-stored metrics-pushed
    calendar: rule-expansion-error alarm-skipped alarm-recipient-override
    task-manager: task-queued task-scheduled scheduler-started manager-started task-failed
    dns: record-created record-propagated build-error record-not-propagated
    mta-sts: policy-fetch policy-not-found policy-fetch-error
    tls-rpt: record-fetch record-fetch-error record-not-found
    dane: tlsa-record-match tlsa-record-fetch
    delivery: failed domain-delivery-start connect connect-error start-tls mx-lookup ip-lookup ehlo auth mail-from
        rcpt-to raw-input raw-output missing-outbound-hostname
    """


def _names() -> Iterable[str]:
    own = (made.id for made in vars(events).values() if isinstance(made, Event))
    return sorted({*COUNTERS, *named(_UNCOUNTED), *own})


EVENT_TYPE = Enumeration("EventType", _names, "Events, such as `auth.failed`.")
