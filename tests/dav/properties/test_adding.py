"""Clients are told where to post to."""

from __future__ import annotations

from stalwart.dav.properties import adding
from tests.dav.world import ALICE, DavWorld


class AddingTests(DavWorld):
    def test_new_events_are_posted_to_their_calendar(self) -> None:
        self.assertEqual(adding.add_member.spec, "RFC 5995 3.2.1")
        calendar = f"/dav/cal/{ALICE}/default/"
        found = self.properties(calendar, "D:add-member")[calendar]["D:add-member"]
        self.assertEqual(found.findtext("{DAV:}href"), calendar)
