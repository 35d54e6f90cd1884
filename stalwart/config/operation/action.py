"""x:Action: things that the server is told to do at once (settings A.12, C.12; CheckDns and what is about
certificates: design 8).

An action is made, done and answered in one request. Results are members that the server sets; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.config.operation.dmarc_results import DMARC_DISPOSITION, AuthResult
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    ExpressionValue,
    Float,
    Map,
    Nested,
    ObjectId,
    ObjectList,
    PropertyType,
    Set,
    String,
    Union,
    Unsigned,
    Value,
    Variant,
    prop,
)

RECORD_STATE = Enumeration(
    "DnsRecordState",
    ("ok", "missing", "wrong", "extra", "error"),
    "What a DNS check found: the record as it should be, none, another, one that should not be there, or no answer.",
)

SPAM_PARAMETERS = Enumeration(
    "SpamClassifyParameters", ("bit7", "bit8Mime", "binaryMime", "smtpUtf8"), "Parameters of MAIL FROM."
)

SPAM_DISPOSITION = Enumeration(
    "SpamClassifyTagDisposition", ("score", "reject", "discard"), "What a tag means for a message."
)

SPAM_RESULT = Enumeration("SpamClassifyResult", ("spam", "ham", "reject", "discard"), "What a message is taken for.")


REVOCATION_REASON = Enumeration(
    "CertificateRevocationReason",
    ("unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation"),
    "Why a certificate is to be trusted no more (RFC 5280 5.3.1).",
)


def _result(type: PropertyType, default: Any, doc: str, label: str = "") -> Any:
    """A member of the answer."""
    return prop(type, default, doc, label=label, update="serverSet", stored=False)


class ReloadSettings(Variant):
    """Read all settings again."""


class ReloadTlsCertificates(Variant):
    """Read all certificates again."""


class ReloadLookupStores(Variant):
    """Read the lists that rules look things up in again."""


class ReloadBlockedIps(Variant):
    """Read the blocked addresses again."""


class UpdateApps(Variant):
    """Fetch all web applications again."""


class InvalidateCaches(Variant):
    """Forget everything that is remembered only to be fast."""


class InvalidateNegativeCaches(Variant):
    """Forget what was looked for and not found."""


class PauseMtaQueue(Variant):
    """Stop sending mail; it waits in the queue."""


class ResumeMtaQueue(Variant):
    """Go on sending mail."""


class TroubleshootDmarc(Variant):
    """What SPF, DKIM, ARC and DMARC say of a message from an address (RFC 7489)."""

    remote_ip: str = prop(String("ipAddress"), REQUIRED, "Address that the message comes from.", label="Remote IP")
    ehlo_domain: str = prop(String(), REQUIRED, "Name in EHLO.", label="EHLO domain")
    mail_from: str = prop(String("emailAddress"), REQUIRED, "Sender in MAIL FROM.", label="MAIL FROM")
    to: frozenset[str] = prop(Set(String("emailAddress")), {}, "Recipients in RCPT TO.")
    message: str | None = prop(String("text", nullable=True), None, "The message, to check its signatures.")
    spf_ehlo_domain: str | None = prop(
        String(nullable=True), None, "Domain whose SPF record counts for EHLO; found out anew.", label="SPF EHLO domain"
    )
    spf_ehlo_result: Variant | None = _result(Nested(AuthResult), None, "SPF of EHLO.", "SPF EHLO result")
    spf_mail_from_domain: str | None = prop(
        String(nullable=True),
        None,
        "Domain whose SPF record counts for MAIL FROM; found out anew.",
        label="SPF MAIL FROM domain",
    )
    spf_mail_from_result: Variant | None = _result(
        Nested(AuthResult), None, "SPF of MAIL FROM.", "SPF MAIL FROM result"
    )
    ip_rev_result: Variant | None = _result(
        Nested(AuthResult), None, "Whether the address has a name that leads back to it.", "Reverse name"
    )
    ip_rev_ptr: frozenset[str] = _result(Set(String()), {}, "Names that the address has.", "Reverse names")
    dkim_results: tuple[Variant, ...] = _result(ObjectList(AuthResult), {}, "Each DKIM signature.", "DKIM results")
    dkim_pass: bool | None = _result(Boolean(), None, "Whether DKIM passes.", "DKIM passes")
    dkim2_result: Variant | None = _result(Nested(AuthResult), None, "The DKIM2 signatures.", "DKIM2 result")
    dkim2_pass: bool | None = _result(Boolean(), None, "Whether DKIM2 passes.", "DKIM2 passes")
    arc_result: Variant | None = _result(Nested(AuthResult), None, "The ARC chain.", "ARC result")
    dmarc_result: Variant | None = _result(Nested(AuthResult), None, "SPF and DKIM together.", "DMARC result")
    dmarc_pass: bool | None = _result(Boolean(), None, "Whether DMARC passes.", "DMARC passes")
    dmarc_policy: str | None = _result(Enum(DMARC_DISPOSITION), None, "What the domain asks for.", "DMARC policy")
    elapsed: int | None = _result(Duration(), None, "Time that it took.")


class SpamClassifyTag(Value):
    """Something that the spam filter noticed."""

    score: float = prop(Float(), 0, "Its share of the score.")
    disposition: str = prop(Enum(SPAM_DISPOSITION), "score", "What it means for the message.")


class ClassifySpam(Variant):
    """How the spam filter judges a message. There is no spam filter yet, so it is refused."""

    message: str = prop(String("text"), REQUIRED, "The message.")
    remote_ip: str = prop(String("ipAddress"), REQUIRED, "Address that it comes from.", label="Remote IP")
    ehlo_domain: str = prop(String(), REQUIRED, "Name in EHLO.", label="EHLO domain")
    authenticated_as: str | None = prop(String(nullable=True), None, "Account that the client signed in to.")
    is_tls: bool = prop(Boolean(), True, "Whether the connection has TLS.", label="TLS")
    env_from: str = prop(String("emailAddress"), REQUIRED, "Sender in MAIL FROM.", label="MAIL FROM")
    env_from_parameters: str | None = prop(
        Enum(SPAM_PARAMETERS, nullable=True), None, "Parameter of MAIL FROM.", label="MAIL FROM parameter"
    )
    env_rcpt_to: frozenset[str] = prop(Set(String("emailAddress")), {}, "Recipients in RCPT TO.", label="RCPT TO")
    score: float | None = _result(Float(), None, "The sum of the tags.")
    tags: Mapping[str, SpamClassifyTag] = _result(
        Map(String(), Nested(SpamClassifyTag)), {}, "What the filter noticed."
    )
    result: str | None = _result(Enum(SPAM_RESULT), None, "What it is taken for.")


class CheckedDnsRecord(Value):
    """A DNS record as it should be and as it is."""

    type: str = prop(String(), REQUIRED, "Type of the record, such as `MX`.")
    name: str = prop(String(), REQUIRED, "Name that has it.")
    expected: str | None = prop(
        String("text", nullable=True), None, "What it should say; null where there should be none."
    )
    found: frozenset[str] = prop(Set(String("text")), {}, "What the name servers answer.")
    state: str = prop(Enum(RECORD_STATE), REQUIRED, "How the two compare.")
    advice: str | None = prop(String("text", nullable=True), None, "What to do; null is nothing.")


class CheckDns(Variant):
    """Whether the DNS records of a domain are as they should be."""

    domain_id: int = prop(ObjectId("Domain", binding=False), REQUIRED, "Domain to check.")
    records: tuple[CheckedDnsRecord, ...] = _result(ObjectList(CheckedDnsRecord), {}, "Its records.")


class RevokeCertificate(Variant):
    """Have a certificate revoked by its authority (RFC 8555 7.6); one that the server got for a domain is replaced."""

    certificate_id: int = prop(ObjectId("Certificate", binding=False), REQUIRED, "Certificate to revoke.")
    reason: str = prop(Enum(REVOCATION_REASON), "unspecified", "Why.")
    acme_provider_id: int | None = prop(
        ObjectId("AcmeProvider", nullable=True, binding=False),
        None,
        "Account at the authority that issued it; null is the one of the domain that the server got it for.",
        label="ACME provider",
    )


class TryExpression(Variant):
    """What an expression gives for values of its variables. Nothing is stored; functions that change something, and
    look-ups in DNS, are not called.
    """

    group: str = prop(
        String(), REQUIRED, "The object, or part of one, that has the setting, as in the schema, such as `x:Http`."
    )
    property: str = prop(String(), REQUIRED, "The setting, such as `allowedEndpoints`.")
    expression: ExpressionValue = prop(Nested(ExpressionValue), {}, "The expression to try.")
    variables: Mapping[str, str] = prop(
        Map(String(), String("text", may_be_empty=True)),
        {},
        "Values of variables: text, a number, true or false, or a list in JSON; what is not given is empty.",
    )
    result: str | None = _result(String("text"), None, "What it gives.")
    part: str | None = _result(
        String(), None, "The part that gave it, or that is wrong: `match/0/if`, `match/0/then`, `else`."
    )
    problem: str | None = _result(String("text"), None, "Why it gives nothing.")
    position: int | None = _result(Unsigned(), None, "The character of the part at which it is wrong.")
    known_variables: frozenset[str] = _result(Set(String()), {}, "Variables that may occur there.")
    known_constants: frozenset[str] = _result(Set(String()), {}, "Words that may be values there.")
    known_functions: frozenset[str] = _result(
        Set(String()), {}, "Functions, each with the number of its arguments, such as `len/1`."
    )


class ChangeAcmeAccountKey(Variant):
    """Sign for an account at a certificate authority with a new key from now on (RFC 8555 7.3.5)."""

    acme_provider_id: int = prop(
        ObjectId("AcmeProvider", binding=False), REQUIRED, "The account.", label="ACME provider"
    )


Action = Union(
    "Action",
    ReloadSettings,
    ReloadTlsCertificates,
    ReloadLookupStores,
    ReloadBlockedIps,
    UpdateApps,
    TroubleshootDmarc,
    ClassifySpam,
    CheckDns,
    InvalidateCaches,
    InvalidateNegativeCaches,
    PauseMtaQueue,
    ResumeMtaQueue,
    RevokeCertificate,
    ChangeAcmeAccountKey,
    TryExpression,
    doc="Something that the server does at once.",
    ids="snowflake",
    snapshot=False,
    stored=False,
)
