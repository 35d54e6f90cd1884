"""Sharing by ``shareWith`` and by ACL: what the one gives the other shows, and the guest works by both protocols.

Principals, participant identities, times at which somebody is busy: the same over JMAP and over WebDAV.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from tests.live.protocols import cards, events
from tests.live.protocols.content_lines import read
from tests.live.protocols.people import DECLARED, NAMES, Person, ProtocolsCase
from tests.live.protocols.watching import Watch

READ = frozenset({"D:read"})
WRITE = frozenset({"D:read", "D:write"})
# of each type: its service, its items, the collection that they name; privileges and the rights that they are
TYPES: dict[str, tuple[str, str, str, dict[frozenset[str], set[str]]]] = {
    "Calendar": (
        "cal",
        "CalendarEvent",
        "calendarIds",
        {
            frozenset({"A:read-free-busy"}): {"mayReadFreeBusy"},
            READ: {"mayReadItems"},
            frozenset({"D:read", "D:write-acl"}): {"mayReadItems", "mayShare"},
            # who may write everything may do the rest, too (draft-ietf-jmap-calendars 4)
            WRITE: {"mayReadItems", "mayWriteAll", "mayWriteOwn", "mayUpdatePrivate", "mayRSVP", "mayDelete"},
        },
    ),
    "AddressBook": (
        "card",
        "ContactCard",
        "addressBookIds",
        {
            READ: {"mayRead"},
            frozenset({"D:read", "D:write-acl"}): {"mayRead", "mayShare"},
            WRITE: {"mayRead", "mayWrite", "mayDelete"},
        },
    ),
    "FileNode": (
        "file",
        "FileNode",
        "parentId",
        {
            READ: {"mayRead"},
            frozenset({"D:read", "D:write-acl"}): {"mayRead", "mayShare"},
            WRITE: {"mayRead", "mayAddChildren", "mayRename", "mayModifyContent", "mayDelete"},
        },
    ),
}
ITEM = {"Calendar": events.FLOATING, "AddressBook": cards.ORGANISATION}


class SharingCase(ProtocolsCase):
    """``owner`` shares with ``guest``."""

    maxDiff = None

    def setUp(self) -> None:
        super().setUp()
        self.owner, self.guest = self.person("owner"), self.person("guest")

    def make(self, type: str) -> None:
        """The ``shared`` and ``path`` of something to share, with an item in it."""
        service = TYPES[type][0]
        for person in (self.owner, self.guest):
            person.all(type)
        self.shared = self.owner.make(type, {"name": "Ours"})
        home = self.owner.home(service)
        self.path = f"{home}Ours/" if type == "FileNode" else self.owner.path_named(service, "Ours")
        self.suffix = {"cal": ".ics", "card": ".vcf", "file": ".txt"}[service]
        self.put(self.owner, "there")
        self.account = self.owner.account

    def content(self, name: str) -> bytes:
        if "/file/" in self.path:
            return name.encode()
        specimen = ITEM["Calendar" if "/cal/" in self.path else "AddressBook"]
        return specimen.octets(name)

    def put(self, person: Person, name: str, status: int = 201) -> None:
        person.put(f"{self.path}{name}{self.suffix}", self.content(name), status)

    def acl(self, privileges: frozenset[str]) -> None:
        grants = "".join(f"<D:privilege><{each}/></D:privilege>" for each in sorted(privileges))
        ace = (
            f"<D:ace><D:principal><D:href>/dav/pal/{quote(self.guest.login)}/</D:href></D:principal>"
            f"<D:grant>{grants}</D:grant></D:ace>"
        )
        body = f"<D:acl {DECLARED}>{ace if privileges else ''}</D:acl>"
        self.owner.expect(200, "ACL", self.path, body, content_type="application/xml")

    def privileges(self, person: Person) -> set[str]:
        """Those that WebDAV says somebody has."""
        found = (person.property(self.path, "D:current-user-privilege-set") or "").split()
        return set(found) - {"privilege"}

    def session(self) -> set[str]:
        """The accounts that the guest sees."""
        return set(self.daemon.json("/jmap/session", self.guest.headers)["accounts"])


class RightsTests(SharingCase):
    """A test for each type: each set of privileges, given by ACL and by shareWith."""

    def given(self, type: str) -> None:
        self.make(type)
        _, _, _, table = TYPES[type]
        notices = Watch(self.guest, "ShareNotification", None)
        self.addCleanup(notices.close)
        for privileges, rights in table.items():
            for by in ("dav", "jmap"):
                told = notices.step(lambda by=by, p=privileges, r=rights: self.give(type, by, p, r))
                (notice,) = told.created
                shown = self.guest.shown("ShareNotification", notice)
                self.assertEqual(shown["changedBy"]["principalId"], self.owner.account)
                self.assertEqual((shown["objectType"], shown["objectId"]), (type, self.shared))
                self.assertEqual({name for name, has in shown["newRights"].items() if has}, rights)
                shared = self.owner.shown(type, self.shared)["shareWith"][self.guest.account]
                self.assertEqual({name for name, has in shared.items() if has}, rights, privileges)
                self.is_seen(type, rights)
                told = notices.step(lambda by=by: self.take(type, by))
                self.assertEqual(len(told.created), 1)
                self.assertNotIn(self.account, self.session())
                self.guest.expect(403, "PROPFIND", self.path, depth="0")
                self.assertIsNone(self.owner.shown(type, self.shared)["shareWith"])

    def give(self, type: str, by: str, privileges: frozenset[str], rights: set[str]) -> None:
        if by == "dav":
            self.acl(privileges)
            if type == "FileNode":  # files have the rights that their folder has when they come
                self.owner.expect(204, "DELETE", f"{self.path}there.txt")
                self.put(self.owner, "there")
        else:
            patch = {f"shareWith/{self.guest.account}": dict.fromkeys(sorted(rights), True)}
            self.owner.patch(type, self.shared, patch)

    def take(self, type: str, by: str) -> None:
        if by == "dav":
            self.acl(frozenset())
        else:
            self.owner.patch(type, self.shared, {f"shareWith/{self.guest.account}": None})

    def is_seen(self, type: str, rights: set[str]) -> None:
        """What the guest sees of it, and what the privileges are."""
        if rights == {"mayReadFreeBusy"}:  # which shows nothing; ``test_busy_times`` has what it is for
            self.assertNotIn(self.account, self.session())
            self.guest.expect(403, "PROPFIND", self.path, depth="0")
            return
        self.assertIn(self.account, self.session())
        shown = self.guest.shown(type, self.shared, self.account)
        self.assertEqual({name for name, has in shown["myRights"].items() if has}, rights)
        privileges = self.privileges(self.guest)
        self.assertIn("read", privileges)
        self.assertEqual("write-acl" in privileges, "mayShare" in rights)
        may_write = bool(rights & {"mayWrite", "mayWriteAll", "mayAddChildren"})
        self.assertEqual("write-content" in privileges, may_write, privileges)
        self.assertEqual("bind" in privileges, may_write, privileges)
        path = f"{self.path}there{self.suffix}"
        self.assertEqual(self.guest.read(path), self.content("there"))
        self.assertIn(path, self.guest.members(self.path))
        name, found = f"new{self.suffix}", {True: 201, False: 403}[may_write]
        self.guest.expect(found, "PUT", self.path + name, self.content("new"), content_type="text/plain")
        if may_write:
            self.guest.expect(204, "DELETE", self.path + name)

    def test_calendars(self) -> None:
        self.given("Calendar")

    def test_address_books(self) -> None:
        self.given("AddressBook")

    def test_folders(self) -> None:
        self.given("FileNode")


class GuestTests(SharingCase):
    """What a guest does by one protocol the owner is told by both, and the other way."""

    def follow(self, person: Person, items: str) -> Watch:
        watch = Watch(person, items, self.path, self.account)
        self.addCleanup(watch.close)
        watch.settled()
        return watch

    def work(self, type: str) -> None:
        self.make(type)
        items = TYPES[type][1]
        self.acl(WRITE)
        both = [self.follow(person, items) for person in (self.owner, self.guest)]
        for person in (self.owner, self.guest):
            for by in ("dav", "jmap"):
                told = self.told(both, lambda p=person, by=by: self.made(p, type, by))
                (id,), (path,) = told.created, told.there
                told = self.told(both, lambda p=person, path=path: self.changed(p, path))
                self.assertEqual((told.updated, told.there), ([id], {path}))
                for one, other in ((self.owner, self.guest), (self.guest, self.owner)):
                    self.assertEqual(one.read(path), other.read(path))
                    self.assertEqual(
                        self.plain(one.shown(items, id, self.account)), self.plain(other.shown(items, id, self.account))
                    )
                told = self.told(both, lambda p=person, path=path: p.expect(204, "DELETE", path))
                self.assertEqual((told.destroyed, told.gone), ([id], {path}))

    def told(self, both: list[Watch], deed: Any) -> Any:
        found = [watch.step(act) for watch, act in zip(both, (deed, lambda: None), strict=True)]
        self.assertEqual(found[0], found[1])
        return found[0]

    def plain(self, shown: dict[str, Any]) -> dict[str, Any]:
        """Without what is everybody's own."""
        return {name: value for name, value in shown.items() if name not in ("myRights", "shareWith", "isOrigin")}

    def made(self, person: Person, type: str, by: str) -> None:
        _, items, member, _ = TYPES[type]
        if by == "dav":
            self.put(person, "made")
            return
        if type == "FileNode":
            blob = self.upload(person)
            person.make(items, {"name": "made.txt", "parentId": self.shared, "blobId": blob}, self.account)
        else:
            given = {**ITEM[type].shown, "uid": "made", member: {self.shared: True}}
            person.make(items, given, self.account)

    def upload(self, person: Person) -> str:
        own, person.account = person.account, self.account
        try:
            return person.upload(b"made")
        finally:
            person.account = own

    def changed(self, person: Person, path: str) -> None:
        octets = person.read(path).replace(b"Run", b"Walk").replace(b"ACME", b"EMCA").replace(b"made", b"male")
        octets = octets.replace(b"UID:male", b"UID:made")
        person.put(path, octets, 204)

    def test_calendars(self) -> None:
        self.work("Calendar")

    def test_address_books(self) -> None:
        self.work("AddressBook")

    def test_folders(self) -> None:
        self.work("FileNode")


