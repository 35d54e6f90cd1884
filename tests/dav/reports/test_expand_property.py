"""expand-property: responses in place of URLs."""

from __future__ import annotations

from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.reports import expand_property
from tests.dav.world import ALICE, BOB, STAFF, DavWorld, found, short

OWNER = '<D:property name="owner"><D:property name="displayname"/><D:property name="nothing"/></D:property>'


class ExpandPropertyTests(DavWorld):
    """On collections and principals."""

    def test_principals_stand_in_place_of_their_urls(self) -> None:
        self.assertEqual(expand_property.expand_property.asked.__name__, "ExpandProperty")
        body = f'<D:expand-property>{OWNER}<D:property name="displayname"/></D:expand-property>'
        told = found(self.expect(207, "REPORT", f"/dav/cal/{ALICE}/default", body, depth="0"))
        here = told[f"/dav/cal/{ALICE}/default/"]
        self.assertEqual(here["D:displayname"].text, "Stalwart Calendar (alice@example.test)")
        (inner,) = here["D:owner"]
        self.assertEqual(short(inner.tag), "D:response")
        self.assertEqual(inner.findtext("{DAV:}href"), f"/dav/pal/{ALICE}/")
        self.assertEqual(inner.findtext(".//{DAV:}displayname"), "alice@example.test")
        self.assertIn("404", "".join(inner.itertext()))

    def test_as_deep_as_was_asked_for(self) -> None:
        members = '<D:property name="group-member-set"><D:property name="displayname"/></D:property>'
        groups = f'<D:property name="group-membership"><D:property name="displayname"/>{members}</D:property>'
        body = f"<D:expand-property>{groups}</D:expand-property>"
        path = f"/dav/pal/{BOB}"
        answer = self.expect(207, "REPORT", path, body, user="bob").body.decode()
        self.assertIn(f"<D:href>/dav/pal/{STAFF}/</D:href>", answer)
        self.assertEqual(answer.count(f"<D:href>/dav/pal/{BOB}/</D:href>"), 2)
        self.settle(self.settings.change(WebDav, {"maxResults": 1}))
        answer = self.expect(207, "REPORT", path, body, user="bob").body.decode()
        self.assertEqual(answer.count("<D:response>"), 2)

    def test_homes_and_what_nobody_may_see(self) -> None:
        homes = '<D:property name="calendar-home-set" namespace="urn:ietf:params:xml:ns:caldav">'
        inner = '<D:property name="resourcetype"/></D:property>'
        body = f"<D:expand-property>{homes}{inner}</D:expand-property>"
        answer = self.expect(207, "REPORT", f"/dav/pal/{ALICE}", body).body
        self.assertIn(b"<D:resourcetype><D:collection/></D:resourcetype>", answer)
        self.expect(404, "REPORT", f"/dav/pal/{BOB}", body)
        self.expect(404, "REPORT", f"/dav/cal/{ALICE}/none", body)
        self.expect(405, "REPORT", "/dav/cal", body)
        self.expect(405, "REPORT", f"/dav/itip/{ALICE}", body)
