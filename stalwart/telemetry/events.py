"""The events that the server emits: id, default level, one sentence and the fields that tell more.

An id is ``category.name`` in kebab-case and names what a log line, a counter and a live stream all call by it. A new
metric starts as a line here. What kind of value a field has, and what of it is masked, is in ``fields``.
"""

from __future__ import annotations

from stalwart.telemetry.event import Event as Event
from stalwart.telemetry.event import Level as Level

SERVER_STARTUP = Event("server.startup", Level.INFO, "Server started", "listeners mode")
SERVER_SHUTDOWN = Event("server.shutdown", Level.INFO, "Server stopped")
SERVER_RELOAD = Event("server.reload", Level.INFO, "Settings and authorities were read again")
SERVER_STARTS_AGAIN = Event(
    "server.starts-again", Level.INFO, "Server starts again, having been set up or cut off from its store"
)
SERVER_WAITS = Event("server.waits", Level.INFO, "Server waits for its data store", "reason")
SERVER_WORKER_ENDED = Event(
    "server.worker-ended", Level.WARN, "Worker ended, and is started again", "again reason worker"
)
SERVER_NOBODY = Event("server.no-accounts", Level.WARN, "Nobody can sign in yet: there are no accounts", "hint")
SERVER_STARTUP_ERROR = Event("server.startup-error", Level.ERROR, "Server could not start", "reason")
SERVER_BOOTSTRAP_MODE = Event(
    "server.bootstrap-mode", Level.WARN, "Bootstrap mode: no data store is configured yet", "config"
)
SERVER_RECOVERY_MODE = Event("server.recovery-mode", Level.WARN, "Recovery mode: limits and access rules are off")

NETWORK_LISTEN_START = Event(  # the log has a line of its own for it
    "network.listen-start", Level.DEBUG, "Listener started", "listenerId address"
)
NETWORK_LISTEN_STOP = Event("network.listen-stop", Level.INFO, "Listener stopped", "listenerId address")
NETWORK_BIND_ERROR = Event(
    "network.bind-error", Level.ERROR, "Listener could not bind; free the address or change it", "address reason"
)
NETWORK_PROXY_ERROR = Event(
    "network.proxy-error", Level.WARN, "Trusted proxy sent no valid PROXY header", "listenerId remoteIp reason"
)
NETWORK_TIMEOUT = Event(
    "network.timeout", Level.DEBUG, "Connection was idle too long", "listenerId remoteIp remotePort"
)

HTTP_CONNECTION_START = Event(
    "http.connection-start", Level.DEBUG, "HTTP connection opened", "listenerId localPort remoteIp remotePort"
)
HTTP_CONNECTION_END = Event(
    "http.connection-end", Level.DEBUG, "HTTP connection closed", "listenerId remoteIp remotePort elapsed"
)
HTTP_REQUEST_URL = Event(
    "http.request-url",
    Level.DEBUG,
    "HTTP request",
    "listenerId localPort remoteIp remotePort requestId method url code size accountId elapsed",
)
HTTP_ERROR = Event("http.error", Level.DEBUG, "HTTP error", "remoteIp path reason")
HTTP_FORWARDED_MISSING = Event("http.x-forwarded-missing", Level.WARN, "Proxy sent no Forwarded header", "remoteIp")
HTTP_STREAM_DROPPED = Event("http.stream-dropped", Level.INFO, "Event stream dropped: its client does not read", "size")

