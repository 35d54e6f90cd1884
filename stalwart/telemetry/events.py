"""The events that the server emits: id, default level and one sentence each.

An id is ``category.name`` in kebab-case and names what a log line, a counter and a live stream all call by it. A new
metric starts as a line here.
"""

from __future__ import annotations

from enum import IntEnum

from attrs import frozen


class Level(IntEnum):
    """Severity, ascending."""

    TRACE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4


@frozen
class Event:
    """A kind of event: ``id``, its default ``level`` and the sentence that a log line opens with."""

    id: str
    level: Level
    doc: str


SERVER_STARTUP = Event("server.startup", Level.INFO, "Server started")
SERVER_SHUTDOWN = Event("server.shutdown", Level.INFO, "Server stopped")
SERVER_RELOAD = Event("server.reload", Level.INFO, "Settings and authorities were read again")
SERVER_STARTS_AGAIN = Event("server.starts-again", Level.INFO, "Server was set up and starts again with its new store")
SERVER_WORKER_ENDED = Event("server.worker-ended", Level.WARN, "Worker ended, and is started again")
SERVER_NOBODY = Event("server.no-accounts", Level.WARN, "Nobody can sign in yet: there are no accounts")
SERVER_STARTUP_ERROR = Event("server.startup-error", Level.ERROR, "Server could not start")
SERVER_BOOTSTRAP_MODE = Event("server.bootstrap-mode", Level.WARN, "Bootstrap mode: no data store is configured yet")
SERVER_RECOVERY_MODE = Event("server.recovery-mode", Level.WARN, "Recovery mode: limits and access rules are off")

NETWORK_LISTEN_START = Event("network.listen-start", Level.INFO, "Listener started")
NETWORK_LISTEN_STOP = Event("network.listen-stop", Level.INFO, "Listener stopped")
NETWORK_BIND_ERROR = Event("network.bind-error", Level.ERROR, "Listener could not bind; free the address or change it")
NETWORK_PROXY_ERROR = Event("network.proxy-error", Level.WARN, "Trusted proxy sent no valid PROXY header")
NETWORK_TIMEOUT = Event("network.timeout", Level.DEBUG, "Connection was idle too long")
NETWORK_CLOSED = Event("network.closed", Level.TRACE, "Connection closed")

HTTP_CONNECTION_START = Event("http.connection-start", Level.DEBUG, "HTTP connection opened")
HTTP_CONNECTION_END = Event("http.connection-end", Level.DEBUG, "HTTP connection closed")
HTTP_REQUEST_URL = Event("http.request-url", Level.DEBUG, "HTTP request")
HTTP_RESPONSE = Event("http.response-body", Level.TRACE, "HTTP response")
HTTP_ERROR = Event("http.error", Level.DEBUG, "HTTP error")
HTTP_FORWARDED_MISSING = Event("http.x-forwarded-missing", Level.WARN, "Proxy sent no Forwarded header")
HTTP_STREAM_DROPPED = Event("http.stream-dropped", Level.INFO, "Event stream dropped: its client does not read")

