"""The file of a backup: what is written is read; what was cut off, changed, foreign or newer is refused."""

from __future__ import annotations

import io
import json
import random
import stat
import tarfile
import zlib
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.store.moving import backup_file as module
from stalwart.store.moving.backup_file import Backup, BackupWriter, Manifest
from stalwart.store.moving.tables import Table, tables_of
from tests.store.moving.sample import LARGE, odd_row

SECRET = next(table for table in tables_of() if table.name == "secret")
HASH = bytes(range(32))


class BackupFileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.rows = [odd_row(SECRET), ("name", b"x" * 5000), (None, b"")]

    def write(self, schema: int = 3) -> Path:
        with BackupWriter(self.path, Manifest(schema, 1_800_000_000)) as writer:
            writer.rows("secret", iter(self.rows))
            writer.blob(HASH, io.BytesIO(LARGE), len(LARGE))
            writer.finish({"secret": (3, "ab")})
        return self.path

    def refusal(self, newest: int = 3) -> str:
        with self.assertRaises(Invalid) as raised:
            Backup(self.path, newest)
        return raised.exception.detail.removeprefix(f"{self.path} ")

    def test_what_is_written_is_read(self) -> None:
        found = Backup(self.write(), 3)
        self.assertEqual(found.manifest, Manifest(3, 1_800_000_000))
        self.assertEqual(found.sums, {"secret": (3, "ab")})
        for _ in range(2):
            self.assertEqual(list(found.rows(SECRET)), self.rows)
            self.assertEqual([(hash, b"".join(pieces)) for hash, pieces in found.blobs()], [(HASH, LARGE)])
        self.assertEqual(list(found.rows(Table("other", ()))), [])

    def test_a_large_value_of_another_name_is_refused(self) -> None:
        with BackupWriter(self.path, Manifest(3, 0)) as writer:
            writer._whole("blobs/no-hash", b"x")
            writer.finish({})
        self.assertEqual(self.refusal(), "is not whole, or it is damaged.")

    def test_rows_that_are_none_are_refused(self) -> None:
        for content in (b"x", zlib.compress(b"x")):
            with BackupWriter(self.path, Manifest(3, 0)) as writer:
                writer._whole("tables/secret/00000000", content)
                writer.finish({"secret": (1, "ab")})
            found = Backup(self.path, 3)
            with self.assertRaisesRegex(Invalid, "rows that cannot be read"):
                list(found.rows(SECRET))
            self.path.unlink()

    def test_a_full_disk_is_said_with_the_file(self) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        self.patch(module.os, "fsync", full)
        with self.assertRaises(Invalid) as raised:
            self.write()
        self.assertEqual(raised.exception.detail, f"{self.path} cannot be written: No space left on device.")
        self.assertEqual(list(self.path.parent.glob(f"{self.path.name}*")), [])

    def test_rows_are_in_pieces(self) -> None:
        self.patch(module, "_ROWS", 2)
        self.assertEqual(list(Backup(self.write(), 3).rows(SECRET)), self.rows)
        with tarfile.open(self.path) as tar:
            self.assertEqual(sum(name.startswith("tables/") for name in tar.getnames()), 2)

    def test_only_the_owner_may_read_it_and_nothing_is_overwritten(self) -> None:
        self.assertEqual(stat.S_IMODE(self.write().stat().st_mode), 0o600)
        with self.assertRaises(Invalid):
            self.write()
        with self.assertRaises(Invalid):
            BackupWriter(self.path / "below", Manifest(1, 1))

    def test_what_a_killed_writer_or_somebody_else_has_left_is_not_written_into(self) -> None:
        left, other = self.path.with_name(f"{self.path.name}.part"), self.path.with_name("other")
        left.write_text("left over")
        left.chmod(0o666)
        with left.open("rb") as held:
            self.assertEqual(stat.S_IMODE(self.write().stat().st_mode), 0o600)
            self.assertEqual(held.read(), b"left over")
        self.path.unlink()
        other.write_text("of somebody")
        left.symlink_to(other)
        with self.assertRaisesRegex(Invalid, "cannot be written"):
            self.write()
        self.assertEqual(other.read_text(), "of somebody")

    def test_what_is_written_is_not_kept_in_memory(self) -> None:
        with BackupWriter(self.path, Manifest(3, 0)) as writer:
            for number in range(3):
                writer.blob(bytes([number] * 32), io.BytesIO(b"x"), 1)
                self.assertEqual(writer._tar.members, [])
            writer.finish({})
        self.assertEqual(len(list(Backup(self.path, 3).blobs())), 3)

    def test_a_stream_takes_the_same(self) -> None:
        stream = io.BytesIO()
        with BackupWriter(stream, Manifest(3, 0)) as writer:
            writer.rows("secret", self.rows)
            writer.finish({"secret": (2, "ab")})
        self.path.write_bytes(stream.getvalue())
        self.assertEqual(list(Backup(self.path, 3).rows(SECRET)), self.rows)
        stream = io.BytesIO()
        with self.assertRaises(RuntimeError), BackupWriter(stream, Manifest(3, 0)) as writer:
            writer.rows("secret", self.rows)
            raise RuntimeError
        self.path.write_bytes(stream.getvalue())
        self.assertIn("not whole", self.refusal())

    def test_two_do_not_write_one_file(self) -> None:
        with BackupWriter(self.path, Manifest(3, 0)) as writer:
            with self.assertRaisesRegex(Invalid, "is being written already"):
                BackupWriter(self.path, Manifest(3, 0))
            writer.finish({})
        self.assertEqual(Backup(self.path, 3).sums, {})

    def test_one_that_is_not_finished_leaves_nothing(self) -> None:
        with self.assertRaises(RuntimeError), BackupWriter(self.path, Manifest(1, 1)):
            raise RuntimeError
        self.assertEqual(list(self.path.parent.glob(f"{self.path.name}*")), [])

    def test_one_that_was_cut_off_anywhere_is_refused(self) -> None:
        whole = self.write().read_bytes()
        end = whole.index(b"checksums.json")
        chance = random.Random(5)
        for length in (0, 1, 511, 512, 600, 1024, end, end + 400, *chance.sample(range(end), 40)):
            self.path.write_bytes(whole[:length])
            said = self.refusal()
            self.assertRegex(said, "not whole" if length > 1100 else "not whole|no backup")

    def test_one_that_was_changed_anywhere_is_refused(self) -> None:
        whole = self.write().read_bytes()
        with tarfile.open(self.path) as tar:
            parts = [(each.offset_data, each.size) for each in tar]
        chance = random.Random(6)
        for start, size in parts[1:-1]:
            for _ in range(5):
                changed = bytearray(whole)
                changed[start + chance.randrange(size)] ^= 1 << chance.randrange(8)
                self.path.write_bytes(changed)
                self.assertIn("damaged", self.refusal())

    def test_what_is_foreign_is_refused(self) -> None:
        for content in (b"hello", b"", bytes(10_240), random.Random(7).randbytes(5000)):
            self.path.write_bytes(content)
            self.assertIn("is no backup", self.refusal())
        for members in (
            {},
            {"product": "other", "format": 1, "schema": 1, "madeAt": 1},
            {"product": "stalwart-twisted", "format": "1", "schema": 1, "madeAt": 1},
        ):
            self.tar({"manifest.json": json.dumps(members).encode()})
            self.assertIn("is no backup", self.refusal())
        self.tar({"other.json": b"{}"})
        self.assertIn("is no backup", self.refusal())

    def test_what_is_no_file_is_refused(self) -> None:
        self.assertIn("cannot be read", self.refusal())
        with tarfile.open(self.path, "w") as tar:
            link = tarfile.TarInfo("manifest.json")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
        self.assertIn("is no backup", self.refusal())

    def test_one_of_a_newer_version_is_refused(self) -> None:
        self.write(schema=4)
        self.assertIn("newer version", self.refusal())
        said = {"product": "stalwart-twisted", "format": 2, "schema": 1, "madeAt": 1}
        self.tar({"manifest.json": json.dumps(said).encode()})
        self.assertIn("newer version", self.refusal())

    def tar(self, members: dict[str, bytes]) -> Any:
        with tarfile.open(self.path, "w") as tar:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
