"""A process that writes beside others: ``python -m tests.store.sqlite.process_writer PATH NAME COUNT``.

It opens and migrates the database and waits for a line, then commits ``COUNT`` works one after the other, each with ids
and a count that all processes share. On standard output: a line when it waits, the ids that it was given, what failed.
"""

from __future__ import annotations

import sys
from queue import SimpleQueue

from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.sqlite.engine import SqliteEngine
from stalwart.store.store import Transaction
from stalwart.store.threads.work import Failed, Outcome, Queue, Work
from stalwart.store.threads.writer import Writer


def main(path: str, name: str, count: int) -> None:
    """Write, with one commit for each work."""
    engine = SqliteEngine(path)
    engine.prepare(0)
    print(flush=True)
    sys.stdin.readline()
    queue: Queue = SimpleQueue()
    given: list[int] = []
    failed: list[str] = []

    def write(tx: Transaction) -> int:
        id = tx.registry.next_id("Thing")
        tx.registry.insert("Thing", {"by": name}, id=id, keys=[("Thing.name", f"{name} {id}")])
        tx.counters.increment("all", 1 << 40)
        return id

    def answered(outcomes: list[Outcome]) -> None:
        for _, outcome in outcomes:
            if isinstance(outcome, Failed):
                failed.append(str(outcome.error))
            else:
                given.append(outcome)
        left = count - len(given) - len(failed)
        queue.put(Work(write, 0.0) if left else None)

    queue.put(Work(write, 0.0))
    Writer(queue, engine, DiskBlobFiles(f"{path}.blobs"), answered).run()
    print(*given, flush=True)
    print(*failed, sep="; ", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
