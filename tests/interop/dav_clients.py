"""Where DAV clients are found, and how one is run: in a home of its own, as a user of a daemon.

Those in Python come from ``tests/interop/clients/prepare``, the others from ``tests/interop/clients/unpack`` where they
are not installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import Daemon, basic, new_folder
from tests.live.people import Administrator

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache/dav-python/bin"
UNPACKED = ROOT / ".cache/dav-clients/usr"
PATIENCE = 90
_YES = b"y\n" * 20
_NOTHING: Mapping[str, str] = {}


def found(name: str) -> str | None:
    """The path of a program."""
    usual = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    for path in (str(PYTHON), usual, f"{UNPACKED}/bin:{UNPACKED}/sbin"):
        if program := shutil.which(name, path=path):
            return program
    return None


def missing(*names: str) -> str | None:
    """Why a test is skipped that needs the programs."""
    absent = [name for name in names if found(name) is None]
    return f"{', '.join(absent)}: see tests/interop/clients/prepare and unpack" if absent else None


class DavClientCase(SynchronousTestCase):
    """A daemon with the user ``testuser``, and a home for the clients."""

    def setUp(self) -> None:
        self.home = new_folder("stalwart-dav-")
        self.addCleanup(shutil.rmtree, self.home, True)
        self.administrator = self.served()
        self.daemon = self.administrator.daemon
        self.login, self.password = self.administrator.new_user("testuser")
        self.segment = self.login.replace("@", "%40")
        self.files = f"{self.daemon.url}/dav/file/{self.segment}/"

    def served(self) -> Administrator:
        """Of a new server."""
        data = new_folder()
        self.addCleanup(shutil.rmtree, data, True)
        daemon = Daemon.with_data(data)
        self.addCleanup(daemon.close)
        return Administrator(daemon)

    def environment(self) -> dict[str, str]:
        """What a client gets to see."""
        libraries = ":".join(str(folder) for folder in (UNPACKED / "lib").glob("*-linux-gnu*"))
        return {
            "HOME": str(self.home),
            "PATH": f"{PYTHON}:{os.environ.get('PATH', '')}:{UNPACKED}/bin",
            "LANG": "C.UTF-8",
            "LD_LIBRARY_PATH": libraries,
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
        }

    def run_client(
        self, *command: str, given: bytes = _YES, is_fine: bool = True, environment: Mapping[str, str] = _NOTHING
    ) -> str:
        """What a program says. It has to end with 0, or if not ``is_fine`` with something else."""
        done = subprocess.run(
            [str(found(command[0])), *command[1:]],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.home,
            env={**self.environment(), **environment},
            timeout=PATIENCE,
        )
        said = done.stdout.decode(errors="replace")
        problem = f"{command}: {done.returncode}\n{said[-6000:]}\n{self.daemon.log[-2000:]}"
        self.assertEqual(done.returncode == 0, is_fine, problem)
        return said

    def ask(self, method: str, path: str, body: bytes = b"", **fields: str) -> tuple[int, dict[str, str], bytes]:
        """Status, header with lower-case names and body of a plain request below ``/dav/``."""
        wire = HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        try:
            header = basic(self.login, self.password) | {name.replace("_", "-"): text for name, text in fields.items()}
            wire.request(method, f"/dav/{path}", body, header)
            answer = wire.getresponse()
            return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
        finally:
            wire.close()


class Replica:
    """Calendars or address books of a user in a folder, kept with those of the daemon by vdirsyncer."""

    def __init__(self, case: DavClientCase, name: str, kind: str, collections: str, conflicts: str = "null") -> None:
        self._case = case
        self.folder = case.home / name
        self._settings = case.home / f"{name}.conf"
        self._ending = {"caldav": ".ics", "carddav": ".vcf"}[kind]
        self._settings.write_text(f"""
[general]
status_path = "{case.home / name}-status/"
[pair mine]
a = "here"
b = "there"
collections = {collections}
conflict_resolution = {conflicts}
metadata = ["displayname"{', "color"' if kind == "caldav" else ""}]
[storage here]
type = "filesystem"
path = "{self.folder}"
fileext = "{self._ending}"
[storage there]
type = "{kind}"
url = "{case.daemon.url}/.well-known/{kind}"
username = "{case.login}"
password = "{case.password}"
""")

    def discover(self) -> str:
        """Find the collections, and make those that one side lacks."""
        return self._run("discover", "mine")

    def sync(self, is_fine: bool = True) -> str:
        """Bring both sides to the same."""
        return self._run("sync", "--force-delete", "mine", is_fine=is_fine)

    def sync_names(self) -> str:
        """The same of names and colours."""
        return self._run("metasync", "mine")

    def write(self, collection: str, name: str, text: str) -> Path:
        """Put an item there."""
        path = self.folder / collection / f"{name}{self._ending}"
        path.write_bytes(text.replace("\n", "\r\n").encode())
        return path

    def texts(self, collection: str) -> list[str]:
        """All items. XML has no CRLF, so lines end as they please."""
        return [
            path.read_bytes().decode().replace("\r\n", "\n")
            for path in sorted((self.folder / collection).glob(f"*{self._ending}"))
        ]

    def _run(self, *command: str, is_fine: bool = True) -> str:
        return self._case.run_client("vdirsyncer", "-v", "debug", "-c", str(self._settings), *command, is_fine=is_fine)


def event(uid: str, summary: str, *more: str, kind: str = "VEVENT") -> str:
    """A calendar object; ``more`` are further lines, by default an hour on a day of 2030."""
    lines = more or ("DTSTART:20300105T100000Z", "DTEND:20300105T110000Z")
    inside = [f"BEGIN:{kind}", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, f"SUMMARY:{summary}", f"END:{kind}"]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *inside, "END:VCALENDAR", ""])


def card(uid: str, name: str, photo: bytes = b"") -> str:
    """A card of version 3.0, with a picture if there is one."""
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", f"FN:{name}", f"N:{name};;;;"]
    if photo:
        text = f"PHOTO;ENCODING=b;TYPE=JPEG:{b64encode(photo).decode()}"
        lines += [text[:75], *(f" {text[at : at + 74]}" for at in range(75, len(text), 74))]
    return "\n".join([*lines, "END:VCARD", ""])
