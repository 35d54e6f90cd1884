"""Messages that come: who may say what; and that nothing hostile gets through, nor what could not be stored."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.itip.applying import apply
from stalwart.codec.itip.deciding import on_change
from stalwart.codec.itip.outcomes import Applied, Ignored, Options, Outcome, Reason, SchedulingRefused
from stalwart.codec.itip.replying import current_answer
from tests.codec.itip.scripts import NOW, calendar, valid

A = Options(frozenset({"a@example.com"}), NOW)
O = Options(frozenset({"o@example.com"}), NOW)  # noqa: E741


def event(rest: str, method: str = "REQUEST") -> Component:
    """A message about an event of o's."""
    text = f"BEGIN:VEVENT\nUID:u\nORGANIZER:mailto:o@example.com\n{rest}\nEND:VEVENT"
    return calendar(f"METHOD:{method}\n{text}" if method else text)


ME = "DTSTART:20270601T150000Z\nATTENDEE:mailto:a@example.com"


class AuthorityTests(SynchronousTestCase):
    def reason(self, applied: Applied | Ignored) -> Reason | None:
        return applied.reason if isinstance(applied, Ignored) else None

    def test_only_the_organizer_changes_what_is_stored(self) -> None:
        stored = event(f"{ME}\nATTENDEE:mailto:b@example.com", "")
        forged = event(f"LOCATION:x\nSEQUENCE:9\n{ME}\nATTENDEE:mailto:b@example.com\nATTENDEE:mailto:x@example.com")
        for method in ("REQUEST", "ADD", "CANCEL"):
            forged.set("METHOD", method)
            for sender in ("b@example.com", "x@example.com", "z@example.com", "", "nobody"):
                self.assertEqual(self.reason(apply(forged, stored, sender, A)), Reason.SENDER_NOT_INVITED)
            self.assertIsNone(self.reason(apply(forged, stored, "o@example.com", A)))

    def test_whoever_sends_for_the_organizer(self) -> None:
        by = 'ORGANIZER;SENT-BY="mailto:S@example.com":'
        stored = calendar(event(ME, "").text().replace("ORGANIZER:", by))
        forged = calendar(event(f"LOCATION:x\n{ME}").text().replace("ORGANIZER:", by))
        self.assertIsNone(self.reason(apply(forged, stored, "s@example.com", A)))
        self.assertIsNone(self.reason(apply(forged, None, "s@example.com", A)))
        # What the message says of itself does not count where the object is known.
        self.assertEqual(self.reason(apply(forged, event(ME, ""), "s@example.com", A)), Reason.SENDER_NOT_INVITED)

    def test_attendees_invite_those_whom_they_send_instead(self) -> None:
        people = 'ATTENDEE;DELEGATED-TO="mailto:a@example.com":mailto:b@example.com'
        accepted = ME.replace("ATTENDEE:", "ATTENDEE;PARTSTAT=ACCEPTED:")
        stored = event(f"SEQUENCE:1\nSUMMARY:o\n{accepted}\nATTENDEE;CN=B:mailto:b@example.com", "")
        forged = f"LOCATION:x\nSUMMARY:b\nSEQUENCE:999999\n{ME}\n{people}\nATTENDEE:mailto:x@example.com"
        said = event(forged.replace("0601T15", "0609T23"))
        told = self.applied(said, stored, "b@example.com")
        assert told.calendar is not None
        part = told.calendar.components[0]
        self.assertEqual(
            [each.line for each in part.properties],
            [
                "UID:u",
                "ORGANIZER:mailto:o@example.com",
                "SEQUENCE:1",
                "SUMMARY:o",
                "DTSTART:20270601T150000Z",
                'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:b@example.com":mailto:a@example.com',
                'ATTENDEE;CN=B;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:a@example.com":mailto:b@example.com',
            ],
        )
        self.assertEqual((told.is_second_hand, told.facts.changes[0].name), (False, "ATTENDEE"))
        self.assertEqual(self.reason(apply(said, told.calendar, "b@example.com", A)), Reason.UNCHANGED)
        moved = event(f"SEQUENCE:2\n{ME}".replace("0601T15", "0610T09"))
        self.assertFalse(isinstance(apply(moved, told.calendar, "o@example.com", A), Ignored))
        for method in ("CANCEL", "ADD"):
            said.set("METHOD", method)
            self.assertEqual(self.reason(apply(said, stored, "b@example.com", A)), Reason.SENDER_NOT_INVITED)

    def test_nobody_but_who_has_brought_something_changes_it_until_the_organizer_speaks(self) -> None:
        line = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:a@example.com":mailto:'
        guests = f"{line}b@example.com\nATTENDEE:mailto:c@example.com"
        brought = self.applied(event(f"LOCATION:b\n{ME}\n{guests}"), None, "b@example.com").calendar
        said = event(f"LOCATION:c\n{ME}\n{line}c@example.com")
        told = self.applied(said, brought, "c@example.com", is_second_hand=True)
        assert told.calendar is not None
        self.assertEqual(told.calendar.components[0].value("LOCATION"), "b")
        self.assertTrue(told.is_second_hand)

    def test_something_new_comes_from_the_organizer_or_a_delegator(self) -> None:
        guests = "ATTENDEE:mailto:b@example.com"
        self.assertEqual(
            self.reason(apply(event(f"{ME}\n{guests}"), None, "b@example.com", A)), Reason.SENDER_NOT_INVITED
        )
        self.assertFalse(self.applied(event(f"{ME}\n{guests}"), None, "o@example.com").is_second_hand)
        to_me = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:a@example.com":mailto:b@example.com'
        from_b = f"{ME}\n{guests}".replace("ATTENDEE:", 'ATTENDEE;DELEGATED-FROM="mailto:b@example.com":', 1)
        chain = f'ATTENDEE;DELEGATED-TO="mailto:b@example.com":mailto:c@example.com\n{ME}\n{to_me}'
        for said in (f"{ME}\n{to_me}", from_b, chain):
            self.assertTrue(self.applied(event(said), None, "b@example.com").is_second_hand, said)
        self.assertEqual(self.reason(apply(event(chain), None, "c@example.com", A)), Reason.SENDER_NOT_INVITED)

    def test_the_organizer_has_the_last_word_on_what_others_have_brought(self) -> None:
        to_me = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:a@example.com":mailto:b@example.com'
        brought = self.applied(event(f"SEQUENCE:999999\nLOCATION:b\n{ME}\n{to_me}"), None, "b@example.com").calendar
        own = event(f"SEQUENCE:1\nLOCATION:o\n{ME}")
        self.assertEqual(self.reason(apply(own, brought, "o@example.com", A)), Reason.OUT_OF_SEQUENCE)
        told = self.applied(own, brought, "o@example.com", is_second_hand=True)
        assert told.calendar is not None
        part = told.calendar.components[0]
        self.assertEqual((part.value("LOCATION"), part.value("SEQUENCE"), told.is_second_hand), ("o", "1", False))
        own.set("METHOD", "CANCEL")
        cancelled = self.applied(own, brought, "o@example.com", is_second_hand=True).calendar
        assert cancelled is not None
        self.assertEqual(cancelled.components[0].value("STATUS"), "CANCELLED")
        again = event(f"SEQUENCE:999999\nLOCATION:c\n{ME}\n{to_me}")
        self.assertTrue(self.applied(again, brought, "b@example.com", is_second_hand=True).is_second_hand)
        older = event(f"SEQUENCE:9\nLOCATION:c\n{ME}\n{to_me}")
        second_hand = Options(A.addresses, NOW, is_second_hand=True)
        self.assertEqual(self.reason(apply(older, brought, "b@example.com", second_hand)), Reason.OUT_OF_SEQUENCE)

    def test_who_sends_for_the_organizer_is_what_the_organizer_says(self) -> None:
        by = 'ORGANIZER;SENT-BY="mailto:s@example.com":'
        planted = calendar(event(f"SEQUENCE:9\n{ME}").text().replace("ORGANIZER:", by))
        brought = self.applied(planted, None, "s@example.com").calendar
        assert brought is not None
        stored = calendar(brought.text().replace('.com":', '.com";SCHEDULE-STATUS=1.2:', 1))
        for method in ("REQUEST", "CANCEL"):
            own = event(ME, method).text().replace("ORGANIZER:", "ORGANIZER;CN=O:")
            told = self.applied(calendar(own), stored, "o@example.com", is_second_hand=True)
            assert told.calendar is not None
            self.assertIn("ORGANIZER;CN=O;SCHEDULE-STATUS=1.2:mailto:o@example.com", told.calendar.text())
            planted.set("METHOD", method)
            forged = apply(planted, told.calendar, "s@example.com", A)
            self.assertEqual(self.reason(forged), Reason.SENDER_NOT_INVITED)
            again = apply(calendar(own), told.calendar, "o@example.com", A)
            self.assertEqual(self.reason(again), Reason.UNCHANGED)
        # Nobody but the organizer says who sends for him.
        other = calendar(planted.text().replace("METHOD:CANCEL", "METHOD:REQUEST").replace("s@", "x@"))
        other.components[0].set("SEQUENCE", "10")
        told = self.applied(other, brought, "s@example.com")
        assert told.calendar is not None
        self.assertEqual(told.calendar.text().count("x@"), 0)

    def applied(
        self, said: Component, stored: Component | None, sender: str, *, is_second_hand: bool = False
    ) -> Applied:
        found = apply(said, stored, sender, Options(A.addresses, NOW, is_second_hand=is_second_hand))
        assert isinstance(found, Applied), found
        return found

    def test_methods(self) -> None:
        for method, options, sender, expected in (
            ("PUBLISH", A, "o@example.com", Reason.UNSUPPORTED),
            ("DECLINECOUNTER", A, "o@example.com", Reason.UNSUPPORTED),
            ("COUNTER", A, "o@example.com", Reason.UNSUPPORTED),
            ("REFRESH", A, "o@example.com", Reason.UNSUPPORTED),
            ("REPLY", A, "o@example.com", Reason.SENDER_NOT_INVITED),
            ("CANCEL", O, "a@example.com", Reason.UNSUPPORTED),
            ("ADD", O, "o@example.com", Reason.UNSUPPORTED),
            ("counter", O, "a@example.com", None),
            ("refresh", O, "a@example.com", None),
            ("COUNTER", O, "o@example.com", Reason.SENDER_NOT_INVITED),
        ):
            applied = apply(event(ME, method), event(ME, ""), sender, options)
            self.assertEqual(self.reason(applied), expected, (method, sender))

    def test_a_counter_changes_nothing(self) -> None:
        said = event("DTSTART:20270601T160000Z\nCOMMENT:No\nATTENDEE;PARTSTAT=DECLINED:mailto:a@example.com", "COUNTER")
        applied = apply(said, event(ME, ""), "a@example.com", O)
        assert isinstance(applied, Applied)
        self.assertEqual((applied.calendar, applied.messages, applied.facts.participation), (None, (), "DECLINED"))
        self.assertEqual([each.name for each in applied.facts.changes], ["ATTENDEE", "DTSTART"])

    def test_other_objects(self) -> None:
        for stored, expected in (
            (event(ME, "").text().replace("UID:u", "UID:v"), Reason.MALFORMED),
            (event(ME, "").text().replace("VEVENT", "VTODO"), Reason.MALFORMED),
            (event(ME, "").text().replace("ORGANIZER:mailto:o@", "ORGANIZER:mailto:p@"), Reason.WRONG_ORGANIZER),
            (event(ME, "").text().replace("ORGANIZER:mailto:o@example.com\r\n", ""), Reason.WRONG_ORGANIZER),
        ):
            self.assertEqual(self.reason(apply(event(ME), calendar(stored), "o@example.com", A)), expected)
        journal = calendar(event(ME).text().replace("VEVENT", "VJOURNAL"))
        self.assertEqual(self.reason(apply(journal, None, "o@example.com", A)), Reason.UNSUPPORTED)
        nobody = Options(frozenset(), NOW)
        self.assertEqual(self.reason(apply(event(ME), None, "o@example.com", nobody)), Reason.RECIPIENT_NOT_INVITED)

    def test_what_is_too_large(self) -> None:
        stored = event("DTSTART:20270601T150000Z\nRRULE:FREQ=DAILY\nATTENDEE:mailto:a@example.com", "")
        said = event("RECURRENCE-ID:20270602T150000Z\nATTENDEE:mailto:a@example.com\nSUMMARY:" + "x" * 99)
        small = Options(A.addresses, NOW, max_octets=50)
        self.assertEqual(self.reason(apply(said, stored, "o@example.com", small)), Reason.TOO_LARGE)