AUTH_SUCCESS = Event("auth.success", Level.INFO, "Sign-in succeeded")
AUTH_FAILED = Event("auth.failed", Level.INFO, "Sign-in failed")
AUTH_MFA_REQUIRED = Event("auth.mfa-required", Level.TRACE, "Second factor required")
AUTH_TOKEN_EXPIRED = Event("auth.token-expired", Level.DEBUG, "Token expired")
AUTH_TOKEN_ISSUED = Event("auth.token-issued", Level.INFO, "Application signed in to an account")
AUTH_TOKEN_REFRESHED = Event("auth.token-refreshed", Level.DEBUG, "Tokens refreshed")
AUTH_TOKEN_REUSED = Event("auth.token-reused", Level.WARN, "Code or refresh token used twice; its sign-in was ended")
AUTH_TOKEN_REFUSED = Event("auth.token-refused", Level.INFO, "Tokens refused")
AUTH_SESSION_ENDED = Event("auth.session-ended", Level.INFO, "Application signed out of an account")
AUTH_REQUEST_REFUSED = Event("auth.request-refused", Level.INFO, "Application asked for what it may not have")
AUTH_CONSENT_DENIED = Event("auth.consent-denied", Level.INFO, "Sign-in to an application was cancelled")
AUTH_DEVICE_APPROVED = Event("auth.device-approved", Level.INFO, "Device let in to an account")
AUTH_PASSKEY_COPIED = Event("auth.passkey-copied", Level.WARN, "Counter of a passkey went backwards: there is a copy")
AUTH_CLIENT_REGISTERED = Event("auth.client-registered", Level.INFO, "Application registered")
AUTH_CREDENTIAL_EXPIRED = Event("auth.credential-expired", Level.DEBUG, "Credential expired")
AUTH_TOO_MANY_ATTEMPTS = Event("auth.too-many-attempts", Level.WARN, "Too many failed sign-ins")
AUTH_ERROR = Event("auth.error", Level.ERROR, "Sign-in could not be checked")
AUTH_ACCOUNT_CREATED = Event("auth.account-created", Level.INFO, "Account made that a directory elsewhere knows")
AUTH_DIRECTORY_REFUSED = Event("auth.directory-refused", Level.WARN, "Directory elsewhere claims what is not its own")
AUTH_DIRECTORY_ERROR = Event("auth.directory-error", Level.WARN, "Directory elsewhere could not be asked")
AUTH_DIRECTORY_AMBIGUOUS = Event(
    "auth.directory-ambiguous", Level.WARN, "Several entries of a directory elsewhere have one address; none is used"
)
AUTH_DIRECTORY_UNUSABLE = Event("auth.directory-unusable", Level.WARN, "Entry of a directory elsewhere lacks something")

LIMIT_TOO_MANY_REQUESTS = Event("limit.too-many-requests", Level.DEBUG, "Rate limit reached")
LIMIT_CONCURRENT_REQUEST = Event("limit.concurrent-request", Level.DEBUG, "Concurrent request limit reached")
LIMIT_CONCURRENT_CONNECTION = Event("limit.concurrent-connection", Level.WARN, "Listener's connection limit reached")
LIMIT_CALLS_IN = Event("limit.calls-in", Level.DEBUG, "Too many calls in one JMAP request")
LIMIT_SIZE_REQUEST = Event("limit.size-request", Level.DEBUG, "Request body over its limit")
LIMIT_SIZE_UPLOAD = Event("limit.size-upload", Level.DEBUG, "Upload over its limit")
LIMIT_CONCURRENT_UPLOAD = Event("limit.concurrent-upload", Level.DEBUG, "Concurrent upload limit reached")
LIMIT_BLOB_QUOTA = Event("limit.blob-quota", Level.DEBUG, "Quota of unused uploads reached")

SECURITY_AUTHENTICATION_BAN = Event("security.authentication-ban", Level.INFO, "Address banned: failed sign-ins")
SECURITY_SCAN_BAN = Event("security.scan-ban", Level.INFO, "Address banned: port or path scanning")
SECURITY_IP_BLOCKED = Event("security.ip-blocked", Level.INFO, "Connection from a blocked address dropped")
SECURITY_IP_UNAUTHORIZED = Event("security.ip-unauthorized", Level.INFO, "Credential used from an address it forbids")
SECURITY_KEY_EXPOSED = Event(
    "security.key-exposed", Level.WARN, "Everybody on this machine can read the key of the vault"
)
SECURITY_UNAUTHORIZED = Event("security.unauthorized", Level.INFO, "Permission missing")

