"""Who may read a blob."""

from __future__ import annotations

from attrs import evolve

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access
from stalwart.jmap.blobs.access import find_readable, uploader
from stalwart.jmap.blobs.ids import Section
from tests.jmap.blobs.shelf import LARGE, NOW, SMALL, ShelfCase, access


class ReadableTests(ShelfCase):
    """RFC 8620 6.1."""

    def may(self, id: str, who: Access, account_id: int = 7, now: int = NOW) -> bool:
        return id in self.read(lambda tx: find_readable(tx, who, account_id, (id,), now))

    def test_an_upload_is_for_its_uploader(self) -> None:
        self.assertTrue(self.may(self.uploaded(SMALL), access()))

    def test_an_upload_into_a_shared_account_is_for_its_uploader_alone(self) -> None:
        id = self.uploaded(SMALL, account_id=9, by=7)
        self.assertTrue(self.may(id, access(7), account_id=9))
        self.assertFalse(self.may(id, access(8), account_id=9))

    def test_what_an_object_holds_is_for_the_account(self) -> None:
        id, _ = self.held(SMALL, account_id=9)
        self.assertTrue(self.may(id, access(8), account_id=9))

    def test_knowing_the_id_is_not_enough(self) -> None:
        self.assertFalse(self.may(self.uploaded(SMALL), access(8), account_id=8))

    def test_an_upload_expires(self) -> None:
        id = self.uploaded(SMALL, ttl=60)
        self.assertEqual([self.may(id, access(), now=NOW + age) for age in (59, 60)], [True, False])

    def test_what_is_held_does_not_expire_with_the_upload(self) -> None:
        id = self.uploaded(SMALL, ttl=60)
        self.assertEqual(self.held(SMALL)[0], id)
        self.assertTrue(self.may(id, access(), now=NOW + 60))

    def test_one_permission_opens_all_blobs(self) -> None:
        id = self.uploaded(SMALL)
        self.assertTrue(self.may(id, access(8, "fetchAnyBlob"), account_id=8))

    def test_within_a_tenant_it_opens_those_of_the_tenant(self) -> None:
        id = self.uploaded(SMALL)
        tenant = evolve(access(8, "fetchAnyBlob"), tenant_id=3)
        self.assertFalse(self.may(id, tenant, account_id=8))
        self.assertFalse(self.may(id, tenant, account_id=7))
        self.write(lambda tx: tx.registry.insert("Account", {"memberTenantId": encode_id(3)}, id=7))
        self.assertTrue(self.may(id, tenant, account_id=7))
        self.assertFalse(self.may(id, evolve(tenant, tenant_id=4), account_id=7))

    def test_not_even_that_finds_what_is_not_there(self) -> None:
        self.assertFalse(self.may("B" + "a" * 52, access(8, "fetchAnyBlob")))

    def test_all_of_a_blob_is_a_section_too(self) -> None:
        id = self.uploaded(SMALL)
        part = f"{id}-1-2-q"
        found = self.read(lambda tx: find_readable(tx, access(), 7, (id, part), NOW))
        self.assertEqual(found[id].place, Section(0, len(SMALL), "n"))
        self.assertEqual(found[part].place, Section(1, 2, "q"))

    def test_what_is_no_id_is_not_found(self) -> None:
        self.assertFalse(self.may("f-nonexistent", access()))

    def test_sections_that_lie_within(self) -> None:
        id = self.uploaded(SMALL)
        sections = ("-0-19-n", "-19-0-n", "-18-1-b", "-18-2-n", "-20-0-n")
        self.assertEqual([self.may(id + each, access()) for each in sections], [True, True, True, False, False])

    def test_small_content_is_at_hand_and_large_content_is_not(self) -> None:
        ids = [self.uploaded(SMALL), self.uploaded(LARGE)]
        found = self.read(lambda tx: find_readable(tx, access(), 7, ids, NOW))
        self.assertEqual([found[id].held for id in ids], [SMALL, None])

    def test_uploaders_are_told_apart_from_objects(self) -> None:
        self.assertTrue(all(uploader(account_id) < 0 for account_id in (0, 1, 4294967295)))
