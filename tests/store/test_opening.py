"""``open_store``: from the DataStore object to a store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.errors import Invalid
from stalwart.store import open_store
from stalwart.telemetry import Telemetry


class OpenStoreTests(SynchronousTestCase):
    def refusal(self, **config: Any) -> Invalid:
        with self.assertRaises(Invalid) as raised:
            open_store({key.replace("at_", "@"): value for key, value in config.items()}, Clock(), Telemetry())
        return raised.exception

    def test_nothing_is_touched_before_the_start(self) -> None:
        path = Path(self.mktemp()) / "db.sqlite3"
        open_store({"@type": "Sqlite", "path": str(path)}, Clock(), Telemetry())
        self.assertFalse(path.parent.exists())

    def test_members_of_the_wire_are_accepted(self) -> None:
        config = {"@type": "Sqlite", "path": "x", "poolMaxConnections": 10, "poolWorkers": None}
        self.assertIsNotNone(open_store(config, Clock(), Telemetry()))

    def test_an_unknown_member_is_named(self) -> None:
        self.assertEqual(self.refusal(at_type="Sqlite", path="x", pathh="y").properties, ("pathh",))

    def test_a_number_out_of_range_is_named(self) -> None:
        error = self.refusal(at_type="Sqlite", path="x", poolWorkers=65)
        self.assertEqual(error.detail, "The data store member poolWorkers must be a whole number from 1 to 64.")

    def test_postgresql_is_opened_with_a_folder_for_files(self) -> None:
        config = {"@type": "PostgreSql", "host": "db.example.test", "poolMaxConnections": 3}
        self.assertIsNotNone(open_store(config, Clock(), Telemetry(), blobs=Path(self.mktemp())))
        self.assertIn("folder", self.refusal(at_type="PostgreSql", host="db.example.test").detail)
        self.assertEqual(self.refusal(at_type="PostgreSql").properties, ("host",))

    def test_what_is_only_looked_at_holds_nothing_open(self) -> None:
        config = {"@type": "PostgreSql", "host": "db.example.test"}
        open_store(config, Clock(), Telemetry(), blobs=Path(self.mktemp()))
        before = len(os.listdir("/dev/fd"))
        kept = [open_store(config, Clock(), Telemetry(), blobs=Path(self.mktemp())) for _ in range(5)]
        self.assertEqual(len(os.listdir("/dev/fd")), before)
        self.assertEqual(len(kept), 5)

    def test_a_truth_value_is_no_number(self) -> None:
        self.assertEqual(self.refusal(at_type="Sqlite", path="x", poolWorkers=True).properties, ("poolWorkers",))


def _refuses_kind(kind: str) -> Any:
    def test(self: OpenStoreTests) -> None:
        detail = self.refusal(at_type=kind, path="/var/lib/stalwart/").detail
        self.assertEqual(detail, f"The data store {kind} is not supported; use Sqlite or PostgreSql.")

    return test


for _kind in ("RocksDb", "FoundationDb", "MySql"):
    setattr(OpenStoreTests, f"test_{_kind.lower()}_is_refused_by_name", _refuses_kind(_kind))


def _refuses_path(path: Any) -> Any:
    def test(self: OpenStoreTests) -> None:
        self.assertEqual(self.refusal(at_type="Sqlite", path=path).properties, ("path",))

    return test


for _name, _path in {
    "missing": None,
    "empty": "",
    "blank": " ",
    "number": 5,
    "with_nul": "a\0b",
    "memory": ":memory:",
}.items():
    setattr(OpenStoreTests, f"test_a_path_that_is_{_name}_is_refused", _refuses_path(_path))


def _refuses_type(kind: Any) -> Any:
    def test(self: OpenStoreTests) -> None:
        self.assertEqual(self.refusal(at_type=kind, path="x").properties, ("@type",))

    return test


for _name, _type in {"missing": None, "unknown": "Postgres", "of_another_case": "sqlite"}.items():
    setattr(OpenStoreTests, f"test_a_type_that_is_{_name}_is_refused", _refuses_type(_type))


class OpenedStoreTests(TestCase):
    async def test_blob_files_stand_beside_the_database(self) -> None:
        from twisted.internet import reactor

        path = Path(self.mktemp()) / "db.sqlite3"
        store = open_store({"@type": "Sqlite", "path": str(path)}, reactor, Telemetry())
        await store.start()
        await store.write(lambda tx: tx.blobs.put(b"x" * 70_000, now=0))
        await store.close()
        found = sorted(entry.name for entry in path.parent.iterdir())
        self.assertEqual(found, ["db.sqlite3", "db.sqlite3.blobs", "db.sqlite3.turns", "db.sqlite3.witness"])
