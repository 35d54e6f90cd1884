"""Meetings: called by CalDAV, by JMAP and by mail; answered, moved, called off by each; read by both, there and here.

Reading is the calendar of CalDAV, the event of JMAP, the inbox of CalDAV and the notifications of JMAP, with all their
synchronisations.
"""

from __future__ import annotations

import itertools
from typing import Any

from tests.live.protocols.content_lines import Component, read
from tests.live.protocols.people import Person, ProtocolsCase
from tests.live.protocols.watching import Told, Watch

START, LATER = "2031-03-03T10:00:00", "2031-03-03T12:30:00"
WAYS = "dav", "jmap", "mail"


def compact(local: str) -> str:
    """A time in iCalendar."""
    return local.replace("-", "").replace(":", "") + "Z"


class Calendars:
    """Of somebody, with what is told about them."""

    def __init__(self, case: ProtocolsCase, person: Person) -> None:
        self.case, self.person = case, person
        (self.calendar,) = (each["id"] for each in person.all("Calendar"))
        self.path = person.home("cal") + "default/"
        self.inbox = person.home("itip") + "inbox/"
        self.events = self.follow("CalendarEvent", self.path)
        self.notices = self.follow("CalendarEventNotification", self.inbox)

    def follow(self, type: str, path: str) -> Watch:
        """From now on."""
        watch = Watch(self.person, type, path)
        self.case.addCleanup(watch.close)
        watch.settled()
        return watch

    def told(self) -> tuple[Told, Told]:
        """Of events and of notifications since it was asked last."""
        return self.events.step(lambda: None), self.notices.step(lambda: None)

    def heard(self) -> tuple[Told, Told]:
        """The same, once there is a notification: mail takes a while."""
        known = self.notices.state
        get = "CalendarEventNotification/get"
        self.case.until(lambda: self.person.jmap(get, ids=[])["state"] != known)
        return self.told()


