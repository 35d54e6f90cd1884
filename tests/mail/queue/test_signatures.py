"""Letters that leave late are signed when they leave."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.errors import Unavailable
from stalwart.mail.queue.signatures import GOOD_FOR, Signatures
from stalwart.store.blob_files import Stored
from tests.mail.queue.world import MESSAGE, QueueCase, postponed

HELD = b"DKIM-Signature: d=example.test; t=first\r\n" + MESSAGE


class LateLetters(QueueCase):
    """What is sent, piece by piece."""

    def content(self, number: int = -1) -> bytes:
        """What another server got."""
        message = self.sender.shipments[number].content

        async def read() -> bytes:
            return b"".join([piece async for piece in message.pieces()])

        octets: bytes = self.successResultOf(Deferred.fromCoroutine(read()))
        self.assertEqual(len(octets), message.size)
        return octets

    def held(self, seconds: float, **members: Any) -> int:
        """A signed letter that is to leave later."""
        until = int(self.clock.seconds() + seconds)
        return self.put(
            "b@remote.test", **{"content": HELD, "signed_for": "example.test", "hold_until": until} | members
        )

    def test_what_was_held_is_signed_with_the_keys_of_the_moment(self) -> None:
        self.lead()
        self.held(7 * 86400)
        self.later(7 * 86400 + 1, 8)
        signed = f"DKIM-Signature: d=example.test; t={self.clock.seconds():.0f}\r\n".encode()
        self.assertEqual(self.content(), signed + HELD)

    def test_what_leaves_at_once_is_left_as_it_is(self) -> None:
        self.lead()
        self.held(0)
        self.held(GOOD_FOR - 60)
        self.later(GOOD_FOR - 30)
        self.assertEqual([self.content(0), self.content(1)], [HELD, HELD])

    def test_what_was_put_off_for_long_is_signed_again_and_keeps_one_content(self) -> None:
        self.sender.answering = postponed
        self.lead()
        id = self.held(0)
        self.later(86400, 300)
        self.assertEqual(self.content().count(b"DKIM-Signature"), 2)
        found = self.found(id)
        assert found is not None
        self.assertEqual((found.size, found.signed_for), (len(HELD), "example.test"))

    def test_large_letters_too(self) -> None:
        large = HELD + b"line after line\r\n" * 20_000

        def write(files: Any) -> Stored:
            with files.begin() as writer:
                writer.write(large)
                stored: Stored = writer.commit()
                return stored

        stored = self.successResultOf(self.store.blob_work(write, writes=True))
        self.lead()
        self.held(86400, content=stored)
        self.later(86401, 4)
        self.assertEqual(self.content()[-len(large) :], large)
        self.assertEqual(self.content().count(b"DKIM-Signature"), 2)

    def test_what_nobody_here_has_signed_is_not_signed(self) -> None:
        self.lead()
        self.held(86400, signed_for=None, source="unauthenticated")
        self.later(86401, 4)
        self.assertEqual(self.content(), HELD)

    def test_members_of_a_list_get_it_signed_though_they_were_asked_for_late(self) -> None:
        self.mailing_list("all", "x@remote.test")
        self.lead()
        self.put(
            "all@example.test", content=HELD, signed_for="example.test", hold_until=int(self.clock.seconds()) + 86400
        )
        self.later(86401, 4)
        self.assertEqual(self.sender.sent, ["x@remote.test"])
        self.assertEqual(self.content().count(b"DKIM-Signature"), 2)

    def test_it_waits_if_it_cannot_be_signed(self) -> None:
        async def fails(content: Any, domain: str) -> bytes:
            raise Unavailable("The store does not answer.")

        self.patch(self.attempts, "_signatures", Signatures(fails))
        self.lead()
        id = self.held(86400)
        self.later(86401, 4)
        self.assertEqual((self.sender.sent, self.recipient(id).attempts), ([], 1))
