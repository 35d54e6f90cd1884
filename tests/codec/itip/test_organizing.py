"""The organizer's side; who is told of what is in ``cases``."""

from __future__ import annotations

from time import process_time

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.itip.objects import SchedulingObject, read_object
from stalwart.codec.itip.organizing import full_request, organizer_changes, organizer_creates, organizer_deletes
from stalwart.codec.itip.outcomes import Options, SchedulingRefused, TagStep
from tests.codec.itip.scripts import NOW, calendar

OPTIONS = Options(frozenset({"o@example.com", "alias@example.com"}), NOW)
HEAD = "UID:u\nDTSTART:20270601T150000Z\nORGANIZER:mailto:o@example.com\n"


def event(rest: str, *overrides: str) -> SchedulingObject:
    """An event that o organizes, with instances by day of June."""
    text = f"BEGIN:VEVENT\n{HEAD}{rest}\nEND:VEVENT\n"
    for day, each in enumerate(overrides, 1):
        moment = f"2027{6 + day // 28:02}{day % 28 + 1:02}T150000Z"
        text += f"BEGIN:VEVENT\n{HEAD}RECURRENCE-ID:{moment}\n{each}\nEND:VEVENT\n"
    return read_object(calendar(text))


def people(count: int, parameters: str = "") -> str:
    """So many attendees."""
    return "\n".join(f"ATTENDEE{parameters}:mailto:a{number}@example.com" for number in range(count))


class LimitTests(SynchronousTestCase):
    def refused(self, function, *given: object) -> None:  # type: ignore[no-untyped-def]
        problem = self.assertRaises(SchedulingRefused, function, *given)
        self.assertEqual(problem.rule, "TOO_MANY_ATTENDEES")

    def test_so_many_are_too_many(self) -> None:
        self.assertEqual(len(organizer_creates(event(people(99)), OPTIONS).recipients), 99)
        self.refused(organizer_creates, event(people(100)), OPTIONS)
        self.refused(organizer_creates, event(people(10_000)), OPTIONS)
        self.refused(organizer_changes, event(people(100)), event(f"LOCATION:x\n{people(100)}"), OPTIONS)
        self.refused(organizer_changes, event(people(60)), event(people(160).replace("a1", "b1")), OPTIONS)
        self.refused(organizer_deletes, event(people(100)), OPTIONS)

    def test_only_those_count_who_are_told(self) -> None:
        crowd = people(5000, ";RSVP=FALSE") + "\nATTENDEE:mailto:b@example.com"
        self.assertEqual(organizer_creates(event(crowd), OPTIONS).recipients, ["b@example.com"])
        declined = people(5000, ";PARTSTAT=DECLINED") + "\nATTENDEE:mailto:b@example.com"
        changed = organizer_changes(event(declined), event(f"LOCATION:x\n{declined}"), OPTIONS)
        self.assertEqual(changed.recipients, ["b@example.com"])
        self.assertEqual(organizer_deletes(event(declined), OPTIONS).recipients, ["b@example.com"])

    def test_hidden_people_are_told_to_nobody(self) -> None:
        hides = "JSPROP;JSPTR=hideAttendees:true"
        made = organizer_creates(event(f"{hides}\n{people(3)}"), OPTIONS)
        self.assertEqual(len(made.messages), 3)
        for each in made.messages:
            (recipient,) = each.recipients
            told = {other for other in ("a0@", "a1@", "a2@") if other in each.calendar.text()}
            self.assertEqual(told, {recipient[:3]})
            self.assertEqual([guest.address for guest in each.facts.guests], [recipient])
        asked = full_request(event(f"{hides}\n{people(3)}"), "a1@example.com", OPTIONS)
        assert asked is not None
        self.assertNotIn("a0@", asked.calendar.text())
        gone = organizer_deletes(event(f"{hides}\n{people(3)}"), OPTIONS)
        self.assertEqual([each.calendar.text().count("ATTENDEE") for each in gone.messages], [1, 1, 1])

    def test_silent_changes_of_crowds_are_silent(self) -> None:
        outcome = organizer_changes(event(people(500)), event(f"COMMENT:x\n{people(500)}"), OPTIONS)
        self.assertEqual((outcome.messages, outcome.tag), ((), TagStep.KEEP))

    def test_crowds_and_instances_do_not_multiply(self) -> None:
        crowd = people(5000, ";PARTSTAT=DECLINED")
        series = f"RRULE:FREQ=DAILY\n{crowd}"
        began = process_time()
        organizer_changes(event(series, *["LOCATION:x"] * 300), event(series, *["LOCATION:y"] * 300), OPTIONS)
        self.assertLess(process_time() - began, 2)

    def test_instances_are_bounded(self) -> None:
        series = "RRULE:FREQ=DAILY\nATTENDEE:mailto:a@example.com"
        given = event(series)
        given.parts.update({("day", number): given.parts[None] for number in range(3001)})
        problem = self.assertRaises(SchedulingRefused, organizer_changes, event(series), given, OPTIONS)
        self.assertEqual(problem.rule, "WRONG_MESSAGE")


