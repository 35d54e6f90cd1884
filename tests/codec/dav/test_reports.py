"""Bodies of REPORT."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.caldav.conditions import (
    CalendarData,
    CompFilter,
    CompSelection,
    ParamFilter,
    PropFilter,
    PropSelection,
    TextMatch,
    TimeRange,
)
from stalwart.codec.dav.addressbook_reports import AddressbookMultiget, AddressbookQuery
from stalwart.codec.dav.calendar_reports import CalendarMultiget, CalendarQuery, FreeBusyQuery
from stalwart.codec.dav.data_requests import moment
from stalwart.codec.dav.errors import MalformedXml, UnknownReport, UnmetCondition
from stalwart.codec.dav.names import Name, name
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.dav.reports import (
    AclPrincipalPropSet,
    ExpandedProperty,
    ExpandProperty,
    PrincipalMatch,
    PrincipalPropertySearch,
    PrincipalSearchPropertySet,
    PropertySearch,
    SyncCollection,
    read_report,
    report_names,
)
from stalwart.codec.vcard import conditions as card
from tests.codec.dav.test_bodies import dav
from tests.codec.dav.transcripts import ADDRESSBOOK_QUERY, MULTIGET, QUERY_EXPAND, SYNC_LIMIT

ETAG = PropertyRequest("prop", (name("D:getetag"),))
JANUARY = TimeRange(1798761600, 1801440000)
UNICODE = "i;unicode-casemap"


def query(filter_inner: str) -> CalendarQuery:
    found = read_report(dav(f"<A:calendar-query><A:filter>{filter_inner}</A:filter></A:calendar-query>"))
    assert isinstance(found, CalendarQuery)
    return found


class CalendarTests(SynchronousTestCase):
    def test_moments(self) -> None:
        self.assertEqual(moment("20270101T000000Z"), JANUARY.start)
        self.assertEqual(moment("00010101T000000Z"), -62135596800)
        for text in ("", "20270101", "20270101T000000", "20271301T000000Z", "00000101T000000Z", "٢0270101T000000Z"):
            self.assertRaises(ValueError, moment, text)

    def test_a_query_that_expands(self) -> None:
        found = read_report(QUERY_EXPAND)
        names = (name("D:getetag"), name("A:calendar-data"))
        request = PropertyRequest("prop", names, CalendarData(expand=JANUARY))
        tree = CompFilter("VCALENDAR", comps=(CompFilter("VEVENT", time_range=JANUARY),))
        self.assertEqual(found, CalendarQuery(request, tree))

    def test_a_filter_with_everything(self) -> None:
        found = query(
            '<A:comp-filter name="VCALENDAR" test="anyof"><A:comp-filter name="vtodo"><A:is-not-defined/>'
            '</A:comp-filter><A:comp-filter name="VEVENT"><A:prop-filter name="attendee">'
            '<A:text-match collation="i;octet" negate-condition="yes" match-type="equals">a &amp; b</A:text-match>'
            '<A:param-filter name="partstat">'
            "<A:text-match>NEEDS</A:text-match></A:param-filter><A:param-filter name='x'><A:is-not-defined/>"
            '</A:param-filter></A:prop-filter><A:prop-filter name="DUE"><A:time-range start="20270101T000000Z"/>'
            '</A:prop-filter><A:prop-filter name="URL"><A:is-not-defined/></A:prop-filter></A:comp-filter><A:new/>'
            "</A:comp-filter>"
        )
        params = (ParamFilter("PARTSTAT", text_match=TextMatch("NEEDS")), ParamFilter("X", absent=True))
        attendee = PropFilter("ATTENDEE", text_match=TextMatch("a & b", "i;octet", "equals", True), params=params)
        due = PropFilter("DUE", time_range=TimeRange(JANUARY.start, None))
        event = CompFilter("VEVENT", props=(attendee, due, PropFilter("URL", absent=True)))
        todo = CompFilter("VTODO", absent=True)
        self.assertEqual(found.filter, CompFilter("VCALENDAR", comps=(todo, event), test="anyof"))

    def test_zones_and_limits(self) -> None:
        body = dav(
            '<A:calendar-query><A:filter><A:comp-filter name="VCALENDAR"/></A:filter><A:timezone> BEGIN:VCALENDAR '
            "</A:timezone><A:timezone-id>Europe/Berlin</A:timezone-id><A:limit><A:nresults>7</A:nresults></A:limit>"
            "</A:calendar-query>"
        )
        wanted = CalendarQuery(None, CompFilter("VCALENDAR"), "BEGIN:VCALENDAR", "Europe/Berlin", 7)
        self.assertEqual(read_report(body), wanted)

    def test_a_range_that_ends_before_it_starts_is_open(self) -> None:
        inner = '<A:time-range start="20270201T000000Z" end="20270101T000000Z"/>'
        found = query(f'<A:comp-filter name="VCALENDAR">{inner}</A:comp-filter>')
        self.assertEqual(found.filter.time_range, TimeRange(JANUARY.end, None))

    def assertUnmet(self, condition: str, body: bytes) -> None:
        error = self.assertRaises(UnmetCondition, read_report, body)
        self.assertEqual(str(error.condition), condition)
        self.assertTrue(str(error))

    def test_filters_that_are_none(self) -> None:
        for inner in (
            "",
            "<A:filter/>",
            "<A:filter><A:comp-filter/></A:filter>",
            '<A:filter><A:comp-filter name="VEVENT"/></A:filter>',
            '<A:filter><A:comp-filter name="VCALENDAR"><A:time-range/></A:comp-filter></A:filter>',
            '<A:filter><A:comp-filter name="VCALENDAR"><A:time-range start="now"/></A:comp-filter></A:filter>',
            '<A:filter><A:comp-filter name="VCALENDAR"><A:prop-filter/></A:comp-filter></A:filter>',
        ):
            self.assertUnmet("A:valid-filter", dav(f"<A:calendar-query>{inner}</A:calendar-query>"))

    def test_a_filter_has_an_end(self) -> None:
        test = '<A:prop-filter name="X"><A:text-match>a</A:text-match></A:prop-filter>'
        begin = '<A:calendar-query><A:filter><A:comp-filter name="VCALENDAR">'
        end = "</A:comp-filter></A:filter></A:calendar-query>"
        read_report(dav(f"{begin}{test * 50}{end}"))
        self.assertUnmet("A:supported-filter", dav(f"{begin}{test * 51}{end}"))

    def test_unknown_collations(self) -> None:
        inner = '<A:prop-filter name="X"><A:text-match collation="i;klingon">a</A:text-match></A:prop-filter>'
        body = f'<A:calendar-query><A:filter><A:comp-filter name="VCALENDAR">{inner}</A:comp-filter></A:filter>'
        self.assertUnmet("A:supported-collation", dav(f"{body}</A:calendar-query>"))

    def test_the_data_wanted(self) -> None:
        found = read_report(
            dav(
                '<A:calendar-multiget><D:prop><A:calendar-data content-type="text/calendar" version="2.0">'
                '<A:comp name="VCALENDAR"><A:prop name="version"/><A:comp name="VEVENT"><A:prop name="UID" '
                'novalue="yes"/><A:allcomp/></A:comp><A:comp name="VTIMEZONE"/></A:comp>'
                '<A:limit-recurrence-set start="20270101T000000Z" end="20270201T000000Z"/>'
                '<A:limit-freebusy-set start="20270101T000000Z" end="20270201T000000Z"/></A:calendar-data></D:prop>'
                "</A:calendar-multiget>"
            )
        )
        assert isinstance(found, CalendarMultiget) and found.request is not None
        event = CompSelection("VEVENT", props=(PropSelection("UID", True),), all_comps=True)
        zone = CompSelection("VTIMEZONE")
        comp = CompSelection("VCALENDAR", props=(PropSelection("VERSION"),), comps=(event, zone))
        self.assertEqual((event.whole, zone.whole), (False, True))
        data = CalendarData(comp, None, JANUARY, JANUARY, "text/calendar", "2.0")
        self.assertEqual(found.request.calendar_data, data)

    def test_ranges_of_data_that_are_none(self) -> None:
        for inner in ("<A:expand/>", '<A:expand start="20270101T000000Z" end="20270101T000000Z"/>', "<A:comp/>"):
            body = f"<A:calendar-multiget><D:prop><A:calendar-data>{inner}</A:calendar-data></D:prop>"
            self.assertRaises(MalformedXml, read_report, dav(f"{body}</A:calendar-multiget>"))

    def test_multiget(self) -> None:
        found = read_report(MULTIGET)
        team = "/dav/cal/alice%40example.test/team/"
        wanted = (f"{team}e1.ics", f"{team}none.ics", f"http://h.test{team}")
        self.assertEqual(found, CalendarMultiget(ETAG, wanted))

    def test_free_busy(self) -> None:
        body = '<A:free-busy-query><A:time-range start="20270101T000000Z" end="20270201T000000Z"/></A:free-busy-query>'
        self.assertEqual(read_report(dav(body)), FreeBusyQuery(JANUARY))
        self.assertEqual(read_report(dav("<A:free-busy-query/>")), FreeBusyQuery(None))


class AddressbookTests(SynchronousTestCase):
    def test_a_query_of_a_client(self) -> None:
        names = (name("D:getetag"), name("B:address-data"))
        request = PropertyRequest("prop", names, address_data=card.AddressData())
        prop = card.PropFilter("EMAIL", text_matches=(TextMatch("jane", UNICODE),))
        self.assertEqual(read_report(ADDRESSBOOK_QUERY), AddressbookQuery(request, card.Filter((prop,))))

    def test_a_query_with_everything(self) -> None:
        found = read_report(
            dav(
                '<B:addressbook-query><B:filter test="allof"><B:prop-filter name="item1.email" test="allof">'
                '<B:text-match match-type="ends-with">a</B:text-match><B:text-match negate-condition="yes">b'
                '</B:text-match><B:param-filter name="type"><B:text-match>home</B:text-match></B:param-filter>'
                '<B:param-filter name="x"><B:is-not-defined/></B:param-filter></B:prop-filter>'
                '<B:prop-filter name="NOTE"><B:is-not-defined/></B:prop-filter></B:filter>'
                "<B:limit><B:nresults>20</B:nresults></B:limit></B:addressbook-query>"
            )
        )
        texts = (TextMatch("a", UNICODE, "ends-with"), TextMatch("b", UNICODE, negate=True))
        params = (card.ParamFilter("TYPE", text_match=TextMatch("home", UNICODE)), card.ParamFilter("X", True))
        email = card.PropFilter("ITEM1.EMAIL", False, texts, params, "allof")
        wanted = card.Filter((email, card.PropFilter("NOTE", True)), "allof")
        self.assertEqual(found, AddressbookQuery(None, wanted, 20))

    def test_no_filter_means_all(self) -> None:
        self.assertEqual(read_report(dav("<B:addressbook-query/>")), AddressbookQuery(None, card.Filter()))

    def test_the_data_wanted(self) -> None:
        found = read_report(
            dav(
                '<B:addressbook-multiget><D:prop><B:address-data content-type="text/vcard" version="4.0">'
                '<B:prop name="fn"/><B:prop name="PHOTO" novalue="yes"/></B:address-data></D:prop><D:href>/a</D:href>'
                "</B:addressbook-multiget>"
            )
        )
        assert isinstance(found, AddressbookMultiget) and found.request is not None
        props = (card.PropSelection("FN"), card.PropSelection("PHOTO", True))
        self.assertEqual(found.request.address_data, card.AddressData(props, "text/vcard", "4.0"))
        self.assertEqual(found.hrefs, ("/a",))

    def test_filters_that_are_none(self) -> None:
        for inner, condition in (
            ("<B:prop-filter/>", "B:supported-filter"),
            ('<B:prop-filter name="a"><B:text-match match-type="about"/></B:prop-filter>', "B:supported-filter"),
            ('<B:prop-filter name="a"><B:text-match collation="x"/></B:prop-filter>', "B:supported-collation"),
            ('<B:prop-filter name="a"><B:text-match/></B:prop-filter>' * 51, "B:supported-filter"),
        ):
            body = dav(f"<B:addressbook-query><B:filter>{inner}</B:filter></B:addressbook-query>")
            error = self.assertRaises(UnmetCondition, read_report, body)
            self.assertEqual(str(error.condition), condition)


class OtherTests(SynchronousTestCase):
    def test_sync_collection(self) -> None:
        self.assertEqual(read_report(SYNC_LIMIT), SyncCollection(ETAG, "", False, 1))
        for level, infinite in (("1", False), ("infinite", True), ("infinity", True), (" 1 ", False)):
            body = dav(
                f"<D:sync-collection><D:sync-token> t </D:sync-token><D:sync-level>{level}</D:sync-level>"
                "<D:limit><D:nresults>0</D:nresults></D:limit></D:sync-collection>"
            )
            self.assertEqual(read_report(body), SyncCollection(None, "t", infinite))
        self.assertEqual(read_report(dav("<D:sync-collection/>")), SyncCollection(None, ""))
        wrong = dav("<D:sync-collection><D:sync-level>2</D:sync-level></D:sync-collection>")
        self.assertRaises(MalformedXml, read_report, wrong)

    def test_expand_property(self) -> None:
        body = dav(
            '<D:expand-property><D:property name="owner"><D:property name="displayname" namespace="DAV:"/>'
            '<D:property name="x" namespace="urn:y"/></D:property></D:expand-property>'
        )
        inner = (ExpandedProperty(name("D:displayname")), ExpandedProperty(Name("urn:y", "x")))
        self.assertEqual(read_report(body), ExpandProperty((ExpandedProperty(name("D:owner"), inner),)))
        self.assertRaises(MalformedXml, read_report, dav("<D:expand-property><D:property/></D:expand-property>"))

    def test_principals(self) -> None:
        prop = "<D:prop><D:getetag/></D:prop>"
        body = dav(f"<D:acl-principal-prop-set>{prop}</D:acl-principal-prop-set>")
        self.assertEqual(read_report(body), AclPrincipalPropSet(ETAG))
        body = dav(
            f"<D:principal-match><D:principal-property><D:owner/></D:principal-property>{prop}</D:principal-match>"
        )
        self.assertEqual(read_report(body), PrincipalMatch(ETAG, name("D:owner")))
        self.assertEqual(read_report(dav("<D:principal-match><D:self/></D:principal-match>")), PrincipalMatch(None))
        body = dav("<D:principal-search-property-set/>")
        self.assertEqual(read_report(body), PrincipalSearchPropertySet())

    def test_principal_property_search(self) -> None:
        search = "<D:property-search><D:prop><D:displayname/><A:x/></D:prop><D:match>jan</D:match></D:property-search>"
        body = dav(
            f'<D:principal-property-search test="anyof">{search}<D:prop><D:getetag/></D:prop>'
            "<D:apply-to-principal-collection-set/></D:principal-property-search>"
        )
        searches = (PropertySearch((name("D:displayname"), name("A:x")), "jan"),)
        self.assertEqual(read_report(body), PrincipalPropertySearch(ETAG, searches, "anyof", True))
        for inner in ("", "<D:property-search/>"):
            body = dav(f"<D:principal-property-search>{inner}</D:principal-property-search>")
            self.assertRaises(MalformedXml, read_report, body)

    def test_questions_that_ask_for_too_much(self) -> None:
        many = '<D:property name="a">' + '<D:property name="b"/>' * 300 + "</D:property>"
        self.assertRaises(MalformedXml, read_report, dav(f"<D:expand-property>{many}</D:expand-property>"))
        search = "<D:property-search><D:prop><D:displayname/></D:prop><D:match>x</D:match></D:property-search>" * 17
        body = dav(f"<D:principal-property-search>{search}</D:principal-property-search>")
        self.assertRaises(MalformedXml, read_report, body)

    def test_unknown_reports(self) -> None:
        self.assertRaises(UnknownReport, read_report, dav("<D:version-tree/>"))
        self.assertRaises(MalformedXml, read_report, b"<")

    def test_the_reports_known(self) -> None:
        self.assertIn(name("D:sync-collection"), report_names())
        self.assertEqual(len(report_names()), 11)
