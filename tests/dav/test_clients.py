"""What clients send when they look for calendars and address books, one after the other, as spec/dav.md 11 has it."""

from __future__ import annotations

from typing import Any

from stalwart.discovery import dav as discovery
from stalwart.schema import collect
from stalwart.web.routes import Route
from tests.dav.world import ALICE, DavWorld, found, statuses
from tests.web.client import Response

EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:%b\r\nDTSTAMP:20260101T000000Z\r\n"
    b"DTSTART:20260105T100000Z\r\nDTEND:20260105T110000Z\r\nSUMMARY:Tea\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
PRINCIPAL, HOME = f"/dav/pal/{ALICE}/", f"/dav/cal/{ALICE}/"
CALENDAR = f"{HOME}default/"
BOOKS = f"/dav/card/{ALICE}/"


def wanted(*names: str) -> str:
    """A PROPFIND for these; names without a prefix are those of iOS that nobody knows."""
    return f"<D:propfind><D:prop>{''.join(f'<{name}/>' for name in names)}</D:prop></D:propfind>"


class ClientWorld(DavWorld):
    """The face with what leads to it."""

    def routes(self) -> list[Route]:
        """Those of DAV, and those of who looks for it."""
        return [*super().routes(), *collect(discovery, Route)]

    def only(self, answer: Response) -> dict[str, Any]:
        """What was found of the one resource that was asked for."""
        (told,) = found(answer).values()
        return told

    def href(self, answer: Response, name: str) -> str:
        """The URL in a property."""
        text = self.only(answer)[name].findtext("{DAV:}href")
        assert text is not None
        return text

    def follow(self, path: str, body: str, **fields: str) -> Response:
        """A PROPFIND that is led elsewhere, then asked for a password, then answered."""
        led = self.expect(307, "PROPFIND", path, body, user=None, depth="0", **fields)
        place = led.headers["location"]
        refused = self.expect(401, "PROPFIND", place, body, user=None, depth="0", **fields)
        challenges = [value for name, value in refused.fields if name.lower() == "www-authenticate"]
        self.assertTrue(any(value.startswith("Basic ") for value in challenges), challenges)
        return self.expect(207, "PROPFIND", place, body, depth="0", **fields)


