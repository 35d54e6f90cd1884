"""Published clients of WebDAV, CalDAV and CardDAV against a real daemon: vdirsyncer, khal, khard, cadaver, rclone,
davfs2 and the Python library caldav.

``tests/interop/clients/prepare`` and ``unpack`` get them; without one its tests are skipped.
"""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from urllib.parse import quote

from twisted.trial.unittest import SkipTest

from tests.interop.dav_clients import PYTHON, DavClientCase, Replica, card, event, found, missing

DEFAULT = '["default"]'
WORK = '[["work", "work", "work"]]'
COLOUR = "#FF8800"
LARGE = 20_000_000
ODD_NAMES = ("sub dir/ünï/a b.txt", "sub dir/50%25 + #?&;=.txt", "sub dir/e\u0301 and é.txt", "日本/'quoted' [x].txt")
HERE = Path(__file__).parent / "clients"
KHAL = """
[calendars]
[[c]]
path = {folder}
type = calendar
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
"""
KHARD = """
[addressbooks]
[[c]]
path = {folder}
[general]
default_action = list
editor = true
merge_editor = true
"""
NO_MOUNT = 77
MOUNTED = """
set -e
mkdir -p "$HOME/layer" "$HOME/mnt" "$HOME/kept"
mount -t tmpfs none "$HOME/layer" && mkdir "$HOME/layer/up" "$HOME/layer/work" &&
  mount -t overlay -o lowerdir=/etc,upperdir="$HOME/layer/up",workdir="$HOME/layer/work" none /etc || exit 77
mkdir -p /etc/davfs2
printf 'dav_user root\\ndav_group root\\n' >/etc/davfs2/davfs2.conf
printf '' >/etc/davfs2/secrets
chmod 600 /etc/davfs2/secrets
mount -t tmpfs none /run
mkdir -p /run/mount.davfs
"$MOUNT" -o "conf=$HOME/davfs.conf" "$URL" "$HOME/mnt"
cd "$HOME/mnt"
ls
mkdir -p a/b
echo hello >a/b/one
cp a/b/one 'a/two ü'
mv 'a/two ü' a/three
cp "$HOME/large" a/large
echo more >>a/three
mkdir gone
rmdir gone
rm a/b/one
mv a moved
[[ $(ls moved) == $'b\nlarge\nthree' ]]
cd "$HOME"
umount "$HOME/mnt" || { sleep 1; umount "$HOME/mnt"; }
"""


