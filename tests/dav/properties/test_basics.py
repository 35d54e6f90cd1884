"""What every resource has is shown."""

from __future__ import annotations

from stalwart.dav.properties import basics
from tests.dav.methods.test_proppatch import NOTE, setting, update
from tests.dav.world import DavWorld, statuses


class BasicsTests(DavWorld):
    def test_a_file(self) -> None:
        self.assertEqual(basics.etag.spec, "RFC 4918 15.6")
        made = self.expect(201, "PUT", NOTE, b"words", content_type="text/plain")
        self.assertEqual(self.text(NOTE, "D:getetag"), made.headers["etag"])
        self.assertEqual(self.text(NOTE, "D:getcontentlength"), "5")
        self.assertEqual(self.text(NOTE, "D:getcontenttype"), "text/plain")
        self.assertEqual(self.text(NOTE, "D:resourcetype"), "")
        self.assertEqual(self.text(NOTE, "D:creationdate"), "2027-01-15T08:00:00Z")
        self.assertEqual(self.text(NOTE, "D:getlastmodified"), "Fri, 15 Jan 2027 08:00:00 GMT")

    def test_values_that_are_none_are_refused(self) -> None:
        self.expect(201, "PUT", NOTE, b"words")
        for property in ("<D:creationdate>yesterday</D:creationdate>", "<D:getcontenttype>words</D:getcontenttype>"):
            (told,) = statuses(self.expect(207, "PROPPATCH", NOTE, update(setting(property)))).values()
            self.assertEqual(list(told.values()), [409])