class AppleTests(ClientWorld):
    """iOS and macOS."""

    def find_home(self) -> None:
        """From nothing to the home of calendars."""
        apple = {"prefer": "return=minimal", "brief": "t", "content_type": "text/xml"}
        asked = wanted("D:current-user-principal", "D:principal-URL", "D:resourcetype")
        answer = self.follow("/.well-known/caldav", asked, **apple)
        self.assertNotIn(b"404", answer.body)
        self.assertEqual(self.href(answer, "D:current-user-principal"), PRINCIPAL)
        abilities = self.expect(200, "OPTIONS", PRINCIPAL, user=None).headers["dav"].split(", ")
        self.assertLessEqual({"1", "3", "calendar-access", "calendar-auto-schedule", "addressbook"}, set(abilities))
        asked = wanted(
            *("A:calendar-home-set", "A:calendar-user-address-set", "D:current-user-principal", "D:displayname"),
            *("C:dropbox-home-URL", "C:email-address-set", "C:notification-URL", "D:principal-collection-set"),
            *("D:principal-URL", "D:resource-id", "A:schedule-inbox-URL", "A:schedule-outbox-URL"),
            "D:supported-report-set",
        )
        answer = self.expect(207, "PROPFIND", PRINCIPAL, asked, depth="0", **apple)
        self.assertEqual(self.href(answer, "A:calendar-home-set"), HOME)
        self.assertEqual(self.href(answer, "A:calendar-user-address-set"), "mailto:alice@example.test")
        self.assertNotIn("C:dropbox-home-URL", self.only(answer))

    def test_calendars_of_ios(self) -> None:
        self.find_home()
        alarm = "<A:default-alarm-vevent-date>BEGIN:VALARM\nEND:VALARM</A:default-alarm-vevent-date>"
        update = f"<D:propertyupdate><D:set><D:prop>{alarm}</D:prop></D:set></D:propertyupdate>"
        self.assertEqual(
            statuses(self.expect(207, "PROPPATCH", HOME, update)), {HOME: {"A:default-alarm-vevent-date": 200}}
        )
        many = wanted(
            *("D:add-member", "C:allowed-sharing-modes", "I:autoprovisioned", "I:calendar-color", "I:calendar-order"),
            *("A:calendar-description", "A:calendar-free-busy-set", "A:calendar-timezone", "C:getctag", "D:owner"),
            *("D:current-user-privilege-set", "A:default-alarm-vevent-date", "A:default-alarm-vevent-datetime"),
            *("D:displayname", "I:language-code", "I:location-code", "C:pre-publish-url", "C:publish-url"),
            *("C:push-transports", "C:pushkey", "D:quota-available-bytes", "D:quota-used-bytes", "I:refreshrate"),
            *("D:resource-id", "D:resourcetype", "A:schedule-calendar-transp", "A:schedule-default-calendar-URL"),
            *("C:source", "C:subscribed-strip-alarms", "A:supported-calendar-component-set", "D:sync-token"),
            *("A:supported-calendar-component-sets", "D:supported-report-set"),
        )
        home = found(self.expect(207, "PROPFIND", HOME, many, depth="1", prefer="return=minimal"))
        self.assertEqual(list(home), [HOME, CALENDAR])
        self.assertIn("A:default-alarm-vevent-date", home[HOME])
        self.assertLessEqual({"C:getctag", "D:sync-token", "D:resourcetype", "D:quota-used-bytes"}, set(home[CALENDAR]))
        path = f"{CALENDAR}9A0F-EF.ics"
        made = self.expect(201, "PUT", path, EVENT % b"u1", if_none_match="*", content_type="text/calendar")
        tags = wanted("C:getctag", "D:sync-token")
        for place in (HOME, CALENDAR):
            tag = self.only(self.expect(207, "PROPFIND", place, tags, depth="0"))["C:getctag"].text
            self.assertNotEqual(tag, home[place]["C:getctag"].text)
        listed = found(self.expect(207, "PROPFIND", CALENDAR, wanted("D:getcontenttype", "D:getetag"), depth="1"))
        self.assertEqual(listed[path]["D:getetag"].text, made.headers["etag"])
        get = f"<D:prop><D:getetag/><A:calendar-data/></D:prop><D:href>{path}</D:href>"
        body = f"<A:calendar-multiget>{get}</A:calendar-multiget>"
        data = found(self.expect(207, "REPORT", CALENDAR, body))[path]["A:calendar-data"].text
        self.assertEqual(data.encode().replace(b"\n", b"\r\n"), EVENT % b"u1")
        self.expect(204, "PUT", path, (EVENT % b"u1").replace(b"Tea", b"Cake"), if_match=made.headers["etag"])
        self.expect(412, "DELETE", path, if_match=made.headers["etag"])

    def test_what_is_tried_where_the_first_place_fails(self) -> None:
        for path in ("/", "/principals/"):
            answer = self.follow(path, wanted("D:current-user-principal", "D:principal-URL", "D:resourcetype"))
            self.assertEqual(self.href(answer, "D:current-user-principal"), PRINCIPAL)

    def test_calendars_of_macos(self) -> None:
        self.find_home()
        work = f"{HOME}6D2C5A7E/"
        made = (
            "<A:mkcalendar><D:set><D:prop><D:displayname>Work</D:displayname><I:calendar-order>3</I:calendar-order>"
            "<I:calendar-color symbolic-color='custom'>#1BADF8FF</I:calendar-color>"
            '<A:supported-calendar-component-set><A:comp name="VEVENT"/></A:supported-calendar-component-set>'
            "</D:prop></D:set></A:mkcalendar>"
        )
        self.expect(201, "MKCALENDAR", work, made)
        renamed = "<D:displayname>Labour</D:displayname><I:calendar-color>#FF2968FF</I:calendar-color>"
        update = f"<D:propertyupdate><D:set><D:prop>{renamed}</D:prop></D:set></D:propertyupdate>"
        self.assertEqual(set(statuses(self.expect(207, "PROPPATCH", work, update))[work].values()), {200})
        told = self.only(self.expect(207, "PROPFIND", work, wanted("D:displayname", "I:calendar-color"), depth="0"))
        self.assertEqual((told["D:displayname"].text, told["I:calendar-color"].text), ("Labour", "#FF2968"))
        proxies = (
            '<D:expand-property><D:property name="calendar-proxy-read-for" namespace="http://calendarserver.org/ns/">'
            '<D:property name="displayname"/></D:property></D:expand-property>'
        )
        self.assertEqual(
            statuses(self.expect(207, "REPORT", PRINCIPAL, proxies)), {PRINCIPAL: {"C:calendar-proxy-read-for": 404}}
        )
        search = (
            '<D:principal-property-search test="anyof">'
            "<D:property-search><D:prop><D:displayname/></D:prop><D:match>bo</D:match></D:property-search>"
            "<D:property-search><D:prop><C:email-address-set/></D:prop><D:match>bo</D:match></D:property-search>"
            "<D:prop><A:calendar-user-address-set/><D:displayname/></D:prop></D:principal-property-search>"
        )
        self.assertEqual(list(found(self.expect(207, "REPORT", "/dav/pal/", search))), ["/dav/pal/bob%40example.test/"])
        self.expect(201, "PUT", f"{CALENDAR}e.ics", EVENT % b"u1")
        place = f"https://mail.example.test{work}e.ics"
        self.expect(201, "MOVE", f"{CALENDAR}e.ics", destination=place, overwrite="F")

    def test_contacts(self) -> None:
        answer = self.follow("/.well-known/carddav", wanted("D:current-user-principal", "D:resourcetype"))
        self.assertEqual(self.href(answer, "D:current-user-principal"), PRINCIPAL)
        # macOS asks for the homes where it was told to begin.
        for path in ("/dav/card", PRINCIPAL):
            asked = wanted("B:addressbook-home-set", "B:directory-gateway", "D:displayname")
            self.assertEqual(
                self.href(self.expect(207, "PROPFIND", path, asked, depth="0"), "B:addressbook-home-set"), BOOKS
            )
        asked = wanted(
            "D:resourcetype", "D:displayname", "B:max-resource-size", "C:getctag", "C:me-card", "D:sync-token"
        )
        book = found(self.expect(207, "PROPFIND", BOOKS, asked, depth="1"))[f"{BOOKS}default/"]
        self.assertEqual(len(book["D:resourcetype"]), 2)
        sync = "<D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>"
        answer = self.expect(207, "REPORT", f"{BOOKS}default/", f"<D:sync-collection>{sync}</D:sync-collection>")
        self.assertEqual(list(found(answer)), [f"{BOOKS}default/"])