_ADDRESSES = st.sampled_from(["o@example.com", "a@example.com", "b@example.com", "A%40example.com", "x", ""])
_MOMENTS = st.sampled_from(
    [
        ":20270601T150000Z",
        ":20270602T150000Z",
        ":20270602T150000",
        ";TZID=Europe/Berlin:20270603T170000",
        ";TZID=Own:20270603T170000",
        ";VALUE=DATE:20270604",
        ":99991231T235959Z",
        ":00010101T000000",
        ":x",
        ":",
    ]
)
_LINES = st.one_of(
    st.builds(
        "{}{}".format,
        st.sampled_from(["DTSTART", "DTEND", "DUE", "RDATE", "EXDATE", "RECURRENCE-ID", "COMPLETED"]),
        _MOMENTS,
    ),
    st.sampled_from(
        [
            "RRULE:FREQ=DAILY",
            "RRULE:FREQ=DAILY;COUNT=5",
            "RRULE:FREQ=SECONDLY;INTERVAL=0",
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "DURATION:PT1H",
            "DURATION:-P999999999W",
            "DURATION:P999999999D",
            "SEQUENCE:1",
            "SEQUENCE:-7",
            "STATUS:CANCELLED",
            "SUMMARY:x",
            "SUMMARY:y",
            "LOCATION:x",
            "REQUEST-STATUS:2.0;Success",
            "REQUEST-STATUS:",
            "PERCENT-COMPLETE:50",
            "X-A:b",
            "DTSTAMP:x",
            "ATTENDEE:",
        ]
    ),
    st.builds(
        "ATTENDEE{}:mailto:{}".format,
        st.sampled_from(
            [
                "",
                ";PARTSTAT=ACCEPTED",
                ";PARTSTAT=DECLINED",
                ";PARTSTAT=",
                ';PARTSTAT=^n"',
                ";RSVP=FALSE",
                ";SCHEDULE-AGENT=NONE",
                ";SCHEDULE-FORCE-SEND=REQUEST",
                ';PARTSTAT=DELEGATED;DELEGATED-TO="mailto:b@example.com"',
                ';DELEGATED-FROM="mailto:a@example.com"',
            ]
        ),
        _ADDRESSES,
    ),
)
_ORGANIZERS = st.sampled_from(
    ["ORGANIZER:mailto:o@example.com"] * 6
    + ["", "ORGANIZER:mailto:a@example.com", "ORGANIZER:x", "ORGANIZER;SCHEDULE-AGENT=NONE:mailto:o@example.com"]
)


