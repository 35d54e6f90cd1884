"""x:DmarcExternalReport: who has sent mail in the name of a domain of ours, as another server tells it (RFC 7489
appendix C, design 8).

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


class DmarcDateRange(Value):
    """What time a report is about."""

    begin: int = prop(UtcDateTime(), "1970-01-01T00:00:00Z", "Beginning.", update="serverSet")
    end: int = prop(UtcDateTime(), "1970-01-01T00:00:00Z", "End.", update="serverSet")


class DmarcReportMetadata(Value):
    """Who reports, and about what time."""

    org_name: str = prop(_TEXT, "", "Who reports.", update="serverSet", label="Organization")
    email: str = prop(_TEXT, "", "Who can be asked.", update="serverSet")
    extra_contact_info: str = prop(_TEXT, "", "Where more is told.", update="serverSet")
    report_id: str = prop(_TEXT, "", "Name of the report.", update="serverSet", label="Report id")
    date_range: DmarcDateRange = prop(Nested(DmarcDateRange), {}, "What time it is about.", update="serverSet")
    error: frozenset[str] = prop(
        Set(String(may_be_empty=True)), {}, "What went wrong while data were collected.", update="serverSet"
    )


class DmarcPolicyPublished(Value):
    """The policy that the reporter has found."""

    domain: str = prop(_TEXT, "", "Domain of the policy.", update="serverSet")
    adkim: str = prop(_TEXT, "", "How DKIM has to fit: r or s.", update="serverSet", label="DKIM alignment")
    aspf: str = prop(_TEXT, "", "How SPF has to fit: r or s.", update="serverSet", label="SPF alignment")
    p: str = prop(_TEXT, "", "What is asked for the domain.", update="serverSet", label="Policy")
    sp: str = prop(_TEXT, "", "What is asked for its subdomains.", update="serverSet", label="Policy of subdomains")
    np: str = prop(
        _TEXT, "", "What is asked for names that are not there.", update="serverSet", label="Policy of unknown names"
    )
    pct: int | None = prop(
        Unsigned(max=100, nullable=True),
        None,
        "Percentage of mail that it is for.",
        update="serverSet",
        label="Per cent",
    )
    fo: str = prop(_TEXT, "", "When single failures are told.", update="serverSet", label="Failure options")
    testing: str = prop(_TEXT, "", "Whether the policy is only tried out.", update="serverSet")
    discovery_method: str = prop(_TEXT, "", "How the policy was found.", update="serverSet")


class DmarcOverrideReason(Value):
    """Why something else was done than the policy asks for."""

    type: str = prop(_TEXT, "", "Kind of reason.", update="serverSet")
    comment: str = prop(_TEXT, "", "More about it.", update="serverSet")


class DmarcPolicyEvaluated(Value):
    """How messages were judged."""

    disposition: str = prop(_TEXT, "", "What was done with them.", update="serverSet")
    dkim: str = prop(_TEXT, "", "Whether DKIM passed and fitted.", update="serverSet", label="DKIM")
    spf: str = prop(_TEXT, "", "Whether SPF passed and fitted.", update="serverSet", label="SPF")
    reason: tuple[DmarcOverrideReason, ...] = prop(
        ObjectList(DmarcOverrideReason), {}, "Why something else was done.", update="serverSet"
    )


class DmarcRow(Value):
    """Where messages came from, and how they were judged."""

    source_ip: str = prop(_TEXT, "", "Address that sent them.", update="serverSet", label="Source IP")
    count: int = prop(Unsigned(), 0, "How many.", update="serverSet")
    policy_evaluated: DmarcPolicyEvaluated = prop(
        Nested(DmarcPolicyEvaluated), {}, "How they were judged.", update="serverSet"
    )


class DmarcIdentifiers(Value):
    """Whose messages they said they were."""

    header_from: str = prop(_TEXT, "", "Domain of the author.", update="serverSet")
    envelope_from: str = prop(_TEXT, "", "Domain of the return path.", update="serverSet")
    envelope_to: str = prop(_TEXT, "", "Domain of the recipient.", update="serverSet")


class DmarcDkimResult(Value):
    """What a signature proved."""

    domain: str = prop(_TEXT, "", "Domain that signed.", update="serverSet")
    selector: str = prop(_TEXT, "", "Selector of the key.", update="serverSet")
    result: str = prop(_TEXT, "", "The result.", update="serverSet")
    human_result: str = prop(_TEXT, "", "The result in words.", update="serverSet")


class DmarcSpfResult(Value):
    """What SPF said."""

    domain: str = prop(_TEXT, "", "Domain that was asked.", update="serverSet")
    scope: str = prop(_TEXT, "", "Where the domain stood.", update="serverSet")
    result: str = prop(_TEXT, "", "The result.", update="serverSet")
    human_result: str = prop(_TEXT, "", "The result in words.", update="serverSet")


class DmarcAuthResults(Value):
    """What was checked."""

    dkim: tuple[DmarcDkimResult, ...] = prop(
        ObjectList(DmarcDkimResult), {}, "Signatures.", update="serverSet", label="DKIM"
    )
    spf: tuple[DmarcSpfResult, ...] = prop(ObjectList(DmarcSpfResult), {}, "SPF.", update="serverSet", label="SPF")


class DmarcRecord(Value):
    """Messages of one kind from one address."""

    row: DmarcRow = prop(Nested(DmarcRow), {}, "Where they came from.", update="serverSet")
    identifiers: DmarcIdentifiers = prop(Nested(DmarcIdentifiers), {}, "Whose they said they were.", update="serverSet")
    auth_results: DmarcAuthResults = prop(Nested(DmarcAuthResults), {}, "What was checked.", update="serverSet")


class DmarcReportContent(Value):
    """An aggregate report about DMARC."""

    version: str = prop(_TEXT, "", "Version of the format.", update="serverSet")
    report_metadata: DmarcReportMetadata = prop(Nested(DmarcReportMetadata), {}, "Who reports.", update="serverSet")
    policy_published: DmarcPolicyPublished = prop(
        Nested(DmarcPolicyPublished), {}, "The policy that was found.", update="serverSet"
    )
    record: tuple[DmarcRecord, ...] = prop(
        ObjectList(DmarcRecord), {}, "Messages by where they came from.", update="serverSet", label="Records"
    )
    total_records: int = prop(
        Unsigned(), 0, "Records of the report; of very many not all are kept.", update="serverSet"
    )


class DmarcExternalReport(Object, label="domain", snapshot=False, stored=False):
    """A report of another server about DMARC. It can be read and destroyed."""

    domain: str = prop(String(), None, "Domain that it is about.", update="serverSet", index="exact")
    sender: str = prop(_TEXT, "", "Who has sent the message.", update="serverSet", name="from", index="words")
    to: frozenset[str] = prop(Set(String()), {}, "Addresses that it came to.", update="serverSet")
    subject: str = prop(_TEXT, "", "Subject of the message.", update="serverSet", index="words")
    received_at: int = prop(UtcDateTime(), None, "When it came.", update="serverSet", index="exact")
    expires_at: int | None = prop(UtcDateTime(nullable=True), None, "When it is removed.", update="serverSet")
    member_tenant_id: int | None = prop(
        ObjectId("Tenant", nullable=True, binding=False), None, "Owning tenant.", update="serverSet", index="exact"
    )
    report: DmarcReportContent = prop(Nested(DmarcReportContent), {}, "The report.", update="serverSet")