class TellingTests(SynchronousTestCase):
    def test_the_organizers_own_addresses_are_not_written_to(self) -> None:
        given = event("ATTENDEE:mailto:o@example.com\nATTENDEE:mailto:ALIAS@example.com")
        outcome = organizer_creates(given, OPTIONS)
        self.assertEqual((outcome.messages, outcome.calendar, outcome.tag), ((), None, TagStep.KEEP))

    def test_schedule_tags(self) -> None:
        one, other = event("ATTENDEE:mailto:a@example.com"), event("ATTENDEE:mailto:a@example.com\nLOCATION:x")
        tagged = Options(OPTIONS.addresses, NOW, is_tagged=True)
        self.assertEqual(organizer_creates(one, OPTIONS).tag, TagStep.FIRST)
        self.assertEqual(organizer_changes(one, other, OPTIONS).tag, TagStep.FIRST)
        self.assertEqual(organizer_changes(one, other, tagged).tag, TagStep.NEXT)
        self.assertEqual(organizer_changes(one, one, tagged).tag, TagStep.NEXT)
        self.assertEqual(organizer_deletes(one, tagged).tag, TagStep.DROP)

    def test_sequence_never_goes_back(self) -> None:
        for old, new, change, expected in (
            (3, 1, "SUMMARY:x", 3),
            (3, 1, "LOCATION:x", 4),
            (3, 5, "LOCATION:x", 6),
            (0, 0, "STATUS:TENTATIVE", 1),
        ):
            before = event(f"SEQUENCE:{old}\nATTENDEE:mailto:a@example.com")
            after = event(f"SEQUENCE:{new}\n{change}\nATTENDEE:mailto:a@example.com")
            outcome = organizer_changes(before, after, OPTIONS)
            assert outcome.calendar is not None
            for each in (outcome.calendar, outcome.messages[0].calendar):
                self.assertEqual(each.components[-1].value("SEQUENCE"), str(expected), (old, new, change))

    def test_from_the_series_to_an_instance(self) -> None:
        person = "ATTENDEE:mailto:a@example.com"
        old = event(f"RRULE:FREQ=DAILY\n{person}\nATTENDEE:mailto:b@example.com", person)
        new = event("RRULE:FREQ=DAILY\nATTENDEE:mailto:b@example.com", person)
        told = [
            (each.method, len(each.calendar.components))
            for each in organizer_changes(old, new, OPTIONS).messages
            if "a@example.com" in each.recipients
        ]
        self.assertEqual(told, [("CANCEL", 1), ("REQUEST", 1)])

    def test_how_it_stands(self) -> None:
        given = event(
            "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.com\nATTENDEE;PARTSTAT=DECLINED:mailto:b@example.com"
        )
        told = full_request(given, "a@example.com", OPTIONS)
        assert told is not None
        self.assertEqual((told.method, told.recipients), ("REQUEST", ("a@example.com",)))
        self.assertIsNone(full_request(given, "b@example.com", OPTIONS))
        self.assertIsNone(full_request(given, "x@example.com", OPTIONS))