AUTH_SUCCESS = Event("auth.success", Level.INFO, "Sign-in succeeded", "remoteIp method accountId accountName")
AUTH_FAILED = Event("auth.failed", Level.INFO, "Sign-in failed", "remoteIp accountName reason")
AUTH_MFA_REQUIRED = Event("auth.mfa-required", Level.TRACE, "Second factor required", "accountId")
AUTH_TOKEN_EXPIRED = Event("auth.token-expired", Level.DEBUG, "Token expired", "remoteIp accountId")
AUTH_TOKEN_ISSUED = Event(
    "auth.token-issued", Level.INFO, "Application signed in to an account", "remoteIp accountId accountName client"
)
AUTH_TOKEN_REFRESHED = Event("auth.token-refreshed", Level.DEBUG, "Tokens refreshed", "remoteIp accountName client")
AUTH_TOKEN_REUSED = Event(
    "auth.token-reused",
    Level.WARN,
    "Code or refresh token used twice; its sign-in was ended",
    "remoteIp accountName client",
)
AUTH_TOKEN_REFUSED = Event("auth.token-refused", Level.INFO, "Tokens refused", "reason")
AUTH_SESSION_ENDED = Event(
    "auth.session-ended", Level.INFO, "Application signed out of an account", "remoteIp accountId client total"
)
AUTH_REQUEST_REFUSED = Event(
    "auth.request-refused", Level.INFO, "Application asked for what it may not have", "remoteIp client reason"
)
AUTH_CONSENT_DENIED = Event(
    "auth.consent-denied", Level.INFO, "Sign-in to an application was cancelled", "remoteIp client"
)
AUTH_DEVICE_APPROVED = Event(
    "auth.device-approved", Level.INFO, "Device let in to an account", "remoteIp accountId client"
)
AUTH_PASSKEY_COPIED = Event(
    "auth.passkey-copied", Level.WARN, "Counter of a passkey went backwards: there is a copy", "remoteIp accountId"
)
AUTH_CLIENT_REGISTERED = Event("auth.client-registration", Level.INFO, "Application registered", "remoteIp client")
AUTH_CREDENTIAL_EXPIRED = Event("auth.credential-expired", Level.DEBUG, "Credential expired", "remoteIp accountId")
AUTH_TOO_MANY_ATTEMPTS = Event("auth.too-many-attempts", Level.WARN, "Too many failed sign-ins", "remoteIp")
AUTH_ERROR = Event("auth.error", Level.ERROR, "Sign-in could not be checked", "accountId accountName directory reason")
AUTH_ACCOUNT_CREATED = Event(
    "auth.account-created",
    Level.INFO,
    "Account made that a directory elsewhere knows",
    "accountId accountName directory",
)
AUTH_DIRECTORY_REFUSED = Event(
    "auth.directory-refused",
    Level.WARN,
    "Directory elsewhere claims what is not its own",
    "accountName directory reason",
)
AUTH_DIRECTORY_ERROR = Event(
    "auth.directory-error", Level.WARN, "Directory elsewhere could not be asked", "url directory kind property reason"
)
AUTH_DIRECTORY_AMBIGUOUS = Event(
    "auth.directory-ambiguous",
    Level.WARN,
    "Several entries of a directory elsewhere have one address; none is used",
    "accountName directory",
)
AUTH_DIRECTORY_UNUSABLE = Event(
    "auth.directory-unusable",
    Level.WARN,
    "Entry of a directory elsewhere lacks something",
    "accountName directory reason",
)

LIMIT_TOO_MANY_REQUESTS = Event("limit.too-many-requests", Level.DEBUG, "Rate limit reached", "remoteIp path reason")
LIMIT_CONCURRENT_REQUEST = Event(
    "limit.concurrent-request", Level.DEBUG, "Concurrent request limit reached", "remoteIp path reason"
)
LIMIT_CONCURRENT_CONNECTION = Event(
    "limit.concurrent-connection", Level.WARN, "Listener's connection limit reached", "listenerId limit reason"
)
LIMIT_CALLS_IN = Event("limit.calls-in", Level.DEBUG, "Too many calls in one JMAP request", "remoteIp path reason")
LIMIT_SIZE_REQUEST = Event("limit.size-request", Level.DEBUG, "Request body over its limit", "remoteIp path reason")
LIMIT_SIZE_UPLOAD = Event("limit.size-upload", Level.DEBUG, "Upload over its limit", "remoteIp path reason")
LIMIT_CONCURRENT_UPLOAD = Event(
    "limit.concurrent-upload", Level.DEBUG, "Concurrent upload limit reached", "remoteIp path reason"
)
LIMIT_BLOB_QUOTA = Event("limit.blob-quota", Level.DEBUG, "Quota of unused uploads reached", "remoteIp path reason")

SECURITY_AUTHENTICATION_BAN = Event(
    "security.authentication-ban", Level.INFO, "Address banned: failed sign-ins", "remoteIp reason"
)
SECURITY_SCAN_BAN = Event(
    "security.scan-ban", Level.INFO, "Address banned: port or path scanning", "remoteIp reason path"
)
SECURITY_IP_BLOCKED = Event(
    "security.ip-blocked", Level.INFO, "Connection from a blocked address dropped", "listenerId remoteIp"
)
SECURITY_IP_UNAUTHORIZED = Event(
    "security.ip-unauthorized", Level.INFO, "Credential used from an address it forbids", "remoteIp accountId"
)
SECURITY_KEY_EXPOSED = Event(
    "security.key-exposed",
    Level.WARN,
    "Everybody on this machine can read a file with a key or a password",
    "path hint",
)
SECURITY_UNAUTHORIZED = Event(
    "security.unauthorized", Level.INFO, "Permission missing", "accountId permission remoteIp path reason"
)

