"""The user behind views of an account."""

from __future__ import annotations

from stalwart.codec.ids import decode_id
from stalwart.errors import NotFound
from stalwart.jmap.registry.handler import Asking
from stalwart.jmap.registry.own_account import find_user, user
from tests.jmap.registry.world import ROOT, RegistryWorld


class OwnAccountTests(RegistryWorld):
    def asking(self, id: str) -> Asking:
        return Asking(ROOT, decode_id(id), 0.0, "", self.request())

    def test_user_is_found(self) -> None:
        asking = self.asking(self.account())
        found = self.successResultOf(self.store.read(lambda tx: user(tx, asking)))
        self.assertEqual(found.name, "alice")

    def test_group_and_nobody_are_not(self) -> None:
        group = self.create("Account", **{"@type": "Group", "name": "staff", "domainId": "b"})
        for id in (group, "zz"):
            asking = self.asking(id)
            self.assertIsNone(self.successResultOf(self.store.read(lambda tx, a=asking: find_user(tx, a))))
            self.failureResultOf(self.store.read(lambda tx, a=asking: user(tx, a)), NotFound)
