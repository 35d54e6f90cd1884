"""A started store on a file of its own, closed when the test ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.sqlite.engine import SqliteEngine
from stalwart.store.threads.store import ThreadedStore
from stalwart.telemetry import Telemetry


def file_store(path: str, telemetry: Telemetry | None = None, **options: Any) -> ThreadedStore:
    """Not started."""
    from twisted.internet import reactor

    engine = SqliteEngine(path, busy_timeout=options.pop("busy_timeout", 10.0))
    return ThreadedStore(engine, DiskBlobFiles(Path(f"{path}.blobs")), reactor, telemetry or Telemetry(), **options)


async def opened(case: TestCase, path: str | None = None, **options: Any) -> ThreadedStore:
    """Started, to be closed by ``case``."""
    store = file_store(path or case.mktemp(), **options)
    await store.start()
    case.addCleanup(store.close)
    return store


def session_of(transaction: Any) -> Any:
    """The session beneath a transaction, for statements that no repository has."""
    return transaction.registry._session
