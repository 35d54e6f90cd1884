"""The account that things are brought into: mail and files by JMAP, events and cards by DAV, which keeps them as they
are. What is there already is not made again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import quote
from xml.sax.saxutils import escape

from attrs import field, frozen

from stalwart.cli.importing.client import BLOB, JmapClient
from stalwart.cli.importing.dav import CALDAV, CARDDAV, DavClient, Service
from stalwart.cli.importing.items import Item
from stalwart.cli.importing.object_files import identified
from stalwart.cli.importing.remote_jmap import FILENODE, MAIL
from stalwart.cli.settings.problems import CallFailed, Problem, refusal
from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.vcard.card import read_card
from stalwart.errors import Invalid

_LARGEST: Final = 64 << 20
_NAMES: Final = '/<>:"\\|?*'
_RESERVED: Final = re.compile(r"(?i)(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9]|\.{1,2})")


@frozen
class Outcome:
    """What became of one thing; ``reason`` where it failed."""

    what: Literal["imported", "present", "failed"]
    reason: str = ""


IMPORTED: Final = Outcome("imported")
PRESENT: Final = Outcome("present")


@frozen
class Loaded:
    """A thing with what it is."""

    item: Item
    octets: bytes = field(repr=False)


class MailTarget:
    """Mailboxes and e-mails of an account."""

    def __init__(self, client: JmapClient, account: str | None) -> None:
        self._client = client
        self.account_id = client.account(account, MAIL)
        self._boxes: dict[tuple[str, ...], str] = {}
        self._roles: dict[str, str] = {}
        self._read()

    def store(self, loaded: Sequence[Loaded]) -> list[Outcome]:
        """Import e-mails, all in one call."""
        outcomes: list[Outcome | None] = [None] * len(loaded)
        boxes: dict[int, str] = {}
        for number, each in enumerate(loaded):
            try:
                boxes[number] = self._box(each.item.place, each.item.role)
            except (Problem, CallFailed) as problem:
                outcomes[number] = Outcome("failed", str(problem))
        contents = [loaded[number].octets for number in boxes]
        blobs = self._client.upload_all(self.account_id, contents, "message/rfc822")
        wanted = {
            number: _described(loaded[number].item, blob, box)
            for (number, box), blob in zip(boxes.items(), blobs, strict=True)
        }
        there = self._there([each["blobId"] for each in wanted.values()])
        again: dict[tuple[str, str], int] = {}
        for number, described in list(wanted.items()):
            (box,) = described["mailboxIds"]
            key = described["blobId"], box
            if box in there.get(described["blobId"], ()) or key in again:
                outcomes[number] = PRESENT
                del wanted[number]
            again.setdefault(key, number)
        if wanted:
            emails = {str(number): described for number, described in wanted.items()}
            answer = self._client.call([MAIL], "Email/import", accountId=self.account_id, emails=emails)
            for number in wanted:
                outcomes[number] = _outcome(answer, str(number))
        return [each or Outcome("failed", "the server says nothing") for each in outcomes]

    def _there(self, blob_ids: Iterable[str]) -> dict[str, set[str]]:
        """The mailboxes in which a message is already, by its blob (RFC 9404 4.3)."""
        ids = list(dict.fromkeys(blob_ids))
        if not ids or not self._client.has(BLOB):
            return {}
        arguments = {"accountId": self.account_id, "typeNames": ["Email"], "ids": ids}
        found = self._client.call([MAIL, BLOB], "Blob/lookup", **arguments)["list"]
        holders = {each["id"]: each["matchedIds"].get("Email", []) for each in found}
        emails = list(dict.fromkeys(id for some in holders.values() for id in some))
        places: dict[str, Mapping[str, bool]] = {}
        most = self._client.limit("maxObjectsInGet", 500)
        for start in range(0, len(emails), most):
            given = {"accountId": self.account_id, "ids": emails[start : start + most], "properties": ["mailboxIds"]}
            for email in self._client.call([MAIL], "Email/get", **given)["list"]:
                places[email["id"]] = email["mailboxIds"]
        return {blob: {box for id in some for box in places.get(id, ())} for blob, some in holders.items()}

    def _read(self) -> None:
        boxes = self._client.call([MAIL], "Mailbox/get", accountId=self.account_id, ids=None)["list"]
        known = {each["id"]: each for each in boxes}
        for each in boxes:
            names: list[str] = []
            at = each
            while at is not None and len(names) < len(known):
                names.append(at["name"].casefold())
                at = known.get(at["parentId"])
            self._boxes[tuple(reversed(names))] = each["id"]
            if each["role"] is not None:
                self._roles[each["role"]] = each["id"]

    def _box(self, place: tuple[str, ...], role: str | None) -> str:
        """The mailbox of a folder, made if it is not there. Raises Problem."""
        if role is not None and role in self._roles:
            return self._roles[role]
        key = tuple(name.casefold() for name in place)
        found = self._boxes.get(key)
        if found is not None:
            return found
        if len(place) > 1 and key[0] == "inbox" and "inbox" in self._roles:
            self._boxes.setdefault(key[:1], self._roles["inbox"])
        parent = self._box(place[:-1], None) if len(place) > 1 else None
        made = {"name": place[-1].strip() or "_", "parentId": parent}
        answer = self._client.call([MAIL], "Mailbox/set", accountId=self.account_id, create={"k": made})
        if not answer.get("created"):
            error = (answer.get("notCreated") or {}).get("k", {})
            if error.get("existingId") is None:
                raise Problem(f"the folder {'/'.join(place)}: {refusal(error)}", 1)
            self._boxes[key] = str(error["existingId"])
        else:
            self._boxes[key] = str(answer["created"]["k"]["id"])
        return self._boxes[key]


class FileTarget:
    """Files and folders of an account."""

    def __init__(self, client: JmapClient, account: str | None) -> None:
        self._client = client
        self.account_id = client.account(account, FILENODE)
        self._folders: dict[tuple[str, ...], str | None] = {(): None}
        self._new: set[tuple[str, ...]] = set()

    def store(self, loaded: Sequence[Loaded]) -> list[Outcome]:
        """Make files and folders, each by itself."""
        return [self._store(each) for each in loaded]

    def _store(self, loaded: Loaded) -> Outcome:
        item = loaded.item
        try:
            if item.kind == "folder":
                place = (*item.place, item.name)
                self._folder(place)
                return IMPORTED if place in self._new else PRESENT
            parent, called = self._folder(item.place), file_name(item.name)
            blob = self._client.upload(self.account_id, loaded.octets, item.media_type or "application/octet-stream")
            node = {"name": called, "parentId": parent, "blobId": blob, "type": item.media_type}
            if item.modified is not None:
                node["modified"] = item.modified
            return self._made(node)
        except (Problem, CallFailed) as problem:
            return Outcome("failed", str(problem))

    def _made(self, node: dict[str, Any]) -> Outcome:
        """A file under its name, or another one where something else has that."""
        answer = self._set({"k": node})
        error = (answer.get("notCreated") or {}).get("k")
        if error is not None and error.get("type") == "alreadyExists":
            given = {"accountId": self.account_id, "ids": [error.get("existingId")], "properties": ["blobId"]}
            there = self._client.call([FILENODE], "FileNode/get", **given)["list"]
            if there and there[0].get("blobId") == node["blobId"]:
                return PRESENT
            answer = self._set({"k": node}, onExists="rename")
        return _outcome(answer, "k")

    def _folder(self, place: tuple[str, ...]) -> str | None:
        if place in self._folders:
            return self._folders[place]
        parent = self._folder(place[:-1])
        answer = self._set({"k": {"name": file_name(place[-1]), "parentId": parent}})
        error = (answer.get("notCreated") or {}).get("k")
        if error is not None and error.get("existingId") is None:
            raise Problem(f"the folder {'/'.join(place)}: {refusal(error)}", 1)
        if error is None:
            self._new.add(place)
        self._folders[place] = str(error["existingId"] if error is not None else answer["created"]["k"]["id"])
        return self._folders[place]

    def _set(self, create: Mapping[str, Any], **further: Any) -> dict[str, Any]:
        return self._client.call([FILENODE], "FileNode/set", accountId=self.account_id, create=create, **further)


class DavTarget:
    """Calendars or address books of an account."""

    def __init__(
        self, dav: DavClient, service: Service, address: str, has_uid: Callable[[str], bool] | None = None
    ) -> None:
        """``has_uid`` tells whether something in the account has a UID, in whichever collection."""
        self._dav = dav
        self._has_uid = has_uid
        self._service = service
        self._home = f"/dav/{'cal' if service is CALDAV else 'card'}/{quote(address, safe='')}/"
        found = dav.find(self._home, "1", "D:resourcetype", "D:displayname")
        self._collections: dict[str, str] = {}
        for each in found:
            if each.is_a(service.collection) and each.path.startswith(self._home):
                called = each.first("D:displayname")
                self._collections.setdefault((called.text if called is not None else "").casefold(), each.path)

    def store(self, loaded: Sequence[Loaded]) -> list[Outcome]:
        """Put objects, each by itself, and tell nobody of it."""
        return [self._store(each) for each in loaded]

    def _store(self, loaded: Loaded) -> Outcome:
        try:
            uid, octets = self._identified(loaded.octets)
            if self._has_uid is not None and self._has_uid(uid):
                return PRESENT
            path = self._collection(loaded.item.place[-1])
        except (Invalid, Problem, CallFailed) as problem:
            return Outcome("failed", getattr(problem, "detail", None) or str(problem))
        name = hashlib.sha256(uid.encode()).hexdigest()[:32] + self._service.ending
        headers = {
            "Content-Type": self._service.media_type,
            "If-None-Match": "*",
            "Schedule-Reply": "F",
            "Accept": "*/*",
        }
        reply = self._dav.client.send("PUT", path + name, octets, headers)
        if reply.status in (201, 204):
            return IMPORTED
        if reply.status == 412 and (not reply.body or b"no-uid-conflict" in reply.body):
            return PRESENT
        if b"no-uid-conflict" in reply.body:
            return PRESENT
        said = re.search(rb"<(?:\w+:)?([a-z-]+)\s*/?>", reply.body.partition(b"error")[2])
        return Outcome("failed", f"the server answers {reply.status}{' ' + said[1].decode() if said else ''}")

    def _identified(self, octets: bytes) -> tuple[str, bytes]:
        """The UID of an object, and the object with one."""
        if self._service is CARDDAV:
            card = read_card(octets, max_octets=_LARGEST)
            had = card.first("UID") is not None
            uid = identified(card)
            return uid, octets if had else card.octets()
        calendar = read_calendar(octets, max_octets=_LARGEST)
        uids = [each.value("UID") for each in calendar.components if each.name != "VTIMEZONE"]
        return (uids[0] if uids and uids[0] else hashlib.sha256(octets).hexdigest()), octets

    def _collection(self, called: str) -> str:
        """The path of a calendar or an address book by its name, made if it is not there. Raises Problem."""
        known = self._collections.get(called.casefold())
        if known is not None:
            return known
        slug = re.sub(r"[^a-z0-9]+", "-", called.lower()).strip("-")[:40]
        path = f"{self._home}{slug or 'import'}-{hashlib.sha256(called.encode()).hexdigest()[:8]}/"
        body = (
            '<D:mkcol xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav" xmlns:B="urn:ietf:params:xml:ns:carddav">'
            f"<D:set><D:prop><D:resourcetype><D:collection/><{self._service.collection}/></D:resourcetype>"
            f"<D:displayname>{escape(called)}</D:displayname></D:prop></D:set></D:mkcol>"
        )
        headers = {"Content-Type": "application/xml; charset=utf-8", "Accept": "*/*"}
        reply = self._dav.client.send("MKCOL", path, body.encode(), headers)
        if reply.status not in (201, 405):  # 405: it is there
            raise Problem(f"{called} cannot be made: the server answers {reply.status}", 1)
        self._collections[called.casefold()] = path
        return path


def _described(item: Item, blob_id: str, box: str) -> dict[str, Any]:
    """An EmailImport (RFC 8621 4.8)."""
    described: dict[str, Any] = {
        "blobId": blob_id,
        "mailboxIds": {box: True},
        "keywords": dict.fromkeys(item.keywords, True),
    }
    if item.received_at is not None:
        described["receivedAt"] = item.received_at
    return described


def file_name(name: str) -> str:
    """A name that the server takes: characters that it refuses become ``_``."""
    made = "".join("_" if char in _NAMES or not char.isprintable() else char for char in name) or "_"
    return f"_{made}" if _RESERVED.fullmatch(made) else made


def _outcome(answer: Mapping[str, Any], key: str) -> Outcome:
    if key in (answer.get("created") or {}):
        return IMPORTED
    error = (answer.get("notCreated") or {}).get(key) or {"type": "serverFail"}
    return PRESENT if error.get("type") == "alreadyExists" else Outcome("failed", refusal(error))