class MeetingCase(ProtocolsCase):
    """``host`` calls, ``guest`` is called."""

    maxDiff = None

    def setUp(self) -> None:
        super().setUp()
        self.host, self.guest = (Calendars(self, self.person(name)) for name in ("host", "guest"))

    def text(self, method: str = "", start: str = START, sequence: int = 0, answer: str = "NEEDS-ACTION") -> bytes:
        """The meeting."""
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", f"METHOD:{method}" if method else ""]
        lines += ["BEGIN:VEVENT", f"UID:{self.uid}", "DTSTAMP:20300101T000000Z", f"DTSTART:{compact(start)}"]
        lines += ["DURATION:PT1H", "SUMMARY:Räte\\, all", f"SEQUENCE:{sequence}", "X-KEPT;X-P=1:yes"]
        lines += ["STATUS:CANCELLED" if method == "CANCEL" else "", f"ORGANIZER:mailto:{self.host.person.login}"]
        lines += [f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{self.host.person.login}" if method != "REPLY" else ""]
        lines += [f"ATTENDEE;PARTSTAT={answer};RSVP=TRUE:mailto:{self.guest.person.login}"]
        return "\r\n".join([*filter(None, lines), "END:VEVENT", "END:VCALENDAR", ""]).encode()

    def send(self, sender: Person, to: Person, method: str, text: bytes) -> None:
        """A message of iMIP, handed in by JMAP."""
        boxes = {each["role"]: each["id"] for each in sender.all("Mailbox")}
        head = (
            f"From: {sender.login}\r\nTo: {to.login}\r\nSubject: {method}\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/calendar; charset=utf-8; method={method}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        )
        blob = sender.upload(head.encode() + text, "message/rfc822")
        given = {"blobId": blob, "mailboxIds": {boxes["sent"]: True}}
        mail = sender.jmap("Email/import", emails={"k": given})["created"]["k"]["id"]
        sender.make("EmailSubmission", {"identityId": sender.all("Identity")[0]["id"], "emailId": mail})

    # the host

    def called_by_dav(self) -> None:
        self.host.person.put(f"{self.host.path}{self.uid}.ics", self.text())

    def called_by_jmap(self) -> None:
        people = {
            "h": {"calendarAddress": f"mailto:{self.host.person.login}", "participationStatus": "accepted"},
            "g": {"calendarAddress": f"mailto:{self.guest.person.login}", "expectReply": True},
        }
        people["h"]["roles"] = {"owner": True}  # type: ignore[assignment]
        event = {
            "uid": self.uid,
            "calendarIds": {self.host.calendar: True},
            "title": "Räte, all",
            "start": START,
            "timeZone": "Etc/UTC",
            "duration": "PT1H",
            "organizerCalendarAddress": f"mailto:{self.host.person.login}",
            "participants": people,
        }
        self.host.person.make("CalendarEvent", event, sendSchedulingMessages=True)

    def called_by_mail(self) -> None:
        """A program that keeps its own calendar writes it here without a word, and sends mail by itself."""
        path = f"{self.host.path}{self.uid}.ics"
        text = self.text().replace(b"ORGANIZER:", b"ORGANIZER;SCHEDULE-AGENT=CLIENT:")
        text = text.replace(b";RSVP=TRUE", b";RSVP=TRUE;SCHEDULE-AGENT=CLIENT")
        self.host.person.put(path, text)
        self.send(self.host.person, self.guest.person, "REQUEST", self.text("REQUEST"))

    def moved_by_dav(self) -> None:
        octets = self.host.person.read(self.host_path)
        changed = octets.replace(compact(START).encode(), compact(LATER).encode())
        changed = changed.replace(b"20310303T110000Z", b"20310303T133000Z")
        self.host.person.put(self.host_path, changed, 204)

    def moved_by_jmap(self) -> None:
        self.host.person.patch("CalendarEvent", self.host_id, {"start": LATER}, sendSchedulingMessages=True)

    def moved_by_mail(self) -> None:
        self.moved_by_dav()
        self.send(self.host.person, self.guest.person, "REQUEST", self.text("REQUEST", LATER, 5))

    def called_off_by_dav(self) -> None:
        self.host.person.expect(204, "DELETE", self.host_path)

    def called_off_by_jmap(self) -> None:
        self.host.person.remove("CalendarEvent", self.host_id, sendSchedulingMessages=True)

    def called_off_by_mail(self) -> None:
        self.called_off_by_dav()
        self.send(self.host.person, self.guest.person, "CANCEL", self.text("CANCEL", LATER, 6))

    # the guest

    def answered_by_dav(self) -> None:
        octets = self.guest.person.read(self.guest_path)
        unfolded = octets.replace(b"\r\n ", b"")
        self.assertEqual(unfolded.count(b"PARTSTAT=NEEDS-ACTION"), 1, unfolded)
        self.guest.person.put(self.guest_path, unfolded.replace(b"PARTSTAT=NEEDS-ACTION", b"PARTSTAT=TENTATIVE"), 204)

    def answered_by_jmap(self) -> None:
        shown = self.guest.person.shown("CalendarEvent", self.guest_id)
        me = self.participant(shown, self.guest.person)[0]
        patch = {f"participants/{me}/participationStatus": "tentative"}
        self.guest.person.patch("CalendarEvent", self.guest_id, patch, sendSchedulingMessages=True)

    def answered_by_mail(self) -> None:
        self.send(self.guest.person, self.host.person, "REPLY", self.text("REPLY", answer="TENTATIVE"))

    # what is read

    def participant(self, shown: dict[str, Any], person: Person) -> tuple[str, dict[str, Any]]:
        address = f"mailto:{person.login}"
        ((id, found),) = [each for each in shown["participants"].items() if each[1]["calendarAddress"] == address]
        return id, found

    def attendee(self, octets: bytes, person: Person) -> dict[str, str]:
        (event,) = read(octets).all("VEVENT")
        (found,) = [dict(each[2]) for each in event.properties if each[1] == "ATTENDEE" and person.login in each[3]]
        return found

    def is_seen(self, calendars: Calendars, id: str, path: str, start: str, answer: str, status: str = "") -> None:
        """By both protocols, with the answer of the guest."""
        shown = calendars.person.shown("CalendarEvent", id)
        self.assertEqual((shown["title"], shown["start"], shown["uid"]), ("Räte, all", start, self.uid))
        said = self.participant(shown, self.guest.person)[1].get("participationStatus", "needs-action")
        self.assertEqual((said, shown.get("status", "")), (answer, status))
        octets = calendars.person.read(path)
        (event,) = read(octets).all("VEVENT")
        self.assertEqual(event.values("DTSTART"), [compact(start)])
        self.assertEqual(event.values("SUMMARY"), ["Räte\\, all"])
        self.assertEqual(event.values("STATUS"), [status.upper()] if status else [])
        self.assertEqual(self.attendee(octets, self.guest.person).get("PARTSTAT", "NEEDS-ACTION"), answer.upper())
        self.assertEqual(event.values("METHOD"), [])

    def is_notified(self, calendars: Calendars, told: Told, type: str, by: Person, id: str, method: str) -> None:
        """One notification, which is one message in the inbox; both protocols can take it away."""
        (notice,), (path,) = told.created, told.there
        shown = calendars.person.shown("CalendarEventNotification", notice)
        found = shown["type"], shown["changedBy"]["calendarAddress"], shown["calendarEventId"], shown["isDraft"]
        self.assertEqual(found, (type, f"mailto:{by.login}", id, False))
        message: Component = read(calendars.person.read(path))
        self.assertEqual(message.values("METHOD"), [method])
        self.assertEqual(message.all("VEVENT")[0].values("UID"), [self.uid])
        if method in ("REQUEST", "CANCEL"):
            told = calendars.notices.step(lambda: calendars.person.remove("CalendarEventNotification", notice))
        else:
            told = calendars.notices.step(lambda: calendars.person.expect(204, "DELETE", path))
        self.assertEqual((told.destroyed, told.gone), ([notice], {path}))

    def meet(self, called: str, answered: str, moved: str, called_off: str) -> None:
        """The whole life of a meeting."""
        self.uid = f"{called}-{answered}-{moved}-{called_off}@tests"
        getattr(self, f"called_by_{called}")()
        events, notices = self.guest.heard()
        (self.guest_id,), (self.guest_path,) = events.created, events.there
        self.is_seen(self.guest, self.guest_id, self.guest_path, START, "needs-action")
        self.is_notified(self.guest, notices, "created", self.host.person, self.guest_id, "REQUEST")
        events, notices = self.host.told()
        (self.host_id,), (self.host_path,) = events.created, events.there
        self.assertEqual((notices.created, notices.there), ([], set()))
        self.is_seen(self.host, self.host_id, self.host_path, START, "needs-action")

        getattr(self, f"answered_by_{answered}")()
        events, notices = self.host.heard()
        self.assertEqual((events.updated, events.there), ([self.host_id], {self.host_path}))
        self.is_seen(self.host, self.host_id, self.host_path, START, "tentative")
        self.is_notified(self.host, notices, "updated", self.guest.person, self.host_id, "REPLY")
        events, notices = self.guest.told()
        changed = answered != "mail"
        self.assertEqual(events.updated, [self.guest_id] if changed else [])
        self.assertEqual(notices.created, [])

        getattr(self, f"moved_by_{moved}")()
        events, notices = self.guest.heard()
        self.assertEqual((events.updated, events.there), ([self.guest_id], {self.guest_path}))
        # times that are others ask everybody anew; a program of mail says so itself
        self.is_seen(self.guest, self.guest_id, self.guest_path, LATER, "needs-action")
        self.is_notified(self.guest, notices, "updated", self.host.person, self.guest_id, "REQUEST")
        self.assertEqual(self.host.told()[0].updated, [self.host_id])

        getattr(self, f"called_off_by_{called_off}")()
        events, notices = self.guest.heard()
        self.assertEqual((events.updated, events.there), ([self.guest_id], {self.guest_path}))
        self.assertEqual(self.guest.person.shown("CalendarEvent", self.guest_id)["status"], "cancelled")
        (event,) = read(self.guest.person.read(self.guest_path)).all("VEVENT")
        self.assertEqual(event.values("STATUS"), ["CANCELLED"])
        self.is_notified(self.guest, notices, "updated", self.host.person, self.guest_id, "CANCEL")
        events, notices = self.host.told()
        self.assertEqual((events.destroyed, events.gone), ([self.host_id], {self.host_path}))


class MeetingTests(MeetingCase):
    """A test for each way to call and each way to answer; what follows goes by both protocols in turn."""


def _test(called: str, answered: str) -> Any:
    def test(self: MeetingCase) -> None:
        others = ("mail",) if called == "mail" else ("dav", "jmap")
        for moved, called_off in zip(others, reversed(others), strict=True):
            self.meet(called, answered, moved, called_off)

    return test


for _called, _answered in itertools.product(WAYS, WAYS):
    setattr(MeetingTests, f"test_called_by_{_called}_answered_by_{_answered}", _test(_called, _answered))
