"""Who takes part."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.lines import Property
from stalwart.codec.itip.participants import (
    attendees,
    delegate_property,
    kept_people,
    one_of,
    organizer,
    participant,
    unreachable,
    with_status,
    without_scheduling,
)
from tests.codec.itip.scripts import calendar

PEOPLE = """BEGIN:VEVENT
UID:u
ORGANIZER;SCHEDULE-STATUS=1.2:mailto:o@example.com
ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST;CN=A;SCHEDULE-STATUS=3.7:mailto:a@example.com
ATTENDEE;schedule-agent=client:mailto:b@example.com
ATTENDEE;PARTSTAT=ACCEPTED:mailto:A@example.com
ATTENDEE:nobody
END:VEVENT"""


def one(line: str) -> Property:
    """A property of its text."""
    return Property("ATTENDEE", line)


class ParticipantTests(SynchronousTestCase):
    def test_what_an_attendee_says(self) -> None:
        each = participant(
            one(
                "ATTENDEE;PARTSTAT=delegated;RSVP=false;SCHEDULE-AGENT=None;SCHEDULE-FORCE-SEND=reply;ROLE=chair;"
                'CUTYPE=room;DELEGATED-TO="mailto:B@example.com","x";DELEGATED-FROM="mailto:c@example.com";'
                'SENT-BY="mailto:S@example.com":mailto:%41@example.com'
            )
        )
        assert each is not None
        self.assertEqual((each.address, each.participation, each.refuses_mail), ("a@example.com", "DELEGATED", True))
        self.assertEqual((each.is_ours, each.force, each.role, each.type), (False, "REPLY", "CHAIR", "ROOM"))
        self.assertEqual((each.delegated_to, each.delegated_from), (("b@example.com",), ("c@example.com",)))
        self.assertEqual(each.sent_by, "s@example.com")

    def test_what_is_not_said(self) -> None:
        each = participant(one("ATTENDEE;PARTSTAT=:mailto:a@example.com"))
        assert each is not None
        self.assertEqual((each.participation, each.has_participation), ("NEEDS-ACTION", False))
        self.assertEqual((each.is_ours, each.refuses_mail, each.force, each.sent_by), (True, False, "", None))
        self.assertEqual((each.role, each.type), ("REQ-PARTICIPANT", "INDIVIDUAL"))

    def test_who_cannot_be_written_to(self) -> None:
        for value in ("", "nobody", "urn:uuid:1", "mailto:a b@example.com", "mailto:%FF@example.com", "@", "a@b@c"):
            self.assertIsNone(participant(one(f"ATTENDEE:{value}")), value)

    def test_many_delegates_are_not_read(self) -> None:
        named = ",".join(f'"mailto:d{number}@example.com"' for number in range(1000))
        each = participant(one(f"ATTENDEE;DELEGATED-TO={named}:mailto:a@example.com"))
        assert each is not None
        self.assertEqual(len(each.delegated_to), 20)

    def test_all_of_a_component(self) -> None:
        component = calendar(PEOPLE).components[0]
        found = attendees(component)
        self.assertEqual(list(found), ["a@example.com", "b@example.com"])
        self.assertEqual(found["a@example.com"].participation, "NEEDS-ACTION")
        head = organizer(component)
        assert head is not None
        self.assertEqual(head.address, "o@example.com")
        component.remove("ORGANIZER")
        self.assertIsNone(organizer(component))

    def test_who_cannot_be_reached(self) -> None:
        written = ("mailto:", "foo:bar", "mailto:a b@c", "mailto:a@b", "a@b", "urn:uuid:1")
        text = "".join(f"ATTENDEE;CN=x:{each}\n" for each in written)
        text += "ATTENDEE;SCHEDULE-AGENT=NONE:urn:uuid:2\n"
        found = unreachable(calendar(f"BEGIN:VEVENT\nUID:u\n{text}END:VEVENT").components[0])
        self.assertEqual(found, {"mailto:", "foo:bar", "mailto:a b@c", "urn:uuid:1"})

    def test_the_first_of_several_addresses_counts(self) -> None:
        found = attendees(calendar(PEOPLE).components[0])
        for addresses, expected in (
            ({"x@example.com"}, None),
            ({"b@example.com", "x@example.com"}, "b@example.com"),
            ({"b@example.com", "a@example.com"}, "a@example.com"),
        ):
            each = one_of(found, frozenset(addresses))
            self.assertEqual(each.address if each else None, expected)


class StoringTests(SynchronousTestCase):
    def test_others_do_not_see_what_is_between_client_and_server(self) -> None:
        item = one("ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST;CN=A;SCHEDULE-STATUS=3.7;schedule-agent=SERVER:mailto:a@b.c")
        self.assertEqual(without_scheduling(item).line, "ATTENDEE;CN=A:mailto:a@b.c")
        item = one("ATTENDEE;CN=A:mailto:a@b.c")
        self.assertIs(without_scheduling(item), item)

    def test_the_status_is_the_servers(self) -> None:
        kept = kept_people(calendar(PEOPLE), {"b@example.com": "1.1"})
        assert kept is not None
        self.assertEqual(
            [item.line for item in kept.components[0].properties if item.name != "UID"],
            [
                "ORGANIZER:mailto:o@example.com",
                "ATTENDEE;CN=A:mailto:a@example.com",
                "ATTENDEE;schedule-agent=client;SCHEDULE-STATUS=1.1:mailto:b@example.com",
                "ATTENDEE;PARTSTAT=ACCEPTED:mailto:A@example.com",
                "ATTENDEE:nobody",
            ],
        )
        self.assertIsNone(kept_people(kept, {"b@example.com": "1.1"}))

    def test_how_delivery_went(self) -> None:
        text = PEOPLE.replace("END:VEVENT", "ATTENDEE:mailto:o@example.com\nEND:VEVENT")
        told = with_status(calendar(text), {"b@example.com": "1.2", "o@example.com": "5.1"}).components[0]
        found = [each.parameter("SCHEDULE-STATUS") for each in told.all("ATTENDEE")]
        self.assertEqual(found, ["3.7", "1.2", None, None, None])
        self.assertEqual([each.parameter("SCHEDULE-STATUS") for each in told.all("ORGANIZER")], ["5.1"])

    def test_a_delegate(self) -> None:
        self.assertEqual(
            delegate_property("e@example.com", "a@example.com").line,
            'ATTENDEE;DELEGATED-FROM="mailto:a@example.com";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:e@example.com',
        )