TLS_HANDSHAKE = Event("tls.handshake", Level.DEBUG, "TLS handshake completed", "listenerId remoteIp details version")
TLS_HANDSHAKE_ERROR = Event("tls.handshake-error", Level.DEBUG, "TLS handshake failed", "listenerId remoteIp reason")
TLS_CERTIFICATE_NOT_FOUND = Event(
    "tls.certificate-not-found", Level.DEBUG, "No certificate covers the name asked for", "hostname"
)
TLS_NO_CERTIFICATES = Event(
    "tls.no-certificates-available", Level.WARN, "There is no certificate; a self-signed one is served"
)
TLS_MULTIPLE_CERTIFICATES = Event(
    "tls.multiple-certificates-available",
    Level.WARN,
    "Several certificates and no default one; the freshest is served",
    "total",
)
TLS_CERTIFICATE_UNUSABLE = Event(
    "tls.certificate-unusable", Level.ERROR, "Certificate cannot be served", "hostname reason"
)
ACME_AUTH_START = Event("acme.auth-start", Level.INFO, "Authority is asked to check a name", "domain hostname type")
ACME_AUTH_VALID = Event("acme.auth-valid", Level.INFO, "Authority has found the name to be ours", "domain hostname")
ACME_AUTH_ERROR = Event(
    "acme.auth-error", Level.WARN, "Authority has not found the name to be ours", "domain hostname reason"
)
ACME_ORDER_START = Event("acme.order-start", Level.INFO, "Certificate is ordered", "url domain")
ACME_ORDER_READY = Event(
    "acme.order-ready", Level.INFO, "Certificate is about to be issued: all names are proved", "url domain"
)
ACME_ORDER_COMPLETED = Event("acme.order-completed", Level.INFO, "Certificate was issued", "url domain")
ACME_ORDER_INVALID = Event("acme.order-invalid", Level.WARN, "Certificate was not issued", "domain reason")
ACME_PROCESS_CERT = Event(
    "acme.process-cert", Level.INFO, "Certificate chain is not the preferred one", "domain reason"
)
ACME_RENEW_BACKOFF = Event(
    "acme.renew-backoff", Level.WARN, "Certificate is tried again later", "domain reason total due"
)
ACME_ERROR = Event(
    "acme.error", Level.ERROR, "Certificate cannot be got; see the reason, attempts go on", "domain reason total due"
)
ACME_TOKEN_NOT_FOUND = Event(
    "acme.token-not-found", Level.WARN, "Somebody asked for a challenge that is not open", "remoteIp"
)
TLS_CERTIFICATE_EXPIRING = Event(
    "tls.certificate-expiring", Level.WARN, "Certificate expires soon and has no successor", "id hostname due"
)
TLS_CERTIFICATE_EXPIRED = Event(
    "tls.certificate-expired", Level.ERROR, "Certificate has expired and has no successor", "id hostname due"
)
TLS_EXPIRED_REMOVED = Event(
    "tls.expired-certificate-removed", Level.INFO, "Expired or revoked certificate was removed", "domain id"
)

TLS_NO_AUTHORITIES = Event("tls.no-authorities", Level.WARN, "Trusted authorities cannot be read", "reason")

ACME_CLIENT_SUPPLIED_SNI = Event(
    "acme.client-supplied-sni", Level.DEBUG, "Certificate authority asked for a challenge", "listenerId domain"
)
ACME_CLIENT_MISSING_SNI = Event(
    "acme.client-missing-sni", Level.DEBUG, "TLS-ALPN challenge asked for without a name", "listenerId domain"
)
ACME_TLS_ALPN_RECEIVED = Event("acme.tls-alpn-received", Level.INFO, "TLS-ALPN challenge answered", "listenerId domain")
ACME_TLS_ALPN_ERROR = Event(
    "acme.tls-alpn-error", Level.DEBUG, "TLS-ALPN challenge could not be answered", "listenerId domain reason"
)

