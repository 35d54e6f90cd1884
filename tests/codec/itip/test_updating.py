"""REQUEST, ADD and CANCEL at an attendee; more of it is in ``cases``."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component
from stalwart.codec.itip.objects import SchedulingObject, read_object
from stalwart.codec.itip.outcomes import Applied, Ignored, Options, Reason, TagStep, TooLarge
from stalwart.codec.itip.updating import add, cancel, invitation, update
from tests.codec.itip.scripts import NOW, calendar, valid

OPTIONS = Options(frozenset({"a@example.com"}), NOW)
HEAD = "UID:u\nORGANIZER:mailto:o@example.com\n"
ME = "ATTENDEE:mailto:a@example.com\n"
SERIES = f"DTSTART:20270601T150000Z\nRRULE:FREQ=DAILY\nSEQUENCE:4\n{ME}"
SECOND, THIRD = "RECURRENCE-ID:20270602T150000Z\n", "RECURRENCE-ID:20270603T150000Z\n"
ALARM = "BEGIN:VALARM\nTRIGGER:-PT5M\nACTION:AUDIO\nEND:VALARM\n"


def given(*parts: str, beside: str = "") -> SchedulingObject:
    """What o organizes."""
    return read_object(calendar(beside + "".join(f"BEGIN:VEVENT\n{HEAD}{each}\nEND:VEVENT\n" for each in parts)))


def stored(applied: Applied | Ignored) -> Component:
    """The object as it is stored."""
    assert isinstance(applied, Applied) and applied.calendar is not None, applied
    return valid(applied.calendar)


def events(applied: Applied | Ignored) -> list[Component]:
    """Its events."""
    return stored(applied).within("VEVENT")


class RequestTests(SynchronousTestCase):
    def test_new(self) -> None:
        said = given(SERIES + "REQUEST-STATUS:2.0;x\nX-A:b\n" + ALARM, beside="METHOD:REQUEST\nX-WR-CALNAME:x\n")
        applied = invitation(said, OPTIONS)
        self.assertEqual((stored(applied).has("METHOD"), stored(applied).has("X-WR-CALNAME")), (False, True))
        part = events(applied)[0]
        self.assertEqual((part.has("REQUEST-STATUS"), part.has("X-A"), len(part.components)), (False, True, 1))
        assert isinstance(applied, Applied)
        self.assertEqual((applied.is_new, applied.tag, applied.facts.rule), (True, TagStep.FIRST, "FREQ=DAILY"))
        self.assertTrue(said.calendar.has("METHOD"))
        other = Options(frozenset({"x@example.com"}), NOW)
        self.assertEqual(invitation(said, other), Ignored(Reason.RECIPIENT_NOT_INVITED))

    def test_what_the_attendee_has_taken_out_stays_out_until_he_is_asked_again(self) -> None:
        exdate = "EXDATE:20270602T150000Z,20270604T150000Z\n"
        present = given(SERIES + exdate + "SUMMARY:x\n")
        declined = SECOND + "DTSTART:20270602T150000Z\n" + ME.replace("ATTENDEE", "ATTENDEE;PARTSTAT=DECLINED")
        dates = [["20270602T150000Z"], ["20270604T150000Z", "20270602T150000Z"]]
        for told, expected in zip(("", "EXDATE:20270604T150000Z\n"), dates, strict=True):
            said = given(SERIES + told + "SUMMARY:y\n", declined)
            changed = update(said, present, OPTIONS)
            (part,) = events(changed)
            self.assertEqual([each.value for each in part.all("EXDATE")], expected if not told else [exdate[7:-1]])
            self.assertEqual(part.value("SUMMARY"), "y")
            again = update(said, read_object(stored(changed)), OPTIONS)
            self.assertEqual(again, Ignored(Reason.UNCHANGED))
        later = given(SERIES.replace("4", "5", 1) + "EXDATE:20270605T150000Z\n", declined)
        (part,) = events(update(later, present, OPTIONS))
        self.assertEqual([each.value for each in part.all("EXDATE")], ["20270605T150000Z", "20270602T150000Z"])
        asked = given(SERIES, declined.replace("DECLINED", "NEEDS-ACTION"))
        series, instance = events(update(asked, present, OPTIONS))
        self.assertEqual((series.has("EXDATE"), instance.has("RECURRENCE-ID")), (False, True))

    def test_an_instance_that_is_told_alone_is_taken_in_again(self) -> None:
        present = given(SERIES + "EXDATE:20270602T150000Z,20270604T150000Z\n")
        said = given(SECOND + "DTSTART:20270602T160000Z\nSEQUENCE:5\n" + ME)
        for function in (update, add):
            series, instance = events(function(said, present, OPTIONS))
            self.assertEqual([each.value for each in series.all("EXDATE")], ["20270604T150000Z"])
            self.assertEqual(instance.value("DTSTART"), "20270602T160000Z")

    def test_what_the_attendee_has_added_stays(self) -> None:
        present = given(SERIES + "SUMMARY:x\nLOCATION:y\nX-A:b\nCATEGORIES:mine\nTRANSP:TRANSPARENT\nURL:a\n" + ALARM)
        said = given(SERIES.replace("150000Z", "160000Z") + "SUMMARY:z\nTRANSP:OPAQUE\nX-B:c\nURL:b\nGEO:1;2")
        part = events(update(said, present, OPTIONS))[0]
        for name, value in (("SUMMARY", "z"), ("LOCATION", None), ("X-A", "b"), ("X-B", None), ("CATEGORIES", "mine")):
            self.assertEqual(part.value(name), value, name)
        for name, value in (("TRANSP", "TRANSPARENT"), ("URL", "b"), ("GEO", "1;2"), ("DTSTART", "20270601T160000Z")):
            self.assertEqual(part.value(name), value, name)
        self.assertEqual(len(part.components), 1)

    def test_files_that_the_attendee_has_attached_stay(self) -> None:
        own, his, gone = (f"ATTACH;MANAGED-ID={id}:https://a.b/{id}\n" for id in ("own", "his", "gone"))
        options = evolve(OPTIONS, attached=frozenset({"own"}))
        part = events(update(given(SERIES + his), given(SERIES + own + gone), options))[0]
        self.assertEqual([each.value for each in part.all("ATTACH")], ["https://a.b/his", "https://a.b/own"])
        known = given(SERIES + own + his)
        self.assertEqual(update(given(SERIES + his), known, options), Ignored(Reason.UNCHANGED))
        self.assertEqual(len(known.parts[None].all("ATTACH")), 2)

    def test_sequence_by_instance(self) -> None:
        present = given(SERIES, SECOND + "SEQUENCE:9\n" + ME)
        for parts, expected in (
            ([SERIES.replace("SEQUENCE:4", "SEQUENCE:3")], Reason.OUT_OF_SEQUENCE),
            ([SECOND + "SEQUENCE:8\n" + ME], Reason.OUT_OF_SEQUENCE),
            ([SERIES, SECOND + "SEQUENCE:9\n" + ME], Reason.UNCHANGED),
        ):
            self.assertEqual(update(given(*parts), present, OPTIONS), Ignored(expected), parts)
        changed = events(update(given(THIRD + ME, SECOND + "SEQUENCE:8\nSUMMARY:no\n" + ME), present, OPTIONS))
        self.assertEqual([each.value("SUMMARY") for each in changed], [None] * 3)

    def test_instances_that_are_not_in_the_series_any_more_go(self) -> None:
        present = given(SERIES, SECOND + ME, THIRD + ME)
        self.assertEqual(len(events(update(given(SERIES, THIRD + ME), present, OPTIONS))), 2)
        self.assertEqual(update(given(THIRD + ME), present, OPTIONS), Ignored(Reason.UNCHANGED))

    def test_added_instances_have_the_alarms_of_the_series(self) -> None:
        present = given(SERIES + ALARM * 30)
        said = given(SECOND + "X-A:b\nSUMMARY:x\n" + ME + "BEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM")
        part = events(update(said, present, OPTIONS))[1]
        self.assertEqual((part.has("X-A"), part.value("SUMMARY"), len(part.components)), (False, "x", 10))
        self.assertEqual(part.components[0].value("TRIGGER"), "-PT5M")

    def test_instances_have_what_the_attendee_has_of_his_own_in_the_series(self) -> None:
        own = "CATEGORIES:mine\nCOLOR:red\nTRANSP:TRANSPARENT\nJSPROP;JSPTR=useDefaultAlerts:true\n"
        said = given(SECOND + "CATEGORIES:theirs\nCOLOR:blue\nJSPROP;JSPTR=x:1\n" + ME)
        part = events(update(said, given(SERIES + own), OPTIONS))[1]
        found = [part.value(name) for name in ("CATEGORIES", "COLOR", "TRANSP")]
        self.assertEqual(found, ["mine", "red", "TRANSPARENT"])
        self.assertEqual({each.parameter("JSPTR") for each in part.all("JSPROP")}, {"x", "useDefaultAlerts"})
        part = events(update(said, given(SERIES), OPTIONS))[1]
        self.assertFalse(part.has("COLOR"))

    def test_nobody_says_what_others_have_of_their_own(self) -> None:
        extras = "".join(f"JSPROP;JSPTR={name}:true\n" for name in ("useDefaultAlerts", "color", "alerts/a", "x"))
        said = given(SERIES + extras)
        for taken in (invitation(said, OPTIONS), update(said, given(SERIES + "SUMMARY:old\n"), OPTIONS)):
            (part,) = events(taken)
            self.assertLessEqual({each.parameter("JSPTR") for each in part.all("JSPROP")}, {"x"})

    def test_an_answer_that_is_not_known_yet_stays(self) -> None:
        mine = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.com\n"
        for sequence, expected in ((4, "ACCEPTED"), (5, None)):
            said = given(SERIES.replace("SEQUENCE:4", f"SEQUENCE:{sequence}") + "SUMMARY:x")
            part = events(update(said, given(SERIES.replace(ME, mine)), OPTIONS))[0]
            self.assertEqual(part.all("ATTENDEE")[0].parameter("PARTSTAT"), expected)

    def test_what_would_be_too_large(self) -> None:
        small = Options(OPTIONS.addresses, NOW, max_octets=100)
        self.assertRaises(TooLarge, update, given(SECOND + ME + "SUMMARY:" + "x" * 200), given(SERIES), small)

    def test_time_zones(self) -> None:
        zone = "BEGIN:VTIMEZONE\nTZID:{}\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0{}00\n"
        zone += "TZOFFSETTO:+0{}00\nEND:STANDARD\nEND:VTIMEZONE\n"
        own = SERIES.replace("DTSTART:20270601T150000Z", "DTSTART;TZID=Customized:20270601T150000")
        present = given(own, beside=zone.format("Customized", 1, 1))
        said = given(
            own.replace("SEQUENCE:4", "SEQUENCE:5"),
            beside=zone.format("Customized", 3, 3) + zone.format("Unused", 1, 1),
        )
        found = stored(update(said, present, OPTIONS))
        self.assertEqual([each.value("TZID") for each in found.within("VTIMEZONE")], ["Customized"])
        self.assertIn("TZOFFSETTO:+0300", found.text())
        self.assertNotIn("TZOFFSETTO:+0100", found.text())


class AddTests(SynchronousTestCase):
    def test_known_instances_stay(self) -> None:
        present = given(SERIES, SECOND + "SUMMARY:x\n" + ME)
        said = given(SECOND + "SEQUENCE:5\nSUMMARY:y\n" + ME)
        self.assertEqual(add(said, present, OPTIONS), Ignored(Reason.UNCHANGED))
        said = given(SECOND + "SEQUENCE:3\n" + ME)
        self.assertEqual(add(said, present, OPTIONS), Ignored(Reason.OUT_OF_SEQUENCE))

    def test_another_time(self) -> None:
        said = given("DTSTART;TZID=Europe/Berlin:20270610T090000\nSEQUENCE:5\n" + ME)
        found = events(add(said, given(SERIES), OPTIONS))
        self.assertEqual([each.line for each in found[0].all("RDATE")], ["RDATE;TZID=Europe/Berlin:20270610T090000"])
        self.assertEqual(
            [each.line for each in found[1].all("RECURRENCE-ID")], ["RECURRENCE-ID;TZID=Europe/Berlin:20270610T090000"]
        )


class CancelTests(SynchronousTestCase):
    def test_all_of_it(self) -> None:
        found = events(cancel(given("SEQUENCE:5"), given(SERIES + ALARM, SECOND + ME), OPTIONS))
        self.assertEqual([each.value("STATUS") for each in found], ["CANCELLED"] * 2)
        self.assertEqual([each.value("SEQUENCE") for each in found], ["5", None])
        self.assertEqual([len(each.all("ATTENDEE")) for each in found], [1, 1])

    def test_instances(self) -> None:
        present = given(SERIES + "SUMMARY:x\n" + ALARM, SECOND + ME)
        found = events(cancel(given(SECOND + "SEQUENCE:5", THIRD + "SEQUENCE:5"), present, OPTIONS))
        self.assertEqual([each.value("STATUS") for each in found], [None, "CANCELLED", "CANCELLED"])
        self.assertEqual([each.value("SUMMARY") for each in found], ["x", None, "x"])
        self.assertEqual([len(each.components) for each in found], [1, 0, 0])

    def test_what_changes_nothing(self) -> None:
        present = given(SERIES + "STATUS:CANCELLED\nEXDATE:20270602T150000Z")
        for parts, expected in (
            (["SEQUENCE:3"], Reason.OUT_OF_SEQUENCE),
            (["SEQUENCE:4"], Reason.UNCHANGED),
            ([SECOND + "SEQUENCE:5"], Reason.UNCHANGED),
            (["RECURRENCE-ID:20270603T151500Z\nSEQUENCE:5"], Reason.UNCHANGED),
            (["RECURRENCE-ID:x\nSEQUENCE:5"], Reason.UNCHANGED),
        ):
            self.assertEqual(cancel(given(*parts), present, OPTIONS), Ignored(expected), parts)

    def test_of_an_instance_alone(self) -> None:
        found = events(cancel(given(THIRD + ME + "DTSTART:20270603T150000Z"), given(SECOND + ME), OPTIONS))
        self.assertEqual([each.value("STATUS") for each in found], [None, "CANCELLED"])
