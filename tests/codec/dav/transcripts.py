"""Bodies that real clients and servers have exchanged, as they stand in protocols of them."""

MULTIGET = (
    b'<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>'
    b"<D:href>/dav/cal/alice%40example.test/team/e1.ics</D:href>"
    b"<D:href><![CDATA[/dav/cal/alice%40example.test/team/none.ics]]></D:href>"
    b"<D:href> http://h.test/dav/cal/alice%40example.test/team/ </D:href></C:calendar-multiget>"
)
QUERY_EXPAND = (
    b'<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data>'
    b'<C:expand start="20270101T000000Z" end="20270201T000000Z"/></C:calendar-data></D:prop><C:filter>'
    b'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20270101T000000Z" '
    b'end="20270201T000000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>'
)
MKCALENDAR = (
    b'<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
    b"<D:displayname>Work</D:displayname><C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id>"
    b'<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
    b"</D:prop></D:set></C:mkcalendar>"
)
PROPPATCH = (
    b'<D:propertyupdate xmlns:D="DAV:" xmlns:X="urn:x"><D:set><D:prop><D:displayname>New</D:displayname>'
    b"<X:colour>red</X:colour></D:prop></D:set><D:remove><D:prop><D:getetag/></D:prop></D:remove></D:propertyupdate>"
)
LOCK = (
    b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>'
    b"<D:owner>me</D:owner></D:lockinfo>"
)
SYNC_LIMIT = (
    b'<D:sync-collection xmlns:D="DAV:"><D:sync-token></D:sync-token><D:sync-level>1</D:sync-level><D:limit>'
    b"<D:nresults>1</D:nresults></D:limit><D:prop><D:getetag/></D:prop></D:sync-collection>"
)
ADDRESSBOOK_QUERY = (
    b'<B:addressbook-query xmlns:D="DAV:" xmlns:B="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/>'
    b'<B:address-data/></D:prop><B:filter><B:prop-filter name="EMAIL"><B:text-match>jane</B:text-match>'
    b"</B:prop-filter></B:filter></B:addressbook-query>"
)