RESOURCE_NOT_FOUND = Event("resource.not-found", Level.DEBUG, "Resource not found", "remoteIp path reason")
RESOURCE_BAD_PARAMETERS = Event(
    "resource.bad-parameters", Level.ERROR, "Setting could not be used", "listenerId id object property reason"
)
RESOURCE_ERROR = Event(
    "resource.error", Level.ERROR, "Fault in the server while answering a request", "requestId method path reason trace"
)

STORE_ERROR = Event("store.unexpected-error", Level.ERROR, "Data store failed", "remoteIp details reason")

JMAP_METHOD_CALL = Event("jmap.method-call", Level.DEBUG, "JMAP method called", "method result elapsed")
JMAP_NOT_JSON = Event("jmap.not-json", Level.DEBUG, "JMAP request is not JSON", "remoteIp path reason")
JMAP_NOT_REQUEST = Event(
    "jmap.not-request", Level.DEBUG, "JMAP request has not the form of one", "remoteIp path reason"
)
JMAP_UNKNOWN_CAPABILITY = Event(
    "jmap.unknown-capability", Level.DEBUG, "JMAP request uses a capability that is not here", "remoteIp path reason"
)
JMAP_ERRORS = {
    type: Event(f"jmap.{id}", Level.DEBUG, f"JMAP method refused: {sentence}", "method details")
    for type, id, sentence in (
        ("invalidArguments", "invalid-arguments", "arguments not valid"),
        ("requestTooLarge", "request-too-large", "too many objects"),
        ("stateMismatch", "state-mismatch", "the state is another one now"),
        ("anchorNotFound", "anchor-not-found", "the anchor is not there"),
        ("unsupportedFilter", "unsupported-filter", "no such filter"),
        ("unsupportedSort", "unsupported-sort", "no such order"),
        ("unknownMethod", "unknown-method", "no such method"),
        ("invalidResultReference", "invalid-result-reference", "a result reference leads nowhere"),
        ("forbidden", "forbidden", "permission missing"),
        ("accountNotFound", "account-not-found", "no such account"),
        ("accountNotSupportedByMethod", "account-not-supported-by-method", "not for this account"),
        ("accountReadOnly", "account-read-only", "the account is read-only"),
        ("cannotCalculateChanges", "cannot-calculate-changes", "changes are not known any more"),
        ("unknownDataType", "unknown-data-type", "no such data type"),
    )
}
"""What is told of the errors of methods, by their type (RFC 8620 3.6.2)."""

REGISTRY_CHANGED = Event(
    "registry.changed",
    Level.INFO,
    "Settings changed",
    "object accountName remoteIp created updated destroyed accountId",
)

TASK_STARTED = Event("task-manager.task-started", Level.DEBUG, "Background task started", "id type")
TASK_COMPLETED = Event("task-manager.task-completed", Level.DEBUG, "Background task completed", "id type")
TASK_RETRIED = Event(
    "task-manager.task-retried", Level.INFO, "Background task failed and is tried again later", "id type due reason"
)
TASK_FAILED = Event("task-manager.task-failed", Level.WARN, "Background task failed for good", "id type due reason")
DKIM_KEY_CHANGED = Event("dkim.key-changed", Level.INFO, "DKIM key is in another stage", "id domain type result")
DKIM_RECORD_MISSING = Event(
    "dkim.record-missing", Level.WARN, "Record of a DKIM key is not in DNS as it should be", "id domain reason"
)
TASK_ERROR = Event("task-manager.error", Level.ERROR, "Background tasks met a fault", "id type reason")

