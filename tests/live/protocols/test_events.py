"""Events and tasks: made by CalDAV, by JMAP and by the import, read by both, changed by both, destroyed by both."""

from __future__ import annotations

from typing import Any

from tests.live.protocols.content_lines import STAMPS, read, said
from tests.live.protocols.cycles import MAKERS, CollectionCase, Cycle, courses, titled, unnamed
from tests.live.protocols.events import ALL, Specimen

MAPS = frozenset({"locations", "links", "participants", "alerts"})
KEPT = frozenset({"id", "calendarIds", "baseEventId", "isDraft", "isOrigin", "uid", "updated", "created", "prodId"})
"""What an event has beside what it says."""
OWN = frozenset({"version", "sequence", "mainLocationId"})


def plain(event: dict[str, Any]) -> dict[str, Any]:
    """What an event says."""
    left = {name: value for name, value in event.items() if name not in KEPT | OWN and value is not None}
    return unnamed(left, MAPS)


class EventCase(CollectionCase):
    """Somebody's first calendar."""

    CONTAINER, TYPE, SERVICE, IN = "Calendar", "CalendarEvent", "cal", "inCalendar"


class EventCycle(Cycle):
    """The title is SUMMARY."""

    MEMBER, KIND, SUFFIX = "calendarIds", "ics", ".ics"

    def __init__(self, case: EventCase, specimen: Specimen, uid: str) -> None:
        super().__init__(case, uid, specimen.octets(uid), specimen.shown)
        self.specimen = specimen
        self.is_plainer = False

    def made_by_jmap(self) -> None:
        """What JMAP has no word for is not there then."""
        super().made_by_jmap()
        self.is_plainer = True

    def titled(self, octets: bytes, title: str) -> bytes:
        """Another SUMMARY."""
        return titled("SUMMARY", octets, title)

    def patch(self, title: str) -> dict[str, Any]:
        """Another title."""
        return {"title": title}

    def title_is(self, title: str) -> None:
        """Another title."""
        self.shown["title"] = title

    def is_kept(self, wanted: bytes, found: bytes) -> None:
        """Each property and parameter of each component."""
        self.case.same(read(found), read(wanted))

    def is_read(self) -> None:
        """JMAP, GET, multiget, and CalendarEvent/parse of what GET has given."""
        case = self.case
        shown = self.somebody.shown("CalendarEvent", self.id)
        case.same(plain(shown), plain(self.shown))
        case.assertEqual((shown["uid"], shown["calendarIds"]), (self.uid, {case.collection: True}))
        octets = self.somebody.read(self.path)
        if self.is_to_the_octet:
            case.assertEqual(octets, self.octets)
        case.assertEqual(self.somebody.by_multiget(self.path), octets)
        ignored = {*STAMPS, *({"SUMMARY"} if self.shown["title"] != self.specimen.shown["title"] else ())}
        case.same(said(octets, ignored), said(self.specimen.octets(self.uid, self.is_plainer), ignored))
        blob = self.somebody.upload(octets, "text/calendar")
        (parsed,) = self.somebody.jmap("CalendarEvent/parse", blobIds=[blob])["parsed"][blob]
        case.same(plain(parsed), plain(self.shown))


def _test(specimen: Specimen, maker: str) -> Any:
    def test(self: EventCase) -> None:
        for number, (changer, destroyer) in enumerate(courses(maker)):
            uid = f"{specimen.name.replace(' ', '-')}-{maker}-{number}"
            EventCycle(self, specimen, uid).run(maker, changer, destroyer)

    return test


class EventTests(EventCase):
    """A test for each specimen and each who makes it."""


for _specimen in ALL:
    for _maker in MAKERS:
        setattr(EventTests, f"test_{_specimen.name.replace(' ', '_')}_made_by_{_maker}", _test(_specimen, _maker))
