"""What scripts remember of messages.

Tests ``stalwart.store.seen`` and ``stalwart.store.sql.seen``.
"""

from __future__ import annotations

from stalwart.store.seen import ANSWERED, MET
from tests.contract.store_case import StoreCase

ACCOUNT = 5


class SeenContract(StoreCase):
    async def test_it_is_known_for_its_time_account_and_kind(self) -> None:
        await self.write(lambda tx: tx.seen.note(ACCOUNT, ANSWERED, b"a", 100))
        asked = (b"a", b"b")
        for account, kind, now, known in (
            (ACCOUNT, ANSWERED, 99, {b"a"}),
            (ACCOUNT, ANSWERED, 100, set()),
            (ACCOUNT, MET, 99, set()),
            (ACCOUNT + 1, ANSWERED, 99, set()),
        ):
            found = await self.read(lambda tx, args=(account, kind, asked, now): tx.seen.known(*args))
            self.assertEqual(found, known)

    async def test_a_later_note_counts(self) -> None:
        for expires_at in (100, 50):
            await self.write(lambda tx, until=expires_at: tx.seen.note(ACCOUNT, MET, b"a", until))
        self.assertEqual(await self.read(lambda tx: tx.seen.known(ACCOUNT, MET, (b"a",), 60)), frozenset())

    async def test_what_is_over_is_purged_in_pieces(self) -> None:
        for number in range(5):
            await self.write(lambda tx, n=number: tx.seen.note(ACCOUNT, MET, bytes((n,)), 10 + n))
        self.assertEqual(await self.write(lambda tx: tx.seen.purge(13, 3)), 3)
        self.assertEqual(await self.write(lambda tx: tx.seen.purge(13, 3)), 1)
        self.assertEqual(await self.read(lambda tx: tx.seen.known(ACCOUNT, MET, (b"\4",), 0)), {b"\4"})

    async def test_it_goes_with_the_account(self) -> None:
        await self.write(lambda tx: tx.accounts.create(ACCOUNT, "alice", "user"))
        await self.write(lambda tx: tx.seen.note(ACCOUNT, MET, b"a", 100))
        await self.write(lambda tx: tx.accounts.delete(ACCOUNT, 10))
        self.assertEqual(await self.read(lambda tx: tx.seen.known(ACCOUNT, MET, (b"a",), 0)), frozenset())
