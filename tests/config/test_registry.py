"""Settings objects in a store: ids, unique values, references, revisions, server-set values (settings
A.3-A.8).
"""

from typing import Any

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import ADDRESS_SPACE, Account
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.roles import Role
from stalwart.config.network.dns_resolver import DnsResolver
from stalwart.config.network.http import Http
from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.security import AllowedIp, BlockedIp
from stalwart.errors import Conflict, DanglingReference, Linked, NotFound
from stalwart.schema import Declaration, ValidationFailed, combined_key
from tests.config.stored import NOW, RegistryTestCase


class CollectionTests(RegistryTestCase):
    def test_sequential_ids_count_from_one(self) -> None:
        ids = [self.create(Domain, name=name).id for name in ("a.test", "b.test")]
        self.assertEqual(ids, [1, 2])

    def test_other_ids_are_in_order_of_creation(self) -> None:
        ids = [self.create(AllowedIp, address=f"192.0.2.{last}").id for last in range(3)]
        self.assertEqual(ids, sorted(set(ids)))
        self.assertGreater(ids[0], 2**50)

    def test_id_can_be_chosen(self) -> None:
        made = self.write(lambda tx: registry.create(tx, Domain, {"name": "a.test"}, now=NOW, id=77))
        self.assertEqual((made.id, self.get(Domain, 77).value.name), (77, "a.test"))

    def test_server_dates_a_new_object(self) -> None:
        self.assertEqual(self.create(BlockedIp, address="192.0.2.1").value.created_at, int(NOW))

    def test_date_that_may_be_given_is_kept(self) -> None:
        made = self.create(AllowedIp, address="192.0.2.1", createdAt="2020-01-01T00:00:00Z")
        self.assertEqual(made.value.created_at, 1577836800)

    def test_update_keeps_the_date(self) -> None:
        made = self.create(Domain, name="a.test")
        self.assertEqual(self.update(Domain, made.id, {"description": "x"}).value.created_at, int(NOW))

    def test_what_was_written_is_read(self) -> None:
        made = self.create(Domain, name="a.test", aliases={"b.test": True})
        self.assertEqual(self.get(Domain, made.id), made)

    def test_list_is_ascending_and_can_be_paged(self) -> None:
        for name in ("a.test", "b.test", "c.test"):
            self.create(Domain, name=name)
        page = self.successResultOf(self.store.read(lambda tx: registry.listed(tx, Domain, after=1, limit=1)))
        self.assertEqual([entry.value.name for entry in page], ["b.test"])

    def test_absent_object_is_none(self) -> None:
        self.assertIsNone(self.get(Domain, 5))

    def test_absent_object_cannot_be_updated(self) -> None:
        self.fails(NotFound, lambda tx: registry.update(tx, Domain, 5, {}, now=NOW))

    def test_absent_object_cannot_be_destroyed(self) -> None:
        self.fails(NotFound, lambda tx: registry.destroy(tx, Domain, 5))

    def test_invalid_object_is_not_stored(self) -> None:
        self.fails(ValidationFailed, lambda tx: registry.create(tx, Domain, {"name": "a b!"}, now=NOW))
        self.assertEqual(self.write(lambda tx: tx.registry.count("Domain")), 0)

    def test_immutable_value_cannot_be_changed(self) -> None:
        made = self.create(AllowedIp, address="192.0.2.1")
        error = self.fails(
            ValidationFailed, lambda tx: registry.update(tx, AllowedIp, made.id, {"address": "::1"}, now=NOW)
        )
        self.assertEqual(error.violations[0].description, "Cannot modify read-only property")

    def test_revision_rises_with_every_update(self) -> None:
        made = self.create(Domain, name="a.test")
        self.assertEqual(self.update(Domain, made.id, {"description": "x"}).revision, made.revision + 1)

    def test_update_of_another_revision_is_a_conflict(self) -> None:
        made = self.create(Domain, name="a.test")
        self.update(Domain, made.id, {"description": "x"})
        self.fails(Conflict, lambda tx: registry.update(tx, Domain, made.id, {}, now=NOW, revision=made.revision))

    def test_body_has_a_limit(self) -> None:
        error = self.fails(
            ValidationFailed,
            lambda tx: registry.create(tx, Domain, {"name": "a.test", "description": "x" * 200_000}, now=NOW),
        )
        self.assertEqual(error.violations[0].entry(), {"type": "MaxLength", "property": "id", "required": 200_000})