class PrincipalTests(SharingCase):
    def test_a_principal(self) -> None:
        """Strangers find it by its address over both protocols; only who has something to do with it can look at it."""
        login, path = self.owner.login, f"/dav/pal/{quote(self.owner.login)}/"
        names = ("D:displayname", "A:calendar-user-address-set", "A:calendar-user-type")
        wanted = "".join(f"<{name}/>" for name in names)
        body = (
            f"<D:principal-property-search {DECLARED}><D:property-search><D:prop><A:calendar-user-address-set/>"
            f"</D:prop><D:match>{login}</D:match></D:property-search><D:prop>{wanted}</D:prop>"
            "</D:principal-property-search>"
        )
        for person in (self.owner, self.guest):
            shown = person.shown("Principal", self.owner.account)
            calendars = shown["capabilities"]["urn:ietf:params:jmap:calendars"]
            self.assertEqual((shown["type"], shown["email"]), ("individual", login))
            self.assertEqual(person.jmap("Principal/query", filter={"email": login})["ids"], [self.owner.account])
            ((found, response),) = person.multistatus("REPORT", "/dav/pal/", body, depth="0").items()
            texts = ["".join(each.itertext()) for name in names for each in response.iterfind(f".//{name}", NAMES)]
            self.assertEqual(found, path)
            self.assertEqual(texts, [shown["name"], calendars["calendarAddress"], "INDIVIDUAL"])
        self.assertEqual(self.owner.property(path, "A:calendar-home-set"), self.owner.home("cal"))
        self.assertIsNone(self.guest.property(path, "A:calendar-home-set"))

    def test_identities_are_the_addresses_of_caldav(self) -> None:
        made = self.administrator.call(
            "x:Account/set",
            {
                "update": {
                    self.owner.account: {
                        "aliases": {
                            "0": {"name": "other" + self.owner.login.partition("@")[0], "domainId": self.domain()}
                        }
                    }
                }
            },
        )
        self.assertIn(self.owner.account, made["updated"] or {}, made)
        identities = {each["calendarAddress"] for each in self.owner.all("ParticipantIdentity")}
        body = f"<D:propfind {DECLARED}><D:prop><A:calendar-user-address-set/></D:prop></D:propfind>"
        path = f"/dav/pal/{quote(self.owner.login)}/"
        (response,) = self.owner.multistatus("PROPFIND", path, body, depth="0").values()
        hrefs = {each.text for each in response.iterfind(".//A:calendar-user-address-set/D:href", NAMES)}
        self.assertEqual(identities, {each for each in hrefs if each and each.startswith("mailto:")})
        self.assertEqual(len(identities), 2)

    def domain(self) -> str:
        return str(self.administrator.call("x:Account/get", {"ids": [self.owner.account]})["list"][0]["domainId"])

    def test_busy_times(self) -> None:
        """Events of both protocols, read by getAvailability, by a report, and by a request to the outbox."""
        (calendar,) = (each["id"] for each in self.owner.all("Calendar"))
        path = self.owner.home("cal") + "default/"
        self.owner.put(f"{path}a.ics", events.ALARMS.octets("a"))
        self.owner.make(
            "CalendarEvent", {**events.STRANGE.shown, "status": "tentative", "calendarIds": {calendar: True}}
        )
        self.owner.make("CalendarEvent", {**events.PLAIN.shown, "calendarIds": {calendar: True}})  # it is free
        secret = events.FLOATING.octets("s").replace(b"SUMMARY", b"CLASS:CONFIDENTIAL\r\nSUMMARY")
        self.owner.put(f"{path}s.ics", secret)
        hidden = {("20300601T070000Z", "20300601T074500Z", "BUSY")}
        wanted = {
            ("20300808T080000Z", "20300808T090000Z", "BUSY"),
            ("20301111T110000Z", "20301111T120000Z", "BUSY-TENTATIVE"),
        }
        names = {"confirmed": "BUSY", "tentative": "BUSY-TENTATIVE"}
        asked = {"utcStart": "2030-01-01T00:00:00Z", "utcEnd": "2030-12-31T00:00:00Z", "showDetails": False}
        span = '<A:time-range start="20300101T000000Z" end="20301231T000000Z"/>'
        body = f"<A:free-busy-query {DECLARED}>{span}</A:free-busy-query>"
        request = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:f\r\n"
            "DTSTAMP:20300101T000000Z\r\nDTSTART:20300101T000000Z\r\nDTEND:20301231T000000Z\r\n"
            f"ORGANIZER:mailto:{self.guest.login}\r\nATTENDEE:mailto:{self.owner.login}\r\n"
            "END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
        )
        outbox = self.guest.home("itip") + "outbox/"
        for right in ("mayReadFreeBusy", "mayReadItems"):
            self.owner.patch("Calendar", calendar, {f"shareWith/{self.guest.account}": {right: True}})
            found = self.guest.jmap("Principal/getAvailability", id=self.owner.account, **asked)["list"]
            said = {
                (self.compact(each["utcStart"]), self.compact(each["utcEnd"]), names[each["busyStatus"]])
                for each in found
            }
            self.assertEqual(said, wanted, right)
            for person in (self.owner, self.guest):
                octets = person.expect(200, "REPORT", path, body, content_type="application/xml", depth="1")
                self.assertEqual(self.busy(octets), wanted | hidden if person is self.owner else wanted, right)
            answer = self.guest.expect(200, "POST", outbox, request, content_type="text/calendar")
            data = ElementTree.fromstring(answer).findtext("A:response/A:calendar-data", "", NAMES)
            self.assertEqual(self.busy(data.replace("\r\n", "\n").replace("\n", "\r\n").encode()), wanted, right)

    def compact(self, moment: str) -> str:
        return moment.replace("-", "").replace(":", "")

    def busy(self, octets: bytes) -> set[tuple[str, str, str]]:
        found = set()
        for component in read(octets).all("VFREEBUSY"):
            for _, name, parameters, value in component.properties:
                for period in value.split(",") if name == "FREEBUSY" else ():
                    start, _, end = period.partition("/")
                    found.add((start, end, dict(parameters).get("FBTYPE", "BUSY")))
        return found
