"""The attendee's side; what is replied is in ``cases``, too."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.itip.attending import attendee_changes, attendee_creates, attendee_deletes
from stalwart.codec.itip.objects import SchedulingObject, read_object
from stalwart.codec.itip.outcomes import Options, Outcome, SchedulingRefused, TagStep
from tests.codec.itip.scripts import NOW, calendar

OPTIONS = Options(frozenset({"a@example.com", "alias@example.com"}), NOW)
HEAD = "UID:u\nORGANIZER:mailto:o@example.com\n"
ME = "ATTENDEE;PARTSTAT={}:mailto:a@example.com\n"
SERIES = "DTSTART:20270601T150000Z\nRRULE:FREQ=DAILY\n"
ACCEPTED, WAITING, DECLINED = ME.format("ACCEPTED"), ME.format("NEEDS-ACTION"), ME.format("DECLINED")


def event(*parts: str, kind: str = "VEVENT") -> SchedulingObject:
    """What o organizes."""
    return read_object(calendar("".join(f"BEGIN:{kind}\n{HEAD}{each}\nEND:{kind}\n" for each in parts)))


def replied(outcome: Outcome) -> list[tuple[str, str]]:
    """(RECURRENCE-ID, PARTSTAT) of all that is replied."""
    return [
        (part.value("RECURRENCE-ID") or "", part.all("ATTENDEE")[0].parameter("PARTSTAT") or "")
        for message in outcome.messages
        if message.method == "REPLY"
        for part in message.calendar.components
    ]


class CreatingTests(SynchronousTestCase):
    def test_only_answers_are_told(self) -> None:
        for own, expected in ((WAITING, []), ("ATTENDEE:mailto:a@example.com", []), (ACCEPTED, [("", "ACCEPTED")])):
            outcome = attendee_creates(event(SERIES + own), OPTIONS)
            self.assertEqual(replied(outcome), expected)
            self.assertEqual(outcome.tag, TagStep.FIRST if expected else TagStep.KEEP)

    def test_an_instance_alone(self) -> None:
        outcome = attendee_creates(event(f"RECURRENCE-ID:20270602T150000Z\n{DECLINED}"), OPTIONS)
        self.assertEqual(replied(outcome), [("20270602T150000Z", "DECLINED")])


class ChangingTests(SynchronousTestCase):
    def changed(self, old: SchedulingObject, new: SchedulingObject) -> list[tuple[str, str]]:
        return replied(attendee_changes(old, new, OPTIONS))

    def test_instances(self) -> None:
        second, third = "RECURRENCE-ID:20270602T150000Z\n", "RECURRENCE-ID:20270603T150000Z\n"
        rows = (
            # A new instance of its own.
            ([SERIES + WAITING], [SERIES + WAITING, second + ACCEPTED], [("20270602T150000Z", "ACCEPTED")]),
            ([SERIES + WAITING], [SERIES + WAITING, second + WAITING], []),
            ([SERIES + ACCEPTED], [SERIES + ACCEPTED, second + WAITING], [("20270602T150000Z", "NEEDS-ACTION")]),
            # One whose own is gone is declined, unless that is known, or it was cancelled.
            ([SERIES + ACCEPTED, second + ACCEPTED], [SERIES + ACCEPTED], [("20270602T150000Z", "DECLINED")]),
            ([SERIES + ACCEPTED, second + DECLINED], [SERIES + ACCEPTED], []),
            ([SERIES + ACCEPTED, second + "STATUS:CANCELLED\n" + ACCEPTED], [SERIES + ACCEPTED], []),
            # By EXDATE, once, and only what is an instance.
            (
                [SERIES + ACCEPTED, second + ACCEPTED],
                [SERIES + "EXDATE:20270602T150000Z,20270603T150000Z,20270603T160000Z\n" + ACCEPTED],
                [("20270602T150000Z", "DECLINED"), ("20270603T150000Z", "DECLINED")],
            ),
            ([SERIES + "EXDATE:20270602T150000Z\n" + ACCEPTED], [SERIES + "EXDATE:20270602T150000Z\n" + ACCEPTED], []),
            ([SERIES + DECLINED], [SERIES + "EXDATE:20270602T150000Z\n" + DECLINED], []),
            ([SERIES + ACCEPTED], [SERIES + "EXDATE:x\n" + ACCEPTED], []),
            # Several at once are one message.
            (
                [SERIES + WAITING, third + WAITING],
                [SERIES + ACCEPTED, third + DECLINED],
                [("", "ACCEPTED"), ("20270603T150000Z", "DECLINED")],
            ),
        )
        for old, new, expected in rows:
            self.assertEqual(self.changed(event(*old), event(*new)), expected, (old, new))

    def test_what_attendees_may_change(self) -> None:
        given = SERIES + "SUMMARY:x\nLOCATION:y\n" + WAITING + "ATTENDEE:mailto:b@example.com\n"
        for old, new in (
            ("SUMMARY:x\n", ""),
            ("SUMMARY:x\n", "SUMMARY:z\nDESCRIPTION:my\nCOMMENT:my\nX-A:b\nCATEGORIES:me\n"),
            ("LOCATION:y", "LOCATION;LANGUAGE=en:y"),
            ("RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY;INTERVAL=1"),
            ("ATTENDEE:mailto:b@example.com", "ATTENDEE;CN=B:MAILTO:b@example.com"),
            ("UID:u", "UID:u"),
        ):
            self.assertEqual(self.changed(event(given), event(given.replace(old, new))), [])

    def test_what_they_may_not(self) -> None:
        given = SERIES + "SUMMARY:x\nLOCATION:y\n" + WAITING + "ATTENDEE:mailto:b@example.com\n"
        for old, new in (
            ("LOCATION:y\n", ""),
            ("RRULE:FREQ=DAILY\n", ""),
            ("SUMMARY:x", "STATUS:CONFIRMED"),
            ("SUMMARY:x", "RDATE:20280601T150000Z"),
            (WAITING, ""),
            (WAITING, "ATTENDEE:mailto:alias@example.com\n"),
            ("ATTENDEE:mailto:b@example.com\n", ""),
            ("ATTENDEE:mailto:b@example.com\n", "ATTENDEE:mailto:b@example.com\nATTENDEE:mailto:c@example.com\n"),
        ):
            problem = self.assertRaises(
                SchedulingRefused, attendee_changes, event(given), event(given.replace(old, new)), OPTIONS
            )
            self.assertEqual(problem.rule, "ATTENDEE_CHANGE", (old, new))

    def test_progress_of_tasks(self) -> None:
        task = "DUE:20270601T150000Z\n" + ACCEPTED
        for rest, count in (("STATUS:IN-PROCESS", 1), ("PERCENT-COMPLETE:5", 1), ("DESCRIPTION:x", 0)):
            outcome = attendee_changes(event(task, kind="VTODO"), event(task + rest, kind="VTODO"), OPTIONS)
            self.assertEqual(len(outcome.messages), count)

    def test_delegates_are_few(self) -> None:
        named = ",".join(f'"mailto:d{number}@example.com"' for number in range(500))
        mine = f"ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO={named}:mailto:a@example.com"
        outcome = attendee_changes(event(SERIES + WAITING), event(SERIES + mine), OPTIONS)
        self.assertEqual([each.method for each in outcome.messages], ["REPLY", *["REQUEST"] * 20])
        options = Options(OPTIONS.addresses, NOW, max_recipients=20)
        problem = self.assertRaises(
            SchedulingRefused, attendee_changes, event(SERIES + WAITING), event(SERIES + mine), options
        )
        self.assertEqual(problem.rule, "TOO_MANY_ATTENDEES")

    def test_delegators_are_told_too(self) -> None:
        mine = 'ATTENDEE;DELEGATED-FROM="mailto:d@example.com";PARTSTAT={}:mailto:a@example.com'
        outcome = attendee_changes(
            event(SERIES + mine.format("NEEDS-ACTION")), event(SERIES + mine.format("DECLINED")), OPTIONS
        )
        self.assertEqual(outcome.recipients, ["o@example.com", "d@example.com"])


class DeletingTests(SynchronousTestCase):
    def test_what_deleting_tells(self) -> None:
        other = "RECURRENCE-ID:20270602T150000Z\n"
        for parts, expected in (
            ([SERIES + ACCEPTED], [("", "DECLINED")]),
            ([SERIES + ME.format("TENTATIVE"), other + ACCEPTED], [("", "DECLINED")]),
            ([SERIES + DECLINED, other + ACCEPTED], [("20270602T150000Z", "DECLINED")]),
            ([SERIES + WAITING], []),
            ([SERIES + DECLINED], []),
            ([SERIES + ME.format("DELEGATED")], []),
            ([SERIES + "ATTENDEE;RSVP=FALSE;PARTSTAT=ACCEPTED:mailto:a@example.com"], []),
            ([SERIES + "STATUS:CANCELLED\n" + ACCEPTED], []),
        ):
            self.assertEqual(replied(attendee_deletes(event(*parts), OPTIONS)), expected, parts)
        silent = Options(OPTIONS.addresses, NOW, sends_reply=False)
        self.assertEqual(attendee_deletes(event(SERIES + ACCEPTED), silent).messages, ())
