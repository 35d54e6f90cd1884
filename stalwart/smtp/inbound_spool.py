"""A message on its way in: kept in memory while it is small, else in a file of the blob store from its begin on.

What the server puts before the message is decided when the head is there: at the end of a small one, or when a large
one begins its file. Small ones that come slowly over very many connections are a lot together: beyond ``MOST_HELD``
octets they go to files too. A head longer than ``LONGEST_HEAD`` is refused where all of it has to be known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define
from twisted.internet.defer import Deferred

from stalwart.codec.smtp.message_head import MessageHead, is_whole, read_head
from stalwart.errors import OverQuota
from stalwart.smtp.reception import Refusal, Refused
from stalwart.store import Store
from stalwart.store.blob_files import LARGE, Stored
from stalwart.store.incoming import Incoming

Prefix = Callable[[MessageHead], bytes]
"""The fields that are put before a message with that head. Raises ``Refused`` if it is not wanted."""

Room = Callable[[], Awaitable[int | None]]
"""How many octets there is room for with those who are to get the message; None is no limit."""

MOST_HELD = 64 << 20
"""Octets of messages that all connections together keep in memory."""
LEAST = 16384
"""Octets, with the head as a rule, that each of them may keep whatever the others do."""
LONGEST_HEAD = 262_144
"""Octets of a head."""
HEAD_TOO_LONG = Refusal(552, "5.3.4", f"The header fields have more than {LONGEST_HEAD} octets")
BUSY = Refusal(452, "4.3.1", "Too many messages at a time; please try again later")

Read = Callable[[bytes], MessageHead]
"""Reads the head that a message begins with."""


@define
class Held:
    """What the messages of all connections take of the memory."""

    octets: int = 0


class InboundSpool:
    """See ``reception.Spool``. After ``commit``, ``content`` is the message and ``prefix`` what belongs before it, of
    which ``begun`` octets are in its file already; ``is_8bit``: there are octets in it that are not ASCII;
    ``is_unlike_others``: the sender has given it a Message-ID or a date, so that what is the same is the same message.

    ``held`` is what it shares with others. Who has delivered it says ``release``. ``room`` is asked before a file is
    begun: not every client says how large its message is. Without ``read`` nothing but the prefix is ever put before
    the message, so a file begins with it; with ``read``, which is given the whole head, it does not.
    """

    def __init__(
        self,
        store: Store,
        prefix: Prefix,
        held: Held | None = None,
        room: Room | None = None,
        read: Read | None = None,
    ) -> None:
        self.content: bytes | Stored = b""
        self.prefix = b""
        self.begun = 0
        self.has_message_id = False
        self.is_unlike_others = False
        self.is_8bit = False
        self._prefix_for = prefix
        self._read = read
        self._held = Held() if held is None else held
        self._room = room
        self._most: int | None = None
        self._filed = 0
        self._incoming = Incoming(store, 0)
        self._pieces: list[bytes] = []
        self._size = 0
        self._in_file = False
        self._next_look = 0

    def write(self, data: bytes) -> Deferred[None] | None:
        """Take some; with a Deferred it is on its way to the disk."""
        self.is_8bit = self.is_8bit or not data.isascii()
        if self._in_file:
            return Deferred.fromCoroutine(self._add(data))
        self._pieces.append(data)
        self._size += len(data)
        self._held.octets += len(data)
        if self._size < (LARGE if self._held.octets <= MOST_HELD else LEAST):
            return None
        if self._read is not None and not self._is_head_whole():
            return None
        octets = self._settled()
        self._in_file = True
        self.release()
        if self._read is None:
            self.begun = len(self.prefix)
            octets = self.prefix + octets
        return Deferred.fromCoroutine(self._begin(octets))

    def _is_head_whole(self) -> bool:
        if self._size < self._next_look:  # pieces may be very small
            return False
        self._next_look = self._size + LEAST
        self._pieces = [b"".join(self._pieces)]
        if is_whole(self._pieces[0]):
            return True
        if self._size > LONGEST_HEAD:
            raise Refused(HEAD_TOO_LONG)
        if self._held.octets > MOST_HELD:
            raise Refused(BUSY)
        return False

    async def _begin(self, octets: bytes) -> None:
        if self._room is not None:
            self._most = await self._room()
        await self._add(octets)

    async def _add(self, octets: bytes) -> None:
        self._filed += len(octets)
        if self._most is not None and self._filed > self._most:
            raise OverQuota
        await self._incoming.add(octets)

    async def commit(self) -> None:
        """There is no more; what is in a file is durable then."""
        if self._in_file:
            self.content = await self._incoming.finish()
        else:
            self.content = self._settled()

    def abort(self) -> None:
        """Drop it."""
        self._pieces.clear()
        self.content = b""
        self.release()
        self._incoming.abandon()

    def release(self) -> None:
        """It takes no memory any more."""
        self._held.octets -= self._size
        self._size = 0

    def _settled(self) -> bytes:
        """What is there so far as it is to be kept, ``prefix`` aside."""
        head = (self._read or read_head)(b"".join(self._pieces))
        self._pieces.clear()
        self.prefix = self._prefix_for(head)
        self.has_message_id = head.has_message_id
        self.is_unlike_others = head.has_message_id or head.has_date
        return head.octets