DELIVERY_DIAGNOSIS_START = Event(
    "delivery.diagnosis-start", Level.INFO, "Delivery diagnosis started", "domain accountId"
)
DELIVERY_PRIVATE_TARGETS = Event(
    "delivery.private-targets", Level.WARN, "Diagnoses may reach private addresses (allowPrivateTargets)"
)
DELIVERY_DIAGNOSIS_END = Event(
    "delivery.diagnosis-end", Level.INFO, "Delivery diagnosis ended", "domain result reason elapsed"
)
DELIVERY_DOMAIN_START = Event("delivery.domain-delivery-start", Level.INFO, "Way to a domain is looked for", "domain")
DELIVERY_MX_LOOKUP = Event("delivery.mx-lookup", Level.DEBUG, "Exchanges found", "domain details elapsed")
DELIVERY_MX_LOOKUP_FAILED = Event(
    "delivery.mx-lookup-failed", Level.INFO, "Exchanges could not be found", "domain reason elapsed"
)
DELIVERY_NULL_MX = Event("delivery.null-mx", Level.INFO, "Domain says that it takes no mail", "domain reason elapsed")
DELIVERY_IP_LOOKUP = Event(
    "delivery.ip-lookup", Level.DEBUG, "Addresses of an exchange found", "domain hostname details elapsed"
)
DELIVERY_IP_LOOKUP_FAILED = Event(
    "delivery.ip-lookup-failed", Level.INFO, "Exchange has no address", "domain hostname reason elapsed"
)
DELIVERY_CONNECT = Event("delivery.connect", Level.INFO, "Connected to an exchange", "domain hostname remoteIp elapsed")
DELIVERY_CONNECT_ERROR = Event(
    "delivery.connect-error", Level.INFO, "Exchange could not be reached", "domain hostname remoteIp reason elapsed"
)
DELIVERY_GREETING = Event(
    "delivery.greeting", Level.DEBUG, "Exchange greets", "domain hostname remoteIp details elapsed"
)
DELIVERY_GREETING_FAILED = Event(
    "delivery.greeting-failed", Level.INFO, "Exchange does not greet", "domain hostname remoteIp reason elapsed"
)
DELIVERY_EHLO = Event("delivery.ehlo", Level.DEBUG, "EHLO accepted", "domain hostname remoteIp details elapsed")
DELIVERY_EHLO_REJECTED = Event(
    "delivery.ehlo-rejected", Level.INFO, "EHLO refused", "domain hostname remoteIp reason elapsed"
)
DELIVERY_START_TLS = Event(
    "delivery.start-tls", Level.INFO, "TLS is up", "domain hostname remoteIp version details elapsed"
)
DELIVERY_START_TLS_UNAVAILABLE = Event(
    "delivery.start-tls-unavailable", Level.INFO, "Exchange offers no TLS", "domain hostname remoteIp reason elapsed"
)
DELIVERY_START_TLS_ERROR = Event(
    "delivery.start-tls-error", Level.INFO, "TLS failed", "domain hostname remoteIp reason version details elapsed"
)
DELIVERY_MAIL_FROM = Event("delivery.mail-from", Level.DEBUG, "Sender accepted", "domain hostname remoteIp elapsed")
DELIVERY_MAIL_FROM_REJECTED = Event(
    "delivery.mail-from-rejected", Level.INFO, "Sender refused", "domain hostname remoteIp reason elapsed"
)
DELIVERY_RCPT_TO = Event("delivery.rcpt-to", Level.DEBUG, "Recipient accepted", "domain hostname remoteIp elapsed")
DELIVERY_RCPT_TO_REJECTED = Event(
    "delivery.rcpt-to-rejected", Level.INFO, "Recipient refused", "domain hostname remoteIp reason elapsed"
)
DELIVERY_RCPT_TO_FAILED = Event(
    "delivery.rcpt-to-failed", Level.INFO, "No answer for the recipient", "domain hostname remoteIp reason elapsed"
)
DELIVERY_RAW_INPUT = Event(
    "delivery.raw-input", Level.TRACE, "Line from an exchange", "domain hostname remoteIp contents"
)
DELIVERY_RAW_OUTPUT = Event(
    "delivery.raw-output", Level.TRACE, "Line to an exchange", "domain hostname remoteIp contents"
)
DELIVERY_ADDRESS_DONE = Event(
    "delivery.address-done", Level.DEBUG, "Test of an address ended", "domain hostname remoteIp result"
)
DELIVERY_FINDING = Event("delivery.finding", Level.DEBUG, "Advice on a domain", "domain type result details")

