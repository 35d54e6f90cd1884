"""``stalwart-cli import`` between two daemons: everything arrives, nothing twice, also when it is killed meanwhile."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from stalwart.cli.importing.client import Client
from stalwart.cli.importing.dav import CALDAV, DavClient, DavSource
from stalwart.cli.settings.connection import Connection
from tests.live.daemon import PATIENCE, Daemon, new_folder
from tests.live.people import PASSWORD, Administrator
from tests.live.test_command_line import CLI, environment

JANE = "jane@example.org"
MAIL, FILES = "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:filenode"
GROUPWARE = ["urn:ietf:params:jmap:calendars", "urn:ietf:params:jmap:contacts", "urn:ietf:params:jmap:blob"]
MESSAGES = 120
ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y
X-WR-CALNAME:Work
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART:20990101T100000Z
SUMMARY:Planned
ORGANIZER:mailto:jane@example.org
ATTENDEE:mailto:guest@elsewhere.test
END:VEVENT
END:VCALENDAR
"""


class Jane(Administrator):
    """The user, as a client of mail and files."""

    using = ["urn:ietf:params:jmap:core", MAIL, FILES, *GROUPWARE]

    def __init__(self, daemon: Daemon) -> None:
        super().__init__(daemon, JANE, PASSWORD)
        self.account = daemon.json("/jmap/session", self._authorization)["primaryAccounts"][MAIL]

    def all(self, type: str) -> list[dict[str, Any]]:
        """All objects of a type."""
        found: list[dict[str, Any]] = self.call(f"{type}/get", {"accountId": self.account, "ids": None})["list"]
        return found

    def made(self, type: str, **members: Any) -> str:
        """The id of a new object."""
        answer = self.call(f"{type}/set", {"accountId": self.account, "create": {"k": members}})
        return str(answer["created"]["k"]["id"])

    def upload(self, content: bytes) -> str:
        """The id of a new blob."""
        data = [{"data:asBase64": b64encode(content).decode()}]
        answer = self.call("Blob/upload", {"accountId": self.account, "create": {"k": {"data": data}}})
        return str(answer["created"]["k"]["id"])


def meant(object: dict[str, Any]) -> dict[str, Any]:
    """An object without what each server has made of it."""
    own = ("id", "calendarIds", "addressBookIds", "updated", "baseEventId")
    made = {name: value for name, value in object.items() if name not in own}
    for link in made.get("links", {}).values():
        link.pop("href", None)
    return made


