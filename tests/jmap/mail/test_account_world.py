"""Whatever happens to mail and mailboxes: counters, changes and lists are what a naive model says (RFC 8621 2 to 4)."""

from __future__ import annotations

import os

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.store import MemoryStore
from tests.jmap.mail.account_world import NOW, live
from tests.store.opened import opened

STEPS = 20_000 if os.environ.get("SOAK") else 500
SEED = int(os.environ.get("SEED", "0"))


class AccountTests(SynchronousTestCase):
    def test_an_account_in_memory(self) -> None:
        store = MemoryStore(lambda: NOW)
        self.addCleanup(store.close)
        self.successResultOf(Deferred.fromCoroutine(live(store, SEED, STEPS)))


class FileTests(TestCase):
    async def test_an_account_on_disk(self) -> None:
        await live(await opened(self), SEED + 1, STEPS // 5)