class ThunderbirdTests(ClientWorld):
    """It is given a URL, or looks at the well-known one."""

    def test_calendars(self) -> None:
        asked = wanted(
            *("D:resourcetype", "D:owner", "D:displayname", "D:current-user-principal", "D:supported-report-set"),
            *("D:current-user-privilege-set", "A:supported-calendar-component-set", "C:getctag", "I:calendar-color"),
        )
        answer = self.follow("/.well-known/caldav", asked)
        self.assertEqual(self.href(answer, "D:current-user-principal"), PRINCIPAL)
        (told,) = statuses(answer).values()
        self.assertEqual(told["D:owner"], 404)
        told = found(self.expect(207, "PROPFIND", HOME, asked, depth="1"))
        self.assertEqual(told[CALENDAR]["D:owner"].findtext("{DAV:}href"), PRINCIPAL)
        self.assertEqual(self.expect(200, "OPTIONS", CALENDAR).body, b"")
        sync = (
            "<D:sync-collection><D:sync-token/><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getcontenttype/><D:getetag/></D:prop></D:sync-collection>"
        )
        self.expect(201, "PUT", f"{CALENDAR}e.ics", EVENT % b"u1", if_none_match="*")
        told = found(self.expect(207, "REPORT", CALENDAR, sync, depth="1"))
        self.assertEqual(told[f"{CALENDAR}e.ics"]["D:getcontenttype"].text, "text/calendar")