@st.composite
def objects(draw: st.DrawFn) -> str:
    """Something like a calendar object."""
    kind = draw(st.sampled_from(["VEVENT", "VEVENT", "VTODO"]))
    organizer = draw(_ORGANIZERS)
    parts = []
    for index in range(draw(st.integers(1, 3))):
        lines = [organizer, "ATTENDEE:mailto:a@example.com"] if draw(st.integers(0, 4)) else []
        lines += draw(st.lists(_LINES, max_size=8))
        if index and draw(st.integers(0, 3)):
            lines.append(f"RECURRENCE-ID:2027060{index + 1}T150000Z")
        alarm = draw(st.sampled_from(["", "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM"]))
        parts.append("\n".join([f"BEGIN:{kind}", "UID:u", *filter(None, lines), *filter(None, [alarm]), f"END:{kind}"]))
    return "\n".join(parts)


_METHODS = st.sampled_from(["REQUEST", "REQUEST", "REPLY", "REPLY", "CANCEL", "ADD", "REFRESH", "COUNTER", "x"])
_PEOPLE = st.sampled_from(["o@example.com", "a@example.com", "b@example.com"])


class HostileTests(SynchronousTestCase):
    @settings(max_examples=150)
    @given(objects(), objects(), _METHODS, _PEOPLE, _PEOPLE)
    def test_messages(self, stored: str, said: str, method: str, sender: str, recipient: str) -> None:
        message = calendar(f"METHOD:{method}\n{said}")
        text = message.text()
        present = calendar(stored)
        applied = apply(message, present, sender, Options(frozenset({recipient}), NOW))
        self.assertEqual((message.text(), present.text()), (text, calendar(stored).text()))
        if isinstance(applied, Applied):
            for each in applied.messages:
                read_calendar(each.calendar.octets())
            if applied.calendar is not None:
                valid(applied.calendar)
                # What has been said once is known.
                again = apply(message, valid(applied.calendar), sender, Options(frozenset({recipient}), NOW))
                self.assertIsInstance(again, Ignored)

    @settings(max_examples=150)
    @given(st.none() | objects(), st.none() | objects(), _PEOPLE, st.booleans())
    def test_changes(self, old: str | None, new: str | None, person: str, is_tagged: bool) -> None:
        before, after = (calendar(each) if each is not None else None for each in (old, new))
        options = Options(frozenset({person}), NOW, is_tagged=is_tagged)
        try:
            outcome = on_change(before, after, options)
        except SchedulingRefused:
            return
        for each in outcome.messages:
            self.assertNotIn(person, each.recipients)
            self.assertEqual(each.sender, person)
            made = read_calendar(each.calendar.octets())
            self.assertEqual(made.value("METHOD"), each.method)
            self.assertNotIn("SCHEDULE-", made.text())
        if outcome.calendar is not None:
            read_calendar(outcome.calendar.octets())
            if after is not None:
                # What is stored needs no second round.
                second = on_change(outcome.calendar, outcome.calendar, options)
                self.assertEqual((second.messages, second.calendar), ((), None))


