"""Effective permissions and what `/api/account` shows of them."""

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.identity import roles
from stalwart.config.identity.account import Group, User
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.roles import Role
from stalwart.config.identity.tenant import Tenant
from stalwart.config.permissions import USER
from stalwart.directory.access import Access
from stalwart.directory.permissions import (
    ALL,
    account_permissions,
    credential_permissions,
    effective_permissions,
    granted,
    tenant_permissions,
)
from stalwart.directory.recovery import RecoveryAdministrator

ROLES = {
    1: Role(description="reader", enabled_permissions=frozenset({"emailReceive", "jmapEmailGet"})),
    2: Role(description="writer", role_ids=frozenset({1}), enabled_permissions=frozenset({"emailSend"})),
    3: Role(
        description="muted",
        role_ids=frozenset({2}),
        disabled_permissions=frozenset({"emailSend"}),
        enabled_permissions=frozenset({"emailSend", "authenticate"}),
    ),
    4: Role(description="a circle", role_ids=frozenset({5}), enabled_permissions=frozenset({"authenticate"})),
    5: Role(description="of two", role_ids=frozenset({4}), enabled_permissions=frozenset({"impersonate"})),
}
RULES = Authentication(
    default_user_role_ids=frozenset({1}),
    default_group_role_ids=frozenset({5}),
    default_admin_role_ids=frozenset({1, 2}),
)


def permissions_of(account: User | Group) -> frozenset[str]:
    return effective_permissions(account, RULES, ROLES.get)


def custom(*role_ids: int, **members: object) -> User:
    return User(name="x", domain_id=1, roles=roles.Custom(role_ids=frozenset(role_ids)), **members)


class RoleTests(SynchronousTestCase):
    """Which roles count, and how they add up."""

    def test_user_admin_and_group_have_their_default_roles(self) -> None:
        self.assertEqual(permissions_of(User(name="x", domain_id=1)), {"emailReceive", "jmapEmailGet"})
        admin = User(name="x", domain_id=1, roles=roles.Admin())
        self.assertEqual(permissions_of(admin), {"emailReceive", "jmapEmailGet", "emailSend"})
        self.assertEqual(permissions_of(Group(name="x", domain_id=1)), {"authenticate", "impersonate"})

    def test_roles_contain_roles(self) -> None:
        self.assertEqual(permissions_of(custom(2)), {"emailReceive", "jmapEmailGet", "emailSend"})

    def test_disabled_wins_whoever_grants(self) -> None:
        self.assertEqual(permissions_of(custom(2, 3)), {"emailReceive", "jmapEmailGet", "authenticate"})

    def test_circle_of_roles_ends(self) -> None:
        self.assertEqual(permissions_of(custom(4)), {"authenticate", "impersonate"})

    def test_missing_role_grants_nothing(self) -> None:
        self.assertEqual(permissions_of(custom(99)), frozenset())

    def test_custom_group_role_is_used(self) -> None:
        group = Group(name="x", domain_id=1, roles=roles.Custom(role_ids=frozenset({1})))
        self.assertEqual(permissions_of(group), {"emailReceive", "jmapEmailGet"})


class AdjustmentTests(SynchronousTestCase):
    """What an account changes of its roles, and a credential of its account."""

    def test_merge_adds_and_removes(self) -> None:
        own = roles.Merge(
            enabled_permissions=frozenset({"impersonate"}), disabled_permissions=frozenset({"jmapEmailGet"})
        )
        self.assertEqual(permissions_of(custom(1, permissions=own)), {"emailReceive", "impersonate"})

    def test_merge_cannot_bring_back_what_a_role_disables(self) -> None:
        own = roles.Merge(enabled_permissions=frozenset({"emailSend"}))
        self.assertNotIn("emailSend", permissions_of(custom(3, permissions=own)))

    def test_replace_ignores_the_roles(self) -> None:
        own = roles.Replace(
            enabled_permissions=frozenset({"emailSend", "impersonate"}),
            disabled_permissions=frozenset({"impersonate"}),
        )
        self.assertEqual(permissions_of(custom(3, permissions=own)), {"emailSend"})

    def test_credential_inherits_disables_or_replaces(self) -> None:
        held = frozenset({"emailSend", "emailReceive"})
        listed = frozenset({"emailSend", "impersonate"})
        for kind in ("AppPassword", "ApiKey"):
            self.assertEqual(credential_permissions(held, roles.Inherit(), kind), held)
            self.assertEqual(credential_permissions(held, roles.Disable(permissions=listed), kind), {"emailReceive"})
            self.assertEqual(credential_permissions(held, roles.Only(permissions=listed), kind), {"emailSend"})

    def test_app_passwords_open_nothing_that_leads_to_credentials(self) -> None:
        for name in (
            *("sysAppPasswordCreate", "sysApiKeyGet", "sysAccountPasswordUpdate", "sysPasskeyQuery"),
            *("sysRecoveryCodesUpdate", "sysSessionDestroy", "impersonate", "sysAccountUpdate", "sysAccountCreate"),
        ):
            held = frozenset({"emailSend", name})
            for restriction in (roles.Inherit(), roles.Disable(), roles.Only(permissions=held)):
                if name not in getattr(restriction, "permissions", ()):
                    self.assertEqual(credential_permissions(held, restriction, "ApiKey"), held)
                self.assertNotIn(name, credential_permissions(held, restriction, "AppPassword"))