MTA_STS_AUTHORIZED = Event("mta-sts.authorized", Level.INFO, "Policy lists the exchange", "domain hostname")
MTA_STS_NOT_AUTHORIZED = Event(
    "mta-sts.not-authorized", Level.INFO, "Policy does not list the exchange", "domain hostname reason"
)
MTA_STS_POLICY_FETCH = Event(
    "mta-sts.policy-fetch", Level.INFO, "MTA-STS policy found", "domain id mode details elapsed"
)
MTA_STS_POLICY_NOT_FOUND = Event(
    "mta-sts.policy-not-found", Level.INFO, "Domain announces no MTA-STS policy", "domain elapsed"
)
MTA_STS_POLICY_FETCH_ERROR = Event(
    "mta-sts.policy-fetch-error", Level.INFO, "MTA-STS policy could not be fetched", "domain reason code elapsed"
)
MTA_STS_INVALID_POLICY = Event(
    "mta-sts.invalid-policy", Level.INFO, "MTA-STS policy cannot be used", "domain reason code elapsed"
)
TLS_RPT_RECORD_FETCH = Event("tls-rpt.record-fetch", Level.INFO, "TLS reporting record found", "domain details elapsed")
TLS_RPT_RECORD_FETCH_ERROR = Event(
    "tls-rpt.record-fetch-error", Level.INFO, "TLS reporting record cannot be used", "domain reason elapsed"
)
TLS_RPT_RECORD_NOT_FOUND = Event(
    "tls-rpt.record-not-found", Level.INFO, "Domain wants no TLS reports", "domain elapsed"
)
DANE_AUTHENTICATION_SUCCESS = Event(
    "dane.authentication-success", Level.INFO, "Certificate is the one in DNS", "domain hostname remoteIp"
)
DANE_AUTHENTICATION_FAILURE = Event(
    "dane.authentication-failure", Level.INFO, "Certificate is not the one in DNS", "domain hostname remoteIp reason"
)
DANE_TLSA_RECORD_FETCH = Event(
    "dane.tlsa-record-fetch", Level.INFO, "TLSA records found", "domain hostname details elapsed"
)
DANE_TLSA_RECORD_FETCH_ERROR = Event(
    "dane.tlsa-record-fetch-error", Level.INFO, "TLSA records cannot be had", "domain hostname reason elapsed"
)
DANE_TLSA_RECORD_NOT_FOUND = Event(
    "dane.tlsa-record-not-found", Level.INFO, "Exchange has no TLSA records", "domain hostname reason elapsed"
)
DANE_TLSA_RECORD_NOT_SIGNED = Event(
    "dane.tlsa-record-not-dnssec-signed",
    Level.INFO,
    "DANE does not apply: DNS is not signed",
    "domain hostname reason elapsed",
)
DANE_TLSA_RECORD_INVALID = Event(
    "dane.tlsa-record-invalid", Level.INFO, "No TLSA record can be used", "domain hostname reason elapsed"
)
DANE_BOGUS_DNSSEC_RECORD = Event(
    "dane.bogus-dnssec-record", Level.INFO, "TLSA records are not validly signed", "domain hostname reason elapsed"
)

