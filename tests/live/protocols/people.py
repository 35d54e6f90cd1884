"""People of one real daemon who speak every protocol: JMAP, WebDAV with what is built on it, LMTP, the import command.

The daemon is the one of a whole class; each test has accounts of its own.
"""

from __future__ import annotations

import atexit
import http.client
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import PATIENCE, Daemon, new_folder
from tests.live.lmtp_client import MailClient
from tests.live.people import PASSWORD, Administrator
from tests.live.test_command_line import CLI, environment

NAMES = {
    "D": "DAV:",
    "A": "urn:ietf:params:xml:ns:caldav",
    "B": "urn:ietf:params:xml:ns:carddav",
    "I": "http://apple.com/ns/ical/",
}
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMES.items())
SERVICES = {"cal": "text/calendar; charset=utf-8", "card": "text/vcard; charset=utf-8", "file": "text/plain"}
_numbers = count(1)


class Person(Administrator):
    """Somebody who is a client by every protocol."""

    def __init__(self, daemon: Daemon, login: str) -> None:
        super().__init__(daemon, login, PASSWORD)
        self.login = login
        self.session = daemon.json("/jmap/session", self._authorization)
        self.account = str(self.session["primaryAccounts"]["urn:ietf:params:jmap:mail"])
        self.using = sorted({*self.session["capabilities"], *self.capabilities(self.account)})
        self.headers = dict(self._authorization)

    def capabilities(self, account: str) -> set[str]:
        """Those of an account."""
        return set(self.session["accounts"][account]["accountCapabilities"])

    # JMAP

    def jmap(self, method: str, account: str | None = None, **arguments: Any) -> Any:
        """The answer to a call that works."""
        return self.call(method, {"accountId": account or self.account, **arguments})

    def make(self, type: str, members: dict[str, Any], account: str | None = None, **arguments: Any) -> str:
        """The id of a new object."""
        answer = self.jmap(f"{type}/set", account, create={"k": members}, **arguments)
        assert answer["created"], answer["notCreated"]
        return str(answer["created"]["k"]["id"])

    def patch(self, type: str, id: str, patch: dict[str, Any], account: str | None = None, **arguments: Any) -> None:
        """Change an object."""
        answer = self.jmap(f"{type}/set", account, update={id: patch}, **arguments)
        assert id in (answer["updated"] or {}), answer["notUpdated"]

    def remove(self, type: str, id: str, **arguments: Any) -> None:
        """Destroy an object."""
        answer = self.jmap(f"{type}/set", destroy=[id], **arguments)
        assert id in answer["destroyed"], answer["notDestroyed"]

    def shown(self, type: str, id: str, account: str | None = None, **arguments: Any) -> dict[str, Any]:
        """An object, all properties by default."""
        (found,) = self.jmap(f"{type}/get", account, ids=[id], **arguments)["list"]
        return dict(found)

    def all(self, type: str, account: str | None = None) -> list[dict[str, Any]]:
        """All objects of a type."""
        return list(self.jmap(f"{type}/get", account, ids=None)["list"])

    def upload(self, content: bytes, type: str = "application/octet-stream") -> str:
        """The id of a new blob."""
        status, body = self.post(f"/jmap/upload/{self.account}/", content, type)
        assert status in (200, 201), (status, body)
        return str(json.loads(body)["blobId"])

    def download(self, blob: str, account: str | None = None) -> bytes:
        """What a blob holds."""
        path = f"/jmap/download/{account or self.account}/{quote(blob)}/x?type=application%2Foctet-stream"
        status, _, body = self.ask("GET", path)
        assert status == 200, (status, body)
        return body

    # WebDAV

    def home(self, service: str) -> str:
        """The path of ``cal``, ``card``, ``file`` ..."""
        return f"/dav/{service}/{quote(self.login)}/"

    def ask(self, method: str, path: str, body: bytes | str = b"", **fields: str) -> tuple[int, dict[str, str], bytes]:
        """Status, fields, body; ``content_type`` is Content-Type."""
        client = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        octets = body.encode() if isinstance(body, str) else body
        given = {name.replace("_", "-"): value for name, value in fields.items()}
        try:
            client.request(method, path, octets or None, {**self.headers, **given})
            answer = client.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            client.close()

    def expect(self, status: int, method: str, path: str, body: bytes | str = b"", **fields: str) -> bytes:
        """The body of an answer with this status."""
        found, _, answer = self.ask(method, path, body, **fields)
        assert found == status, (found, method, path, answer)
        return answer

    def put(self, path: str, octets: bytes, status: int = 201) -> None:
        """Write an event, a card or a file."""
        self.expect(status, "PUT", path, octets, content_type=SERVICES[path.split("/")[2]])

    def read(self, path: str) -> bytes:
        """The octets that are there."""
        return self.expect(200, "GET", path)

    def multistatus(self, method: str, path: str, body: str, **fields: str) -> dict[str, ElementTree.Element]:
        """Each response of an answer with 207, by its path."""
        answer = self.expect(207, method, path, body, content_type="application/xml", **fields)
        found = ElementTree.fromstring(answer).iterfind("D:response", NAMES)
        return {response.findtext("D:href", "", NAMES): response for response in found}

    def synchronised(self, path: str, body: str) -> ElementTree.Element:
        """The answer to sync-collection."""
        return ElementTree.fromstring(self.expect(207, "REPORT", path, body, content_type="application/xml"))

    def property(self, path: str, name: str) -> str | None:
        """The text of a property, of all in it; None if there is none."""
        body = f"<D:propfind {DECLARED}><D:prop><{name}/></D:prop></D:propfind>"
        (response,) = self.multistatus("PROPFIND", path, body, depth="0").values()
        for each in response.iterfind("D:propstat", NAMES):
            if " 200 " in each.findtext("D:status", "", NAMES):
                (element,) = each.iterfind(f"D:prop/{name}", NAMES)
                inner = "".join(f" {part.tag.partition('}')[2]}" for part in element.iter() if part is not element)
                return "".join(element.itertext()).strip() or inner.strip()
        return None

    def set_property(self, path: str, name: str, value: str | None) -> None:
        """Write a property, or take it away."""
        what = f"<D:prop><{name}>{value}</{name}></D:prop>" if value is not None else f"<D:prop><{name}/></D:prop>"
        word = "remove" if value is None else "set"
        body = f"<D:propertyupdate {DECLARED}><D:{word}>{what}</D:{word}></D:propertyupdate>"
        (response,) = self.multistatus("PROPPATCH", path, body).values()
        assert " 20" in response.findtext("D:propstat/D:status", "", NAMES), ElementTree.tostring(response)

    def members(self, path: str) -> set[str]:
        """The paths of what is in a collection."""
        body = f"<D:propfind {DECLARED}><D:prop><D:getetag/></D:prop></D:propfind>"
        return set(self.multistatus("PROPFIND", path, body, depth="1")) - {path}

    def path_named(self, service: str, name: str) -> str:
        """The collection with this display name."""
        return next(path for path in self.members(self.home(service)) if self.property(path, "D:displayname") == name)

    def by_multiget(self, path: str) -> bytes:
        """What multiget gives of an event or a card."""
        prefix, word, data = (
            ("A", "calendar", "calendar-data") if "/cal/" in path else ("B", "addressbook", "address-data")
        )
        body = (
            f"<{prefix}:{word}-multiget {DECLARED}><D:prop><{prefix}:{data}/></D:prop><D:href>{path}</D:href>"
            f"</{prefix}:{word}-multiget>"
        )
        (response,) = self.multistatus("REPORT", path.rpartition("/")[0] + "/", body, depth="1").values()
        text = response.findtext(f"D:propstat/D:prop/{prefix}:{data}", "", NAMES)
        return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()

    # the command

    def import_files(self, *words: str, folder: Path) -> str:
        """What ``stalwart-cli import`` says."""
        login = "--url", self.daemon.url, "--user", self.login, "--password", PASSWORD
        found = subprocess.run(
            [*CLI, *login, "import", *words],
            env=environment(XDG_STATE_HOME=str(folder / "state")),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert found.returncode == 0, found.stdout + found.stderr
        return found.stdout


class House:
    """The daemon that all tests of a process share, with its administrator."""

    def __init__(self) -> None:
        self._folder = new_folder()
        ports = [word for name in ("--http", "--smtp", "--lmtp") for word in (name, "tcp:0:interface=127.0.0.1")]
        self.daemon = Daemon.with_data(self._folder / "data", *ports)
        self.administrator = Administrator(self.daemon)
        self.administrator.change("Jmap", {"eventSourceThrottle": 20})

    def close(self) -> None:
        """End it."""
        self.daemon.close()
        shutil.rmtree(self._folder, True)


@cache
def house() -> House:
    """The one of this process, which goes down with it."""
    made = House()
    atexit.register(made.close)
    return made


class ProtocolsCase(SynchronousTestCase):
    """``person`` makes somebody new."""

    def setUp(self) -> None:
        self.daemon, self.administrator = house().daemon, house().administrator

    def tearDown(self) -> None:
        self.assertNotIn("Traceback", self.daemon.log)

    def person(self, name: str = "somebody") -> Person:
        """Somebody new, at ``<name><number>@example.org``."""
        login, _ = self.administrator.new_user(f"{name}{next(_numbers)}")
        return Person(self.daemon, login)

    def mail(self) -> MailClient:
        """A client of LMTP."""
        found = self.daemon.wait_for(re.compile(r"listening lmtp 127\.0\.0\.1:(\d+)"))
        client = MailClient(int(found[1]))
        self.addCleanup(client.close)
        return client

    def until(self, holds: Callable[[], Any]) -> Any:
        """The first answer that counts as true."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = holds()
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(self.daemon.log[-4000:])


def last(path: str) -> str:
    """The name of what a path leads to."""
    return unquote(path.rstrip("/").rpartition("/")[2])