class VdirsyncerTests(DavClientCase):
    """Folders that are kept as calendars and address books are."""

    def replica(self, name: str, kind: str = "caldav", collections: str = DEFAULT, conflicts: str = "null") -> Replica:
        made = Replica(self, name, kind, collections, conflicts)
        made.discover()
        made.sync()
        return made

    def test_two_replicas_follow_each_other(self) -> None:
        for kind, first, second in (
            ("caldav", event("u", "first säy"), event("u", "second")),
            ("carddav", card("u", "Ännä"), card("u", "Second")),
        ):
            one, two = self.replica(f"{kind}-1", kind), self.replica(f"{kind}-2", kind)
            path = one.write("default", "u", first)
            one.sync()
            two.sync()
            self.assertEqual(two.texts("default"), [first])
            two.write("default", "u", second)
            two.sync()
            one.sync()
            self.assertEqual(one.texts("default"), [second])
            path.unlink()
            one.sync()
            two.sync()
            self.assertEqual(two.texts("default"), [])

    def test_a_conflict_is_told_and_resolved(self) -> None:
        one = self.replica("one")
        two = self.replica("two")
        one.write("default", "u", event("u", "agreed"))
        one.sync()
        two.sync()
        one.write("default", "u", event("u", "of the first"))
        two.write("default", "u", event("u", "of the second"))
        one.sync()
        self.assertIn("conflict", two.sync(is_fine=False).lower())
        self.assertEqual(two.texts("default"), [event("u", "of the second")])
        Replica(self, "two", "caldav", DEFAULT, '"a wins"').sync()
        one.sync()
        self.assertEqual(one.texts("default"), [event("u", "of the second")])

    def test_a_calendar_is_made_named_and_coloured(self) -> None:
        one = Replica(self, "one", "caldav", WORK, '"a wins"')
        two = Replica(self, "two", "caldav", WORK, '"b wins"')
        self.assertEqual(self.ask("PROPFIND", f"cal/{self.segment}/work/")[0], 404)
        one.discover()
        self.assertEqual(self.ask("PROPFIND", f"cal/{self.segment}/work/", Depth="0")[0], 207)
        (one.folder / "work/displayname").write_text("Wörk & more")
        (one.folder / "work/color").write_text(COLOUR)
        one.sync_names()
        two.discover()
        two.sync_names()
        self.assertEqual((two.folder / "work/displayname").read_text(), "Wörk & more")
        self.assertEqual((two.folder / "work/color").read_text(), COLOUR)
        one.write("work", "u", event("u", "kept until the calendar goes"))
        one.sync()
        self.assertEqual(self.ask("DELETE", f"cal/{self.segment}/work/")[0], 204)
        self.assertIn("work", two.sync(is_fine=False))

    def test_tasks_and_journals_come_back_as_they_were(self) -> None:
        one, two = self.replica("one"), self.replica("two")
        task = event("t", "Do it", "DUE;VALUE=DATE:20300105", "STATUS:NEEDS-ACTION", "PRIORITY:1", kind="VTODO")
        done = event("t", "Do it", "STATUS:COMPLETED", "COMPLETED:20300104T120000Z", "X-MINE;A=b:c", kind="VTODO")
        diary = event("j", "Today", "DTSTART;VALUE=DATE:20300105", "DESCRIPTION:long\\, very\\nlong", kind="VJOURNAL")
        one.write("default", "t", task)
        one.write("default", "j", diary)
        one.sync()
        two.sync()
        self.assertEqual(sorted(two.texts("default")), sorted([task, diary]))
        two.write("default", "t", done)
        two.sync()
        one.sync()
        self.assertEqual(sorted(one.texts("default")), sorted([done, diary]))

    def test_cards_with_photos_come_back_as_they_were(self) -> None:
        one, two = self.replica("one", "carddav"), self.replica("two", "carddav")
        texts = [card(f"p{n}", f"Person {n}", random.Random(n).randbytes(size)) for n, size in enumerate((10, 90_000))]
        for n, text in enumerate(texts):
            one.write("default", f"p{n}", text)
        one.sync()
        two.sync()
        self.assertTrue(sorted(two.texts("default")) == sorted(texts))  # to show a difference would take an hour

    def test_khal_makes_a_weekly_event_that_others_list(self) -> None:
        one, two = self.replica("one"), self.replica("two")
        for each in (one, two):
            (self.home / f"{each.folder.name}.khal").write_text(KHAL.format(folder=each.folder / "default"))
        made = (
            "new",
            "-a",
            "c",
            "2030-03-20",
            "09:00",
            "10:00",
            "Wéekly",
            "--repeat",
            "weekly",
            "--until",
            "2030-04-15",
        )
        self.run_client("khal", "-c", "one.khal", *made)
        one.sync()
        two.sync()
        (text,) = two.texts("default")
        self.assertIn("RRULE:FREQ=WEEKLY", text)
        listed = ("list", "--format", "{start} {title}", "2030-03-01", "2030-05-01")
        said = self.run_client("khal", "-c", "two.khal", *listed)
        self.assertEqual(len(re.findall("2030-0[34]-.. 09:00 Wéekly", said)), 4, said)

    def test_khard_makes_a_contact_that_others_show(self) -> None:
        one, two = self.replica("one", "carddav"), self.replica("two", "carddav")
        for each in (one, two):
            (self.home / f"{each.folder.name}.khard").write_text(KHARD.format(folder=each.folder / "default"))
        fields = "Formatted name: Khárd Suite\nFirst name: Khárd\nLast name: Suite\nEmail:\n    work: k@example.net\n"
        (self.home / "new.yaml").write_text(fields)
        self.run_client("khard", "-c", "one.khard", "new", "-a", "c", "-i", "new.yaml", given=b"")
        one.sync()
        two.sync()
        said = self.run_client("khard", "-c", "two.khard", "show", "Khárd", given=b"")
        self.assertIn("k@example.net", said)

    if reason := missing("vdirsyncer"):
        skip = reason
    if reason := missing("khal"):
        test_khal_makes_a_weekly_event_that_others_list.skip = reason  # type: ignore[attr-defined]
    if reason := missing("khard"):
        test_khard_makes_a_contact_that_others_show.skip = reason  # type: ignore[attr-defined]