class SingletonTests(RegistryTestCase):
    def test_never_written_it_reads_as_its_defaults(self) -> None:
        self.assertEqual(self.get(Http), registry.Entry(SINGLETON, 0, Http()))

    def test_never_written_union_reads_as_its_first_variant(self) -> None:
        self.assertEqual(self.get(DnsResolver).value.tag, "System")

    def test_first_update_stores_it(self) -> None:
        self.update(Http, SINGLETON, {"enableHsts": True})
        self.assertTrue(self.get(Http).value.enable_hsts)

    def test_create_replaces_it(self) -> None:
        self.update(Http, SINGLETON, {"enableHsts": True})
        self.create(Http, redirectRoot="/x")
        found = self.get(Http)
        self.assertEqual((found.value.enable_hsts, found.value.redirect_root, found.revision), (False, "/x", 2))

    def test_other_id_is_absent(self) -> None:
        self.assertIsNone(self.get(Http, 1))

    def test_it_cannot_be_destroyed(self) -> None:
        self.fails(ValidationFailed, lambda tx: registry.destroy(tx, Http, SINGLETON))

    def test_it_is_always_listed(self) -> None:
        found = self.successResultOf(self.store.read(lambda tx: registry.listed(tx, Http)))
        self.assertEqual([entry.id for entry in found], [SINGLETON])


class UniqueTests(RegistryTestCase):
    def taken(self, declaration: Declaration, **data: Any) -> tuple[str | None, tuple[str, int] | None]:
        error = self.fails(Conflict, lambda tx: registry.create(tx, declaration, data, now=NOW))
        return error.property, error.holder

    def test_domain_name_is_unique(self) -> None:
        self.create(Domain, name="example.test")
        self.assertEqual(self.taken(Domain, name="Example.TEST"), ("name", ("Domain", 1)))

    def test_domain_alias_cannot_be_the_name_of_another(self) -> None:
        self.create(Domain, name="example.test")
        self.assertEqual(
            self.taken(Domain, name="third.test", aliases={"example.test": True}), ("aliases", ("Domain", 1))
        )

    def test_domain_name_cannot_be_the_alias_of_another(self) -> None:
        self.create(Domain, name="a.test", aliases={"example.test": True})
        self.assertEqual(self.taken(Domain, name="example.test"), ("name", ("Domain", 1)))

    def test_domain_may_list_itself(self) -> None:
        self.assertEqual(self.create(Domain, name="a.test", aliases={"a.test": True}).id, 1)

    def test_name_is_free_again_after_an_update(self) -> None:
        made = self.create(Domain, name="a.test")
        self.update(Domain, made.id, {"name": "b.test"})
        self.assertEqual(self.create(Domain, name="a.test").id, 2)

    def test_address_is_unique_for_users_groups_and_aliases(self) -> None:
        domain = self.create(Domain, name="example.test")
        alias = {"name": "sales", "domainId": "b"}
        self.user("alice", domain, aliases={"0": alias})
        self.assertEqual(
            self.taken(Account, **{"@type": "Group", "name": "Sales", "domainId": "b"}), ("email", ("Account", 1))
        )

    def test_same_local_part_in_another_domain_is_free(self) -> None:
        for name in ("a.test", "b.test"):
            self.user("alice", self.create(Domain, name=name))
        self.assertEqual(self.write(lambda tx: tx.registry.count("Account")), 2)

    def test_address_leads_to_its_account(self) -> None:
        made = self.user("alice", self.create(Domain, name="a.test"))
        found = self.write(lambda tx: tx.registry.lookup(ADDRESS_SPACE, combined_key("alice", "b")))
        self.assertEqual(found, ("Account", made.id))

    def test_listener_name_is_unique(self) -> None:
        made = self.create(NetworkListener, name="http", bind={"[::]:8080": True})
        self.assertEqual(
            self.taken(NetworkListener, name="http", bind={"[::]:1": True}),
            ("name", ("NetworkListener", made.id)),
        )

    def test_other_spelling_of_a_network_is_the_same(self) -> None:
        made = self.create(AllowedIp, address="192.0.2.1")
        self.assertEqual(self.taken(AllowedIp, address="192.0.2.1/32"), ("address", ("AllowedIp", made.id)))


