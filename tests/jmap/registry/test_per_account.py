"""How many objects of a type an account may have."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.identity.public_key import PublicKey
from stalwart.errors import OverQuota
from stalwart.jmap.registry.per_account import check_number
from tests.codec.test_encryption_keys import OWN
from tests.jmap.registry.world import RegistryWorld


class PerAccountTests(RegistryWorld):
    def check(self, account_id: int, limit: int | None) -> None:
        self.store.read(lambda tx: check_number(tx, PublicKey, account_id, "maxPublicKeys", limit)).addErrback(
            lambda failure: self.problems.append(failure.value)
        )

    def test_own_quota_comes_first_and_only_own_objects_count(self) -> None:
        self.problems: list[Exception] = []
        alice, bob = self.user(quotas={"maxPublicKeys": 0}), self.user("bob")
        for account_id, limit in ((bob, 0), (bob, None), (alice, None)):
            self.check(account_id, limit)
        self.assertEqual(self.problems, [])
        for account_id in (alice, bob):
            made = {"accountId": encode_id(account_id), "description": "x", "key": OWN}
            self.successResultOf(self.store.write(lambda tx, made=made: registry.create(tx, PublicKey, made, now=1)))
        self.check(bob, 1)
        self.check(bob, None)
        self.assertEqual(self.problems, [])
        self.check(alice, 9)
        self.check(bob, 0)
        self.assertEqual([type(problem) for problem in self.problems], [OverQuota, OverQuota])
