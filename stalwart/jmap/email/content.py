"""The octets of stored messages, a section at a time, and how many of them one call may have read.

A message is at hand or in a file of the store; of the latter only what is asked for is read. All of it is for threads.
"""

from __future__ import annotations

from typing import Protocol

from attrs import define, frozen

from stalwart.errors import TooLarge
from stalwart.store.blob_files import BlobFiles

MOST_READ = 128 << 20
"""Octets that one call reads of messages."""

MOST_SHOWN = 64 << 20
"""Octets of what one call shows of them."""


class Content(Protocol):
    """A message."""

    def section(self, begin: int, end: int) -> bytes:
        """The octets from ``begin`` to ``end``; raises NotFound if the file is missing."""


@frozen
class Held:
    """A message that is at hand."""

    octets: bytes

    def section(self, begin: int, end: int) -> bytes:
        return self.octets[begin:end]


@frozen
class Filed:
    """``size`` octets from ``start`` on in the file ``hash``."""

    files: BlobFiles
    hash: bytes
    allowance: Allowance
    start: int = 0

    def section(self, begin: int, end: int) -> bytes:
        self.allowance.read(end - begin)
        return self.files.read(self.hash, self.start + begin, end - begin)


@define
class Allowance:
    """How much one call has read and shown. What one message takes is always given, so that each can be read alone."""

    _messages: int = 0
    _read: int = 0
    _shown: int = 0

    def begin(self) -> None:
        """Another message."""
        self._messages += 1

    def read(self, octets: int) -> None:
        """Before octets are read; raises TooLarge."""
        self._read += octets
        self._check(self._read > MOST_READ)

    def show(self, octets: int) -> None:
        """After a message was written into the answer; raises TooLarge."""
        self._shown += octets
        self._check(self._shown > MOST_SHOWN)

    def _check(self, over: bool) -> None:
        if over and self._messages > 1:
            raise TooLarge("That is more content than one call gives; ask for fewer messages, or for less of each.")
