"""``Blob/lookup``."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.blobs import lookup as module
from stalwart.jmap.blobs.holders import BlobHolder, linked_objects
from stalwart.jmap.blobs.lookup import lookup
from tests.jmap.blobs.shelf import SMALL, ShelfCase, access

USED, UNUSED = "urn:test:used", "urn:test:unused"
HOLDERS = {
    name: BlobHolder(name, linked_objects(type), capability)
    for name, type, capability in (("Note", 1, USED), ("Card", 2, USED), ("Event", 3, UNUSED))
}


class LookupTests(ShelfCase):
    """RFC 9404 4.3, over two types made for the test."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(module, "known_holders", lambda: HOLDERS)

    def lookup(self, **arguments: Any) -> Any:
        return self.call(lookup, arguments, using=frozenset((USED,)))

    def test_every_type_that_is_asked_for_is_answered(self) -> None:
        id, note = self.held(SMALL, type=1)
        upload = self.uploaded(b"upload")
        answer = self.lookup(typeNames=["Card", "Note", "Card"], ids=[id, upload, id])
        expected = [
            {"id": id, "matchedIds": {"Card": [], "Note": [encode_id(note)]}},
            {"id": upload, "matchedIds": {"Card": [], "Note": []}},
        ]
        self.assertEqual(answer, {"accountId": "h", "list": expected, "notFound": []})

    def test_what_is_not_there_or_is_not_for_the_client_has_empty_lists(self) -> None:
        id, _ = self.held(SMALL, account_id=8)
        answer = self.lookup(typeNames=["Note", "Card"], ids=[id, "nonsense"])
        nothing = {"Note": [], "Card": []}
        expected = [{"id": each, "matchedIds": nothing} for each in (id, "nonsense")]
        self.assertEqual((answer["list"], answer["notFound"]), (expected, [id, "nonsense"]))

    def test_no_types_and_no_ids(self) -> None:
        id = self.uploaded(SMALL)
        self.assertEqual(self.lookup(typeNames=[], ids=[id])["list"], [{"id": id, "matchedIds": {}}])
        self.assertEqual(self.lookup(typeNames=[], ids=[])["list"], [])

    def test_types_that_nothing_is_known_of(self) -> None:
        arguments, using = {"typeNames": ["Note", "Email"], "ids": []}, frozenset((USED,))
        self.assertEqual(self.refused(lookup, arguments, using=using), "unknownDataType")

    def test_types_whose_capability_is_not_used(self) -> None:
        arguments, using = {"typeNames": ["Note", "Event"], "ids": []}, frozenset((USED,))
        self.assertEqual(self.refused(lookup, arguments, using=using), "unknownDataType")

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