SMTP_CONNECTION_START = Event(
    "smtp.connection-start", Level.DEBUG, "SMTP connection opened", "listenerId localPort remoteIp remotePort"
)
SMTP_CONNECTION_END = Event(
    "smtp.connection-end", Level.DEBUG, "SMTP connection closed", "listenerId remoteIp remotePort size total elapsed"
)
SMTP_CONCURRENCY_LIMIT = Event(
    "smtp.concurrency-limit-exceeded", Level.INFO, "Too many SMTP connections", "listenerId remoteIp limit"
)
SMTP_SPOKE_TOO_EARLY = Event("smtp.spoke-too-early", Level.INFO, "Client did not wait for the greeting", "remoteIp")
SMTP_REFUSED = Event(
    "smtp.refused", Level.INFO, "Client, sender, recipient or message refused", "remoteIp from to code reason"
)
SMTP_EHLO = Event("smtp.ehlo", Level.DEBUG, "Client names itself", "remoteIp hostname method")
SMTP_INVALID_EHLO = Event("smtp.invalid-ehlo", Level.DEBUG, "Client's name is not a full one", "remoteIp hostname")
SMTP_START_TLS = Event("smtp.start-tls", Level.DEBUG, "TLS is up on an SMTP connection", "remoteIp version details")
SMTP_MAIL_FROM = Event("smtp.mail-from", Level.DEBUG, "Sender accepted", "remoteIp from size")
SMTP_RCPT_TO = Event("smtp.rcpt-to", Level.DEBUG, "Recipient accepted", "remoteIp to")
SMTP_RCPT_TO_DUPLICATE = Event("smtp.rcpt-to-duplicate", Level.DEBUG, "Recipient named twice", "remoteIp to")
SMTP_MESSAGE_TAKEN = Event(
    "smtp.message-taken", Level.DEBUG, "Message received and answered", "remoteIp from code size total elapsed"
)
SMTP_MESSAGE_TOO_LARGE = Event(
    "smtp.message-too-large", Level.INFO, "Message over the size limit", "remoteIp from size limit"
)
SMTP_BARE_LINE_END = Event(
    "smtp.bare-line-end", Level.INFO, "Message refused: CR or LF alone, as if to smuggle another one", "remoteIp from"
)
SMTP_DID_NOT_SAY_EHLO = Event("smtp.did-not-say-ehlo", Level.DEBUG, "Client did not say EHLO", "remoteIp")
SMTP_MULTIPLE_MAIL_FROM = Event("smtp.multiple-mail-from", Level.DEBUG, "A second sender", "remoteIp")
SMTP_MAIL_FROM_MISSING = Event("smtp.mail-from-missing", Level.DEBUG, "No sender was named", "remoteIp")
SMTP_RCPT_TO_MISSING = Event("smtp.rcpt-to-missing", Level.DEBUG, "No recipient was named", "remoteIp")
SMTP_COMMAND_NOT_IMPLEMENTED = Event(
    "smtp.command-not-implemented", Level.DEBUG, "Command is not offered", "remoteIp method"
)
SMTP_INVALID_COMMAND = Event("smtp.invalid-command", Level.DEBUG, "Unknown or misplaced command", "remoteIp reason")
SMTP_SYNTAX_ERROR = Event("smtp.syntax-error", Level.DEBUG, "Command is malformed", "remoteIp reason")
SMTP_REQUEST_TOO_LARGE = Event("smtp.request-too-large", Level.DEBUG, "Command line too long", "remoteIp")
SMTP_UNSUPPORTED_PARAMETER = Event(
    "smtp.unsupported-parameter", Level.DEBUG, "Parameter is not offered", "remoteIp reason"
)
SMTP_AUTH_MECHANISM = Event(
    "smtp.auth-mechanism-not-supported", Level.DEBUG, "SASL mechanism is not offered", "remoteIp method"
)
SMTP_TOO_MANY_RECIPIENTS = Event(
    "smtp.too-many-recipients", Level.DEBUG, "Too many recipients of a message", "remoteIp limit"
)
SMTP_TOO_MANY_INVALID_RCPT = Event(
    "smtp.too-many-invalid-rcpt", Level.INFO, "Too many refused recipients", "remoteIp limit"
)
SMTP_TOO_MANY_MESSAGES = Event(
    "smtp.too-many-messages", Level.DEBUG, "Too many messages in a session", "remoteIp limit"
)
SMTP_TOO_MANY_ERRORS = Event("smtp.too-many-errors", Level.INFO, "Too many errors in a session", "remoteIp limit")
SMTP_TRANSFER_LIMIT = Event("smtp.transfer-limit-exceeded", Level.INFO, "Too much sent in a session", "remoteIp limit")
SMTP_TIME_LIMIT = Event("smtp.time-limit-exceeded", Level.INFO, "SMTP session took too long", "remoteIp reason")
SMTP_LOOP_DETECTED = Event(
    "smtp.loop-detected", Level.INFO, "Message refused: it has passed too many servers", "remoteIp from total limit"
)
SMTP_RATE_LIMIT = Event(
    "smtp.rate-limit-exceeded", Level.INFO, "Too much mail in some time: postponed", "remoteIp details limit"
)
SMTP_NO_POSTMASTER = Event(
    "smtp.no-postmaster", Level.WARN, "Nobody gets mail for the postmaster of domains", "domain total hint"
)
SMTP_RELAYED = Event("smtp.relayed", Level.INFO, "Mail taken for other servers", "remoteIp accountName from total size")
SMTP_RULE_ERROR = Event("smtp.rule-error", Level.WARN, "Rule of the settings for mail gives nothing", "object reason")
SMTP_ERROR = Event("smtp.error", Level.ERROR, "Fault in the server while taking mail", "remoteIp reason trace")

