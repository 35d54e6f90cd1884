"""config.json: read with care, written whole and for its owner only."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.store.config_file import (
    LARGEST,
    StoreFile,
    database_file,
    embedded_store_config,
    read_store_config,
    write_store_config,
)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class ReadingTests(SynchronousTestCase):
    """A file that cannot be used is an error that names it (settings A.1)."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def refusal(self, content: bytes | None) -> str:
        if content is not None:
            self.path.write_bytes(content)
        detail = self.assertRaises(Invalid, read_store_config, self.path).detail
        self.assertIn(str(self.path), detail)
        return detail

    def test_object_is_read(self) -> None:
        self.path.write_text('{"@type": "Sqlite", "path": "/x"}')
        self.assertEqual(read_store_config(self.path), {"@type": "Sqlite", "path": "/x"})

    def test_missing_file(self) -> None:
        self.assertIn("No such file", self.refusal(None))

    def test_folder_in_its_place(self) -> None:
        self.path.mkdir()
        self.assertIn("directory", self.refusal(None))

    def test_not_json(self) -> None:
        self.refusal(b"path = /x")

    def test_not_utf_8(self) -> None:
        self.refusal(b'{"@type": "\xff"}')

    def test_empty(self) -> None:
        self.refusal(b"")

    def test_not_an_object(self) -> None:
        self.assertIn("one JSON object", self.refusal(b"[]"))

    def test_nested_too_deeply(self) -> None:
        self.refusal(b"[" * 100_000)

    def test_too_big(self) -> None:
        self.assertIn(str(LARGEST), self.refusal(b'{"a": "' + b"x" * LARGEST + b'"}'))

    def test_no_permission(self) -> None:
        if os.geteuid() == 0:
            raise SkipTest("root may read everything")
        self.path.write_text("{}")
        self.path.chmod(0)
        self.assertIn("Permission denied", self.refusal(None))


class GivenTests(SynchronousTestCase):
    """What the environment says, for ``--data``."""

    def test_it_takes_the_place_of_what_is_there(self) -> None:
        data = Path(self.mktemp())
        first = {"@type": "Sqlite", "path": "one.sqlite3"}
        self.assertEqual(embedded_store_config(data, first)["path"], str(data.absolute() / "one.sqlite3"))
        written = (data / "config.json").stat()
        self.assertEqual(embedded_store_config(data, first)["path"], str(data.absolute() / "one.sqlite3"))
        self.assertEqual((data / "config.json").stat().st_ino, written.st_ino)
        other = {"@type": "PostgreSql", "host": "db"}
        self.assertEqual(embedded_store_config(data, other), other)
        self.assertEqual(embedded_store_config(data), other)


class DatabaseFileTests(SynchronousTestCase):
    def test_only_some_databases_are_files(self) -> None:
        self.assertEqual(database_file({"@type": "Sqlite", "path": "/x/y"}), Path("/x/y"))
        for config in (
            {"@type": "Sqlite"},
            {"@type": "Sqlite", "path": " "},
            {"@type": "PostgreSql", "path": "/x"},
            {},
        ):
            self.assertIsNone(database_file(config))


