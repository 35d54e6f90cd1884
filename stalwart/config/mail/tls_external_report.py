"""x:TlsExternalReport: what another server has met when it delivered to a domain of ours (RFC 8460 4.4, design 8).

Made of mail that came to the report address of the domain, never a row of the settings. Members have the names that
they have in a report, in camelCase; a report is shown as it was sent, whether it is true or not.
"""

from __future__ import annotations

from stalwart.schema import (
    Nested,
    Object,
    ObjectId,
    ObjectList,
    Set,
    String,
    Unsigned,
    UtcDateTime,
    Value,
    prop,
)

_TEXT = String(may_be_empty=True)
_LINES = Set(String(may_be_empty=True))


class TlsReportDateRange(Value):
    """What time a report is about."""

    start_datetime: int = prop(UtcDateTime(), "1970-01-01T00:00:00Z", "Beginning.", update="serverSet")
    end_datetime: int = prop(UtcDateTime(), "1970-01-01T00:00:00Z", "End.", update="serverSet")


class TlsReportPolicyFound(Value):
    """A policy as the reporter has found it."""

    policy_type: str = prop(_TEXT, "", "Kind of policy: tlsa, sts or no-policy-found.", update="serverSet")
    policy_string: frozenset[str] = prop(_LINES, {}, "The policy, line by line.", update="serverSet")
    policy_domain: str = prop(_TEXT, "", "Domain of the policy.", update="serverSet")
    mx_host: frozenset[str] = prop(_LINES, {}, "Hosts that the policy names.", update="serverSet", label="MX host")


class TlsReportSummary(Value):
    """Sessions under a policy."""

    total_successful_session_count: int = prop(Unsigned(), 0, "Sessions that went well.", update="serverSet")
    total_failure_session_count: int = prop(Unsigned(), 0, "Sessions that failed.", update="serverSet")


class TlsReportFailureDetail(Value):
    """Sessions that failed for one reason."""

    result_type: str = prop(_TEXT, "", "Kind of failure (RFC 8460 4.3).", update="serverSet")
    sending_mta_ip: str = prop(_TEXT, "", "Address of the sender.", update="serverSet", label="Sending MTA IP")
    receiving_mx_hostname: str = prop(_TEXT, "", "Host.", update="serverSet", label="Receiving MX hostname")
    receiving_mx_helo: str = prop(
        _TEXT, "", "What the host called itself.", update="serverSet", label="Receiving MX HELO"
    )
    receiving_ip: str = prop(_TEXT, "", "Address of the host.", update="serverSet", label="Receiving IP")
    failed_session_count: int = prop(Unsigned(), 0, "Sessions.", update="serverSet")
    additional_information: str = prop(_TEXT, "", "Where more is told.", update="serverSet")
    failure_reason_code: str = prop(_TEXT, "", "Failure in words or as a code.", update="serverSet")


class TlsReportPolicy(Value):
    """What happened under one policy."""

    policy: TlsReportPolicyFound = prop(Nested(TlsReportPolicyFound), {}, "The policy.", update="serverSet")
    summary: TlsReportSummary = prop(Nested(TlsReportSummary), {}, "How many sessions.", update="serverSet")
    failure_details: tuple[TlsReportFailureDetail, ...] = prop(
        ObjectList(TlsReportFailureDetail), {}, "Those that failed.", update="serverSet"
    )


class TlsReportContent(Value):
    """A report about TLS."""

    organization_name: str = prop(_TEXT, "", "Who reports.", update="serverSet")
    date_range: TlsReportDateRange = prop(Nested(TlsReportDateRange), {}, "What time it is about.", update="serverSet")
    contact_info: str = prop(_TEXT, "", "Who can be asked.", update="serverSet")
    report_id: str = prop(_TEXT, "", "Name of the report.", update="serverSet", label="Report id")
    policies: tuple[TlsReportPolicy, ...] = prop(
        ObjectList(TlsReportPolicy), {}, "What happened under each policy.", update="serverSet"
    )


class TlsExternalReport(Object, label="domain", snapshot=False, stored=False):
    """A report of another server about TLS. It can be read and destroyed."""

    domain: str = prop(String(), None, "Domain that it is about.", update="serverSet", index="exact")
    sender: str = prop(_TEXT, "", "Who has sent the message.", update="serverSet", name="from", index="words")
    to: frozenset[str] = prop(Set(String()), {}, "Addresses that it came to.", update="serverSet")
    subject: str = prop(_TEXT, "", "Subject of the message.", update="serverSet", index="words")
    received_at: int = prop(UtcDateTime(), None, "When it came.", update="serverSet", index="exact")
    expires_at: int | None = prop(UtcDateTime(nullable=True), None, "When it is removed.", update="serverSet")
    member_tenant_id: int | None = prop(
        ObjectId("Tenant", nullable=True, binding=False), None, "Owning tenant.", update="serverSet", index="exact"
    )
    report: TlsReportContent = prop(Nested(TlsReportContent), {}, "The report.", update="serverSet")
