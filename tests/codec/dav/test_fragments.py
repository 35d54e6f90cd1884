"""Properties and bodies with a shape of their own, against what servers have sent."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.bodies import read_lock
from stalwart.codec.dav.elements import read_document
from stalwart.codec.dav.fragments import (
    SUPPORTED_LOCK,
    ActiveLock,
    Recipient,
    creation_date,
    http_date,
    lock_discovery,
    lock_document,
    lock_token_submitted,
    schedule_response,
    search_property_set,
    supported_components,
    supported_report_set,
)
from stalwart.codec.dav.names import name
from tests.codec.dav.transcripts import LOCK

PROLOGUE = b'<?xml version="1.0" encoding="UTF-8"?>'
ROOT = "/dav/file/alice%40example.test/doc.txt"


class LockTests(SynchronousTestCase):
    def test_the_answer_to_lock(self) -> None:
        wanted = read_lock(LOCK)
        lock = ActiveLock(0x9A3F6D2CFDE3140B, wanted.exclusive, False, ROOT, 3600, wanted.owner_xml)
        self.assertEqual(
            lock_document(lock),
            PROLOGUE
            + b'<D:prop xmlns:D="DAV:"><D:lockdiscovery><D:activelock><D:lockscope><D:exclusive/></D:lockscope>'
            b"<D:locktype><D:write/></D:locktype><D:depth>0</D:depth><D:owner>me</D:owner><D:timeout>Second-3600"
            b"</D:timeout><D:locktoken><D:href>urn:stalwart:davlock:9a3f6d2cfde3140b</D:href></D:locktoken><D:lockroot>"
            b"<D:href>/dav/file/alice%40example.test/doc.txt</D:href></D:lockroot></D:activelock></D:lockdiscovery>"
            b"</D:prop>",
        )

    def test_a_shared_lock_on_all_below(self) -> None:
        written = ActiveLock(1, False, True, "/dav/file/a/", -5).written()
        for part in (b"<D:shared/>", b"<D:depth>infinity</D:depth>", b"<D:timeout>Second-0</D:timeout>"):
            self.assertIn(part, written)
        self.assertNotIn(b"D:owner", written)
        self.assertEqual(lock_discovery([]), b"<D:lockdiscovery/>")

    def test_an_owner_with_name_spaces_can_be_shown(self) -> None:
        body = (
            b'<x:lockinfo xmlns:x="DAV:" xmlns:D="urn:d"><x:lockscope><x:shared/></x:lockscope><x:locktype><x:write/>'
            b"</x:locktype><x:owner>\xc3\xa4<D:who/></x:owner></x:lockinfo>"
        )
        root = read_document(lock_document(ActiveLock(1, False, False, ROOT, 1, read_lock(body).owner_xml)))
        owner = next(element for element in root.walk() if element.name == name("D:owner"))
        self.assertEqual((owner.text, str(owner.children[0].name)), ("ä", "{urn:d}who"))

    def test_what_is_in_the_way(self) -> None:
        written = lock_token_submitted([ROOT])
        self.assertEqual(written, f"<D:lock-token-submitted><D:href>{ROOT}</D:href></D:lock-token-submitted>".encode())

    def test_which_locks_there_are(self) -> None:
        self.assertEqual(SUPPORTED_LOCK.count(b"<D:lockentry>"), 2)


class SetTests(SynchronousTestCase):
    def test_reports(self) -> None:
        self.assertEqual(
            supported_report_set((name("D:sync-collection"), name("A:calendar-query"))),
            b"<D:supported-report-set><D:supported-report><D:report><D:sync-collection/></D:report>"
            b"</D:supported-report><D:supported-report><D:report><A:calendar-query/></D:report></D:supported-report>"
            b"</D:supported-report-set>",
        )

    def test_components(self) -> None:
        self.assertEqual(
            supported_components(("VEVENT", "VTODO")),
            b'<A:supported-calendar-component-set><A:comp name="VEVENT"/><A:comp name="VTODO"/>'
            b"</A:supported-calendar-component-set>",
        )

    def test_by_what_principals_are_found(self) -> None:
        root = read_document(search_property_set([(name("D:displayname"), "Account & group")]))
        self.assertEqual(root.name, name("D:principal-search-property-set"))
        prop, description = root.children[0].children
        self.assertEqual((prop.children[0].name, description.text), (name("D:displayname"), "Account & group"))

    def test_dates(self) -> None:
        self.assertEqual(creation_date(784111777), "1994-11-06T08:49:37Z")
        self.assertEqual(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT")


class ScheduleTests(SynchronousTestCase):
    def test_when_people_are_busy(self) -> None:
        unknown = Recipient("mailto:nobody@example.test", "3.7;Invalid calendar user or insufficient permissions")
        written = schedule_response([unknown, Recipient("mailto:bob@example.test", "2.0;Success", b"BEGIN:VCALENDAR")])
        self.assertEqual(
            written,
            PROLOGUE + b'<A:schedule-response xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav"><A:response>'
            b"<A:recipient><D:href>mailto:nobody@example.test</D:href></A:recipient><A:request-status>3.7;Invalid "
            b"calendar user or insufficient permissions</A:request-status></A:response><A:response><A:recipient>"
            b"<D:href>mailto:bob@example.test</D:href></A:recipient><A:request-status>2.0;Success</A:request-status>"
            b"<A:calendar-data><![CDATA[BEGIN:VCALENDAR]]></A:calendar-data></A:response></A:schedule-response>",
        )
