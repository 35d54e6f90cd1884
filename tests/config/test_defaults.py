"""What a first start inserts, and that later starts insert nothing (settings A.9)."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import permissions, registry
from stalwart.config.defaults import ensure_defaults
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.roles import Role
from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.system import SystemSettings
from stalwart.schema import ValidationFailed
from stalwart.store import MemoryStore

LISTENERS = ({"name": "http", "bind": {"[::]:8080": True}, "protocol": "http", "useTls": False},)


class DefaultsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)

    def start(self, hostname: str = "mail.example.test", domain: str | None = "example.test") -> None:
        self.successResultOf(
            self.store.write(
                lambda tx: ensure_defaults(
                    tx, hostname=hostname, default_domain=domain, listeners=LISTENERS, now=1_790_000_000
                )
            )
        )

    def all(self, declaration: Any) -> list[registry.Entry]:
        return self.successResultOf(self.store.read(lambda tx: registry.listed(tx, declaration)))

    def test_four_roles_are_inserted(self) -> None:
        self.start()
        self.assertEqual(
            [(entry.value.description, entry.value.enabled_permissions) for entry in self.all(Role)],
            [
                ("User", permissions.USER),
                ("Group", permissions.GROUP),
                ("Tenant Administrator", permissions.TENANT_ADMINISTRATOR),
                ("System Administrator", permissions.SYSTEM_ADMINISTRATOR),
            ],
        )

    def test_default_roles_point_at_them(self) -> None:
        self.start()
        found = self.all(Authentication)[0].value
        self.assertEqual(
            (
                found.default_user_role_ids,
                found.default_group_role_ids,
                found.default_tenant_role_ids,
                found.default_admin_role_ids,
            ),
            ({1}, {2}, {3}, {4, 1}),
        )

    def test_names_of_the_server_are_inserted(self) -> None:
        self.start()
        found = self.all(SystemSettings)[0].value
        self.assertEqual((found.default_hostname, found.default_domain_id), ("mail.example.test", 1))

    def test_no_domain_is_needed(self) -> None:
        self.start(domain=None)
        self.assertEqual((self.all(Domain), self.all(SystemSettings)[0].value.default_domain_id), ([], None))

    def test_host_name_of_one_label_is_fine(self) -> None:
        self.start(hostname="node1")
        self.assertEqual(self.all(SystemSettings)[0].value.default_hostname, "node1")

    def test_host_name_that_is_none_becomes_localhost(self) -> None:
        self.start(hostname="my_node!")
        self.assertEqual(self.all(SystemSettings)[0].value.default_hostname, "localhost")

    def test_domain_that_is_none_is_refused_and_nothing_is_inserted(self) -> None:
        self.failureResultOf(
            self.store.write(lambda tx: ensure_defaults(tx, hostname="a", default_domain="a b!", listeners=(), now=0)),
            ValidationFailed,
        )
        self.assertEqual(self.all(Role), [])

    def test_listeners_are_inserted(self) -> None:
        self.start()
        self.assertEqual([entry.value.bind for entry in self.all(NetworkListener)], [{"[::]:8080"}])

    def test_second_start_changes_nothing(self) -> None:
        kinds = (Role, Authentication, Domain, SystemSettings, NetworkListener)
        self.start()
        before = [self.all(kind) for kind in kinds]
        self.start("other.example.test", "other.test")
        self.assertEqual([self.all(kind) for kind in kinds], before)