class ImportTests(TestCase):
    timeout = 4 * PATIENCE

    def setUp(self) -> None:
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.one, self.two = (Daemon.with_data(self.folder / name) for name in ("one", "two"))
        for daemon in (self.one, self.two):
            self.addCleanup(daemon.close)
            Administrator(daemon).new_user("jane")

    def command(self, daemon: Daemon, *words: str) -> list[str]:
        login = "--url", daemon.url, "--user", JANE, "--password", PASSWORD
        return [*CLI, *login, "import", *words]

    def environment(self) -> dict[str, str]:
        return environment(STALWART_SOURCE_PASSWORD=PASSWORD, XDG_STATE_HOME=str(self.folder / "state"))

    def run_import(self, daemon: Daemon, *words: str, status: int = 0) -> str:
        """What the finished command says."""
        found = subprocess.run(
            self.command(daemon, *words),
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual(found.returncode, status, found.stdout + found.stderr)
        return found.stdout

    def mbox(self) -> str:
        path = self.folder / "Old.mbox"
        messages = (
            f"From a@b Thu Jan  1 10:00:00 2026\nStatus: RO\nMessage-ID: <m{number}@x>\nSubject: {number}\n\nbody\n\n"
            for number in range(MESSAGES)
        )
        path.write_text("".join(messages))
        return str(path)

    def test_from_files_and_on_to_another_server(self) -> Any:
        return deferToThread(self.from_files)

    def from_files(self) -> None:
        tree = self.folder / "tree"
        (tree / "docs").mkdir(parents=True)
        (tree / "docs" / "a.txt").write_text("hello")
        (self.folder / "c.ics").write_text(ICS.format(uid="e1"))
        (self.folder / "c.vcf").write_text("BEGIN:VCARD\nVERSION:3.0\nFN:One\nN:One;;;;\nEND:VCARD\n")
        for words, said in (
            (("mbox", self.mbox()), f"{MESSAGES} imported"),
            (("ics", str(self.folder / "c.ics")), "1 imported"),
            (("vcf", str(self.folder / "c.vcf")), "1 imported"),
            (("files", str(tree)), "2 imported"),
        ):
            self.assertIn(said, self.run_import(self.one, *words))
            self.assertIn("0 imported", self.run_import(self.one, *words))
            other = str(self.folder / f"{words[0]}.journal")
            self.assertIn("there already", self.run_import(self.one, *words, "--journal", other))
        self.assertEqual(Administrator(self.one).call("x:QueuedMessage/query", {})["ids"], [])  # nobody was invited
        several = f"{MESSAGES + 6} imported"  # with two files, two objects and what these are in
        for kind, said in (("jmap", several), ("caldav", "1 were there already"), ("carddav", "1 were there already")):
            words = kind, self.one.url, "--source-user", JANE
            self.assertIn(said, self.run_import(self.two, *words))
        one, two = (Jane(daemon) for daemon in (self.one, self.two))
        for type, names in (
            ("Mailbox", ("name", "totalEmails", "unreadEmails")),
            ("FileNode", ("name", "blobId")),
        ):
            found = [sorted([each[name] or "" for name in names] for each in jane.all(type)) for jane in (one, two)]
            self.assertEqual(*found)
        for daemon in (self.one, self.two):
            connection = Connection(daemon.url, JANE, PASSWORD)
            events = list(DavSource(DavClient(Client(connection)), CALDAV, None, None).items())
            connection.close()
            self.assertEqual([(event.place, b"UID:e1" in event.read()) for event in events], [(("Work",), True)])

    def test_events_and_cards_mean_the_same_at_the_other_server(self) -> Any:
        return deferToThread(self.groupware)

    def groupware(self) -> None:
        one, two = Jane(self.one), Jane(self.two)
        calendars = {each["name"]: each["id"] for each in one.all("Calendar")}
        (home,) = calendars.values()
        work = one.made("Calendar", name="Work", color="#00ff00")
        attached = one.upload(b"the file")
        photo = one.upload(b"\x89PNG\r\n\x1a\nphoto")
        event = {"title": "Meeting", "start": "2030-01-07T10:00:00", "timeZone": "Europe/Berlin", "duration": "PT1H"}
        guest = {"calendarAddress": "mailto:guest@elsewhere.test", "roles": {"attendee": True}}
        rule = {"frequency": "weekly", "count": 5}
        override = {"2030-01-14T10:00:00": {"title": "Another"}, "2030-01-21T10:00:00": {"excluded": True}}
        alert = {"trigger": {"@type": "OffsetTrigger", "offset": "-PT10M"}}
        for members in (
            {**event, "links": {"f": {"blobId": attached, "title": "a.txt", "contentType": "text/plain"}}},
            {**event, "recurrenceRule": rule, "recurrenceOverrides": override, "alerts": {"a": alert}},
            {**event, "participants": {"g": guest}, "example.com:x": {"kept": [1]}, "isDraft": True},
        ):
            one.made("CalendarEvent", calendarIds={work: True, home: True}, **members)
        for number in range(120):
            one.made("CalendarEvent", calendarIds={home: True}, **{**event, "title": str(number)})
        (book,) = (each["id"] for each in one.all("AddressBook"))
        card = {"name": {"full": "Ann"}, "media": {"p": {"kind": "photo", "blobId": photo}}, "example.com:y": 7}
        one.made("ContactCard", addressBookIds={book: True}, **card)
        words = "jmap", self.one.url, "--source-user", JANE
        began = subprocess.Popen(self.command(self.two, *words), env=self.environment(), stdout=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while len(two.all("CalendarEvent")) < 40 and began.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        began.kill()
        began.wait(PATIENCE)
        self.run_import(self.two, *words)
        other = "--journal", str(self.folder / "again.journal")
        self.assertIn("0 imported", self.run_import(self.two, *words, *other))
        for type in ("CalendarEvent", "ContactCard"):
            found = [sorted(map(meant, jane.all(type)), key=lambda each: str(each["uid"])) for jane in (one, two)]
            self.assertEqual(*found)
        self.assertEqual(sum("links" in each for each in two.all("CalendarEvent")), 1)
        names = {each["id"]: (each["name"], each.get("color")) for each in two.all("Calendar")}
        self.assertIn(("Work", "#00ff00"), names.values())
        places = [len(each["calendarIds"]) for each in two.all("CalendarEvent")]
        self.assertEqual((len(names), sorted(set(places)), places.count(2)), (2, [1, 2], 3))
        self.assertEqual(Administrator(self.two).call("x:QueuedMessage/query", {})["ids"], [])  # nobody was invited

    def test_what_was_killed_goes_on(self) -> Any:
        return deferToThread(self.killed)

    def killed(self) -> None:
        words, jane = ("mbox", self.mbox()), Jane(self.one)
        for already in (1, 51):
            began = subprocess.Popen(self.command(self.one, *words), env=self.environment(), stdout=subprocess.DEVNULL)
            until = time.monotonic() + PATIENCE
            while self.imported(jane) < already and began.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            began.kill()
            began.wait(PATIENCE)
        self.run_import(self.one, *words)
        self.assertEqual(self.imported(jane), MESSAGES)
        (journal,) = Path(self.folder, "state").rglob("*.journal")
        done = [key for line in journal.read_text().splitlines()[1:] for key in json.loads(line)["done"]]
        self.assertEqual((len(done), len(set(done))), (MESSAGES, MESSAGES))

    def imported(self, jane: Jane) -> int:
        return sum(int(box["totalEmails"]) for box in jane.all("Mailbox"))
