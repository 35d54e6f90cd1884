"""Writing a multistatus while it is computed: a page of resources is read and written, then the next one.

What fits into one page is an answer with a length; more is a stream, whose first octets leave after the first page.
The store is asked page by page, so nothing is held longer than the client takes to read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from stalwart.codec.dav.multistatus import CONTENT_TYPE, Multistatus, truncated_response
from stalwart.web.answers import Answer, EventStream, Headers, Outlet

PAGE = 500
"""Resources that are read in one go."""
LARGEST_KEPT = 1 << 20
"""Octets of a body that is held together while it is sent."""
LARGEST_PIECE = 128 << 10
"""Octets that are sent in one go: whoever reads these in ten minutes is not taken for one who does not read."""

_NO_BEAT = b""
_SILENCE = 300.0

Pages = AsyncIterator[Sequence[bytes]]


class Truncation:
    """How many responses may still be given; ``path`` is the request's, for the word that there are more."""

    def __init__(self, most: int, path: str) -> None:
        self.left = most
        self.is_told = False
        self._most = most
        self._path = path

    def take(self, wanted: int) -> int:
        """How many of ``wanted`` may be given, which are then taken."""
        given = min(wanted, self.left)
        self.left -= given
        return given

    def told(self) -> bytes:
        """The response that says that something was left out (spec/dav.md 5.6)."""
        self.is_told = True
        return truncated_response(self._path, self._most)


async def one_page(page: list[bytes]) -> AsyncIterator[list[bytes]]:
    """Responses that were made in one go."""
    yield page


async def multistatus_answer(
    pages: Pages, *, headers: Headers = (), sync_token: str = "", keep: Callable[[bytes], None] | None = None
) -> Answer | EventStream:
    """The 207 of all responses; ``sync_token`` stands at its end. ``keep`` is told a body that is not very large."""
    written = Multistatus()
    async for page in pages:
        written.extend(page)
        if written.ready:
            return EventStream(
                lambda send: _sent(send, written, pages, sync_token, keep),
                headers,
                silence=_SILENCE,
                beat=_NO_BEAT,
                status=207,
                content_type=CONTENT_TYPE,
            )
    body = written.finish(sync_token=sync_token)
    if keep is not None:
        keep(body)
    return Answer(207, body, CONTENT_TYPE, headers)


async def _sent(
    send: Outlet, written: Multistatus, pages: Pages, sync_token: str, keep: Callable[[bytes], None] | None
) -> None:
    sent: list[bytes] = []
    size = 0

    async def put(portion: bytes) -> None:
        nonlocal size
        size += len(portion)
        if keep is not None and size <= LARGEST_KEPT:
            sent.append(portion)
        for start in range(0, len(portion), LARGEST_PIECE):
            await send.ready()
            send(portion[start : start + LARGEST_PIECE])

    await put(written.take())
    async for page in pages:
        written.extend(page)
        del page
        if written.ready:
            await put(written.take())
    await put(written.finish(sync_token=sync_token))
    if keep is not None and size <= LARGEST_KEPT:
        keep(b"".join(sent))
