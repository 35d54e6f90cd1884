"""Organizers and participants."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.people import same_address
from tests.codec.jscalendar.reading_of import changed, read, written

ALICE = "mailto:alice@example.org"
BOB = (
    'ATTENDEE;CN="Bob, B.";CUTYPE=ROOM;ROLE=OPT-PARTICIPANT;PARTSTAT=DELEGATED;RSVP=TRUE;X-A=1;EMAIL=b@x.y;'
    'DELEGATED-TO="mailto:c@x.y","mailto:d@x.y";MEMBER="mailto:g@x.y";SCHEDULE-AGENT=CLIENT;SENT-BY="mailto:s@x.y";'
    'SCHEDULE-STATUS="2.0,5.1":mailto:bob@example.org'
)


class PeopleTests(SynchronousTestCase):
    def test_each_parameter(self) -> None:
        (bob,) = read(BOB)["participants"].values()
        self.assertEqual(
            bob,
            {
                "@type": "Participant",
                "calendarAddress": "mailto:bob@example.org",
                "name": "Bob, B.",
                "email": "b@x.y",
                "kind": "location",
                "roles": {"optional": True},
                "participationStatus": "delegated",
                "expectReply": True,
                "delegatedTo": {"mailto:c@x.y": True, "mailto:d@x.y": True},
                "memberOf": {"mailto:g@x.y": True},
                "scheduleAgent": "client",
                "sentBy": "s@x.y",
                "scheduleStatus": ["2.0", "5.1"],
            },
        )

    def test_the_organizer_who_attends_is_one_participant(self) -> None:
        event = read(f"ORGANIZER;CN=Alice:{ALICE}", "ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:Alice@example.org")
        self.assertEqual(event["organizerCalendarAddress"], ALICE)
        (alice,) = event["participants"].values()
        self.assertEqual((alice["roles"], alice["name"]), ({"owner": True}, "Alice"))

    def test_an_organizer_who_does_not_attend(self) -> None:
        self.assertNotIn("participants", read(f"ORGANIZER:{ALICE}"))
        (alice,) = read(f"ORGANIZER;CN=Alice:{ALICE}")["participants"].values()
        self.assertEqual(
            alice, {"@type": "Participant", "calendarAddress": ALICE, "name": "Alice", "roles": {"owner": True}}
        )

    def test_an_organizer_is_written_as_one(self) -> None:
        owner = {"calendarAddress": ALICE, "name": "Alice", "roles": {"owner": True}}
        self.assertEqual(
            written(organizerCalendarAddress=ALICE, participants={"o": owner}),
            [f"ORGANIZER;CN=Alice;JSID=o:{ALICE}"],
        )
        self.assertEqual(
            written(organizerCalendarAddress=ALICE, participants={"o": owner | {"participationStatus": "accepted"}}),
            [f"ATTENDEE;CN=Alice;PARTSTAT=ACCEPTED;JSID=o:{ALICE}", f"ORGANIZER:{ALICE}"],
        )

    def test_one_parameter_is_changed(self) -> None:
        (key,) = read(BOB)["participants"]
        for patch, old, new in (
            ({"participationStatus": "accepted"}, "PARTSTAT=DELEGATED", "PARTSTAT=ACCEPTED"),
            ({"expectReply": None}, ";RSVP=TRUE", ""),
            ({"roles": {"chair": True}}, "ROLE=OPT-PARTICIPANT", "ROLE=CHAIR"),
            ({"kind": "resource"}, "CUTYPE=ROOM", "CUTYPE=RESOURCE"),
            ({"name": "Bob"}, '"Bob, B."', "Bob"),
        ):
            pointers = {f"participants/{key}/{name}": value for name, value in patch.items()}
            self.assertEqual(changed((BOB,), pointers), [BOB.replace(old, new)])

    def test_people_come_and_go(self) -> None:
        lines = (f"ORGANIZER:{ALICE}", "ATTENDEE;X-A=1:mailto:b@x.y", "ATTENDEE:mailto:c@x.y")
        gone = next(key for key, each in read(*lines)["participants"].items() if "b@" in each["calendarAddress"])
        new = {"@type": "Participant", "calendarAddress": "mailto:d@x.y", "roles": {"required": True}}
        self.assertEqual(
            changed(lines, {f"participants/{gone}": None, "participants/d": new}),
            [f"ORGANIZER:{ALICE}", "ATTENDEE:mailto:c@x.y", "ATTENDEE;ROLE=REQ-PARTICIPANT;JSID=d:mailto:d@x.y"],
        )

    def test_what_attendees_have_no_word_for_is_kept(self) -> None:
        contact = {"@type": "Participant", "name": "Desk", "email": "desk@x.y"}
        self.assertEqual(
            written(participants={"x": contact}),
            ['JSPROP;JSPTR=participants:{"x":{"@type":"Participant"\\,"name":"Desk"\\,"email":"desk@x.y"}}'],
        )

    def test_addresses(self) -> None:
        self.assertTrue(same_address("mailto:A@b.c", " MAILTO:a@B.c "))
        self.assertFalse(same_address("mailto:a@b.c", "mailto:a@b.d"))
