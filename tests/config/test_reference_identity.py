"""Fields, types, defaults and bounds of network, TLS, identity, domains and operation are those of the reference server
(settings C.2 to C.6 and C.12), and so are its answers of the default objects.

Deliberate differences are listed with their reason.
"""

from collections.abc import Callable
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.catalogue import declarations
from stalwart.config.index import filterable
from stalwart.schema import Secret, Union
from tests.config.reference_fields import Field, reference_fields
from tests.config.test_reference_fields import ours

REFERENCE = reference_fields("reference_fields_identity.txt")

ADDED = {
    "Http": {"corsAllowedOrigins", "forwardedTrustedNetworks", "headerTimeout", "bodyTimeout", "idleTimeout", "http2"},
    "HttpForm": {"redirectOk", "redirectFailed", "honeyPotSilent"},
    "Domain": {"mtaSts"},
    "OidcProvider": {"signatureKeyRotation"},
    "OAuthClient": {"idTokenAlgorithm", "scopes", "clientUri", "policyUri", "tosUri", "registrationSecret"},
    "Application": {"sha256", "fetchedAt"},
    "AcmeProvider": {"profile", "fallbackProviderId"},
    "Certificate": {"managedDomainId", "renewAt", "revokedAt"},
}
"""Fields that the reference does not have (design 8)."""

TYPES = {"secret": "str", "ipnet": "str", "sockaddr": "str", "Account/Group": "Account"}
"""Words of the table that say more than the comparison looks at."""

DIFFERENT: dict[tuple[str, str], str] = {
    ("SystemSettings", "defaultDomainId"): "a server may have no domain yet",
    ("SystemSettings", "mailExchangers"): "written with all its members",
    ("SystemSettings", "services"): "what is not built is not announced",
    ("SystemSettings", "defaultHostname"): "there is a name before anybody has given one",
    ("HttpForm", "defaultFromAddress"): "it must be an address",
    ("AcmeProvider", "maxRetries"): "no attempts are fewer than none",
    ("OidcProvider", "encryptionKey"): "null until there is one",
    ("OidcProvider", "signatureKey"): "null until there is one",
    ("MaskedEmail", "email"): "it is an address",
    ("Application", "resourceUrl"): "it must be a URL",
    ("Bootstrap", "dataStore"): "RocksDb is not built",
    ("Bootstrap", "serverHostname"): "it is suggested",
    ("Bootstrap", "defaultDomain"): "it is suggested",
    ("Bootstrap", "tracer"): "compared as an answer below",
}
"""Fields that differ, and why."""


def expected(field: Field) -> Field:
    """A field of the table in the words of the comparison."""
    words = [TYPES.get(word.rstrip("?"), word.rstrip("?")) + "?" * word.endswith("?") for word in field.type.split(" ")]
    return evolve(field, type=" ".join(words))


def kinds(object: str, variant: str) -> Any:
    """The declared class behind a heading of the table."""
    declared = declarations()[object]
    return declared.variants[variant] if isinstance(declared, Union) else declared


class FieldTests(SynchronousTestCase):
    """One method a heading of the reference table."""

    maxDiff = None

    def compare(self, object: str, variant: str) -> None:
        fields, declared = REFERENCE[object, variant], kinds(object, variant).properties
        self.assertEqual(declared.keys() - fields.keys(), ADDED.get(object, set()))
        compared = [name for name in fields if (object, name) not in DIFFERENT]
        self.assertEqual(
            {name: ours(declared[name]) for name in compared}, {name: expected(fields[name]) for name in compared}
        )
        secrets = {name for name, field in fields.items() if field.type.startswith("secret")}
        self.assertEqual({name for name in secrets if not isinstance(declared[name].type, Secret)}, set())


def _compares(object: str, variant: str) -> Callable[[FieldTests], None]:
    return lambda self: self.compare(object, variant)


for _object, _variant in REFERENCE:
    setattr(FieldTests, f"test_{_object}{_variant}_has_the_fields_of_the_reference", _compares(_object, _variant))


ANSWERS: dict[str, dict[str, Any]] = {
    "Http": {
        "rateLimitAuthenticated": {"count": 1000, "period": 60000},
        "rateLimitAnonymous": {"count": 100, "period": 60000},
        "allowedEndpoints": {"match": {}, "else": "200"},
        "enableHsts": False,
        "usePermissiveCors": False,
        "responseHeaders": {},
        "useXForwarded": False,
        "redirectRoot": "/account",
    },
    "Security": {
        "abuseBanRate": {"count": 35, "period": 86400000},
        "abuseBanPeriod": None,
        "authBanRate": {"count": 100, "period": 86400000},
        "authBanPeriod": None,
        "loiterBanRate": {"count": 150, "period": 86400000},
        "loiterBanPeriod": None,
        "scanBanPaths": dict.fromkeys(
            (
                *("*.php*", "*.cgi*", "*.asp*", "*/wp-*", "*/php*", "*/cgi-bin*"),
                *("*xmlrpc*", "*../*", "*/..*", "*joomla*", "*wordpress*", "*drupal*"),
            ),
            True,
        ),
        "scanBanRate": {"count": 30, "period": 86400000},
        "scanBanPeriod": None,
    },
    "MtaSts": {"maxAge": 604800000, "mode": "testing", "mxHosts": {}},
    "AccountSettings": {
        "description": None,
        "locale": "en_US",
        "timeZone": None,
        "encryptionAtRest": {"@type": "Disabled"},
    },
    "AccountPassword": {"otpAuth": {}},
    "Bootstrap": {
        "serverHostname": "node1.test",
        "defaultDomain": "node1.test",
        "requestTlsCertificate": True,
        "generateDkimKeys": True,
        "dataStore": {"@type": "Sqlite"},
        "blobStore": {"@type": "Default"},
        "searchStore": {"@type": "Default"},
        "inMemoryStore": {"@type": "Default"},
        "directory": {"@type": "Internal"},
        "tracer": {
            "path": "/var/log/stalwart/",
            "prefix": "stalwart",
            "rotate": "daily",
            "ansi": True,
            "multiline": False,
            "enable": True,
            "level": "info",
            "lossy": False,
            "events": {},
            "eventsPolicy": "exclude",
            "@type": "Log",
        },
        "dnsServer": {"@type": "Manual"},
    },
}
"""What a fresh reference server answers for singletons that nobody has written, in its order."""

