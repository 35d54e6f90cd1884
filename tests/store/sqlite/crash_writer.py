"""Run by ``test_crash`` as a process: writes without end and prints each number once the store has acknowledged it."""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from tests.store.opened import file_store


async def main(path: str) -> None:
    store = file_store(path)
    await store.start()
    for lane in range(8):
        Deferred.fromCoroutine(write_for_ever(store, lane))


async def write_for_ever(store: Any, lane: int) -> None:
    number = lane
    while True:
        await store.write(lambda tx: tx.registry.insert("Domain", {"n": number}, id=number))  # noqa: B023
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 8


if __name__ == "__main__":
    Deferred.fromCoroutine(main(sys.argv[1]))
    reactor.run()  # type: ignore[attr-defined]
