"""calendar-query finds what its filter means, and says when there is more (RFC 4791 7.8, spec/dav.md 5.2, 5.6)."""

from __future__ import annotations

from stalwart.codec.caldav.filter import Filter
from stalwart.codec.dav.calendar_reports import CalendarQuery
from stalwart.dav import searching
from stalwart.dav.reports import calendar_query
from tests.codec.caldav.appendix_b import OBJECTS, calendar, event
from tests.dav.world import ALICE, BOB, DavWorld, conditions, found, statuses
from tests.web.client import Response

HOME = f"/dav/cal/{ALICE}/"
WORK = f"{HOME}work/"
ANY = '<A:comp-filter name="VEVENT"/>'
NEPAL = (
    "BEGIN:VCALENDAR&#13;\nVERSION:2.0\nPRODID:x\nBEGIN:VTIMEZONE\nTZID:Up There\nBEGIN:STANDARD\n"
    "DTSTART:19700101T000000\nTZOFFSETFROM:+0545\nTZOFFSETTO:+0545\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n"
)


def query(inner: str = ANY, data: str = "<D:getetag/>", more: str = "") -> str:
    """A query; ``inner`` is asked of VCALENDAR."""
    filter = f'<A:filter><A:comp-filter name="VCALENDAR">{inner}</A:comp-filter></A:filter>'
    return f"<A:calendar-query><D:prop>{data}</D:prop>{filter}{more}</A:calendar-query>"


def within(start: str, end: str, kind: str = "VEVENT", inner: str = "") -> str:
    """A kind of component in a time range."""
    time = f'<A:time-range start="{start}" end="{end}"/>'
    return f'<A:comp-filter name="{kind}">{time}{inner}</A:comp-filter>'


class CalendarQueryTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        self.expect(201, "MKCALENDAR", WORK)

    def fill(self, **objects: bytes) -> None:
        for name, octets in objects.items():
            self.expect(201, "PUT", f"{WORK}{name}.ics", octets)

    def fill_appendix(self) -> None:
        for name, octets in OBJECTS.items():
            self.expect(201, "PUT", f"{WORK}{name}", octets)

    def names(self, answer: Response) -> list[str]:
        return [path.rpartition("/")[2] for path in found(answer)]

    def find(self, inner: str, more: str = "", path: str = WORK) -> list[str]:
        return self.names(self.expect(207, "REPORT", path, query(inner, more=more)))

    def data(self, answer: Response, name: str) -> str:
        (element,) = [each for path, each in found(answer).items() if path.endswith(name)]
        return element["A:calendar-data"].text or ""

    def test_examples_of_the_rfc(self) -> None:
        self.assertIs(calendar_query.calendar_query.asked, CalendarQuery)
        self.fill_appendix()
        day = within("20060104T000000Z", "20060105T000000Z")
        answer = self.expect(207, "REPORT", WORK, query(day, "<D:getetag/><A:calendar-data/>"))
        self.assertEqual(self.names(answer), ["abcd2.ics", "abcd3.ics"])
        self.assertEqual(self.data(answer, "abcd3.ics"), OBJECTS["abcd3.ics"].decode().replace("\r\n", "\n"))
        expand = '<A:calendar-data><A:expand start="20060103T000000Z" end="20060105T000000Z"/></A:calendar-data>'
        expanded = self.expect(207, "REPORT", WORK, query(within("20060103T000000Z", "20060105T000000Z"), expand))
        self.assertIn("DTSTART:20060104T190000Z\nRECURRENCE-ID:20060104T170000Z", self.data(expanded, "abcd2.ics"))
        alarm = within("20060106T100000Z", "20060107T100000Z", "VALARM")
        for inner, expected in (
            (f'<A:comp-filter name="VTODO">{alarm}</A:comp-filter>', ["abcd5.ics"]),
            (
                '<A:comp-filter name="VEVENT"><A:prop-filter name="UID"><A:text-match collation="i;octet">'
                "DC6C50A017428C5216A2F1CD@example.com</A:text-match></A:prop-filter></A:comp-filter>",
                ["abcd3.ics"],
            ),
            (ANY, ["abcd1.ics", "abcd2.ics", "abcd3.ics"]),
            (
                '<A:comp-filter name="VTODO"><A:prop-filter name="COMPLETED"><A:is-not-defined/></A:prop-filter>'
                '<A:prop-filter name="STATUS"><A:text-match negate-condition="yes">CANCELLED</A:text-match>'
                "</A:prop-filter></A:comp-filter>",
                ["abcd4.ics", "abcd5.ics"],
            ),
            (within("20060102T000000Z", "20060103T000000Z", "VFREEBUSY"), ["abcd8.ics"]),
            ("", sorted(OBJECTS)),
        ):
            self.assertEqual(self.find(inner), expected, inner)

    def test_a_kind_and_a_time_read_nothing(self) -> None:
        self.fill(one=event("1", "DTSTART:20260301T100000Z", "RRULE:FREQ=WEEKLY"), two=event("2", "SUMMARY:x"))
        self.patch(Filter, "matches", lambda *_, **__: self.fail("read"))
        self.assertEqual(self.find(within("20260308T000000Z", "20260309T000000Z")), ["one.ics"])

    def test_a_kind_a_time_and_a_text(self) -> None:
        self.fill(
            one=event("1", "DTSTART:20260301T100000Z", "RRULE:FREQ=WEEKLY", "SUMMARY:Bell"),
            two=event("2", "DTSTART:20260308T100000Z", "SUMMARY:Book"),
        )
        text = '<A:prop-filter name="SUMMARY"><A:text-match>BELL</A:text-match></A:prop-filter>'
        self.assertEqual(self.find(within("20260308T000000Z", "20260309T000000Z", inner=text)), ["one.ics"])
        self.assertEqual(self.find(within("20260307T000000Z", "20260308T000000Z", inner=text)), [])

    def test_floating_times_are_in_the_zone_of_the_query_then_of_the_calendar(self) -> None:
        self.fill(one=event("1", "DTSTART:20260701T100000", "DURATION:PT1H"))
        utc, berlin = within("20260701T103000Z", "20260701T104000Z"), within("20260701T083000Z", "20260701T084000Z")
        nepal = within("20260701T043000Z", "20260701T044000Z")
        self.assertEqual((self.find(utc), self.find(berlin)), (["one.ics"], []))
        zone = "<A:timezone-id>Europe/Berlin</A:timezone-id>"
        self.assertEqual((self.find(utc, zone), self.find(berlin, zone)), ([], ["one.ics"]))
        self.assertEqual(self.find(nepal, f"<A:timezone>{NEPAL}</A:timezone>"), ["one.ics"])
        set_ = "<D:propertyupdate><D:set><D:prop>{}</D:prop></D:set></D:propertyupdate>".format(
            zone.replace("timezone-id", "calendar-timezone-id")
        )
        self.expect(207, "PROPPATCH", WORK, set_)
        self.assertEqual((self.find(utc), self.find(berlin)), ([], ["one.ics"]))
        for more in ("<A:timezone-id>No/Where</A:timezone-id>", "<A:timezone>nothing</A:timezone>"):
            refused = self.expect(412, "REPORT", WORK, query(more=more))
            self.assertEqual(conditions(refused), ["A:valid-timezone"])

    def test_recurring_utc_events_stay_in_utc(self) -> None:
        zone = "<A:calendar-timezone-id>Europe/Berlin</A:calendar-timezone-id>"
        self.expect(
            207, "PROPPATCH", WORK, f"<D:propertyupdate><D:set><D:prop>{zone}</D:prop></D:set></D:propertyupdate>"
        )
        self.fill(one=event("1", "DTSTART:20260701T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"))
        self.assertEqual(self.find(within("20260703T100000Z", "20260703T100001Z")), ["one.ics"])
        self.assertEqual(self.find(within("20260703T080000Z", "20260703T090000Z")), [])

    def test_overrides_count_whatever_their_sequence(self) -> None:
        self.fill(
            one=calendar(
                "BEGIN:VEVENT\nUID:1\nSEQUENCE:0\nDTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\n"
                "END:VEVENT\nBEGIN:VEVENT\nUID:1\nSEQUENCE:7\nRECURRENCE-ID:20260102T100000Z\n"
                "DTSTART:20260110T100000Z\nDURATION:PT1H\nEND:VEVENT\n"
            )
        )
        self.assertEqual(self.find(within("20260102T000000Z", "20260103T000000Z")), [])
        self.assertEqual(self.find(within("20260110T000000Z", "20260111T000000Z")), ["one.ics"])

    def test_tasks_without_any_time_match_every_range(self) -> None:
        self.fill(task=event("1", "SUMMARY:x", kind="VTODO"))
        self.assertEqual(self.find(within("20260102T000000Z", "20260103T000000Z", "VTODO")), ["task.ics"])

    def test_filters_that_make_no_sense(self) -> None:
        match = '<A:prop-filter name="UID"><A:text-match collation="i;none">x</A:text-match></A:prop-filter>'
        unknown = self.expect(412, "REPORT", WORK, query(f'<A:comp-filter name="VEVENT">{match}</A:comp-filter>'))
        self.assertEqual(conditions(unknown), ["A:supported-collation"])
        nothing = self.expect(412, "REPORT", WORK, "<A:calendar-query><D:prop/></A:calendar-query>")
        self.assertEqual(conditions(nothing), ["A:valid-filter"])

    def test_where_it_can_be_asked(self) -> None:
        self.fill(one=event("1", "DTSTART:20260701T100000Z"))
        self.expect(405, "REPORT", HOME, query())
        self.expect(405, "REPORT", f"{WORK}one.ics", query())
        missing = self.expect(207, "REPORT", f"{HOME}none/", query())
        self.assertEqual(statuses(missing), {f"{HOME}none/": {"": 404}})
        self.assertIn(b"No resources found", missing.body)
        self.expect(405, "REPORT", f"/dav/card/{ALICE}/default/", query())
        self.expect(403, "REPORT", f"/dav/cal/{BOB}/default/", query())

    def test_there_is_more_only_if_something_was_left_out(self) -> None:
        self.fill(**{f"e{number}": event(str(number), "DTSTART:20260701T100000Z") for number in range(3)})
        for limit, expected in ((2, ["e0.ics", "e1.ics", ""]), (3, ["e0.ics", "e1.ics", "e2.ics"])):
            more = f"<A:limit><A:nresults>{limit}</A:nresults></A:limit>"
            answer = self.expect(207, "REPORT", WORK, query(more=more))
            self.assertEqual(self.names(answer), expected)
            self.assertEqual(statuses(answer).get(WORK), {"": 507} if limit == 2 else None)

    def test_more_than_a_page(self) -> None:
        self.patch(searching, "PAGE", 2)
        self.fill(**{f"e{number}": event(str(number), "DTSTART:20260701T100000Z") for number in range(5)})
        self.assertEqual(self.find(ANY), [f"e{number}.ics" for number in range(5)])
        limited = self.find(ANY, "<A:limit><A:nresults>3</A:nresults></A:limit>")
        self.assertEqual(limited, ["e0.ics", "e1.ics", "e2.ics", ""])

    def test_too_many_instances(self) -> None:
        self.fill(
            a=event("a", "DTSTART:20260701T100000Z", "RRULE:FREQ=DAILY;COUNT=3"),
            b=event("b", "DTSTART:20260101T000000Z", "RRULE:FREQ=MINUTELY"),
            c=event("c", "DTSTART:20260701T100000Z"),
        )
        expand = '<A:calendar-data><A:expand start="20260101T000000Z" end="20270101T000000Z"/></A:calendar-data>'
        answer = self.expect(207, "REPORT", WORK, query(data=expand))
        given = {"A:calendar-data": 200}
        self.assertEqual(statuses(answer), {f"{WORK}a.ics": given, f"{WORK}b.ics": {"": 507}, f"{WORK}c.ics": given})
        self.assertIn(b"The number of recurrence instances exceeds the limit of 3000", answer.body)

    def test_an_answer_is_given_again_until_something_changes(self) -> None:
        self.fill(one=event("1", "DTSTART:20260701T100000Z"))
        asked = query(data="<D:getetag/><A:calendar-data/>")
        first = self.expect(207, "REPORT", WORK, asked)
        self.assertEqual(self.expect(207, "REPORT", WORK, asked).body, first.body)
        self.fill(two=event("2", "DTSTART:20260701T100000Z"))
        self.assertEqual(self.names(self.expect(207, "REPORT", WORK, asked)), ["one.ics", "two.ics"])

    def test_properties_of_other_sorts(self) -> None:
        self.fill(one=event("1", "DTSTART:20260701T100000Z"))
        update = "<D:propertyupdate><D:set><D:prop><I:mark>yes</I:mark></D:prop></D:set></D:propertyupdate>"
        self.expect(207, "PROPPATCH", f"{WORK}one.ics", update)
        answer = self.expect(207, "REPORT", WORK, query(data="<I:mark/><D:getcontenttype/><D:owner/><D:displayname/>"))
        (told,) = statuses(answer).values()
        self.assertEqual(
            told, {"I:mark": 200, "D:getcontenttype": 200, "D:owner": told["D:owner"], "D:displayname": 404}
        )