class CaldavLibraryTests(DavClientCase):
    """What programs over the library do."""

    def test_calendars_events_tasks_reports_and_sync(self) -> None:
        login = (self.daemon.url, self.login, self.password)
        said = self.run_client("python", "-W", "ignore", str(HERE / "caldav_client.py"), *login)
        expected = {
            "at first": 1,
            "made": 2,
            "week": ["One", "Two"],
            "expanded here": [f"2026-05-0{at}:00:00+00:00" for at in ("1T10", "1T12", "2T12")],
            "by text": ["Two"],
            "by category": ["Two"],
            "by uid": "Two",
            "together": 2,
            "busy": 3,
            "to do": ["Task"],
            "done": [0, 1],
            "done once": [1, 3],
            "journals": ["Diary"],
            "known": 6,
            "conflict": True,
            "summary": "One changed",
            "changes": [1, 0],
            "removals": [0, 1],
            "name": "Play",
            "addresses": [f"mailto:{self.login}"],
            "inbox": 0,
            "at last": 1,
        }
        self.assertEqual(json.loads(said.splitlines()[-1]), expected)

    if not (PYTHON / "python").exists():
        skip = "caldav: see tests/interop/clients/prepare"


class CadaverTests(DavClientCase):
    """A folder by commands."""

    def cadaver(self, *commands: str) -> str:
        netrc = self.home / ".netrc"
        netrc.write_text(f"machine 127.0.0.1\nlogin {self.login}\npassword {self.password}\n")
        netrc.chmod(0o600)
        return self.run_client("cadaver", "-t", self.files, given="\n".join([*commands, "quit", ""]).encode())

    def test_trees_are_copied_moved_and_removed(self) -> None:
        (self.home / "small").write_text("hello\n")
        said = self.cadaver(
            "mkcol tree", "mkcol tree/inner", "put small tree/inner/small.txt", "copy tree twin", "move tree moved"
        )
        self.assertEqual(said.count("succeeded"), 5, said)
        for name in ("twin", "moved"):
            self.assertEqual(self.ask("GET", f"file/{self.segment}/{name}/inner/small.txt")[2], b"hello\n")
        self.assertEqual(self.ask("PROPFIND", f"file/{self.segment}/tree")[0], 404)
        said = self.cadaver("get moved/inner/small.txt got", "ls moved", "rmcol moved", "delete twin/inner/small.txt")
        self.assertIn("inner", said)
        self.assertEqual((self.home / "got").read_text(), "hello\n")
        self.assertEqual(self.ask("PROPFIND", f"file/{self.segment}/moved")[0], 404)

    def test_a_lock_keeps_others_out(self) -> None:
        (self.home / "small").write_text("hello\n")
        said = self.cadaver("put small one", "lock one", "discover one")
        self.assertRegex(said, "Locking .*succeeded")
        self.assertEqual(self.ask("PUT", f"file/{self.segment}/one", b"other")[0], 423)
        self.assertEqual(self.ask("DELETE", f"file/{self.segment}/one")[0], 423)
        self.assertRegex(self.cadaver("put small one"), "423")
        (token,) = set(re.findall(r"urn:[^\s>]+", said))
        self.assertEqual(self.ask("UNLOCK", f"file/{self.segment}/one", Lock_Token=f"<{token}>")[0], 204)
        said = self.cadaver("lock one", "put small one", "unlock one", "propset one colour red", "propget one colour")
        self.assertRegex(said, "Unlocking .*succeeded")
        self.assertIn("red", said)
        self.assertEqual(self.ask("PUT", f"file/{self.segment}/one", b"other")[0], 204)

    if reason := missing("cadaver"):
        skip = reason


