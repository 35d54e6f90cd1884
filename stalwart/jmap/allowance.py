"""How much of messages one request reads and shows, so that a few small calls cannot fill the memory.

It is counted while the answer is made. What one message takes is given in proportion to its size, so that each can be
read alone; what a request shows beside its first message has a fixed bound. Text may become six times as long when it
is written as JSON, and a list shows some of it again: only what is asked for many times is more than is given.
"""

from __future__ import annotations

from attrs import define, field

from stalwart.errors import TooLarge

MOST_READ = 128 << 20
"""Octets that one request reads of messages."""

MOST_SHOWN = 64 << 20
"""Octets of what one request shows of them."""

SPARE = 8 << 20
"""What is given of a message of any size, beside what its size gives it."""

_TIMES = 8


@define
class Allowance:
    """What the calls of one request have read and shown so far. Every method that counts raises TooLarge."""

    _messages: int = 0
    _read: int = 0
    _shown: int = 0
    _to_read: int = field(factory=lambda: SPARE)
    _to_show: int = field(factory=lambda: SPARE)
    _read_of_message: int = 0
    _shown_of_message: int = 0

    def begin(self, size: int) -> None:
        """Another message, of ``size`` octets."""
        self._messages += 1
        self._to_read = 2 * size + SPARE
        self._to_show = max(min(_TIMES * size + SPARE, MOST_SHOWN), 2 * size)
        self._read_of_message = self._shown_of_message = 0

    def read(self, octets: int) -> None:
        """Before octets of the message are read."""
        self._read += octets
        self._read_of_message += octets
        self._check(self._read > MOST_READ, self._read_of_message > self._to_read)

    def show(self, octets: int) -> None:
        """A piece of what is shown of the message, as soon as its length is known."""
        self._shown += octets
        self._shown_of_message += octets
        self._check(self._shown > MOST_SHOWN, self._shown_of_message > self._to_show)

    def written(self, octets: int) -> None:
        """What is shown of the message has become so many octets, the pieces that were counted among them."""
        self.show(max(octets - self._shown_of_message, 0))

    def list(self, octets: int) -> None:
        """What lists show, which takes no message to read."""
        self._shown += octets
        if self._shown > MOST_SHOWN:
            raise TooLarge("That is more than one request gives; ask for fewer e-mails at a time.")

    def _check(self, over: bool, over_alone: bool) -> None:
        if over_alone:
            raise TooLarge("That is more than is given of one message; ask for less of it, or fetch its blob.")
        if over and self._messages > 1:
            raise TooLarge("That is more content than one request gives; ask for fewer messages, or for less of each.")
