"""Bodies of answers, against what servers and clients have exchanged."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.elements import read_document
from stalwart.codec.dav.multistatus import (
    Multistatus,
    Outcome,
    Propstat,
    attribute_element,
    cdata,
    data_element,
    document,
    element,
    empty,
    error_document,
    escaped,
    found_and_missing,
    href,
    href_element,
    outcomes,
    property_response,
    status_line,
    status_response,
    text_element,
    truncated_response,
)
from stalwart.codec.dav.names import CALDAV, Name, name

PROLOGUE = b'<?xml version="1.0" encoding="UTF-8"?>'
OPENING = PROLOGUE + b'<D:multistatus xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav">'
TEAM = "/dav/cal/alice%40example.test/team/"


class FragmentTests(SynchronousTestCase):
    def test_marks_are_escaped(self) -> None:
        self.assertEqual(escaped("<a&b>\"'\r\n\t"), b"&lt;a&amp;b&gt;&quot;&#39;&#13;\n\t")

    def test_what_xml_forbids_is_replaced(self) -> None:
        self.assertEqual(escaped("a\x00\x1f\ufffe\ud800b"), "a\ufffd\ufffd\ufffd\ufffdb".encode())
        self.assertEqual(cdata(b"a\x00b"), "<![CDATA[a\ufffdb]]>".encode())
        self.assertEqual(cdata(b"a\xffb"), "<![CDATA[a\ufffdb]]>".encode())
        self.assertEqual(cdata("a\ufffeb".encode()), "<![CDATA[a\ufffdb]]>".encode())

    def test_cdata_ends_where_we_say(self) -> None:
        self.assertEqual(cdata(b"a]]>b"), b"<![CDATA[a]]]]><![CDATA[>b]]>")

    def test_names_without_a_prefix_bring_their_name_space(self) -> None:
        self.assertEqual(empty(name("D:getetag")), b"<D:getetag/>")
        self.assertEqual(empty(Name("urn:x", "colour")), b'<colour xmlns="urn:x"/>')
        self.assertEqual(empty(Name("", "a")), b'<a xmlns=""/>')
        self.assertEqual(text_element(Name("urn:x", "colour"), "red"), b'<colour xmlns="urn:x">red</colour>')

    def test_elements(self) -> None:
        self.assertEqual(element(name("D:resourcetype")), b"<D:resourcetype/>")
        collection = element(name("D:resourcetype"), empty(name("D:collection")), empty(name("A:calendar")))
        self.assertEqual(collection, b"<D:resourcetype><D:collection/><A:calendar/></D:resourcetype>")
        self.assertEqual(text_element(name("D:displayname"), ""), b"<D:displayname/>")
        self.assertEqual(
            href_element(name("D:owner"), "/a", "/b&"), b"<D:owner>" + href("/a") + href("/b&") + b"</D:owner>"
        )
        self.assertEqual(attribute_element(name("A:comp"), name="VEVENT"), b'<A:comp name="VEVENT"/>')
        self.assertEqual(attribute_element(name("A:x"), content_type='"'), b'<A:x content-type="&quot;"/>')
        self.assertEqual(data_element(name("A:x"), b"<"), b"<A:x><![CDATA[<]]></A:x>")

    def test_status_lines(self) -> None:
        self.assertEqual(status_line(507), b"<D:status>HTTP/1.1 507 Insufficient Storage</D:status>")
        self.assertEqual(status_line(299), b"<D:status>HTTP/1.1 299 Unknown</D:status>")


class ResponseTests(SynchronousTestCase):
    def test_a_sync_that_stops_early(self) -> None:
        body = Multistatus((CALDAV,))
        etag = text_element(name("D:getetag"), '"1807293981"')
        body.add(property_response(TEAM.encode(), found_and_missing([etag], [])))
        body.add(truncated_response(TEAM, 1))
        self.assertEqual(body.responses, 2)
        self.assertEqual(
            body.finish(sync_token="urn:stalwart:davsync:f"),
            OPENING + b"<D:response><D:href>/dav/cal/alice%40example.test/team/</D:href><D:propstat><D:prop><D:getetag>"
            b"&quot;1807293981&quot;</D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
            b"<D:response><D:href>/dav/cal/alice%40example.test/team/</D:href><D:status>HTTP/1.1 507 Insufficient "
            b"Storage</D:status><D:error><D:number-of-matches-within-limits/></D:error><D:responsedescription>The "
            b"number of matches exceeds the limit of 1</D:responsedescription></D:response><D:sync-token>"
            b"urn:stalwart:davsync:f</D:sync-token></D:multistatus>",
        )

    def test_a_multiget_with_failures(self) -> None:
        body = Multistatus((CALDAV,))
        body.add(status_response(TEAM + "none.ics", 404))
        body.add(status_response(TEAM, 403, description="Multiget not allowed for collections"))
        self.assertEqual(
            body.finish(),
            OPENING + b"<D:response><D:href>/dav/cal/alice%40example.test/team/none.ics</D:href><D:status>HTTP/1.1 404 "
            b"Not Found</D:status></D:response><D:response><D:href>/dav/cal/alice%40example.test/team/</D:href>"
            b"<D:status>HTTP/1.1 403 Forbidden</D:status><D:responsedescription>Multiget not allowed for collections"
            b"</D:responsedescription></D:response></D:multistatus>",
        )

    def test_what_is_there_comes_before_what_is_not(self) -> None:
        there, absent = empty(name("D:resourcetype")), [name("D:owner"), Name("urn:x", "a")]
        ok = b"<D:propstat><D:prop><D:resourcetype/></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
        gone = (
            b'<D:propstat><D:prop><D:owner/><a xmlns="urn:x"/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status>'
            b"</D:propstat>"
        )
        nothing = b"<D:propstat><D:prop></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
        self.assertEqual(found_and_missing([there], absent), ok + gone)
        self.assertEqual(found_and_missing([there], []), ok)
        self.assertEqual(found_and_missing([], absent), gone)
        self.assertEqual(found_and_missing([there], absent, minimal=True), ok)
        self.assertEqual(found_and_missing([], absent, minimal=True), nothing)
        self.assertEqual(found_and_missing([], []), nothing)

    def test_a_property_that_was_refused(self) -> None:
        written = Propstat(409, (empty(name("D:getetag")),), description="Property cannot be deleted").written()
        self.assertEqual(
            written,
            b"<D:propstat><D:prop><D:getetag/></D:prop><D:status>HTTP/1.1 409 Conflict</D:status>"
            b"<D:responsedescription>Property cannot be deleted</D:responsedescription></D:propstat>",
        )
        condition = empty(name("D:valid-resourcetype"))
        written = Propstat(403, (empty(name("D:resourcetype")),), condition).written()
        self.assertTrue(written.endswith(b"</D:status><D:error><D:valid-resourcetype/></D:error></D:propstat>"))

    def test_the_outcomes_of_an_update(self) -> None:
        refused = Outcome(name("D:getetag"), 409, description="Property cannot be deleted")
        written = outcomes([Outcome(name("D:displayname")), refused, Outcome(Name("urn:x", "colour"))])
        self.assertEqual(
            written,
            b'<D:propstat><D:prop><D:displayname/><colour xmlns="urn:x"/></D:prop><D:status>HTTP/1.1 200 OK</D:status>'
            b"</D:propstat><D:propstat><D:prop><D:getetag/></D:prop><D:status>HTTP/1.1 409 Conflict</D:status>"
            b"<D:responsedescription>Property cannot be deleted</D:responsedescription></D:propstat>",
        )
        self.assertEqual(outcomes([]).count(b"HTTP/1.1 200 OK"), 1)


class DocumentTests(SynchronousTestCase):
    def test_the_answer_to_mkcalendar(self) -> None:
        written = document(name("A:mkcalendar-response"), Propstat(200, (empty(name("D:displayname")),)).written())
        self.assertEqual(
            written,
            PROLOGUE + b'<A:mkcalendar-response xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav"><D:propstat>'
            b"<D:prop><D:displayname/></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
            b"</A:mkcalendar-response>",
        )

    def test_errors(self) -> None:
        conflict = href_element(name("A:no-uid-conflict"), TEAM + "e1.ics")
        self.assertEqual(
            error_document(conflict, namespaces=(CALDAV,)),
            PROLOGUE + b'<D:error xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav"><A:no-uid-conflict><D:href>'
            b"/dav/cal/alice%40example.test/team/e1.ics</D:href></A:no-uid-conflict></D:error>",
        )
        self.assertEqual(
            error_document(empty(name("D:propfind-finite-depth"))),
            PROLOGUE + b'<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>',
        )


class PortionTests(SynchronousTestCase):
    def test_several_responses_at_once_are_the_same(self) -> None:
        responses = [status_response(f"/dav/file/a/{number}", 404) for number in range(5)]
        one, several = Multistatus(portion=300), Multistatus(portion=300)
        for each in responses:
            one.add(each)
        several.extend(responses)
        self.assertEqual((several.responses, several.ready), (one.responses, one.ready))
        self.assertEqual(several.finish(), one.finish())

    def test_portions_make_up_the_body(self) -> None:
        whole, body = Multistatus(), Multistatus(portion=200)
        portions = []
        for number in range(50):
            response = status_response(f"/dav/file/a/{number}", 404)
            whole.add(response)
            body.add(response)
            if body.ready:
                portions.append(body.take())
        self.assertGreater(len(portions), 10)
        self.assertTrue(all(len(portion) < 400 for portion in portions))
        portions.append(body.finish(description="a < b"))
        joined = b"".join(portions)
        self.assertEqual(joined, whole.finish(description="a < b"))
        self.assertEqual(len(read_document(joined).children), 51)

    def test_all_prefixes_are_declared_unless_told(self) -> None:
        body = Multistatus()
        body.add(empty(name("A:a")) + empty(name("B:b")) + empty(name("C:c")))
        read_document(body.finish())

    @given(st.text(max_size=40), st.binary(max_size=40), st.text("]<>&!CDAT[", max_size=20))
    @settings(max_examples=60)
    def test_whatever_is_written_can_be_read(self, text: str, octets: bytes, marks: str) -> None:
        called = Name("urn:x", "a")
        body = document(
            name("D:prop"),
            text_element(called, text),
            data_element(called, octets),
            data_element(called, marks.encode()),
        )
        first, second, third = read_document(body).children
        if not any(0xD800 <= ord(character) < 0xE000 for character in text):
            kept = "".join(c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in text)
            self.assertEqual(first.text, kept)
        self.assertEqual(third.text, marks)
        self.assertLessEqual(len(second.text), len(octets))