TLS_HANDSHAKE = Event("tls.handshake", Level.DEBUG, "TLS handshake completed")
TLS_HANDSHAKE_ERROR = Event("tls.handshake-error", Level.DEBUG, "TLS handshake failed")
TLS_CERTIFICATE_NOT_FOUND = Event("tls.certificate-not-found", Level.DEBUG, "No certificate covers the name asked for")
TLS_NO_CERTIFICATES = Event(
    "tls.no-certificates-available", Level.WARN, "There is no certificate; a self-signed one is served"
)
TLS_MULTIPLE_CERTIFICATES = Event(
    "tls.multiple-certificates-available", Level.WARN, "Several certificates and no default one; the freshest is served"
)
TLS_CERTIFICATE_UNUSABLE = Event("tls.certificate-unusable", Level.ERROR, "Certificate cannot be served")
ACME_AUTH_START = Event("acme.auth-start", Level.INFO, "Authority is asked to check a name")
ACME_AUTH_VALID = Event("acme.auth-valid", Level.INFO, "Authority has found the name to be ours")
ACME_AUTH_ERROR = Event("acme.auth-error", Level.WARN, "Authority has not found the name to be ours")
ACME_ORDER_START = Event("acme.order-start", Level.INFO, "Certificate is ordered")
ACME_ORDER_READY = Event("acme.order-ready", Level.INFO, "Certificate is about to be issued: all names are proved")
ACME_ORDER_COMPLETED = Event("acme.order-completed", Level.INFO, "Certificate was issued")
ACME_ORDER_INVALID = Event("acme.order-invalid", Level.WARN, "Certificate was not issued")
ACME_PROCESS_CERT = Event("acme.process-cert", Level.INFO, "Certificate chain is not the preferred one")
ACME_RENEW_BACKOFF = Event("acme.renew-backoff", Level.WARN, "Certificate is tried again later")
ACME_ERROR = Event("acme.error", Level.ERROR, "Certificate cannot be got; see the reason, attempts go on")
ACME_TOKEN_NOT_FOUND = Event("acme.token-not-found", Level.WARN, "Somebody asked for a challenge that is not open")
TLS_CERTIFICATE_EXPIRING = Event(
    "tls.certificate-expiring", Level.WARN, "Certificate expires soon and has no successor"
)
TLS_CERTIFICATE_EXPIRED = Event("tls.certificate-expired", Level.ERROR, "Certificate has expired and has no successor")
TLS_EXPIRED_REMOVED = Event("tls.expired-certificate-removed", Level.INFO, "Expired or revoked certificate was removed")

TLS_NO_AUTHORITIES = Event("tls.no-authorities", Level.WARN, "Trusted authorities cannot be read")

ACME_CLIENT_SUPPLIED_SNI = Event("acme.client-supplied-sni", Level.DEBUG, "Certificate authority asked for a challenge")
ACME_CLIENT_MISSING_SNI = Event("acme.client-missing-sni", Level.DEBUG, "TLS-ALPN challenge asked for without a name")
ACME_TLS_ALPN_RECEIVED = Event("acme.tls-alpn-received", Level.INFO, "TLS-ALPN challenge answered")
ACME_TLS_ALPN_ERROR = Event("acme.tls-alpn-error", Level.DEBUG, "TLS-ALPN challenge could not be answered")

RESOURCE_NOT_FOUND = Event("resource.not-found", Level.DEBUG, "Resource not found")
RESOURCE_BAD_PARAMETERS = Event("resource.bad-parameters", Level.ERROR, "Setting could not be used")
RESOURCE_ERROR = Event("resource.error", Level.ERROR, "Fault in the server while answering a request")

STORE_ERROR = Event("store.unexpected-error", Level.ERROR, "Data store failed")

REGISTRY_CHANGED = Event("registry.changed", Level.INFO, "Settings changed")

TASK_STARTED = Event("task-manager.task-started", Level.DEBUG, "Background task started")
TASK_COMPLETED = Event("task-manager.task-completed", Level.DEBUG, "Background task completed")
TASK_RETRIED = Event("task-manager.task-retried", Level.INFO, "Background task failed and is tried again later")
TASK_FAILED = Event("task-manager.task-failed", Level.WARN, "Background task failed for good")
TASK_ERROR = Event("task-manager.error", Level.ERROR, "Background tasks met a fault")

DELIVERY_DIAGNOSIS_START = Event("delivery.diagnosis-start", Level.INFO, "Delivery diagnosis started")
DELIVERY_PRIVATE_TARGETS = Event(
    "delivery.private-targets",
    Level.WARN,
    "Diagnoses may reach private addresses (allowPrivateTargets)",
)
DELIVERY_DIAGNOSIS_END = Event("delivery.diagnosis-end", Level.INFO, "Delivery diagnosis ended")

TELEMETRY_LOG_ERROR = Event("telemetry.log-error", Level.WARN, "Log file cannot be written")
TELEMETRY_LOG_RECOVERED = Event("telemetry.log-recovered", Level.INFO, "Log file is written again")
TELEMETRY_LOG_DROPPED = Event(
    "telemetry.log-dropped", Level.WARN, "Events are missing in the log file: too many at once"
)
TELEMETRY_PROMETHEUS_ERROR = Event(
    "telemetry.prometheus-exporter-error", Level.WARN, "Some figures are missing for Prometheus"
)


def declared_events() -> tuple[Event, ...]:
    """Every event that this server can emit, by id."""
    found = (value for value in globals().values() if isinstance(value, Event))
    return tuple(sorted(found, key=lambda event: event.id))
