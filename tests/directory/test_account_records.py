"""Accounts as they are written: the settings object and the object store's row in step."""

from __future__ import annotations

from typing import Any

from stalwart.config import registry
from stalwart.config.identity.account import Account
from stalwart.config.identity.masked_email import MaskedEmail
from stalwart.directory import account_records
from stalwart.errors import Linked
from stalwart.schema import ValidationFailed
from tests.directory.world import NOW, World


class RecordTests(World):
    def write(self, work: Any) -> Any:
        """The result of a write."""
        return self.successResultOf(self.store.write(work))

    def members(self, name: str, **members: Any) -> dict[str, Any]:
        """A user of the default domain."""
        return {"@type": "User", "name": name, "domainId": "b", **members}

    def login(self, id: int) -> str | None:
        """The login of the row."""
        row = self.write(lambda tx: tx.accounts.get(id))
        return None if row is None else row.login

    def test_ids_that_are_taken_are_passed_over(self) -> None:
        chosen = self.write(lambda tx: account_records.insert(tx, self.members("alice"), NOW, 1)).id
        following = self.write(lambda tx: account_records.insert(tx, self.members("bob"), NOW)).id
        self.assertEqual((chosen, following), (1, 2))

    def test_client_cannot_set_what_the_server_sets(self) -> None:
        members = self.members("alice", createdAt="2020-01-01T00:00:00Z")
        work = self.store.write(lambda tx: account_records.insert(tx, members, NOW, by_server=False))
        self.failureResultOf(work, ValidationFailed)

    def test_row_moves_with_the_address(self) -> None:
        id = self.user()

        def rename(tx: Any) -> None:
            former = registry.get(tx, Account, id)
            entry = registry.update(tx, Account, id, {"name": "alicia"}, now=NOW)
            account_records.moved(tx, id, former.value if former else None, entry.value)

        self.write(rename)
        self.assertEqual(self.login(id), "alicia@example.test")

    def test_rows_move_with_their_domain(self) -> None:
        ids = [self.user(name) for name in ("alice", "bob")]
        found = self.write(lambda tx: account_records.domain_renamed(tx, 1, "new.test"))
        self.assertEqual(sorted(found), ids)
        self.assertEqual([self.login(id) for id in ids], ["alice@new.test", "bob@new.test"])

    def test_object_can_go_before_its_data(self) -> None:
        id = self.user()
        masked = {"accountId": "b", "email": "m@x.test"}
        self.write(lambda tx: registry.create(tx, MaskedEmail, masked, now=NOW, by_server=True))
        self.write(lambda tx: account_records.remove(tx, id))
        self.assertEqual(self.login(id), "alice@example.test")
        self.assertEqual(self.write(lambda tx: tx.registry.count("MaskedEmail")), 0)
        self.write(lambda tx: account_records.delete_data(tx, id, NOW))
        self.assertIsNone(self.login(id))

    def test_account_that_others_refer_to_stays(self) -> None:
        group = self.settle(self.accounts.create_group("staff", self.domain_id))
        self.user(memberGroupIds={"b": True})
        self.failureResultOf(self.store.write(lambda tx: account_records.delete(tx, group, NOW)), Linked)
        self.assertEqual(self.login(group), "staff@example.test")