TELEMETRY_LOG_ERROR = Event("telemetry.log-error", Level.WARN, "Log file cannot be written", "path reason")
TELEMETRY_LOG_RECOVERED = Event("telemetry.log-recovered", Level.INFO, "Log file is written again", "path")
TELEMETRY_LOG_DROPPED = Event(
    "telemetry.log-dropped", Level.WARN, "Events are missing in the log file: too many at once", "path dropped"
)
TELEMETRY_JOURNAL_ERROR = Event(
    "telemetry.journal-error", Level.WARN, "Journal does not take events", "path reason dropped"
)
TELEMETRY_WEBHOOK_ERROR = Event(
    "telemetry.webhook-error", Level.WARN, "Web hook cannot be told of events", "url reason dropped"
)
TELEMETRY_METRICS_STORED = Event("telemetry.metrics-stored", Level.DEBUG, "Figures stored in the history", "total")
TELEMETRY_HISTORY_ERROR = Event(
    "telemetry.history-error", Level.WARN, "History cannot be stored; attempts go on", "kind reason"
)
TELEMETRY_HISTORY_RECOVERED = Event(
    "telemetry.history-recovered", Level.INFO, "History is stored again", "kind dropped"
)
TELEMETRY_PROMETHEUS_ERROR = Event(
    "telemetry.prometheus-exporter-error", Level.WARN, "Some figures are missing for Prometheus", "reason"
)
TELEMETRY_OTEL_ERROR = Event(
    "telemetry.otel-exporter-error", Level.WARN, "OpenTelemetry collector lacks events", "url reason dropped"
)
TELEMETRY_OTEL_METRICS_ERROR = Event(
    "telemetry.otel-metrics-exporter-error", Level.WARN, "OpenTelemetry collector lacks figures", "url reason"
)

MESSAGE_STORED = Event("message-ingest.stored", Level.INFO, "Message stored", "accountId size elapsed")
MESSAGE_DUPLICATE = Event(
    "message-ingest.duplicate",
    Level.INFO,
    "Message was delivered again, and is there already",
    "accountId size elapsed",
)
MESSAGE_OVER_QUOTA = Event("message-ingest.over-quota", Level.INFO, "Message did not fit", "accountId size reason")

SIEVE_RUNTIME_ERROR = Event(
    "sieve.runtime-error",
    Level.INFO,
    "Script went wrong, its message goes where it would go without",
    "accountId line reason",
)
SIEVE_SEND_MESSAGE = Event("sieve.send-message", Level.DEBUG, "Script has sent messages", "accountId total")
SIEVE_REJECT = Event("sieve.action-reject", Level.DEBUG, "Script has refused a message", "accountId reason")
SIEVE_DISCARD = Event("sieve.action-discard", Level.DEBUG, "Script keeps nothing of a message", "accountId")
SIEVE_ACCEPT = Event("sieve.action-accept", Level.TRACE, "Script keeps a message", "accountId")

PUSH_SUBSCRIPTION_SUCCESS = Event("push-subscription.success", Level.TRACE, "Pushed to a device", "accountId id")
PUSH_SUBSCRIPTION_ERROR = Event(
    "push-subscription.error", Level.DEBUG, "Device could not be pushed to", "accountId id reason"
)
PUSH_SUBSCRIPTION_NOT_FOUND = Event(
    "push-subscription.not-found", Level.DEBUG, "Push subscription is removed", "accountId id reason"
)

TEXT_INDEXED = Event("message-ingest.search-index", Level.DEBUG, "Messages were indexed for searching", "total elapsed")
TEXT_INDEX_UNREADABLE = Event(
    "message-ingest.search-unreadable", Level.WARN, "Message cannot be searched for", "accountId documentId reason"
)
TEXT_INDEX_ERROR = Event("message-ingest.search-error", Level.ERROR, "Search index is behind", "accountId reason")
TEXT_INDEX_MADE_ANEW = Event("message-ingest.search-anew", Level.INFO, "Search index is being made anew")


def declared_events() -> tuple[Event, ...]:
    """Every event that this server can emit, by id."""
    from stalwart.telemetry import (  # imported where they are told, else only here
        alarm_events,
        calendar_events,
        cluster_events,
        queue_events,
        refusal_events,
        report_events,
        sending_events,
        verdict_events,
    )

    named = dict(globals())
    groups = alarm_events, calendar_events, cluster_events, queue_events, refusal_events, report_events
    for module in (*groups, sending_events, verdict_events):
        named |= vars(module)
    found = [value for value in named.values() if isinstance(value, Event)]
    return tuple(sorted((*found, *JMAP_ERRORS.values(), *verdict_events.VERDICTS.values()), key=lambda event: event.id))