class ReferenceTests(RegistryTestCase):
    def test_referenced_object_must_exist(self) -> None:
        error = self.fails(
            DanglingReference,
            lambda tx: registry.create(tx, Account, {"@type": "User", "name": "x", "domainId": "zz"}, now=NOW),
        )
        self.assertEqual((error.target, error.properties), (("Domain", 825), ("domainId",)))

    def test_referenced_object_must_be_of_the_right_variant(self) -> None:
        domain = self.create(Domain, name="a.test")
        alice = self.user("alice", domain)
        members = {"@type": "User", "name": "bob", "domainId": "b", "memberGroupIds": {encode_id(alice.id): True}}
        error = self.fails(DanglingReference, lambda tx: registry.create(tx, Account, members, now=NOW))
        self.assertEqual(error.target, ("Account", alice.id))

    def test_referenced_object_cannot_go(self) -> None:
        domain = self.create(Domain, name="a.test")
        alice = self.user("alice", domain)
        error = self.fails(Linked, lambda tx: registry.destroy(tx, Domain, domain.id))
        self.assertEqual(error.linked, (("Account", alice.id),))

    def test_role_that_is_a_default_cannot_go(self) -> None:
        role = self.create(Role, description="r")
        self.update(Authentication, SINGLETON, {f"defaultUserRoleIds/{encode_id(role.id)}": True})
        error = self.fails(Linked, lambda tx: registry.destroy(tx, Role, role.id))
        self.assertEqual(error.linked, (("Authentication", SINGLETON),))

    def test_object_can_go_once_nothing_refers_to_it(self) -> None:
        domain = self.create(Domain, name="a.test")
        alice = self.user("alice", domain)
        self.write(lambda tx: registry.destroy(tx, Account, alice.id))
        self.write(lambda tx: registry.destroy(tx, Domain, domain.id))
        self.assertIsNone(self.get(Domain, domain.id))

    def test_object_that_refers_to_itself_can_go(self) -> None:
        role = self.create(Role, description="r")
        self.update(Role, role.id, {f"roleIds/{encode_id(role.id)}": True})
        self.write(lambda tx: registry.destroy(tx, Role, role.id))
        self.assertIsNone(self.get(Role, role.id))


class AccountTests(RegistryTestCase):
    """Credentials get their numbers; the type stays."""

    PASSWORD = {"@type": "Password", "secret": "$hash"}

    def setUp(self) -> None:
        super().setUp()
        self.domain = self.create(Domain, name="a.test")

    def test_credentials_are_numbered_from_zero(self) -> None:
        made = self.user("alice", self.domain, credentials={"0": self.PASSWORD})
        self.assertEqual(made.value.to_wire()["credentials"]["0"]["credentialId"], "a")

    def test_number_of_a_removed_credential_is_not_given_in_the_same_update(self) -> None:
        made = self.user("alice", self.domain, credentials={"0": self.PASSWORD})
        found = self.update(Account, made.id, {"credentials/0": None, "credentials/1": self.PASSWORD})
        self.assertEqual([credential.credential_id for credential in found.value.credentials], [1])

    def test_app_password_is_dated_and_keeps_its_secret(self) -> None:
        made = self.user("alice", self.domain)
        new = {"@type": "AppPassword", "description": "phone", "secret": "$hash"}
        found = self.write(
            lambda tx: registry.update(tx, Account, made.id, {"credentials/0": new}, now=NOW + 9, by_server=True)
        )
        credential = found.value.credentials[0]
        self.assertEqual((credential.created_at, credential.secret), (int(NOW + 9), "$hash"))

    def test_client_cannot_choose_the_secret_of_an_app_password(self) -> None:
        made = self.user("alice", self.domain)
        new = {"@type": "AppPassword", "description": "phone", "secret": "chosen"}
        error = self.fails(
            ValidationFailed,
            lambda tx: registry.update(tx, Account, made.id, {"credentials/0": new}, now=NOW),
        )
        self.assertEqual(error.violations[0].path, "credentials/0/secret")

    def test_masked_credentials_sent_back_change_nothing(self) -> None:
        made = self.user("alice", self.domain, credentials={"0": {**self.PASSWORD, "otpAuth": "otpauth://x"}})
        echoed = made.value.to_wire()["credentials"]
        found = self.update(Account, made.id, {"credentials": echoed})
        self.assertEqual(found.value.credentials, made.value.credentials)

    def test_two_passwords_are_refused(self) -> None:
        both = {"0": self.PASSWORD, "1": self.PASSWORD}
        members = {"@type": "User", "name": "x", "domainId": "b", "credentials": both}
        error = self.fails(ValidationFailed, lambda tx: registry.create(tx, Account, members, now=NOW))
        self.assertEqual(
            [(found.kind, found.path) for found in error.violations], [("invalidProperties", "credentials")]
        )

    def test_type_cannot_change(self) -> None:
        made = self.user("alice", self.domain)
        error = self.fails(
            ValidationFailed, lambda tx: registry.update(tx, Account, made.id, {"@type": "Group"}, now=NOW)
        )
        self.assertEqual(
            (error.violations[0].path, error.violations[0].description),
            ("@type", "Cannot change the type of an existing account."),
        )
