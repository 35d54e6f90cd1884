"""What the session says about contacts to whom."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import SharedAccount
from stalwart.jmap.capabilities import Audience
from stalwart.jmap.contacts.capability import contacts
from stalwart.store.object_types import ADDRESS_BOOK, CALENDAR
from tests.jmap.desk import access
from tests.web.fakes import FakeSettings


class CapabilityTests(SynchronousTestCase):
    def test_only_where_somebody_belongs_address_books_are_made(self) -> None:
        books = SharedAccount(9, frozenset({ADDRESS_BOOK}), frozenset())
        calendars = SharedAccount(10, frozenset({CALENDAR}), frozenset())
        permissions = frozenset(("jmapAddressBookGet", "jmapAddressBookCreate"))
        who = access(permissions=permissions, shared=(books, calendars))
        self.assertTrue(contacts.is_for(who))
        self.assertEqual([contacts.is_on(who, id) for id in (7, 9, 10)], [True, True, False])
        assert contacts.account is not None
        for id, may in ((7, True), (9, False)):
            said = contacts.account(Audience(FakeSettings(), "", who, id))
            self.assertEqual(said, {"maxAddressBooksPerCard": None, "mayCreateAddressBook": may})
        self.assertFalse(contacts.is_for(access()))
