"""How many uploads an account may have running at once (x:Jmap ``maxConcurrentUploads``, jmap.md 2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stalwart.codec.rate_limit_headers import concurrency_exceeded
from stalwart.directory.access import Access
from stalwart.directory.places import MemoryPlaces, Places
from stalwart.errors import LimitExceeded
from stalwart.jmap.blobs.quota import UNLIMITED

MAX_CONCURRENT = "maxConcurrentUpload"
_ALSO_UNLIMITED = "unlimitedRequests"
_UPLOADS = "uploads"


class RunningUploads:
    """The uploads that are running, by the account that sends them; ``places`` count them."""

    def __init__(self, places: Places | None = None) -> None:
        self._places = places if places is not None else MemoryPlaces()

    @contextmanager
    def place(self, access: Access, most: int | None) -> Iterator[None]:
        """A place among ``most``, for as long as the block runs; either of two permissions lifts the limit.

        :raises LimitExceeded: all are taken.
        """
        account_id = access.account_id
        unlimited = access.may(UNLIMITED) or access.may(_ALSO_UNLIMITED)
        if not self._places.take(_UPLOADS, account_id, None if unlimited else most):
            detail = "The request exceeds the maximum number of concurrent uploads."
            raise LimitExceeded(MAX_CONCURRENT, detail, concurrency_exceeded("concurrent-uploads", most or 0))
        try:
            yield
        finally:
            self._places.free(_UPLOADS, account_id)
