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

    async def test_one_is_forgotten(self) -> None:
        for digest in (b"a", b"b"):
            await self.write(lambda tx, d=digest: tx.seen.note(ACCOUNT, MET, d, 100))
        await self.write(lambda tx: tx.seen.forget(ACCOUNT, MET, b"a"))
        await self.write(lambda tx: tx.seen.forget(ACCOUNT, ANSWERED, b"b"))
        self.assertEqual(await self.read(lambda tx: tx.seen.known(ACCOUNT, MET, (b"a", b"b"), 0)), {b"b"})

    async def test_some_are_found_by_their_beginning(self) -> None:
        first, last = b"ab", b"ab" + b"\xff" * 8
        for digest in (last, b"ac", b"aa" + b"\xff" * 8, first, b"abc"):
            await self.write(lambda tx, d=digest: tx.seen.note(ACCOUNT, MET, d, 50 if d == b"abc" else 100))
        for now, found in ((49, [first, b"abc", last]), (50, [first, last])):
            self.assertEqual(await self.read(lambda tx, n=now: tx.seen.beginning(ACCOUNT, MET, b"ab", n)), found)
        await self.write(lambda tx: tx.seen.forget_beginning(ACCOUNT, MET, b"ab"))
        await self.write(lambda tx: tx.seen.forget_beginning(ACCOUNT, ANSWERED, b"a"))
        left = await self.read(lambda tx: tx.seen.beginning(ACCOUNT, MET, b"a", 0))
        self.assertEqual(left, [b"aa" + b"\xff" * 8, b"ac"])

    async def test_a_kind_is_remembered_as_another_too(self) -> None:
        await self.write(lambda tx: tx.seen.note(ACCOUNT, MET, b"a", 100))
        await self.write(lambda tx: tx.seen.note(ACCOUNT, MET, b"b", 90))
        await self.write(lambda tx: tx.seen.note(ACCOUNT, ANSWERED, b"b", 50))
        await self.write(lambda tx: tx.seen.note(ACCOUNT + 1, MET, b"c", 100))
        for _ in range(2):
            await self.write(lambda tx: tx.seen.spread(ACCOUNT, MET, ANSWERED))
        for kind, now, known in ((ANSWERED, 89, {b"a", b"b"}), (ANSWERED, 90, {b"a"}), (MET, 89, {b"a", b"b"})):
            found = await self.read(lambda tx, k=kind, n=now: tx.seen.known(ACCOUNT, k, (b"a", b"b", b"c"), n))
            self.assertEqual(found, known)

    async def test_it_goes_with_the_account(self) -> None:
        await self.write(lambda tx: tx.accounts.create(ACCOUNT, "alice", "user"))
        await self.write(lambda tx: tx.seen.note(ACCOUNT, MET, b"a", 100))
        await self.write(lambda tx: tx.accounts.delete(ACCOUNT, 10))
        self.assertEqual(await self.read(lambda tx: tx.seen.known(ACCOUNT, MET, (b"a",), 0)), frozenset())
