"""One component as one object: JSPROP and what is left."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.jscalendar.objects import left_of, read_object, write_object
from stalwart.codec.jscalendar.series import calendar_of, event_of
from stalwart.codec.jscalendar.values import OF_SERVER
from stalwart.codec.jscalendar.zone_names import ZoneNames
from tests.codec.jscalendar.exports import APPLE, octets
from tests.codec.jscalendar.reading_of import changed, made, parsed, read, written


class ObjectTests(SynchronousTestCase):
    def test_what_icalendar_has_no_word_for_is_kept(self) -> None:
        lines = written(title="T", **{"example.com:x": {"a": [1, "b;c", None]}, "useDefaultAlerts": True})
        self.assertEqual(
            lines,
            [
                "SUMMARY:T",
                'JSPROP;JSPTR="example.com:x":{"a":[1\\,"b\\;c"\\,null]}',
                "JSPROP;JSPTR=useDefaultAlerts:true",
            ],
        )
        event = read(*lines)
        self.assertEqual((event["example.com:x"], event["useDefaultAlerts"]), ({"a": [1, "b;c", None]}, True))

    def test_extras_go_when_they_are_not_needed(self) -> None:
        lines = ("SUMMARY:T", 'JSPROP;JSPTR=privacy:"x.y:z"', "JSPROP;JSPTR=x:1")
        self.assertEqual(changed(lines, {"privacy": "private"}), ["SUMMARY:T", "JSPROP;JSPTR=x:1", "CLASS:PRIVATE"])
        self.assertEqual(changed(lines, {"x": 2})[-1], "JSPROP;JSPTR=x:2")

    def test_extras_of_strangers_make_no_bad_event(self) -> None:
        for line in (
            "JSPROP;JSPTR=title:5",
            'JSPROP;JSPTR=start:"2030-01-01T00:00:00"',
            'JSPROP;JSPTR=uid:"other"',
            'JSPROP;JSPTR=organizerCalendarAddress:"mailto:x@y.z"',
            "JSPROP;JSPTR=x:{",
            "JSPROP;JSPTR=x:NaN",
            "JSPROP;JSPTR=a/b:1",
            "JSPROP:1",
            "JSPROP;JSPTR=x:" + "[" * 5000,
            "JSPROP;JSPTR=participants:[]",
            'JSPROP;JSPTR=hideAttendees:"yes"',
            "JSPROP;JSPTR=mayInviteSelf:5",
            *(f'JSPROP;JSPTR={name}:"x"' for name in sorted(OF_SERVER)),
            "JSPROP;JSPTR=calendarIds/zz:true",
            'JSPROP;JSPTR=links/a/blobId:"x"',
        ):
            event = read("SUMMARY:T", line)
            self.assertEqual(event, read("SUMMARY:T"), line)
            calendar = parsed("SUMMARY:T", line)
            self.assertEqual(calendar_of(event, calendar).octets(), calendar.octets())

    def test_extras_have_no_nulls_further_down(self) -> None:
        rule = "RRULE:FREQ=DAILY;COUNT=3"
        for line in (
            'JSPROP;JSPTR=recurrenceRule:{"frequency":"daily"\\,"until":null}',
            'JSPROP;JSPTR=recurrenceRule:{"frequency":"daily"\\,"byDay":null}',
            "JSPROP;JSPTR=recurrenceRule/bySetPosition:{}",
            'JSPROP;JSPTR=participants:{"a":null}',
            'JSPROP;JSPTR=locations:{"a":{"name":null}}',
            'JSPROP;JSPTR=alerts:{"a":{"trigger":null}}',
        ):
            self.assertEqual(read(rule, line), read(rule), line)

    def test_texts_name_no_blobs(self) -> None:
        lines = ("URL;JSID=a:http://a.test/", 'JSPROP;JSPTR="links/a/x.y:z":{"b":1\\,"blobId":"x"}')
        self.assertEqual(read(*lines)["links"]["a"]["x.y:z"], {"b": 1})
        event = read("URL:http://a.test/", 'JSPROP;JSPTR="links":{"b":{"href":"http://b.test/"}}')
        self.assertEqual([each["href"] for each in event["links"].values()], ["http://a.test/"])

    def test_what_lines_can_say_only_they_say(self) -> None:
        organizer, guest = "ORGANIZER:mailto:o@x.test", "ATTENDEE;JSID=g;PARTSTAT=DECLINED:mailto:g@x.test"
        lines = ("SUMMARY:T", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "SEQUENCE:1", organizer, guest)
        evil = '{"calendarAddress":"mailto:e@x.test"\\,"roles":{"owner":true}\\,"x.y:z":1}'
        for line in (
            'JSPROP;JSPTR=title:"Pay now"',
            'JSPROP;JSPTR=title:"Pay now\\\\u0000"',
            "JSPROP;JSPTR=title:null",
            'JSPROP;JSPTR=duration:"PT99H"',
            'JSPROP;JSPTR=duration:"PT356400S"',
            'JSPROP;JSPTR=status:"cancelled"',
            "JSPROP;JSPTR=sequence:99",
            'JSPROP;JSPTR=color:"red"',
            'JSPROP;JSPTR=keywords:{"a":true}',
            "JSPROP;JSPTR=recurrenceRule:null",
            'JSPROP;JSPTR=recurrenceRule:{"frequency":"daily"\\,"x.y:z":1}',
            "JSPROP;JSPTR=participants/g:null",
            'JSPROP;JSPTR=participants/g/participationStatus:"accepted"',
            f"JSPROP;JSPTR=participants/evil:{evil}",
        ):
            self.assertEqual(read(*lines, line), read(*lines), line)
        told = read(*lines, 'JSPROP;JSPTR="participants/g/x.y:z":1', "JSPROP;JSPTR=title:null")
        self.assertEqual((told["participants"]["g"]["x.y:z"], told["title"]), (1, "T"))

    def test_names_that_no_member_has(self) -> None:
        for name in ("", "~1id", "id", "__proto__", "shareWith", "a b", "x" * 256):
            line = f'JSPROP;JSPTR="{name}":1'
            self.assertEqual(read("SUMMARY:T", line, "JSPROP;JSPTR=x:1"), {**read("SUMMARY:T"), "x": 1}, name)

    def test_what_is_left_is_shown_and_taken_back(self) -> None:
        calendar = read_calendar(octets(APPLE))
        event = event_of(calendar, has_leftovers=True)
        names = [each[0] for each in event["iCalendar"]["properties"]]
        self.assertIn("x-apple-structured-location", names)
        self.assertEqual(event["iCalendar"]["components"][0][0], "valarm")
        event["iCalendar"] = {"properties": [["x-new", {}, "unknown", "1"]]}
        text = calendar_of(event, calendar).text()
        self.assertIn("X-NEW:1", text)
        self.assertNotIn("X-APPLE-CREATOR", text)

    def test_one_component(self) -> None:
        calendar = parsed("SUMMARY:T", "X-A:1")
        names = ZoneNames(calendar)
        reading = read_object(calendar.components[0], names)
        self.assertEqual(left_of(reading), {
            "@type": "ICalComponent", "name": "vevent", "properties": [["x-a", {}, "unknown", "1"]],
        })  # fmt: skip
        write_object(calendar.components[0], reading.made, reading.made | {"title": "U"}, names)
        self.assertEqual(calendar.components[0].value("SUMMARY"), "U")
        self.assertEqual(made()["uid"], "a")
