"""What a role lets a node do."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.node_role import NodeRole
from stalwart.codec.ids import encode_id
from stalwart.config.network.listener import NetworkListener
from stalwart.config.storage.cluster import LED, ClusterRole
from stalwart.errors import Invalid


class Stored:
    """Settings with the listeners "http" (1) and "smtp" (2), and with these roles."""

    def __init__(self, *roles: dict[str, Any]) -> None:
        self.roles = [(id, ClusterRole.from_wire(role)) for id, role in enumerate(roles)]
        made = {1: "http", 2: "smtp"}
        self.listeners = [
            (id, NetworkListener.from_wire({"name": name, "bind": {"[::]:0": True}})) for id, name in made.items()
        ]

    def all(self, declaration: Any) -> Any:
        return self.roles if declaration is ClusterRole else self.listeners


class NodeRoleTests(SynchronousTestCase):
    def role(self, **members: Any) -> NodeRole:
        settings: Any = Stored({"name": "other"}, {"name": "mine", **members})
        return NodeRole("mine", settings)

    def opened(self, role: NodeRole) -> list[str]:
        return [name for name in ("http", "smtp", "new") if role.opens(name)]

    def test_a_node_without_a_role_does_everything(self) -> None:
        settings: Any = Stored()
        role = NodeRole(None, settings)
        self.assertEqual((self.opened(role), role.may_lead), (["http", "smtp", "new"], True))

    def test_a_role_says_which_listeners_are_opened(self) -> None:
        some = {"listenerIds": {encode_id(1): True}}
        for group, opened in (
            ({"@type": "EnableAll"}, ["http", "smtp", "new"]),
            ({"@type": "DisableAll"}, []),
            ({"@type": "EnableSome", **some}, ["http"]),
            ({"@type": "DisableSome", **some}, ["smtp", "new"]),
        ):
            self.assertEqual(self.opened(self.role(listeners=group)), opened, group)

    def test_a_role_says_whether_a_node_may_lead(self) -> None:
        works = dict.fromkeys(LED, True)
        for group, may_lead in (
            ({"@type": "EnableAll"}, True),
            ({"@type": "DisableAll"}, False),
            ({"@type": "EnableSome", "taskTypes": works}, True),
            ({"@type": "DisableSome", "taskTypes": works}, False),
            ({"@type": "DisableSome", "taskTypes": {"spamClassifierTraining": True}}, True),
        ):
            self.assertEqual(self.role(tasks=group).may_lead, may_lead, group)

    def test_a_role_that_is_not_there_stops_the_start_and_one_that_is_removed_later_holds(self) -> None:
        settings: Any = Stored({"name": "mine", "tasks": {"@type": "DisableAll"}})
        self.assertIn("there is no x:ClusterRole", self.assertRaises(Invalid, NodeRole, "other", settings).detail)
        role = NodeRole("mine", settings)
        settings.roles = []
        self.assertFalse(role.may_lead)
