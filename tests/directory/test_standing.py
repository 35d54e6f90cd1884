"""Grants: what an access rests on, and whether that is still there."""

from __future__ import annotations

import msgspec
from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.directory import account_records, hashes
from stalwart.directory.access import Access
from stalwart.directory.standing import Grant
from stalwart.errors import Unauthenticated
from tests.directory.world import IP, NOW, PASSWORD, World


class StandingCase(World):
    """alice, a user with nothing special."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.user()

    def grant(self, access: Access | None = None) -> Grant:
        return self.settle(self.directory.standing.grant(access or self.sign_in()))

    def refused(self, access: Access) -> None:
        """It rests on nothing any more."""
        self.failureResultOf(Deferred.fromCoroutine(self.directory.standing.grant(access)), Unauthenticated)

    def now(self, grant: Grant) -> Access | None:
        return self.settle(self.directory.standing.access(grant))


class PasswordTests(StandingCase):
    """Who has signed in with the password."""

    def test_the_access_is_the_same_as_long_as_nothing_changes(self) -> None:
        access = self.sign_in()
        grant = self.grant(access)
        self.assertEqual(self.now(grant), access)
        self.assertEqual(grant.mark, self.grant(access).mark)

    def test_a_grant_says_nothing_of_the_secret(self) -> None:
        self.assertNotIn(hashes.sha256_of("x")[:8], repr(self.grant()))
        self.assertEqual(len(self.grant().mark), 24)

    def test_another_password_ends_it(self) -> None:
        grant = self.grant()
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.assertIsNone(self.now(grant))
        self.assertIsNotNone(self.now(self.grant(self.sign_in(secret="another"))))

    def test_another_hash_of_the_same_password_does_not(self) -> None:
        self.patch_account(self.alice, {"credentials/0/secret": hashes.make(PASSWORD, "pbkdf2")})
        grant = self.grant(self.sign_in())
        self.patch(hashes, "needs_upgrade", lambda stored, algorithm, secret="": stored.startswith("$pbkdf2"))
        self.sign_in()
        self.clock.advance(1)
        self.assertNotEqual(self.grant(self.sign_in()).mark, grant.mark)
        self.assertIsNotNone(self.now(grant))
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.assertIsNone(self.now(grant))

    def test_the_end_of_the_password_ends_it(self) -> None:
        grant = self.grant()
        self.patch_account(self.alice, {"credentials/0/expiresAt": "2027-01-15T08:00:10Z"})
        self.assertIsNotNone(self.now(grant))
        late = self.grant(self.sign_in())
        self.assertEqual(late.ends_at, NOW + 10)
        self.clock.advance(11)
        self.assertIsNone(self.now(late))
        self.assertIsNone(self.now(grant), "it was given when the password had no end")
        self.patch_account(self.alice, {"credentials/0/expiresAt": None})
        self.assertIsNotNone(self.now(late))

    def test_an_account_without_the_permission_to_sign_in_has_none(self) -> None:
        grant = self.grant()
        removed = {"@type": "Merge", "disabledPermissions": {"authenticate": True}}
        self.patch_account(self.alice, {"permissions": removed})
        self.assertIsNone(self.now(grant))

    def test_permissions_follow_the_account(self) -> None:
        grant = self.grant()
        removed = {"@type": "Merge", "disabledPermissions": {"jmapEmailGet": True}}
        self.patch_account(self.alice, {"permissions": removed})
        found = self.now(grant)
        assert found is not None
        self.assertFalse(found.may("jmapEmailGet"))
        self.assertTrue(found.may("jmapMailboxGet"))

    def test_what_the_access_had_not_comes_by_no_way(self) -> None:
        access = self.sign_in()
        grant = self.grant(evolve(access, permissions=access.permissions - {"jmapEmailGet"}))
        found = self.now(grant)
        assert found is not None
        self.assertEqual(access.permissions - found.permissions, {"jmapEmailGet"})

    def test_groups_follow_the_account(self) -> None:
        group = self.settle(self.accounts.create_group("staff", self.domain_id))
        self.patch_account(self.alice, {"memberGroupIds": {encode_id(group): True}})
        grant = self.grant()
        self.assertEqual(self._groups(grant), {group})
        self.patch_account(self.alice, {"memberGroupIds": {}})
        self.assertEqual(self._groups(grant), set())

    def _groups(self, grant: Grant) -> set[int]:
        found = self.now(grant)
        assert found is not None
        return set(found.group_ids)

    def test_a_destroyed_account_has_none(self) -> None:
        access = self.sign_in()
        grant = self.grant(access)
        self.successResultOf(self.store.write(lambda tx: account_records.delete(tx, self.alice, NOW)))
        self.directory.forget(self.alice)
        self.assertIsNone(self.now(grant))
        self.refused(access)

    def test_the_generation_grows_with_what_is_forgotten(self) -> None:
        before = self.directory.standing.generation
        self.directory.forget(self.alice)
        self.assertNotEqual(self.directory.standing.generation, before)

    def test_networks_of_the_credential_come_with_it(self) -> None:
        self.patch_account(self.alice, {"credentials/0/allowedIps": {"192.0.2.0/24": True}})
        found = self.now(self.grant())
        assert found is not None
        self.assertEqual([str(each) for each in found.networks], ["192.0.2.0/24"])


class GeneratedTests(StandingCase):
    """App passwords and API keys."""

    def test_an_app_password_stands_until_it_is_removed(self) -> None:
        _, secret = self.settle(self.accounts.add_app_password(self.alice, "phone"))
        grant = self.grant(self.sign_in(secret=secret))
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.assertIsNotNone(self.now(grant), "the password is another credential")
        self.patch_account(self.alice, {"credentials/1": None})
        self.assertIsNone(self.now(grant))

    def test_an_api_key_stands_with_the_rights_that_it_has_left(self) -> None:
        _, key = self.settle(self.accounts.add_api_key(self.alice, "script"))
        access = self.settle(self.directory.authenticate_bearer(key, IP))
        self.assertEqual(self.now(self.grant(access)), access)
        grant = self.grant(access)
        self.patch_account(self.alice, {"credentials/1": None})
        self.assertIsNone(self.now(grant))


class SignInTests(StandingCase):
    """Tokens of applications."""

    def setUp(self) -> None:
        super().setUp()
        row = self.successResultOf(
            self.store.write(lambda tx: tx.sign_ins.insert(self.alice, "app", {}, now=NOW, expires_at=NOW + 100))
        )
        self.session = row.id
        self.access = evolve(self.sign_in(), session_id=row.id, expires_at=NOW + 10)

    def test_it_stands_as_long_as_the_sign_in_does_not_the_token(self) -> None:
        grant = self.grant(self.access)
        self.clock.advance(50)
        self.assertIsNotNone(self.now(grant))
        self.clock.advance(51)
        self.assertIsNone(self.now(grant))

    def test_a_sign_in_that_is_ended_ends_it_at_once(self) -> None:
        grant = self.grant(self.access)
        self.assertIsNotNone(self.now(grant))
        self.successResultOf(self.store.write(lambda tx: tx.sign_ins.delete(self.session)))
        self.assertIsNone(self.now(grant))

    def test_a_sign_in_of_somebody_else_does_not_do(self) -> None:
        bob = self.user("bob")
        self.refused(evolve(self.access, account_id=bob))


class EntryTests(StandingCase):
    """Who has entered the account of another, and the recovery administrator."""

    def test_an_administrator_who_entered_is_gone_with_the_permission(self) -> None:
        admin = self.user("admin", roles={"@type": "Admin"})
        grant = self.grant(self.sign_in("alice%admin"))
        found = self.now(grant)
        assert found is not None
        self.assertEqual((found.account_id, found.presenter_id), (self.alice, admin))
        self.patch_account(admin, {"roles": {"@type": "User"}})
        self.assertIsNone(self.now(grant))

    def test_the_password_of_the_administrator_counts_and_not_that_of_the_owner(self) -> None:
        admin = self.user("admin", roles={"@type": "Admin"})
        grant = self.grant(self.sign_in("alice%admin"))
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.assertIsNotNone(self.now(grant))
        self.settle(self.accounts.set_password(admin, hashes.sha256_of("another")))
        self.assertIsNone(self.now(grant))

    def test_the_recovery_administrator_stands(self) -> None:
        grant = self.grant(self.sign_in("root", "recovery secret"))
        found = self.now(grant)
        assert found is not None
        self.assertEqual(found.kind, "recovery")


class SameTests(StandingCase):
    def test_what_is_kept_is_bounded(self) -> None:
        access = self.sign_in()
        for number in range(1100):
            self.grant(evolve(access, scope=(str(number),)))
        self.assertLessEqual(len(self.directory.standing._grants), 1024)

    def test_a_grant_survives_being_written_down(self) -> None:
        grant = self.grant()
        written = msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(grant)))
        self.assertEqual(msgspec.convert(written, Grant), grant)
