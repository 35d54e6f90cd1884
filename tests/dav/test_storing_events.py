"""PUT of events: bytes come back as they were, rules are kept, conditions count (spec/dav.md 4.6)."""

from __future__ import annotations

from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav import storing_events
from stalwart.groupware.calendar_objects import Examined, Writing
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.traits import SCHEDULE_TAG
from stalwart.store import Transaction
from stalwart.store.collection_rows import NewItem
from stalwart.store.object_types import CALENDAR_EVENT
from tests.codec.caldav.appendix_b import OBJECTS, calendar, event
from tests.dav.limits import limit
from tests.dav.world import ALICE, BOB, DavWorld, conditions

CALENDAR = f"/dav/cal/{ALICE}/default/"
PATH = f"{CALENDAR}a.ics"
START = "DTSTART:20260101T000000Z"


class StoringEventsTests(DavWorld):
    def test_octets_come_back(self) -> None:
        odd = event("a", 'X-Odd;param="a;b":Value  ', "SUMMARY:" + "ä" * 60, "NOT A LINE")
        for number, octets in enumerate((*OBJECTS.values(), odd, odd.replace(b"\r\n", b"\n"))):
            path = f"/dav/cal/{ALICE}/c{number}/"
            self.expect(201, "MKCALENDAR", path)
            put = self.expect(201, "PUT", f"{path}x.ics", octets)
            got = self.expect(200, "GET", f"{path}x.ics")
            self.assertEqual(got.body, octets)
            self.assertEqual(got.headers["etag"], put.headers["etag"])
            self.assertEqual(got.headers["content-type"], storing_events.CONTENT_TYPE)

    def test_the_same_again_is_no_change(self) -> None:
        first = self.expect(201, "PUT", PATH, OBJECTS["abcd1.ics"]).headers["etag"]
        token = self.text(CALENDAR, "D:sync-token")
        self.assertEqual(self.expect(204, "PUT", PATH, OBJECTS["abcd1.ics"]).headers["etag"], first)
        self.assertEqual(self.text(CALENDAR, "D:sync-token"), token)
        changed = OBJECTS["abcd1.ics"].replace(b"Steelers", b"home")
        self.assertNotEqual(self.expect(204, "PUT", PATH, changed).headers["etag"], first)

    def test_what_is_no_calendar_object(self) -> None:
        two = "BEGIN:VEVENT\nUID:{}\nEND:VEVENT\n"
        for octets, expected in (
            (b"words", "A:supported-calendar-data"),
            (b"\xff\xfe", "A:supported-calendar-data"),
            (event("a") + event("b"), "A:supported-calendar-data"),
            (calendar(), "A:valid-calendar-object-resource"),
            (calendar("BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n"), "A:valid-calendar-object-resource"),
            (calendar(two.format("a"), two.format("b")), "A:valid-calendar-object-resource"),
            (calendar(two.format("a"), two.format("a")), "A:valid-calendar-object-resource"),
            (calendar(two.format("a"), "BEGIN:VTODO\nUID:a\nEND:VTODO\n"), "A:valid-calendar-object-resource"),
        ):
            refused = self.expect(412, "PUT", PATH, octets)
            self.assertEqual(conditions(refused), [expected], octets)
        self.expect(404, "GET", PATH)
        # Who may not write hears that.
        self.expect(403, "PUT", f"/dav/cal/{BOB}/default/a.ics", b"words")

    def test_a_method_is_left_out(self) -> None:
        message = OBJECTS["abcd1.ics"].replace(b"VERSION:2.0\r\n", b"VERSION:2.0\r\nMETHOD:REQUEST\r\n")
        etag = self.expect(201, "PUT", PATH, message).headers["etag"]
        got = self.expect(200, "GET", PATH)
        self.assertEqual((got.body, got.headers["etag"]), (OBJECTS["abcd1.ics"], etag))

    def test_uids(self) -> None:
        self.expect(201, "PUT", PATH, event("one"))
        clash = self.expect(412, "PUT", f"{CALENDAR}b.ics", event("one"))
        self.assertEqual(conditions(clash), ["A:no-uid-conflict"])
        self.assertIn(f"<D:href>{PATH}</D:href>".encode(), clash.body)
        changed = self.expect(412, "PUT", PATH, event("two"))
        self.assertIn(f"<A:no-uid-conflict><D:href>{PATH}</D:href></A:no-uid-conflict>".encode(), changed.body)
        self.expect(201, "MKCALENDAR", f"/dav/cal/{ALICE}/other/")
        self.expect(201, "PUT", f"/dav/cal/{ALICE}/other/b.ics", event("one"))

    def test_kinds_that_a_calendar_does_not_take(self) -> None:
        prop = '<A:supported-calendar-component-set><A:comp name="VTODO"/></A:supported-calendar-component-set>'
        body = f"<A:mkcalendar><D:set><D:prop>{prop}</D:prop></D:set></A:mkcalendar>"
        tasks = f"/dav/cal/{ALICE}/tasks/"
        self.expect(201, "MKCALENDAR", tasks, body)
        self.expect(201, "PUT", f"{tasks}a.ics", event("a", kind="VTODO"))
        refused = self.expect(412, "PUT", f"{tasks}b.ics", event("b"))
        self.assertEqual(conditions(refused), ["A:supported-calendar-component"])

    def test_sizes(self) -> None:
        limit(self, Calendar, maxICalendarSize=2000)
        refused = self.expect(412, "PUT", PATH, event("a", "DESCRIPTION:" + "x" * 3000))
        self.assertIn(b"<A:max-resource-size>2000</A:max-resource-size>", refused.body)
        huge = self.ask("PUT", PATH, b"", content_length=str(100 << 20), expect="100-continue")
        self.assertEqual(huge.status, 413)
        limit(self, Calendar, maxEvents=1)
        self.expect(201, "PUT", PATH, event("a"))
        self.assertEqual(conditions(self.expect(412, "PUT", f"{CALENDAR}b.ics", event("b"))), ["D:quota-not-exceeded"])
        self.expect(204, "PUT", PATH, event("a", "SUMMARY:x"))

    def test_places(self) -> None:
        self.expect(409, "PUT", f"/dav/cal/{ALICE}/a.ics", event("a"))
        self.expect(409, "PUT", f"/dav/cal/{ALICE}/none/a.ics", event("a"))
        self.expect(405, "PUT", CALENDAR, event("a"))

    def test_conditions_and_what_is_there_instead(self) -> None:
        etag = self.expect(201, "PUT", PATH, event("a"), if_none_match="*").headers["etag"]
        self.expect(412, "PUT", PATH, event("a", "SUMMARY:x"), if_none_match="*")
        told = self.expect(412, "PUT", PATH, event("a", "SUMMARY:x"), if_match='"1"', prefer="return=representation")
        self.assertEqual(told.body, event("a"))
        self.assertEqual(told.headers["preference-applied"], "return=representation")
        self.assertEqual(told.headers["etag"], etag)
        missing = self.expect(
            412, "PUT", f"{CALENDAR}b.ics", event("b"), if_match='"1"', prefer="return=representation"
        )
        self.assertEqual(missing.body, b"")
        good = self.expect(200, "PUT", PATH, event("a", "SUMMARY:x"), if_match=etag, prefer="return=representation")
        self.assertEqual(good.body, event("a", "SUMMARY:x"))

    def test_schedule_tags(self) -> None:
        self.expect(412, "PUT", PATH, event("a"), if_schedule_tag_match='"1"')
        self.expect(201, "PUT", PATH, event("a"))
        self.expect(412, "PUT", PATH, event("a", "SUMMARY:x"), if_schedule_tag_match='"1"')

        def tag(tx: object) -> None:
            collections = tx.collections  # type: ignore[attr-defined]
            (member,) = collections.by_uid(self.alice, CALENDAR_EVENT, "a")
            collections.update(self.alice, member.item_id, now=1, data={SCHEDULE_TAG: 3})

        self.successResultOf(self.store.write(tag))
        self.expect(412, "PUT", PATH, event("a", "SUMMARY:x"), if_schedule_tag_match='"2"')
        answer = self.expect(204, "PUT", PATH, event("a", "SUMMARY:x"), if_schedule_tag_match='"3"')
        self.assertEqual(answer.headers["schedule-tag"], '"3"')

    def test_events_from_elsewhere_invite_nobody(self) -> None:
        told: list[bool] = []

        class Seen:
            def writing(self, tx: object, writing: Writing) -> Examined:
                told.append(writing.before is None)
                return writing.after

        self.tools.events.scheduler = Seen()  # type: ignore[assignment]
        invitation = "ORGANIZER:mailto:alice@example.test", "ATTENDEE:mailto:guest@elsewhere.test"
        self.expect(201, "PUT", PATH, event("a", *invitation), schedule_reply="F")
        self.assertEqual(told, [])
        self.expect(204, "PUT", PATH, event("a", "SUMMARY:x", *invitation), schedule_reply="F")
        self.expect(201, "PUT", f"{CALENDAR}b.ics", event("b", *invitation))
        self.assertEqual(told, [False, True])

    def test_dead_properties_stay(self) -> None:
        self.expect(201, "PUT", PATH, event("a"))
        update = "<D:propertyupdate><D:set><D:prop><I:mark>yes</I:mark></D:prop></D:set></D:propertyupdate>"
        self.expect(207, "PROPPATCH", PATH, update)
        self.expect(204, "PUT", PATH, event("a", "SUMMARY:x"))
        self.assertEqual(self.text(PATH, "I:mark"), "yes")

    def test_rules_that_can_be_none_are_refused(self) -> None:
        for rule in ("FREQ=FOO", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=0", "COUNT=5", "FREQ=DAILY;COUNT=x"):
            refused = self.expect(412, "PUT", f"{CALENDAR}n.ics", event("n", START, f"RRULE:{rule}"))
            self.assertEqual(conditions(refused), ["A:valid-calendar-data"])
        for number, rule in enumerate(
            ("freq=daily; count=1", "FREQ=WEEKLY;INTERVAL=01;X=", "RSCALE=HEBREW;FREQ=YEARLY")
        ):
            self.expect(201, "PUT", f"{CALENDAR}r{number}.ics", event(f"r{number}", START, f"RRULE:{rule}"))

    def test_beginnings_that_are_no_time_are_refused(self) -> None:
        for start in ("nonsense", "99999999T999999Z", "20260230"):
            refused = self.expect(412, "PUT", f"{CALENDAR}n.ics", event("n", f"DTSTART:{start}"))
            self.assertEqual(conditions(refused), ["A:valid-calendar-data"])

    def test_a_rule_that_is_there_does_not_keep_an_event_from_being_changed(self) -> None:
        written = event("old", START, "RRULE:FREQ=FOO;X-LONG=" + "x" * 100)

        def work(tx: Transaction) -> None:
            place = tx.collections.walk(self.alice, CALENDARS.home, ("default",))[-1].item_id
            tx.collections.put(self.alice, place, "old.ics", NewItem(1, written, uid="old"), now=1)

        self.expect(207, "PROPFIND", CALENDAR, depth="0")
        self.successResultOf(self.store.write(work))
        changed = written.replace(b"DTSTART", b"SUMMARY:x\r\nDTSTART")
        self.expect(204, "PUT", f"{CALENDAR}old.ics", changed)
        self.expect(412, "PUT", f"{CALENDAR}old.ics", changed.replace(b"FOO", b"BAR"))

    def test_hostile_objects_are_taken_and_bounded(self) -> None:
        hours = [f"{day:02}T{hour:02}" for day in range(1, 29) for hour in range(24)]
        many = ",".join(
            f"20{year}{month:02}{each}0000Z" for year in (26, 27) for month in range(1, 13) for each in hours
        )
        cyclic = (
            "BEGIN:VTIMEZONE\nTZID:Loop\nBEGIN:STANDARD\nDTSTART;TZID=Loop:20000101T000000\nTZOFFSETFROM:+0100\n"
            "TZOFFSETTO:+0100\nRRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n"
        )
        for number, octets in enumerate(
            (
                event("0", "DTSTART:20260101T000000Z", "RRULE:FREQ=SECONDLY"),
                event("1", "DTSTART:20260101T000000Z", "RRULE:FREQ=DAILY;BYHOUR=99"),
                event("2", "DTSTART:20260101T000000Z", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
                event("3", "DTSTART:20260101T000000Z", f"RDATE:{many}"),
                calendar(cyclic, "BEGIN:VEVENT\nUID:4\nDTSTART;TZID=Loop:20260101T000000\nEND:VEVENT\n"),
                event("5", "DTSTART:20260101T000000Z", "DESCRIPTION:" + "x" * 500_000),
                event("6", "DTSTART:99991231T235959Z", "RRULE:FREQ=DAILY;COUNT=999999999999", "EXDATE:x"),
            )
        ):
            path = f"{CALENDAR}h{number}.ics"
            self.expect(201, "PUT", path, octets)
            self.assertEqual(self.expect(200, "GET", path).body, octets)
