"""How many uploads an account may have running at once (x:Jmap ``maxConcurrentUploads``, jmap.md 2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stalwart.codec.rate_limit_headers import concurrency_exceeded
from stalwart.directory.access import Access
from stalwart.errors import LimitExceeded
from stalwart.jmap.blobs.quota import UNLIMITED

MAX_CONCURRENT = "maxConcurrentUpload"
_ALSO_UNLIMITED = "unlimitedRequests"


class RunningUploads:
    """The uploads that are running in this process, by the account that sends them."""

    def __init__(self) -> None:
        self._running: dict[int, int] = {}

    @contextmanager
    def place(self, access: Access, most: int | None) -> Iterator[None]:
        """A place among ``most``, for as long as the block runs; either of two permissions lifts the limit.

        :raises LimitExceeded: all are taken.
        """
        account_id = access.account_id
        running = self._running.get(account_id, 0)
        if most is not None and running >= most and not (access.may(UNLIMITED) or access.may(_ALSO_UNLIMITED)):
            detail = "The request exceeds the maximum number of concurrent uploads."
            raise LimitExceeded(MAX_CONCURRENT, detail, concurrency_exceeded("concurrent-uploads", most))
        self._running[account_id] = running + 1
        try:
            yield
        finally:
            left = self._running[account_id] - 1
            if left:
                self._running[account_id] = left
            else:
                del self._running[account_id]
