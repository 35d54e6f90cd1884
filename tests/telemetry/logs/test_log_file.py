"""Log files: their names, and that they are written whatever happens to them."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.logs import log_file
from stalwart.telemetry.logs.log_file import Entry, RollingFile, file_name, newest_file, reason_of, why_not_writable

MOMENT = 1_795_253_400.5  # 2026-11-21T09:30:00.5Z
DAY = 86_400


class FolderCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())

    def texts(self) -> dict[str, str]:
        return {each.name: each.read_text() for each in self.folder.iterdir()}


class NameTests(FolderCase):
    def test_names_by_rotation(self) -> None:
        found = {kind: file_name("a%d", kind, MOMENT) for kind in ("daily", "hourly", "minutely", "never")}
        daily, hourly, minutely = "a%d.2026-11-21", "a%d.2026-11-21T09", "a%d.2026-11-21T09-30"
        self.assertEqual(found, {"daily": daily, "hourly": hourly, "minutely": minutely, "never": "a%d"})

    def test_newest_is_the_one_written_last_whatever_its_rotation(self) -> None:
        self.folder.mkdir()
        names = ("mail.2026-11-21", "mail", "mail.2026-11-20T09-30", "mail.2026-11-22.gz", "mailer.2026-11-23")
        for age, name in enumerate(names):
            (self.folder / name).touch()
            os.utime(self.folder / name, (MOMENT + age, MOMENT + age))
        self.assertEqual(newest_file(self.folder, "mail"), self.folder / "mail.2026-11-20T09-30")

    def test_no_newest(self) -> None:
        self.assertIsNone(newest_file(self.folder, "mail"))
        self.folder.mkdir()
        (self.folder / "mail").mkdir()
        self.assertIsNone(newest_file(self.folder, "mail"))
        self.assertIsNone(newest_file(Path("\0"), "mail"))


class TrialTests(FolderCase):
    def why_not(self, folder: Path | None = None, prefix: str = "mail") -> str | None:
        return why_not_writable(folder or self.folder, prefix, "daily", MOMENT)

    def test_folder_is_made_and_left_empty(self) -> None:
        self.assertIsNone(self.why_not(self.folder / "a" / "b"))
        self.assertEqual(list((self.folder / "a" / "b").iterdir()), [])

    def test_file_that_is_there_is_left_as_it_is(self) -> None:
        self.folder.mkdir()
        for line in ("2026-11-21T09:30:00.125Z INFO Server started (server.startup) mode=normal\n", ""):
            (self.folder / "mail.2026-11-21").write_text(line)
            self.assertIsNone(self.why_not())
            self.assertEqual(self.texts(), {"mail.2026-11-21": line})

    def test_file_that_is_no_log_is_left_alone(self) -> None:
        self.folder.mkdir()
        for content in ('{"@type": "Sqlite"}\n', "#!/bin/sh\n", "\n", "\0" * 1000, "x" * 300_000):
            (self.folder / "mail.2026-11-21").write_text(content)
            self.assertIn("no log of this server", self.why_not() or "")
            self.assertEqual(self.texts(), {"mail.2026-11-21": content})

    def test_link_is_not_followed(self) -> None:
        self.folder.mkdir()
        (self.folder / "mail.2026-11-21").symlink_to("elsewhere")
        self.assertIn("link", self.why_not() or "")
        self.assertFalse((self.folder / "elsewhere").exists())

    def test_file_in_the_place_of_the_folder(self) -> None:
        self.folder.touch()
        self.assertEqual(self.why_not(), "File exists")
        self.assertEqual(self.why_not(self.folder / "sub"), "Not a directory")

    def test_folder_or_pipe_in_the_place_of_the_file(self) -> None:
        (self.folder / "mail.2026-11-21").mkdir(parents=True)
        self.assertEqual(self.why_not(), "Is a directory")
        os.mkfifo(self.folder / "pipe.2026-11-21")
        self.assertIsNotNone(self.why_not(prefix="pipe"))

    def test_prefix_that_is_no_name(self) -> None:
        for prefix in ("../mail", "/mail", "", "a\0", "a\n", "x" * 65):
            self.assertEqual(self.why_not(prefix=prefix), "The prefix cannot begin the name of a file", prefix)

    def test_path_that_cannot_be(self) -> None:
        self.assertIn("null", self.why_not(Path("a\0b")) or "")


class RollingFileTests(FolderCase):
    def setUp(self) -> None:
        super().setUp()
        self.file = RollingFile(self.folder, "mail", "daily")
        self.addCleanup(self.file.close)

    def append(self, *texts: str, moment: float = MOMENT) -> None:
        self.file.append(deque((moment, text.encode()) for text in texts))

    def test_lines_follow_each_other_in_a_file_for_its_owner_and_group(self) -> None:
        self.append("one\n", "two\n")
        self.append("three\n")
        self.assertEqual(self.texts(), {"mail.2026-11-21": "one\ntwo\nthree\n"})
        self.assertEqual((self.folder / "mail.2026-11-21").stat().st_mode & 0o027, 0)

    def test_file_of_before_is_continued(self) -> None:
        line = "2026-11-21T09:30:00.125Z INFO Server started (server.startup)\n"
        self.append(line)
        self.file.close()
        RollingFile(self.folder, "mail", "daily").append(deque([(MOMENT, b"two\n")]))
        self.assertEqual(self.texts(), {"mail.2026-11-21": f"{line}two\n"})

    def test_each_line_goes_to_the_file_of_its_day(self) -> None:
        entries: deque[Entry] = deque([(MOMENT, b"one\n"), (MOMENT + DAY, b"two\n"), (MOMENT + DAY, b"three\n")])
        self.file.append(entries)
        self.assertEqual(self.texts(), {"mail.2026-11-21": "one\n", "mail.2026-11-22": "two\nthree\n"})
        self.assertEqual(entries, deque())

    def test_file_that_was_moved_away_is_begun_anew(self) -> None:
        self.append("one\n")
        (self.folder / "mail.2026-11-21").rename(self.folder / "kept")
        self.append("two\n")
        self.assertEqual(self.texts(), {"kept": "one\n", "mail.2026-11-21": "two\n"})

    def test_folder_that_was_removed_is_made_again(self) -> None:
        self.append("one\n")
        (self.folder / "mail.2026-11-21").unlink()
        self.folder.rmdir()
        self.append("two\n")
        self.assertEqual(self.texts(), {"mail.2026-11-21": "two\n"})

    def test_what_a_full_disk_leaves_is_written_later_without_a_gap(self) -> None:
        real, room = os.write, [6]

        def write(descriptor: int, data: bytes) -> int:
            if not room:
                raise OSError(28, "No space left on device")
            return real(descriptor, data[: room.pop()])

        self.patch(log_file.os, "write", write)
        entries: deque[Entry] = deque([(MOMENT, b"one\n"), (MOMENT, b"two\n"), (MOMENT, b"three\n")])
        problem = self.assertRaises(OSError, self.file.append, entries)
        self.assertEqual(reason_of(problem), "No space left on device")
        self.patch(log_file.os, "write", real)
        self.file.append(entries)
        self.assertEqual(self.texts(), {"mail.2026-11-21": "one\ntwo\nthree\n"})

    def test_line_whose_beginning_is_gone_is_written_as_a_whole(self) -> None:
        for gone in (Path.unlink, lambda path: path.rename(self.folder / "kept"), lambda path: os.truncate(path, 0)):
            real, room = os.write, [2, 3]

            def write(descriptor: int, data: bytes, real: Any = real, room: list[int] = room) -> int:
                if not room:
                    raise OSError(28, "No space left on device")
                return int(real(descriptor, data[: room.pop()]))

            self.patch(log_file.os, "write", write)
            entries: deque[Entry] = deque([(MOMENT, b"first line\n"), (MOMENT, b"second\n")])
            self.assertRaises(OSError, self.file.append, entries)
            self.file.close()
            gone(self.folder / "mail.2026-11-21")
            self.patch(log_file.os, "write", real)
            self.file.append(entries)
            self.file.close()
            self.assertEqual((self.folder / "mail.2026-11-21").read_text(), "first line\nsecond\n")
            (self.folder / "mail.2026-11-21").unlink()

    def test_line_that_was_cut_off_before_a_new_start_is_ended(self) -> None:
        self.folder.mkdir()
        (self.folder / "mail.2026-11-21").write_text("2026-11-21T09:30:00.125Z INF")
        self.append("one\n", "two\n")
        self.assertEqual(self.texts(), {"mail.2026-11-21": "2026-11-21T09:30:00.125Z INF\none\ntwo\n"})

    def test_closing_twice(self) -> None:
        self.append("one\n")
        self.file.close()
        self.file.close()
        self.assertEqual(self.texts(), {"mail.2026-11-21": "one\n"})
