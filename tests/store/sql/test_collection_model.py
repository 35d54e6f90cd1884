"""Who follows the changes of collections has what is there, whatever was done to them and in whatever pages he reads.

Tests ``stalwart.store.sql.collections``, ``stalwart.store.sql.collection_writing`` and
``stalwart.store.sql.collection_copying``.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Conflict, NotFound
from stalwart.store import MemoryStore, Transaction
from stalwart.store.collection_rows import NewItem, home
from stalwart.store.object_types import FILE_NODE

ME, NOW, HOME, MANY = 7, 1_700_000_000, home(FILE_NODE), 10_000
EXAMPLES = 1500 if os.environ.get("SOAK") else 60
NAMES = some.sampled_from("abc")
PATHS = some.lists(NAMES, min_size=1, max_size=3).map(tuple)
STEPS = some.lists(
    some.one_of(
        some.tuples(some.just("folder"), PATHS),
        some.tuples(some.just("file"), PATHS, some.integers(1, 9)),
        some.tuples(some.just("remove"), PATHS),
        some.tuples(some.just("move"), PATHS, PATHS),
        some.tuples(some.just("copy"), PATHS, PATHS),
        some.tuples(some.just("sync"), some.integers(0, 1), some.integers(1, 4)),
    ),
    min_size=3,
    max_size=25,
)
Path = tuple[str, ...]
Tree = dict[Path, str | None]
"""ETags of files by path, None for folders."""


class Follower:
    """A client that has synchronised up to ``since``, and what it has."""

    def __init__(self) -> None:
        self.since = 0
        self.begun: int | None = None
        self.tree: Tree = {}

    def sync(self, tx: Transaction, limit: int) -> None:
        """Take all pages of changes."""
        while True:
            if not self.since and self.begun is None:
                self.begun = tx.objects.state(ME, FILE_NODE)
            rows = tx.collections.home_changes(ME, HOME, self.since, limit=limit, begun=self.begun)
            if rows is None:
                self.since, self.begun, self.tree = 0, None, {}
                continue
            for row in rows:
                above = tx.collections.path(ME, row.collection_id)
                assert above is not None
                path = (*above, row.segment)
                if row.dead or not row.is_collection or self.tree.get(path, "") is not None:
                    self.tree = {at: etag for at, etag in self.tree.items() if at[: len(path)] != path}
                if not row.dead:
                    self.tree[path] = None if row.is_collection else row.etag
            if rows:
                self.since = rows[-1].seq
            if len(rows) < limit:
                self.since, self.begun = max(self.since, tx.objects.state(ME, FILE_NODE)), None
                return


def actual(tx: Transaction, place: int = HOME, above: Path = ()) -> Tree:
    """What is there."""
    tree: Tree = {}
    for member in tx.collections.members(ME, place, limit=MANY):
        path = (*above, member.segment)
        tree[path] = None if member.is_collection else member.etag
        if member.is_collection:
            tree |= actual(tx, member.item_id, path)
    return tree


def place_of(tx: Transaction, path: Path) -> int:
    """The number of the collection that a path leads to. Raises NotFound."""
    walked = tx.collections.walk(ME, HOME, path)
    if len(walked) < len(path) or (walked and not walked[-1].is_collection):
        raise NotFound
    return walked[-1].item_id if walked else HOME


def done(tx: Transaction, step: Any) -> None:
    """One step, which may be refused."""
    kind, path, *more = step
    place = place_of(tx, path[:-1])
    if kind == "folder":
        tx.collections.create(ME, FILE_NODE, place, path[-1], now=NOW)
    elif kind == "file":
        blob = tx.blobs.put(b"x" * more[0], NOW)
        tx.collections.put(ME, place, path[-1], NewItem(more[0], blob=blob.hash, size=blob.size), now=NOW)
    elif kind == "remove":
        tx.collections.remove(ME, place, path[-1], now=NOW)
    elif kind == "move":
        tx.collections.move(ME, place, path[-1], place_of(tx, more[0][:-1]), more[0][-1], now=NOW)
    else:
        tx.collections.copy(ME, place, path[-1], ME, place_of(tx, more[0][:-1]), more[0][-1], now=NOW)


class ModelTests(SynchronousTestCase):
    @settings(max_examples=EXAMPLES)
    @given(STEPS)
    def test_followers_have_what_is_there(self, steps: Any) -> None:
        store = MemoryStore()
        try:
            followers = (Follower(), Follower())
            self.successResultOf(store.write(lambda tx: tx.accounts.create(ME, "alice", "user")))
            for step in (*steps, ("sync", 0, 1), ("sync", 1, MANY)):
                if step[0] == "sync":
                    follower = followers[step[1]]
                    self.successResultOf(store.read(lambda tx, f=follower, n=step[2]: f.sync(tx, n)))
                    self.assertEqual(follower.tree, self.successResultOf(store.read(actual)), steps)
                else:
                    store.write(lambda tx, step=step: done(tx, step)).addErrback(
                        lambda failure: failure.trap(NotFound, Conflict)
                    )
                self.successResultOf(store.read(self._check_states))
        finally:
            store.close()

    def _check_states(self, tx: Transaction) -> None:
        """No member has a number above the state of the collection that it is in, nor above that of the home."""
        state = tx.objects.state(ME, FILE_NODE)
        for collection in tx.collections.of_type(ME, FILE_NODE):
            members = tx.collections.members(ME, collection.id, limit=MANY)
            self.assertLessEqual(max((member.seq for member in members), default=0), collection.seq)
            self.assertEqual(collection.items, len(members))
            self.assertLessEqual(collection.seq, state)