class AccountPermissionsTests(SynchronousTestCase):
    """The list of `/api/account` (auth-api 10)."""

    def shown(self, permissions: frozenset[str], directory_queries: bool = False) -> list[str]:
        return account_permissions(Access(1, "x", None, permissions), directory_queries)

    def test_names_are_kebab_case_and_sorted(self) -> None:
        names = frozenset({"sysAccountSettingsGet", "jmapEmailGet", "oAuthClientOverride", "pop3Authenticate"})
        self.assertEqual(
            self.shown(names),
            ["jmap-email-get", "o-auth-client-override", "pop3-authenticate", "sys-account-settings-get"],
        )

    def test_what_nobody_can_do_is_left_out(self) -> None:
        names = {"sysLogCreate", "sysDmarcExternalReportUpdate", "sysQueuedMessageCreate", "sysBootstrapGet"}
        self.assertEqual(self.shown(frozenset({*names, "sysLogGet"})), ["sys-log-get"])

    def test_directory_queries_are_shown_where_allowed(self) -> None:
        names = frozenset({"jmapPrincipalGet", "jmapPrincipalUpdate"})
        self.assertEqual(self.shown(names), ["jmap-principal-update"])
        self.assertEqual(self.shown(names, True), ["jmap-principal-get", "jmap-principal-update"])

    def test_recovery_administrator_sees_about_620_and_no_own_account(self) -> None:
        shown = account_permissions(RecoveryAdministrator.named("root", "x").access())
        self.assertTrue(600 <= len(shown) <= 640, len(shown))
        own = ("sys-account-password", "sys-account-settings", "sys-api-key", "sys-app-password")
        self.assertEqual([name for name in shown if name.startswith(own)], [])

    def test_plain_user_sees_about_250(self) -> None:
        self.assertTrue(235 <= len(self.shown(USER)) <= 260, len(self.shown(USER)))

    def test_every_name_is_shown_once(self) -> None:
        shown = self.shown(ALL, True)
        self.assertEqual(len(shown), len(set(shown)))


class TenantTests(SynchronousTestCase):
    """Nobody has more than the tenant that he belongs to."""

    rules = RULES.replaced(default_tenant_role_ids=frozenset({2}))

    def of(self, account: User | Group, **members: object) -> frozenset[str]:
        tenant = Tenant(name="One", **members)
        return effective_permissions(account, self.rules, ROLES.get, tenant)

    def test_bound_by_default_is_what_members_and_administrators_have_by_default(self) -> None:
        bound = tenant_permissions(Tenant(name="One"), self.rules, ROLES.get)
        expected = {"emailReceive", "jmapEmailGet", "emailSend", "authenticate", "impersonate"}
        self.assertEqual(bound, expected)

    def test_member_gets_what_both_allow(self) -> None:
        replaced = roles.Replace(enabled_permissions=frozenset({"emailSend", "sysHttpGet"}))
        self.assertEqual(self.of(User(name="x", domain_id=1, permissions=replaced)), {"emailSend"})

    def test_roles_of_the_tenant_take_the_place_of_the_default(self) -> None:
        custom_roles = roles.Custom(role_ids=frozenset({1}))
        self.assertEqual(self.of(custom(2), roles=custom_roles), {"emailReceive", "jmapEmailGet"})

    def test_adjustment_of_the_tenant_counts(self) -> None:
        without = roles.Merge(disabled_permissions=frozenset({"emailSend"}))
        self.assertEqual(self.of(custom(2), permissions=without), {"emailReceive", "jmapEmailGet"})

    def test_roles_give_what_the_adjustment_leaves(self) -> None:
        self.assertEqual(granted({1}, roles.Inherit(), ROLES.get), {"emailReceive", "jmapEmailGet"})