OTHERWISE: dict[str, dict[str, Any]] = {
    "Bootstrap": {
        "serverHostname": "localhost",  # suggestions of the computer, not of the declaration
        "defaultDomain": "example.org",
        "dataStore": {  # RocksDb is not built
            "path": "/var/lib/stalwart/store.sqlite3",
            "poolWorkers": None,
            "poolMaxConnections": 10,
            "@type": "Sqlite",
        },
        "tracer": {**ANSWERS["Bootstrap"]["tracer"], "ansi": False},  # a file is read with any program
    },
}
"""Members whose default is another one here."""


ADDED_INSIDE = {"Bootstrap": {"tracer": {"json"}}}
"""What members have that those of the reference have not."""


class AnswerTests(SynchronousTestCase):
    """One method a singleton: the same members with the same values in the same order."""

    maxDiff = None

    def compare(self, name: str) -> None:
        found = registry.defaults(declarations()[name]).to_wire()
        for added in ADDED.get(name, set()):
            del found[added]
        wanted = {**ANSWERS[name], **OTHERWISE.get(name, {})}
        for member, names in ADDED_INSIDE.get(name, {}).items():
            for added in names:
                del found[member][added]
        self.assertEqual(list(found.items()), list(wanted.items()))


def _answers(name: str) -> Callable[[AnswerTests], None]:
    return lambda self: self.compare(name)


for _name in ANSWERS:
    setattr(AnswerTests, f"test_{_name}_answers_as_the_reference_does", _answers(_name))


class CatalogueTests(SynchronousTestCase):
    """The flags of the types (settings A.3, A.4, A.6, A.8)."""

    def named(self, flag: Callable[[Any], bool]) -> set[str]:
        compared = {object for object, _ in REFERENCE} | {"Task", "Action", "Enterprise"}
        return {name for name in compared if flag(declarations()[name])}

    def test_what_nothing_obeys_says_so(self) -> None:
        waiting = """PublicKey
        DkimSignature Enterprise"""
        self.assertEqual(self.named(lambda made: not made.enforced), set(waiting.split()))
        self.assertEqual(self.named(lambda made: made.doc.endswith("Stored, not enforced yet.")), set(waiting.split()))

    def test_objects_of_tenants(self) -> None:
        wanted = "Account AcmeProvider Directory DkimSignature DnsServer Domain MailingList OAuthClient Role"
        self.assertEqual(self.named(lambda made: made.tenant), set(wanted.split()))

    def test_objects_of_tenants_name_their_tenant(self) -> None:
        for name in self.named(lambda made: made.tenant):
            for kind in _kinds(declarations()[name]):
                self.assertEqual(kind.properties["memberTenantId"].index, "exact", name)

    def test_objects_of_accounts(self) -> None:
        self.assertEqual(self.named(lambda made: made.owner == "accountId"), {"PublicKey", "MaskedEmail"})
        for name in ("PublicKey", "MaskedEmail"):
            (kind,) = _kinds(declarations()[name])
            self.assertEqual(kind.properties["accountId"].index, "exact")

    def test_views_and_requests_are_no_rows(self) -> None:
        wanted = {"AccountSettings", "AccountPassword", "AppPassword", "ApiKey", "Bootstrap", "Action"}
        self.assertEqual(self.named(lambda made: not made.stored), wanted)

    def test_large_collections_are_not_kept_in_memory(self) -> None:
        wanted = {"Account", "MailingList", "OAuthClient", "PublicKey", "MaskedEmail", "Task", "Certificate"}
        self.assertEqual(self.named(lambda made: made.stored and not made.snapshot), wanted)

    def test_types_with_counted_ids(self) -> None:
        found = self.named(lambda made: not made.is_singleton and made.ids == "sequential")
        self.assertEqual(found, {"Account", "Domain", "MailingList", "OAuthClient", "Role", "Tenant"})

    def test_what_can_be_filtered(self) -> None:
        wanted: dict[str, set[str]] = {
            "MailingList": {"text", "name", "memberTenantId"},  # by name, so that plans find a list again
            "OAuthClient": {"text", "clientId", "memberTenantId"},
            "AcmeProvider": {"text", "memberTenantId"},
            "Tenant": {"text", "name"},
            "Directory": {"@type", "memberTenantId"},
            "DnsServer": {"@type", "memberTenantId"},
            "DkimSignature": {"@type", "domainId", "memberTenantId"},
            "Certificate": {"text", "subjectAlternativeNames", "managedDomainId"},
            "PublicKey": {"accountId"},
            "MaskedEmail": {"accountId"},
            "AppPassword": {"expiresAt"},
            "ApiKey": {"expiresAt"},
            "Task": {"@type", "due", "domainId"},
        }
        self.assertEqual({name: set(filterable(declarations()[name])) for name in wanted}, wanted)


def _kinds(declared: Any) -> list[Any]:
    return list(declared.variants.values()) if isinstance(declared, Union) else [declared]
