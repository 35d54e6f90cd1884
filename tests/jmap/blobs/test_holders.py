"""Which types hold blobs."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.jmap.blobs.holders import BlobHolder, known_holders, linked_objects
from stalwart.jmap.blobs.ids import parse_blob_id
from tests.jmap.blobs.shelf import NOW, SMALL, ShelfCase, access


class HolderTests(ShelfCase):
    """Found where they are declared; links of the store answer for most."""

    def holders_of(self, id: str, type: int, account_id: int = 7) -> list[str]:
        find = linked_objects(type)
        return list(self.read(lambda tx: find(tx, access(), account_id, parse_blob_id(id), NOW)))

    def test_objects_of_the_type_and_the_account(self) -> None:
        id, first = self.held(SMALL, type=1)
        second, other_type = self.held(SMALL, type=1)[1], self.held(SMALL, type=2)[1]
        self.held(SMALL, account_id=8, type=1)
        self.uploaded(SMALL)
        self.assertEqual(self.holders_of(id, 1), [encode_id(first), encode_id(second)])
        self.assertEqual(self.holders_of(id, 2), [encode_id(other_type)])

    def test_objects_that_are_gone_hold_nothing(self) -> None:
        id, object_id = self.held(SMALL)
        self.write(lambda tx: tx.objects.kill(7, object_id, now=NOW))
        self.assertEqual(self.holders_of(id, 1), [])

    def test_a_section_is_held_by_nobody(self) -> None:
        id, _ = self.held(SMALL)
        self.assertEqual(self.holders_of(id + "-0-3-n", 1), [])

    def test_those_of_the_face_are_found_by_name(self) -> None:
        self.assertTrue(
            all(isinstance(each, BlobHolder) and name == each.type_name for name, each in known_holders().items())
        )
