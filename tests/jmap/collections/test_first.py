"""What homes begin with is made before anything is asked."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS
from stalwart.jmap.collections.collection_type import LARGEST_ORDER
from stalwart.jmap.collections.first import with_first
from tests.jmap.desk import access, call
from tests.jmap.sharing.both_faces import BothFacesCase


class FirstTests(BothFacesCase):
    def count(self, account_id: int) -> list[int]:
        kinds = (CALENDARS, ADDRESS_BOOKS)
        return self.successResultOf(
            self.store.read(lambda tx: [tx.collections.count(account_id, kind.type) for kind in kinds])
        )

    def ensure(self, account_id: int) -> None:
        services = {"homes": self.tools.homes, "store": self.store}
        who = access(account_id=account_id)
        self.settle(with_first(CALENDARS)(call({"accountId": encode_id(account_id)}, access=who), services))

    def test_it_is_made_once_and_not_made_again(self) -> None:
        self.ensure(self.alice)
        self.ensure(self.alice)
        self.assertEqual(self.count(self.alice), [1, 0])
        self.assertTrue(self.tools.homes.is_begun(CALENDARS, self.alice))

    def test_who_has_no_account_has_none(self) -> None:
        self.ensure(77_777)
        self.assertEqual(self.count(77_777), [0, 0])
        self.assertFalse(self.tools.homes.is_begun(CALENDARS, 77_777))

    def test_one_that_was_removed_does_not_come_back(self) -> None:
        (id,) = self.jmap("AddressBook/query")["ids"]
        self.jmap("AddressBook/set", destroy=[id])
        self.assertEqual(self.jmap("AddressBook/query")["ids"], [])

    def test_orders_are_those_of_dav(self) -> None:
        id = self.made("Calendar", name="Work", sortOrder=LARGEST_ORDER)
        self.assertEqual(self.unchanged("Calendar", id, {"sortOrder": LARGEST_ORDER + 1})["type"], "invalidProperties")
