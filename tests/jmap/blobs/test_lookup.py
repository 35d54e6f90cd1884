"""``Blob/lookup``."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.jmap.blobs import lookup as module
from stalwart.jmap.blobs.holders import BlobHolder, linked_objects
from stalwart.jmap.blobs.lookup import lookup
from tests.jmap.blobs.shelf import SMALL, ShelfCase, access

HOLDERS = {name: BlobHolder(name, linked_objects(type)) for name, type in (("Note", 1), ("Card", 2))}


class LookupTests(ShelfCase):
    """RFC 9404 4.3, over two types made for the test."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(module, "known_holders", lambda: HOLDERS)

    def test_every_type_that_is_asked_for_is_answered(self) -> None:
        id, note = self.held(SMALL, type=1)
        upload = self.uploaded(b"upload")
        answer = self.call(lookup, {"typeNames": ["Card", "Note", "Card"], "ids": [id, upload, "nonsense", id]})
        expected = [
            {"id": id, "matchedIds": {"Card": [], "Note": [encode_id(note)]}},
            {"id": upload, "matchedIds": {"Card": [], "Note": []}},
        ]
        self.assertEqual(answer, {"accountId": "h", "list": expected, "notFound": ["nonsense"]})

    def test_blobs_of_other_accounts_are_not_found(self) -> None:
        id, _ = self.held(SMALL, account_id=8)
        self.assertEqual(self.call(lookup, {"typeNames": ["Note"], "ids": [id]})["notFound"], [id])

    def test_no_types_and_no_ids(self) -> None:
        id = self.uploaded(SMALL)
        self.assertEqual(self.call(lookup, {"typeNames": [], "ids": [id]})["list"], [{"id": id, "matchedIds": {}}])
        self.assertEqual(self.call(lookup, {"typeNames": [], "ids": []})["list"], [])

    def test_types_that_nothing_is_known_of(self) -> None:
        self.assertEqual(self.refused(lookup, {"typeNames": ["Note", "Email"], "ids": []}), "unknownDataType")

    def test_arguments(self) -> None:
        for arguments in (
            {},
            {"ids": []},
            {"typeNames": []},
            {"typeNames": "Note", "ids": []},
            {"typeNames": [], "ids": 1},
        ):
            self.assertEqual(self.refused(lookup, arguments), "invalidArguments")

    def test_accounts_that_are_not_there(self) -> None:
        arguments = {"typeNames": [], "ids": [], "accountId": "zz"}
        self.assertEqual(self.refused(lookup, arguments, access(7, "impersonate")), "accountNotFound")
