"""Groups that a person is told to be in and that are not here yet."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from stalwart.directory.external.found import Found
from stalwart.directory.external.groups import AT_ONCE, REMEMBERED, Groups
from stalwart.errors import Unavailable
from tests.directory.external.world import ExternalWorld, People

ALICE = "alice@ext.test"


class GroupTests(ExternalWorld):
    def setUp(self) -> None:
        super().setUp()
        self.client = People()
        self.groups = Groups(self.store, self.settings, self.clock)

    def learn(self, *names: str) -> list[str]:
        """Learn the groups of Alice; what the directory was asked for."""
        self.client.looked_up.clear()
        self.settle(self.groups.learn(self.ldap, self.client, Found(ALICE, groups=frozenset(names))))
        return self.client.looked_up

    def tags(self) -> dict[str, str]:
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Account")))
        return {row.data["name"]: row.data["@type"] for row in rows}

    def test_group_that_the_directory_knows_is_made(self) -> None:
        self.client.entries["team@ext.test"] = Found("team@ext.test", "The Team", kind="Group")
        self.assertEqual(self.learn("team", "board@example.test"), ["team@ext.test"])
        self.assertEqual(self.tags(), {"team": "Group"})
        self.assertEqual(self.learn("team"), [])

    def test_mere_names_make_no_groups_and_are_not_asked_for_at_every_login(self) -> None:
        self.client.entries["bob@ext.test"] = Found("bob@ext.test")
        self.client.entries["odd@ext.test"] = Found("odd@example.test", kind="Group")
        for seconds, asked in ((0, 3), (REMEMBERED - 1, 0), (1, 3)):
            self.clock.advance(seconds)
            self.assertEqual(len(self.learn("unknown", "bob", "odd")), asked)
        self.assertEqual(self.tags(), {})

    def test_long_lists_take_several_logins(self) -> None:
        names = [f"g{number}" for number in range(AT_ONCE + 5)]
        self.assertEqual([len(self.learn(*names)) for _ in range(3)], [AT_ONCE, 5, 0])

    def test_directory_that_cannot_be_asked(self) -> None:
        self.client.problem = Unavailable("down")
        found = Found(ALICE, groups=frozenset(["team"]))
        work = Deferred.fromCoroutine(self.groups.learn(self.ldap, self.client, found))
        self.failureResultOf(work, Unavailable)
        self.client.problem = None
        self.assertEqual(self.learn("team"), ["team@ext.test"])