class DavxTests(ClientWorld):
    """DAVx5."""

    def test_calendars(self) -> None:
        answer = self.follow("/.well-known/caldav", wanted("D:current-user-principal"))
        principal = self.href(answer, "D:current-user-principal")
        asked = wanted(
            "A:calendar-home-set", "C:calendar-proxy-read-for", "C:calendar-proxy-write-for", "D:group-membership"
        )
        self.assertEqual(
            self.href(self.expect(207, "PROPFIND", principal, asked, depth="0"), "A:calendar-home-set"), HOME
        )
        asked = wanted(
            *("D:resourcetype", "D:displayname", "D:owner", "D:current-user-privilege-set", "I:calendar-color"),
            *("A:calendar-description", "A:calendar-timezone", "A:calendar-timezone-id", "C:source"),
            "A:supported-calendar-component-set",
        )
        told = found(self.expect(207, "PROPFIND", HOME, asked, depth="1"))[CALENDAR]
        privileges = {each.tag for each in told["D:current-user-privilege-set"].iter()}
        self.assertLessEqual({"{DAV:}bind", "{DAV:}unbind", "{DAV:}write-content"}, privileges)
        for number in range(5):
            path = f"{CALENDAR}0b6e4a6e-{number}.ics"
            self.expect(201, "PUT", path, EVENT % b"u%d" % number, if_none_match="*")
        seen: set[str] = set()
        token, pages = "", 0
        while pages < 10:
            limit = "<D:limit><D:nresults>2</D:nresults></D:limit><D:prop><D:getetag/></D:prop>"
            body = f"<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>{limit}"
            answer = self.expect(207, "REPORT", CALENDAR, f"<D:sync-collection>{body}</D:sync-collection>")
            seen |= {path for path in found(answer) if path.endswith(".ics")}
            token = answer.body.decode().rpartition("<D:sync-token>")[2].partition("<")[0]
            pages += 1
            if b" 507 " not in answer.body:
                break
        self.assertEqual((len(seen), pages), (5, 3))


class VdirsyncerTests(ClientWorld):
    """vdirsyncer, pimsync."""

    def test_calendars(self) -> None:
        answer = self.follow("/.well-known/caldav", wanted("D:current-user-principal"))
        principal = self.href(answer, "D:current-user-principal")
        home = self.href(
            self.expect(207, "PROPFIND", principal, wanted("A:calendar-home-set"), depth="0"), "A:calendar-home-set"
        )
        told = found(self.expect(207, "PROPFIND", home, wanted("D:resourcetype"), depth="1"))
        kinds = {path: [each.tag for each in of_one["D:resourcetype"]] for path, of_one in told.items()}
        calendars = [path for path, tags in kinds.items() if "{urn:ietf:params:xml:ns:caldav}calendar" in tags]
        self.assertEqual(calendars, [CALENDAR])
        kind = "<D:resourcetype><D:collection/><A:calendar/></D:resourcetype>"
        self.expect(201, "MKCOL", f"{home}new/", f"<D:mkcol><D:set><D:prop>{kind}</D:prop></D:set></D:mkcol>")
        path = f"{home}new/x.ics"
        etag = self.expect(201, "PUT", path, EVENT % b"u", if_none_match="*", content_type="text/calendar").headers[
            "etag"
        ]
        told = found(
            self.expect(
                207, "PROPFIND", f"{home}new/", wanted("D:resourcetype", "D:getcontenttype", "D:getetag"), depth="1"
            )
        )
        self.assertEqual(told[path]["D:getetag"].text, etag)
        self.assertIn("text/calendar", told[path]["D:getcontenttype"].text)
        self.assertEqual(len(told[path]["D:resourcetype"]), 0)
