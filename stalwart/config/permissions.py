"""The permission vocabulary: every name there is, built or not, and the default roles (settings A.13,
auth-api 12).

A name is a group, an object and a verb in lower camelCase (``sysDomainCreate``). Requests may spell it in
kebab-case. Which permissions somebody has is the directory's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType

_SINGLETONS = """
    AccountPassword AccountSettings AddressBook Asn Authentication BlobStore Bootstrap Cache Calendar
    CalendarAlarm CalendarScheduling Coordinator DataRetention DataStore Diagnosis DkimReportSettings
    DmarcReportSettings DnsResolver DsnReportSettings Email Enterprise FileStorage Http HttpForm Imap
    InMemoryStore Jmap Metrics MetricsStore MtaExtensions MtaInboundSession MtaOutboundStrategy MtaStageAuth
    MtaStageConnect MtaStageData MtaStageEhlo MtaStageMail MtaStageRcpt MtaSts OidcProvider RecoveryCodes ReportSettings
    Search SearchStore Security SenderAuth Sharing SieveSystemInterpreter SieveUserInterpreter
    SpamClassifier SpamDnsblSettings SpamLlm SpamPyzor SpamSettings SpfReportSettings SystemSettings
    TaskManager TlsReportSettings TracingStore WebDav
    """

_COLLECTIONS = """
    Account AcmeProvider Action AiModel Alert AllowedIp ApiKey AppPassword Application ArchivedItem
    ArfExternalReport BlockedIp Certificate ClusterNode ClusterRole Directory DkimSignature
    DmarcExternalReport DmarcInternalReport DnsServer Domain EventTracingLevel HttpLookup Log MailingList
    MaskedEmail MemoryLookupKey MemoryLookupKeyValue Metric MtaConnectionStrategy MtaDeliverySchedule
    MtaHook MtaInboundThrottle MtaMilter MtaOutboundThrottle MtaQueueQuota MtaRoute MtaTlsStrategy
    MtaVirtualQueue NetworkListener OAuthClient Passkey PublicKey QueuedMessage Role Session SieveSystemScript
    SieveUserScript SpamDnsblServer SpamFileExtension SpamRule SpamTag SpamTrainingSample StoreLookup Task
    Tenant TlsExternalReport TlsInternalReport Trace Tracer WebHook
    """

SETTINGS_OBJECTS: Mapping[str, bool] = MappingProxyType(
    {**dict.fromkeys(_SINGLETONS.split(), True), **dict.fromkeys(_COLLECTIONS.split(), False)}
)
"""Every settings object by name; True for a singleton, which cannot be created, destroyed or queried."""

_GENERAL = (
    *("authenticate", "authenticateWithAlias", "interactAi", "impersonate"),
    *("unlimitedRequests", "unlimitedUploads", "fetchAnyBlob"),
    *(
        "emailSend",
        "emailReceive",
        "calendarAlarmsSend",
        "calendarSchedulingSend",
        "calendarSchedulingReceive",
    ),
    *("oAuthClientRegistration", "oAuthClientOverride", "liveTracing", "liveMetrics", "liveDeliveryTest"),
)

_CHANGE = ("Create", "Update", "Destroy")
_READ = ("Get", "Changes")
_SEARCH = (*_READ, "Query", "QueryChanges")

_DAV = "PropFind PropPatch Get MkCol Delete Put Copy Move Lock Acl"
_SIEVE = "Authenticate ListScripts SetActive GetScript PutScript DeleteScript RenameScript CheckScript HaveSpace"
_IMAP = """
    Authenticate AclGet AclSet MyRights ListRights Append Capability Id Copy Move Create Delete Enable
    Expunge Fetch Idle List Lsub Namespace Rename Search Sort Select Examine Status Store Subscribe Thread
    """
_TASKS = """
    IndexDocument UnindexDocument IndexTrace CalendarAlarmEmail CalendarAlarmNotification
    CalendarItipMessage MergeThreads DmarcReport TlsReport RestoreArchivedItem DestroyAccount
    AccountMaintenance TenantMaintenance StoreMaintenance SpamFilterMaintenance AcmeRenewal DkimManagement
    DnsManagement
    """

_VERBS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # group, its objects (a lone hyphen: none), their verbs
    ("jmap", "Core", ("Echo",)),
    ("jmap", "SearchSnippet", ("Get",)),
    ("jmap", "Thread", _READ),
    ("jmap", "Quota", _SEARCH),
    ("jmap", "Blob", ("Get", "Copy", "Lookup", "Upload")),
    ("jmap", "PushSubscription VacationResponse", ("Get", *_CHANGE)),
    ("jmap", "AddressBook Calendar Identity ParticipantIdentity", (*_READ, *_CHANGE)),
    ("jmap", "CalendarEventNotification EmailSubmission Mailbox ShareNotification", (*_SEARCH, *_CHANGE)),
    ("jmap", "FileNode", (*_SEARCH, *_CHANGE, "Copy")),
    ("jmap", "CalendarEvent ContactCard", (*_SEARCH, *_CHANGE, "Copy", "Parse")),
    ("jmap", "Email", (*_SEARCH, *_CHANGE, "Copy", "Import", "Parse")),
    ("jmap", "Principal", (*_SEARCH, *_CHANGE, "GetAvailability")),
    ("jmap", "SieveScript", ("Get", "Query", *_CHANGE, "Validate")),
    ("imap", "-", tuple(_IMAP.split())),
    ("pop3", "-", ("Authenticate", "List", "Uidl", "Stat", "Retr", "Dele")),
    ("sieve", "-", tuple(_SIEVE.split())),
    ("dav", "-", ("SyncCollection", "ExpandProperty")),
    ("dav", "Principal", ("Acl", "List", "Match", "Search", "SearchPropSet")),
    ("dav", "File Card Cal", tuple(_DAV.split())),
    ("dav", "Card Cal", ("Query", "MultiGet")),
    ("dav", "Cal", ("FreeBusyQuery",)),
    ("action", "Reload", ("Settings", "TlsCertificates", "LookupStores", "BlockedIps")),
    ("action", "Invalidate", ("Caches", "NegativeCaches")),
    ("action", "-", ("PauseMtaQueue", "ResumeMtaQueue")),
    ("action", "-", ("UpdateApps", "TroubleshootDmarc", "ClassifySpam", "CheckDns")),
    ("action", "-", ("RevokeCertificate", "ChangeAcmeAccountKey", "TryExpression")),
    ("task", "-", tuple(_TASKS.split())),
)


def settings_permissions(name: str) -> tuple[str, ...]:
    """The permissions on one settings object: get and update, and for a collection the other three."""
    verbs = ("Get", "Update") if SETTINGS_OBJECTS[name] else ("Get", "Create", "Update", "Destroy", "Query")
    return tuple(f"sys{name}{verb}" for verb in verbs)


def _names() -> Iterator[str]:
    yield from _GENERAL
    for group, objects, verbs in _VERBS:
        for name in objects.split():
            yield from (f"{group}{name.strip('-')}{verb}" for verb in verbs)
    for name in SETTINGS_OBJECTS:
        yield from settings_permissions(name)


PERMISSIONS: tuple[str, ...] = tuple(_names())
"""Every permission, camelCase."""


def kebab_case(name: str) -> str:
    """``jmapEmailGet`` -> ``jmap-email-get``, ``oAuthClientOverride`` -> ``o-auth-client-override``."""
    return re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", name)


@cache
def kebab_spellings() -> Mapping[str, str]:
    """Kebab-case to camelCase, for all of them."""
    return MappingProxyType({kebab_case(name): name for name in PERMISSIONS})


def _starting(*prefixes: str) -> frozenset[str]:
    return frozenset(name for name in PERMISSIONS if name.startswith(prefixes))


def _on(objects: Iterable[str]) -> frozenset[str]:
    return frozenset(name for object in objects for name in settings_permissions(object))


_BASIC = frozenset(("authenticate", "authenticateWithAlias", "interactAi"))
_PROTOCOLS = _starting("jmap", "imap", "pop3", "sieve", "dav", "calendar", "email")
CREDENTIALS = _on(("AccountPassword", "ApiKey", "AppPassword", "Passkey", "RecoveryCodes"))
"""Permissions on what people sign in with."""

SESSIONS = _on(("Session",))
"""Permissions on where they are signed in."""

_OWN_SETTINGS = _on(("AccountSettings", "ArchivedItem", "MaskedEmail", "PublicKey", "SpamTrainingSample")) - {
    "sysSpamTrainingSampleCreate"
}
_TENANT = "Domain DkimSignature AcmeProvider Account Role OAuthClient MailingList DnsServer QueuedMessage"

USER = _BASIC | _PROTOCOLS | _OWN_SETTINGS | CREDENTIALS | SESSIONS
"""Default role of people: all protocols, their own settings and credentials."""

GROUP = _PROTOCOLS | _OWN_SETTINGS
"""Default role of groups: nobody signs in as a group."""

TENANT_ADMINISTRATOR = _BASIC | {"fetchAnyBlob", "liveDeliveryTest"} | _on(_TENANT.split())
"""Default role of who runs a tenant."""

SYSTEM_ADMINISTRATOR = frozenset(PERMISSIONS) - _PROTOCOLS
"""Default role of who runs the server; administrators have the user role besides."""

_NEVER_READED = (
    frozenset(
        f"sys{report}{verb}"
        for report in SETTINGS_OBJECTS
        if report.endswith(("InternalReport", "ExternalReport"))
        for verb in ("Create", "Update")
    )
    | {f"sys{object}{verb}" for object in ("Log", "ClusterNode") for verb in _CHANGE}
    | {"sysQueuedMessageCreate", *settings_permissions("Bootstrap")}
)
_DIRECTORY_QUERIES = frozenset(f"jmapPrincipal{verb}" for verb in (*_SEARCH, "GetAvailability"))
_NO_ACCOUNT = CREDENTIALS | _on(("AccountSettings",))


def listed(
    permissions: frozenset[str],
    *,
    directory_queries: bool,
    external_password: bool = False,
    recovery: bool = False,
) -> frozenset[str]:
    """What ``/api/account`` says of ``permissions``: not those that have no place in an interface (auth-api
    10).

    ``directory_queries``: whether accounts may look each other up; ``external_password``: the password is
    kept in an external directory; ``recovery``: it is the recovery administrator, who has no account.
    """
    hidden = _NEVER_READED
    if not directory_queries:
        hidden = hidden | _DIRECTORY_QUERIES
    if external_password:
        hidden = hidden | _on(("AccountPassword",))
    return permissions - (hidden | _NO_ACCOUNT if recovery else hidden)
