"""A gate on the way from one part of a cluster to another, which can swallow everything: to both sides the other is
silent, as behind a network that is gone, and worse, since what they send is still taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

from tests.live.daemon import PATIENCE

_PIECE = 1 << 16


class Gate:
    """Listens on ``host`` and ``port`` for what is behind ``target``; in a thread of its own."""

    def __init__(self, host: str, port: int, target: tuple[str, int]) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._open: asyncio.Event = self._run(self._listen(host, port))

    def cut(self) -> None:
        """Pass nothing on from now on; connections stay open and new ones are taken."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        """Pass on again what comes, by new connections: those from before are closed."""
        self._run(self._begin_anew())

    def close(self) -> None:
        """Listen no more."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _listen(self, host: str, port: int) -> asyncio.Event:
        self._server = await asyncio.start_server(self._accept, host, port)
        opened = asyncio.Event()
        opened.set()
        return opened

    async def _begin_anew(self) -> None:
        await self._break()
        self._open.set()

    async def _end(self) -> None:
        self._server.close()
        await self._break()

    async def _break(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            await self._open.wait()
            behind, before = await asyncio.open_connection(*self._target)
            with contextlib.closing(before):
                ways = [asyncio.ensure_future(self._pass_on(*way)) for way in ((reader, before), (behind, writer))]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE):
            await self._open.wait()
            writer.write(piece)
            await writer.drain()
