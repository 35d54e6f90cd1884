"""Accounts that calls are about, and whether there are such."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.presence import require_account, state_of
from stalwart.store import MemoryStore
from stalwart.store.object_types import MAILBOX


class PresenceTests(SynchronousTestCase):
    """RFC 8620 3.6.2, 5.4."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)

    def refusal(self, account_id: int, *kind: str) -> str:
        asked = self.store.read(lambda tx: require_account(tx, account_id, *kind))
        problem = self.failureResultOf(asked, MethodError).value
        assert isinstance(problem, MethodError)
        return problem.type

    def test_an_account_that_is_there(self) -> None:
        self.successResultOf(self.store.write(lambda tx: tx.accounts.create(7, "jane", "user")))
        self.assertIsNone(self.successResultOf(self.store.read(lambda tx: require_account(tx, 7))))

    def test_one_that_is_not(self) -> None:
        self.assertEqual(self.refusal(12), "accountNotFound")
        self.assertEqual(self.refusal(12, "fromAccountNotFound"), "fromAccountNotFound")

    def test_the_account_of_the_recovery_administrator_has_no_data(self) -> None:
        self.assertEqual(self.refusal(RECOVERY_ACCOUNT), "accountNotSupportedByMethod")
        self.assertEqual(self.refusal(RECOVERY_ACCOUNT, "fromAccountNotFound"), "fromAccountNotSupportedByMethod")

    def test_a_state_is_of_an_account_that_is_there(self) -> None:
        self.successResultOf(self.store.write(lambda tx: tx.accounts.create(7, "jane", "user")))
        self.assertEqual(self.state(7), 0)
        self.successResultOf(self.store.write(lambda tx: tx.objects.insert(7, MAILBOX, now=10)))
        self.assertEqual(self.state(7), 1)
        asked = self.store.read(lambda tx: state_of(tx, 12, MAILBOX, "fromAccountNotFound"))
        self.assertEqual(self.failureResultOf(asked, MethodError).value.type, "fromAccountNotFound")

    def state(self, account_id: int) -> int:
        return self.successResultOf(self.store.read(lambda tx: state_of(tx, account_id, MAILBOX)))
