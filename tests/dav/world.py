"""The face ``/dav`` over real collections in memory: accounts alice, bob and carol, and the group staff of bob.

``ask(method, path, body, user=...)`` is one request as somebody; ``ALICE`` and the like are addresses in URLs.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from xml.etree import ElementTree

from stalwart.codec.ids import encode_id
from stalwart.config.identity.account import Account
from stalwart.dav import attachments, endpoint
from stalwart.dav.asking import Tools
from stalwart.groupware.attaching import Attaching
from stalwart.groupware.bin import Bin
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.groupware.contacts import Contacts
from stalwart.groupware.files import Files
from stalwart.groupware.homes import Homes
from stalwart.groupware.placing import Placing
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.schema import collect
from stalwart.store import Transaction
from stalwart.web.routes import Route
from tests.directory.world import PASSWORD, World
from tests.web.client import Response, Server, request_bytes

ALICE, BOB, CAROL, STAFF = (f"{name}%40example.test" for name in ("alice", "bob", "carol", "staff"))
_PREFIXES = {
    "DAV:": "D",
    "urn:ietf:params:xml:ns:caldav": "A",
    "urn:ietf:params:xml:ns:carddav": "B",
    "http://calendarserver.org/ns/": "C",
    "http://apple.com/ns/ical/": "I",
}
_SPACES = {prefix: space for space, prefix in _PREFIXES.items()}
_DECLARED = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in _SPACES.items())


def xml(text: str) -> bytes:
    """A body; the prefixes D, A, B, C and I are declared in its root."""
    return re.sub(r"^<([^\s/>]+)", lambda match: f"<{match[1]} {_DECLARED}", text, count=1).encode()


class DavWorld(World):
    """A server for DAV; requests are made on connections of their own."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.carol = (self.user(name) for name in ("alice", "bob", "carol"))
        self.staff = self.settle(self.accounts.create_group("staff", self.domain_id))
        self.patch_account(self.bob, {"memberGroupIds": {encode_id(self.staff): True}})
        self.tools = self.made_tools()
        self.server = Server(
            self.routes(), self.services(), settings=self.settings, directory=self.directory, clock=self.clock
        )

    def made_tools(self) -> Tools:
        """What the composition root makes, over the memory store."""
        homes = Homes(self.store, self.settings, OwnAddresses(self.settings, self.clock), self.clock)
        quotas = Quotas(self.settings, self.clock)
        files, events = Files(self.settings, quotas), CalendarObjects(self.settings, quotas)
        contacts = Contacts(self.settings, quotas)
        bin = Bin(self.settings)
        placing = Placing(self.settings, quotas, bin)
        attaching = Attaching(self.settings, events, "https://mail.example.test")
        return Tools(self.store, self.settings, homes, files, bin, self.clock, events, placing, contacts, attaching)

    def routes(self) -> list[Route]:
        """What is served."""
        return [*collect(endpoint, Route), *collect(attachments, Route)]

    def services(self) -> dict[str, Any]:
        """What routes may ask for."""
        return {"dav_tools": self.tools}

    def ask(
        self, method: str, path: str, body: bytes | str = b"", user: str | None = "alice", **headers: str
    ) -> Response:
        """One request; ``if_match="x"`` is the field If-Match. A body of text is XML, see ``xml``."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if user is not None:
            fields["Authorization"] = self.authorization(user)
        if isinstance(body, str):
            body = xml(body)
            fields.setdefault("content-type", "application/xml; charset=utf-8")
        connected = self.server.connect()
        try:
            connected.send(request_bytes(method, path, fields, body))
            return connected.response(method)
        finally:
            connected.lose()

    def to_another_tenant(self, account_id: int) -> None:
        """Have an account be of a tenant of its own."""

        def move(tx: Transaction) -> None:
            row = tx.registry.get(Account.type_name, account_id)
            assert row is not None
            tx.registry.delete(Account.type_name, account_id)
            tx.registry.insert(Account.type_name, {**row.data, "memberTenantId": "b"}, id=account_id)

        self.successResultOf(self.store.write(move))

    def authorization(self, user: str = "alice") -> str:
        """The field of this name."""
        return "Basic " + base64.b64encode(f"{user}@example.test:{PASSWORD}".encode()).decode()

    def expect(self, status: int, method: str, path: str, body: bytes | str = b"", **given: Any) -> Response:
        """The answer, which must have this status."""
        answer = self.ask(method, path, body, **given)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer.body.decode(errors='replace')[:2000]}")
        return answer

    def properties(self, path: str, *names: str, depth: str = "0", **given: Any) -> dict[str, dict[str, Any]]:
        """What PROPFIND finds: by href, by name (``D:getetag``), the element; properties that are missing are left
        out.
        """
        body = f"<D:propfind><D:prop>{''.join(f'<{name}/>' for name in names)}</D:prop></D:propfind>"
        return found(self.expect(207, "PROPFIND", path, body, depth=depth, **given))

    def text(self, path: str, name: str, **given: Any) -> str | None:
        """The text of one property of one resource; None if it has it not."""
        (of_one,) = self.properties(path, name, **given).values()
        return None if name not in of_one else of_one[name].text or ""


def statuses(answer: Response) -> dict[str, dict[str, int]]:
    """The statuses of a multistatus or of another body with propstats: by href (empty if it has none), by property;
    responses without propstats have one under the empty name.
    """
    root = ElementTree.fromstring(answer.body)
    told: dict[str, dict[str, int]] = {}
    for response in root.iter("{DAV:}response") if root.tag == "{DAV:}multistatus" else [root]:
        of_one = told.setdefault(response.findtext("{DAV:}href") or "", {})
        for propstat in response.findall("{DAV:}propstat"):
            for prop in propstat.findall("{DAV:}prop/*"):
                of_one[short(prop.tag)] = _status(propstat)
        if response.find("{DAV:}status") is not None:
            of_one[""] = _status(response)
    return told


def found(answer: Response) -> dict[str, dict[str, Any]]:
    """The properties with status 200: by href, by name, the element."""
    there: dict[str, dict[str, Any]] = {}
    for response in ElementTree.fromstring(answer.body).iter("{DAV:}response"):
        of_one = there.setdefault(response.findtext("{DAV:}href") or "", {})
        for propstat in response.findall("{DAV:}propstat"):
            if _status(propstat) == 200:
                of_one.update((short(prop.tag), prop) for prop in propstat.findall("{DAV:}prop/*"))
    return there


def conditions(answer: Response) -> list[str]:
    """The names of the conditions in ``D:error``."""
    return [short(each.tag) for each in ElementTree.fromstring(answer.body)]


def short(tag: str) -> str:
    """``{DAV:}href`` as ``D:href``."""
    space, _, local = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
    return f"{_PREFIXES.get(space, space)}:{local}"


def _status(element: ElementTree.Element) -> int:
    return int((element.findtext("{DAV:}status") or "").split(" ")[1])