class WritingTests(SynchronousTestCase):
    """The file is replaced at once."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "config.json"

    def test_only_its_owner_reads_it(self) -> None:
        write_store_config(self.path, {"a": 1})
        self.assertEqual((json.loads(self.path.read_text()), mode_of(self.path)), ({"a": 1}, 0o600))

    def test_mode_does_not_come_from_a_file_left_over(self) -> None:
        (self.folder / "config.json.new").write_text("half")
        (self.folder / "config.json.new").chmod(0o644)
        write_store_config(self.path, {})
        self.assertEqual(mode_of(self.path), 0o600)

    def test_nothing_else_is_left(self) -> None:
        write_store_config(self.path, {})
        self.assertEqual(os.listdir(self.folder), ["config.json"])

    def test_what_was_there_is_kept(self) -> None:
        for content in ({"a": 1}, {"b": 2}, {"b": 2}):
            write_store_config(self.path, content)
        former = self.folder / "config.json.bak"
        self.assertEqual((json.loads(former.read_text()), mode_of(former)), ({"a": 1}, 0o600))
        self.assertEqual(json.loads(self.path.read_text()), {"b": 2})

    def test_failed_write_keeps_the_old_file(self) -> None:
        write_store_config(self.path, {"old": 1})
        self.patch(os, "fsync", self._full)
        self.assertRaises(OSError, write_store_config, self.path, {"new": 1})
        self.assertEqual(json.loads(self.path.read_text()), {"old": 1})

    def _full(self, _descriptor: int) -> Any:
        raise OSError(28, "No space left on device")


class EmbeddedTests(SynchronousTestCase):
    """--data DIR."""

    def setUp(self) -> None:
        self.data = Path(self.mktemp()) / "deep" / "data"

    def test_first_start_makes_the_folder_for_its_owner_and_the_file(self) -> None:
        config = embedded_store_config(self.data)
        self.assertEqual(config, {"@type": "Sqlite", "path": str(self.data.absolute() / "store.sqlite3")})
        written = {"@type": "Sqlite", "path": "store.sqlite3"}
        self.assertEqual(json.loads((self.data / "config.json").read_text()), written)
        self.assertEqual(mode_of(self.data), 0o700)

    def test_path_of_the_store_is_absolute(self) -> None:
        self.assertFalse(self.data.is_absolute())
        self.assertTrue(Path(embedded_store_config(self.data)["path"]).is_absolute())

    def test_folder_that_was_moved_opens_the_store_in_it(self) -> None:
        embedded_store_config(self.data)
        moved = self.data.with_name("moved")
        self.data.rename(moved)
        self.assertEqual(embedded_store_config(moved)["path"], str(moved.absolute() / "store.sqlite3"))

    def test_later_start_keeps_what_somebody_wrote(self) -> None:
        self.data.mkdir(parents=True)
        (self.data / "config.json").write_text('{"@type": "Sqlite", "path": "/elsewhere"}')
        self.assertEqual(embedded_store_config(self.data)["path"], "/elsewhere")

    def test_broken_file_is_not_replaced(self) -> None:
        self.data.mkdir(parents=True)
        (self.data / "config.json").write_text("{")
        self.assertRaises(Invalid, embedded_store_config, self.data)
        self.assertEqual((self.data / "config.json").read_text(), "{")

    def test_folder_that_is_a_file_is_named(self) -> None:
        self.data.parent.mkdir(parents=True)
        self.data.write_text("")
        self.assertIn(str(self.data), self.assertRaises(Invalid, embedded_store_config, self.data).detail)

    def test_name_that_the_system_refuses_is_named(self) -> None:
        self.data.mkdir(parents=True)
        detail = self.assertRaises(Invalid, embedded_store_config, self.data / ("x" * 300)).detail
        self.assertIn("too long", detail)

    def test_folder_that_may_not_be_entered_is_named(self) -> None:
        if os.geteuid() == 0:
            raise SkipTest("root may enter everything")
        self.data.mkdir(parents=True)
        self.data.chmod(0)
        self.addCleanup(self.data.chmod, 0o700)
        self.assertIn("Permission denied", self.assertRaises(Invalid, embedded_store_config, self.data).detail)


class StoreFileTests(SynchronousTestCase):
    """The file as ``x:DataStore``."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.path.write_text('{"@type": "Sqlite", "path": "here.sqlite3"}')
        self.checked: list[Any] = []
        self.file = StoreFile(self.path, self.checked.append, _full)

    def test_relative_paths_stay_as_they_are_written(self) -> None:
        self.assertEqual(self.file.read()["path"], "here.sqlite3")

    def test_what_is_written_has_been_checked(self) -> None:
        config = {"@type": "Sqlite", "path": "there.sqlite3"}
        self.file.write(config)
        self.assertEqual((self.checked, self.file.read()), ([config], config))

    def test_a_refused_object_leaves_the_file(self) -> None:
        def refuse(config: Any) -> None:
            raise Invalid("no")

        self.assertRaises(Invalid, StoreFile(self.path, refuse, _full).write, {"@type": "MySql"})
        self.assertEqual(self.file.read()["path"], "here.sqlite3")

    def test_a_file_that_cannot_be_written_is_named(self) -> None:
        file = StoreFile(self.path / "below", self.checked.append, _full)
        self.assertIn("cannot be written", self.assertRaises(Invalid, file.write, {}).detail)


def _full(_config: dict[str, Any], _makes: bool) -> bool:
    return True
