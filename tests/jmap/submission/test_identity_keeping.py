"""Keeping identities in step with addresses, where more than one writes; see also ``test_identity``.

``stalwart.jmap.standard.address_keeping`` by identities; by those of participants it is tried in their own tests.
"""

from __future__ import annotations

from stalwart.jmap.submission.identity_keeping import IDENTITIES
from stalwart.store.object_types import IDENTITY, IDENTITY_ADDRESSES
from tests.jmap.submission.sending_case import SendingCase


class KeepingTests(SendingCase):
    def bring(self) -> None:
        self.write(lambda tx: IDENTITIES.bring_into_step(tx, self.alice, self.own, self.settings, 0))

    def test_twice_is_once(self) -> None:
        self.bring()
        before = self.read(lambda tx: (tx.objects.list(self.alice, IDENTITY), tx.objects.states(self.alice)))
        self.bring()
        after = self.read(lambda tx: (tx.objects.list(self.alice, IDENTITY), tx.objects.states(self.alice)))
        self.assertEqual(before, after)
        self.assertEqual(len(before[0]), 2)

    def test_nothing_for_nobody(self) -> None:
        self.write(lambda tx: IDENTITIES.bring_into_step(tx, 4711, self.own, self.settings, 0))
        found = self.read(lambda tx: (tx.objects.list(4711, IDENTITY), tx.objects.list(4711, IDENTITY_ADDRESSES)))
        self.assertEqual(found, ([], []))

    def test_an_address_that_comes_back_has_an_identity_again(self) -> None:
        self.bring()
        self.patch_account(self.alice, {"aliases": {}})
        self.bring()
        self.patch_account(self.alice, {"aliases": {"0": {"name": "al", "domainId": self.home}}})
        self.bring()
        emails = [each.data["email"] for each in self.read(lambda tx: tx.objects.list(self.alice, IDENTITY))]
        self.assertEqual(emails, ["alice@example.test", "al@example.test"])

    def test_how_many(self) -> None:
        self.assertEqual(self.read(lambda tx: IDENTITIES.most_of(tx, self.alice, self.settings)), 20)
