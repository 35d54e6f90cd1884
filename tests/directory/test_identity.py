"""Which account a login name means: addresses, aliases, domains."""

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.errors import Unauthenticated
from tests.directory.world import FAST, IP, PASSWORD, World


class LoginNameTests(World):
    """Which account a login name means."""

    def test_address_signs_in(self) -> None:
        account = self.user(description="Alice", locale="de_DE")
        access = self.sign_in()
        self.assertEqual((access.account_id, access.login, access.name), (account, "alice@example.test", "Alice"))
        self.assertEqual((access.locale, access.kind, access.expires_at), ("de-DE", "user", None))
        self.assertTrue(access.may("jmapEmailGet"))
        self.assertFalse(access.may("sysDomainCreate"))

    def test_case_and_surrounding_space_do_not_matter(self) -> None:
        self.user()
        self.assertEqual(self.sign_in("  ALICE@Example.Test ").login, "alice@example.test")

    def test_sign_in_form_does_not_trim(self) -> None:
        self.user()
        work = Deferred.fromCoroutine(self.directory.authenticate_password(" alice", PASSWORD, IP))
        self.refusal(work, Unauthenticated)

    def test_missing_domain_is_the_default_one(self) -> None:
        self.user()
        self.assertEqual(self.sign_in("alice").login, "alice@example.test")

    def test_unknown_domain_and_unknown_name_fail_alike(self) -> None:
        self.user()
        for login in (
            "alice@elsewhere.test",
            "carol@example.test",
            "@",
            "",
            "alice@",
            "a b@..",
            "\u00e4@\u00fc",
            "x" * 600,
        ):
            self.assertTrue(self.refusal(self.begin(login), Unauthenticated).challenge, login)

    def test_alias_needs_its_permission(self) -> None:
        account = self.user(aliases={"0": {"name": "al", "domainId": encode_id(1)}})
        self.assertEqual(self.sign_in("al@example.test").login, "alice@example.test")
        removed = {"@type": "Merge", "disabledPermissions": {"authenticateWithAlias": True}}
        self.patch_account(account, {"permissions": removed})
        self.refusal(self.begin("al@example.test"), Unauthenticated)
        self.sign_in("alice@example.test")

    def test_disabled_alias_signs_nobody_in(self) -> None:
        self.user(aliases={"0": {"name": "al", "domainId": encode_id(1), "enabled": False}})
        self.refusal(self.begin("al@example.test"), Unauthenticated)

    def test_alias_domain_is_an_alias_login(self) -> None:
        other = self.domain("other.test", aliases={"alias.test": True})
        account = self.settle(self.accounts.create_user("alice", other, FAST))
        self.assertEqual(self.sign_in("alice@alias.test").login, "alice@other.test")
        removed = {"@type": "Merge", "disabledPermissions": {"authenticateWithAlias": True}}
        self.patch_account(account, {"permissions": removed})
        self.refusal(self.begin("alice@alias.test"), Unauthenticated)

    def test_domain_in_another_script_is_found(self) -> None:
        other = self.domain("xn--exmple-cua.test")
        self.settle(self.accounts.create_user("alice", other, FAST))
        self.assertEqual(self.sign_in("alice@ex\u00e4mple.test").login, "alice@xn--exmple-cua.test")

    def test_group_cannot_sign_in(self) -> None:
        self.settle(self.accounts.create_group("staff", 1))
        self.refusal(self.begin("staff@example.test"), Unauthenticated)

    def test_disabled_domain_signs_nobody_in(self) -> None:
        other = self.domain("other.test", isEnabled=False)
        self.settle(self.accounts.create_user("alice", other, FAST))
        self.refusal(self.begin("alice@other.test"), Unauthenticated)
