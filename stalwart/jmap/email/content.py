"""The octets of stored messages, a section at a time, counted against what the request may read.

A message is at hand or in a file of the store; of the latter only what is asked for is read. All of it is for threads.
"""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from stalwart.jmap.allowance import Allowance
from stalwart.store.blob_files import BlobFiles


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