class RcloneTests(DavClientCase):
    """A tree of files here and there."""

    retries = 1

    def rclone(self, *command: str, is_fine: bool = True) -> str:
        if not (self.home / "rclone.conf").exists():
            self.given = {"RCLONE_CONFIG": str(self.home / "rclone.conf"), "RCLONE_RETRIES": str(self.retries)}
            settings = ("url", self.files, "vendor", "other", "user", self.login, "pass", self.password)
            self.run_client("rclone", "config", "create", "d", "webdav", *settings, "--obscure", environment=self.given)
        return self.run_client("rclone", *command, is_fine=is_fine, environment=self.given)

    def tree(self) -> Path:
        """Small files with odd names."""
        for n, name in enumerate((*ODD_NAMES, "1.txt", "2.txt")):
            path = self.home / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"file {n}\n")
        return self.home / "tree"

    def test_a_tree_is_kept_the_same(self) -> None:
        tree = self.tree()
        self.rclone("sync", "tree", "d:kept")
        self.rclone("check", "--download", "tree", "d:kept")
        (tree / "1.txt").unlink()
        (tree / "2.txt").write_text("longer than before\n")
        self.rclone("sync", "--ignore-times", "tree", "d:kept")
        self.rclone("check", "--download", "tree", "d:kept")
        self.rclone("sync", "d:kept", "back")
        self.rclone("check", "tree", "back")

    def test_a_tree_is_copied_and_moved_on_the_server(self) -> None:
        self.tree()
        self.rclone("sync", "tree", "d:kept")
        self.rclone("copy", "d:kept", "d:twin")
        self.rclone("moveto", "d:kept", "d:far/moved")
        self.rclone("check", "--download", "tree", "d:twin")
        self.rclone("check", "--download", "tree", "d:far/moved")
        self.rclone("purge", "d:twin")
        self.assertEqual(self.rclone("lsf", "d:").split(), ["far/"])

    def test_twenty_megabytes_go_up_and_come_back(self) -> None:
        content = random.Random(1).randbytes(LARGE)
        (self.home / "large").write_bytes(content)
        self.rclone("copyto", "large", "d:deep/er/large.bin")
        self.rclone("copyto", "d:deep/er/large.bin", "back")
        self.assertEqual((self.home / "back").read_bytes(), content)
        status, _, part = self.ask("GET", f"file/{self.segment}/deep/er/large.bin", Range="bytes=19999990-")
        self.assertEqual((status, part), (206, content[-10:]))

    if reason := missing("rclone"):
        skip = reason


class DavfsTests(DavClientCase):
    """The files of the user, mounted in a name space of their own."""

    def test_a_mounted_tree_is_written_copied_and_moved(self) -> None:
        content = random.Random(2).randbytes(LARGE)
        (self.home / "large").write_bytes(content)
        url = f"{self.daemon.url}/dav/file/{self.login}/"
        secrets = self.home / "secrets"
        secrets.write_text(f"{url} {self.login} {self.password}\n")
        secrets.chmod(0o600)
        lines = (f"secrets {secrets}", f"cache_dir {self.home}/kept", "ask_auth 0", "delay_upload 0", "use_locks 1")
        # Newer kernels read directories in larger pieces than the 16 KiB that davfs2 is ready for, which makes EINVAL.
        lines = (*lines, "buf_size 64")
        (self.home / "davfs.conf").write_text("\n".join((*lines, "")))
        environment = {"URL": url, "MOUNT": str(found("mount.davfs"))}
        ends = f"({MOUNTED}); code=$?; [[ $code == {NO_MOUNT} ]] && echo cannot mount && exit 0; exit $code"
        said = self.run_client("unshare", "-m", "bash", "-c", ends, environment=environment)
        if "cannot mount" in said:
            raise SkipTest(said)
        for path, expected in (("moved/three", b"hello\nmore\n"), ("moved/large", content)):
            self.assertEqual(self.ask("GET", f"file/{self.segment}/{quote(path)}")[2], expected, said)
        for gone in ("a", "gone", "moved/b/one"):
            self.assertEqual(self.ask("PROPFIND", f"file/{self.segment}/{gone}")[0], 404)

    if reason := missing("mount.davfs", "unshare"):
        skip = reason
    elif os.geteuid() != 0 or not Path("/dev/fuse").exists():
        skip = "needs root and /dev/fuse"
