"""The events of reports: what comes in, what goes out. See ``events``."""

from __future__ import annotations

from stalwart.telemetry.event import Event, Level

_INCOMING = "domain from id total totalSuccesses totalFailures"

REPORT_TLS = Event("incoming-report.tls-report", Level.INFO, "TLS report received", _INCOMING)
REPORT_TLS_WARNINGS = Event(
    "incoming-report.tls-report-with-warnings", Level.WARN, "TLS report with failures received", _INCOMING
)
REPORT_DMARC = Event("incoming-report.dmarc-report", Level.INFO, "DMARC report received", _INCOMING)
REPORT_DMARC_WARNINGS = Event(
    "incoming-report.dmarc-report-with-warnings", Level.WARN, "DMARC report with failures received", _INCOMING
)
REPORT_OTHER = Event(
    "incoming-report.other-report", Level.DEBUG, "Report about another domain left alone", "domain from"
)
REPORT_TLS_UNREADABLE = Event(
    "incoming-report.tls-rpc-parse-failed", Level.INFO, "TLS report cannot be read", "from reason"
)
REPORT_DMARC_UNREADABLE = Event(
    "incoming-report.dmarc-parse-failed", Level.INFO, "DMARC report cannot be read", "from reason"
)
REPORT_UNPACKABLE = Event(
    "incoming-report.decompress-error", Level.INFO, "Attachment with a report cannot be unpacked", "from reason"
)
REPORT_ERROR = Event("incoming-report.error", Level.WARN, "Report was not kept; its mail is", "from reason")

OUTGOING_TLS = Event("outgoing-report.tls-aggregate", Level.INFO, "TLS report sent", "domain to id total")
OUTGOING_HTTP = Event("outgoing-report.http-submission", Level.INFO, "TLS report posted", "domain url id code")
OUTGOING_ERROR = Event(
    "outgoing-report.submission-error", Level.INFO, "TLS report could not be sent", "domain url reason"
)
OUTGOING_NOBODY = Event(
    "outgoing-report.no-recipients-found", Level.DEBUG, "Domain wants no TLS report", "domain reason"
)
OUTGOING_NOT_FOUND = Event("outgoing-report.not-found", Level.INFO, "TLS report was given up", "domain reason")
OUTGOING_FAULT = Event("outgoing-report.error", Level.WARN, "TLS reports could not be looked after", "reason")
