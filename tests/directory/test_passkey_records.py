"""Passkeys in the store."""

from __future__ import annotations

from stalwart.directory import passkey_records
from stalwart.directory.passkey_records import NUMBER, Details, Passkey
from stalwart.errors import Conflict, OverQuota
from tests.directory.world import NOW, World


class PasskeyRecordTests(World):
    def write(self, work):  # type: ignore[no-untyped-def]
        """The result of a transaction."""
        return self.successResultOf(self.store.write(work))

    def add(self, account_id: int, credential: str, **members: object) -> Passkey:
        details = Details(**{"id": 7, "description": "Phone", "user_handle": "AA", **members})  # type: ignore[arg-type]
        return self.write(lambda tx: passkey_records.insert(tx, account_id, credential, details, NOW))

    def test_what_is_stored_is_found_again(self) -> None:
        made = self.add(5, "AAAA", public_key="key", transports=("usb", "nfc"), sign_count=3, used_at=9, required=True)
        self.assertEqual(self.write(lambda tx: passkey_records.find(tx, "AAAA")), made)
        self.assertEqual(self.write(lambda tx: passkey_records.of_account(tx, 5)), [made])
        self.assertEqual((made.created_at, made.details.transports), (NOW, ("usb", "nfc")))
        self.assertEqual(self.write(lambda tx: passkey_records.of_account(tx, 6)), [])
        self.assertIsNone(self.write(lambda tx: passkey_records.find(tx, "aaaa")))

    def test_credential_belongs_to_one_account(self) -> None:
        self.add(5, "AAAA")
        details = Details(id=1, description="x", user_handle="AA")
        work = self.store.write(lambda tx: passkey_records.insert(tx, 6, "AAAA", details, NOW))
        self.failureResultOf(work, Conflict)

    def test_number_is_limited(self) -> None:
        for number in range(NUMBER):
            self.add(5, f"A{number}")
        self.failureResultOf(self.store.write(lambda tx: passkey_records.check_number(tx, 5)), OverQuota)
        self.add(6, "B")

    def test_details_change_and_the_rest_stays(self) -> None:
        made = self.add(5, "AAAA", public_key="key")
        changed = self.write(lambda tx: passkey_records.change(tx, made, description="Tablet", sign_count=4))
        self.assertEqual(self.write(lambda tx: passkey_records.find(tx, "AAAA")), changed)
        self.assertEqual((changed.details.description, changed.details.public_key), ("Tablet", "key"))

    def test_removed_one_is_gone(self) -> None:
        made, other = self.add(5, "AAAA"), self.add(5, "BBBB")
        self.write(lambda tx: passkey_records.remove(tx, made))
        self.assertEqual(self.write(lambda tx: passkey_records.of_account(tx, 5)), [other])
        self.write(lambda tx: passkey_records.forget_all(tx, 5))
        self.assertEqual(self.write(lambda tx: passkey_records.of_account(tx, 5)), [])

    def test_one_that_is_required_is_enough_to_want_more_than_a_password(self) -> None:
        self.add(5, "AAAA")
        self.assertFalse(self.write(lambda tx: passkey_records.wanted_with_password(tx, 5)))
        self.add(5, "BBBB", required=True)
        self.assertTrue(self.write(lambda tx: passkey_records.wanted_with_password(tx, 5)))

    def test_numbers_are_not_guessed(self) -> None:
        self.assertEqual(len({passkey_records.fresh_id() for _ in range(50)}), 50)