_ANSWERS = st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE"])
_STARTS = st.sampled_from(
    [
        "DTSTART:20270601T150000Z",
        "DTSTART;TZID=Europe/Berlin:20271030T023000",
        "DTSTART;TZID=America/New_York:20270313T023000",
        "DTSTART;VALUE=DATE:20270601",
        "DTSTART:20270601T150000",
    ]
)


class CircleTests(SynchronousTestCase):
    """An invitation goes out, an answer comes back: both objects can be stored, and both say the same."""

    @settings(max_examples=80)
    @given(_STARTS, st.sampled_from(["", "RRULE:FREQ=DAILY;COUNT=9", "RRULE:FREQ=WEEKLY"]), _ANSWERS, st.data())
    def test_request_and_reply(self, start: str, rule: str, given_answer: str, data: st.DataObject) -> None:
        sent = self.sent(start, rule)
        at_organizer = valid(sent.calendar or Component("VCALENDAR"))
        (request,) = sent.messages
        came = apply(read_calendar(request.calendar.octets()), None, "o@example.com", A)
        assert isinstance(came, Applied) and came.calendar is not None
        at_attendee = valid(came.calendar)
        instance = start.replace("DTSTART", "EXDATE" if data.draw(st.booleans()) else "RECURRENCE-ID")
        changed = at_attendee.copy()
        part = changed.within("VEVENT")[0]
        if rule and instance.startswith("EXDATE"):
            part.properties += calendar(f"BEGIN:VEVENT\n{instance}\nEND:VEVENT").components[0].properties
            given_answer = "NEEDS-ACTION"
        elif rule:
            text = part.text().replace("RRULE", "X-RULE").replace("PARTSTAT=NEEDS-ACTION", f"PARTSTAT={given_answer}")
            text = text.replace("UID:u", f"UID:u\r\n{instance}")
            changed.components += calendar(text).components
            given_answer = "NEEDS-ACTION"
        else:
            item = part.first("ATTENDEE")
            assert item is not None
            part.put(item.with_parameter("PARTSTAT", given_answer))
        outcome = on_change(at_attendee, changed, Options(A.addresses, NOW, is_tagged=True))
        valid(outcome.calendar or changed)
        (reply,) = outcome.messages
        back = apply(read_calendar(reply.calendar.octets()), at_organizer, "a@example.com", O)
        assert isinstance(back, Applied) and back.calendar is not None, (back, reply.calendar.text())
        known = valid(back.calendar)
        self.assertEqual(current_answer(known, "a@example.com"), given_answer)
        self.assertEqual(len(known.within("VEVENT")), 2 if rule else 1)

    def sent(self, start: str, rule: str) -> Outcome:
        text = f"BEGIN:VEVENT\nUID:u\n{start}\n{rule}\nORGANIZER:mailto:o@example.com\nATTENDEE:mailto:a@example.com\n"
        return on_change(None, calendar(f"{text}END:VEVENT"), O)
