"""The permission vocabulary against what a reference server printed (settings A.13, auth-api 10 and 12)."""

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import permissions
from stalwart.config.catalogue import declarations
from stalwart.config.permissions import (
    GROUP,
    PERMISSIONS,
    SETTINGS_OBJECTS,
    SYSTEM_ADMINISTRATOR,
    TENANT_ADMINISTRATOR,
    USER,
    kebab_case,
    listed,
)

ALL = frozenset(PERMISSIONS)
OF_PEOPLE = {  # of objects that the reference has not, for everybody
    *permissions.settings_permissions("Passkey"),
    *permissions.settings_permissions("Session"),
    *permissions.settings_permissions("RecoveryCodes"),
}
OURS = {"actionCheckDns", "sysDiagnosisGet", "sysDiagnosisUpdate"} | OF_PEOPLE
OURS |= {"actionRevokeCertificate", "actionChangeAcmeAccountKey", "actionTryExpression"}

# Spelled out once, as a check on the compact declaration: what the reference listed for a plain user besides
# jmap*,
# imap*, dav* and sys*.
OTHERS = """authenticate authenticateWithAlias interactAi emailSend emailReceive calendarAlarmsSend
calendarSchedulingSend calendarSchedulingReceive pop3Authenticate pop3Dele pop3List pop3Retr pop3Stat pop3Uidl
sieveAuthenticate sieveCheckScript sieveDeleteScript sieveGetScript sieveHaveSpace sieveListScripts sievePutScript
sieveRenameScript sieveSetActive"""


def count(names: frozenset[str], prefix: str) -> int:
    return sum(name.startswith(prefix) for name in names)


class VocabularyTests(SynchronousTestCase):
    def test_no_name_comes_twice(self) -> None:
        self.assertEqual(len(ALL), len(PERMISSIONS))

    def test_it_is_the_reference_s_660_names_and_ours(self) -> None:
        self.assertEqual(len(ALL - OURS), 660)

    def test_recovery_administrator_is_shown_about_620(self) -> None:
        shown = listed(ALL, directory_queries=False, recovery=True)
        self.assertEqual(len(shown - OURS), 622)

    def test_administrator_is_shown_636(self) -> None:
        self.assertEqual(len(listed(ALL, directory_queries=False) - OURS), 636)

    def test_user_is_shown_239(self) -> None:
        self.assertEqual(len(listed(USER, directory_queries=False) - OURS), 239)
        self.assertLessEqual(OF_PEOPLE, USER)

    def test_groups_of_a_user_have_their_sizes(self) -> None:
        shown = listed(USER, directory_queries=False) - OURS
        sizes = [count(shown, prefix) for prefix in ("jmap", "imap", "dav", "sys")]
        self.assertEqual(sizes, [113, 28, 42, 33])

    def test_other_names_of_a_user(self) -> None:
        shown = listed(USER, directory_queries=False)
        rest = {name for name in shown if not name.startswith(("jmap", "imap", "dav", "sys"))}
        self.assertEqual(rest, set(OTHERS.split()))

    def test_singleton_has_two_permissions(self) -> None:
        self.assertEqual(permissions.settings_permissions("Http"), ("sysHttpGet", "sysHttpUpdate"))

    def test_collection_has_five_permissions(self) -> None:
        self.assertEqual(len(permissions.settings_permissions("Domain")), 5)

    def test_every_declared_object_is_in_the_vocabulary(self) -> None:
        declared = {name: made.is_singleton for name, made in declarations().items()}
        self.assertEqual({name: SETTINGS_OBJECTS.get(name) for name in declared}, declared)


class SpellingTests(SynchronousTestCase):
    def test_kebab_case_has_a_hyphen_before_each_capital(self) -> None:
        self.assertEqual(kebab_case("jmapEmailGet"), "jmap-email-get")

    def test_kebab_case_of_a_leading_small_letter(self) -> None:
        self.assertEqual(kebab_case("oAuthClientOverride"), "o-auth-client-override")

    def test_kebab_spellings_are_unambiguous(self) -> None:
        self.assertEqual(len(permissions.kebab_spellings()), len(PERMISSIONS))


class RoleTests(SynchronousTestCase):
    def test_roles_hold_known_names_only(self) -> None:
        self.assertEqual((USER | GROUP | TENANT_ADMINISTRATOR | SYSTEM_ADMINISTRATOR) - ALL, frozenset())

    def test_user_and_system_administrator_together_have_all(self) -> None:
        self.assertEqual(USER | SYSTEM_ADMINISTRATOR, ALL)

    def test_system_administrator_has_no_mail_of_its_own(self) -> None:
        self.assertEqual([name for name in SYSTEM_ADMINISTRATOR if name.startswith(("jmap", "imap", "dav"))], [])

    def test_system_administrator_may_impersonate_and_watch(self) -> None:
        self.assertLessEqual({"impersonate", "liveTracing", "liveMetrics", "liveDeliveryTest"}, SYSTEM_ADMINISTRATOR)

    def test_user_has_no_administration(self) -> None:
        self.assertEqual(USER & {"impersonate", "sysDomainGet", "sysHttpUpdate", "unlimitedRequests"}, frozenset())

    def test_group_cannot_sign_in(self) -> None:
        self.assertNotIn("authenticate", GROUP)

    def test_group_has_no_credentials(self) -> None:
        self.assertEqual([name for name in GROUP if "Password" in name or "ApiKey" in name], [])

    def test_tenant_administrator_keeps_to_the_tenant(self) -> None:
        self.assertIn("sysAccountCreate", TENANT_ADMINISTRATOR)
        self.assertNotIn("sysHttpGet", TENANT_ADMINISTRATOR)


class ListedTests(SynchronousTestCase):
    def test_directory_queries_show_principals(self) -> None:
        self.assertIn("jmapPrincipalQuery", listed(ALL, directory_queries=True))
        self.assertNotIn("jmapPrincipalQuery", listed(ALL, directory_queries=False))

    def test_external_password_cannot_be_changed(self) -> None:
        shown = listed(ALL, directory_queries=True, external_password=True)
        self.assertNotIn("sysAccountPasswordUpdate", shown)
        self.assertIn("sysAppPasswordCreate", shown)

    def test_recovery_administrator_has_no_account(self) -> None:
        shown = listed(ALL, directory_queries=True, recovery=True)
        self.assertEqual([name for name in shown if "AccountSettings" in name or "AppPassword" in name], [])
        self.assertEqual([name for name in shown if "Passkey" in name or "RecoveryCodes" in name], [])
        self.assertIn("sysSessionDestroy", shown)

    def test_what_makes_no_sense_is_never_shown(self) -> None:
        hidden = ALL - listed(ALL, directory_queries=True)
        self.assertEqual(len(hidden), 19)
        self.assertIn("sysBootstrapGet", hidden)
        self.assertIn("sysTlsExternalReportCreate", hidden)
        self.assertNotIn("sysTlsExternalReportGet", hidden)
