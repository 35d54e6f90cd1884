"""``Blob/copy``."""

from __future__ import annotations

from typing import Any

from stalwart.directory.access import Access
from stalwart.jmap.blobs.access import find_readable
from stalwart.jmap.blobs.copying import copy
from stalwart.jmap.capabilities import BLOB, CORE
from tests.jmap.blobs.shelf import LARGE, NOW, SMALL, ShelfCase, access


class CopyTests(ShelfCase):
    """RFC 8620 6.3, from alice to the group unless something else is said."""

    def copy(self, *ids: str, who: Access | None = None, **arguments: Any) -> dict[str, Any]:
        given = {"fromAccountId": "h", "accountId": "j", "blobIds": list(ids)} | arguments
        found: dict[str, Any] = self.call(copy, given, who)
        return found

    def may(self, id: str, account_id: int, who: Access, now: int = NOW) -> bool:
        return id in self.read(lambda tx: find_readable(tx, who, account_id, (id,), now))

    def test_it_belongs_to_the_core(self) -> None:
        self.assertEqual(copy.capabilities, (CORE, BLOB))

    def test_whole_blobs(self) -> None:
        ids = [self.uploaded(SMALL), self.held(LARGE)[0]]
        answer = self.copy(*ids)
        self.assertEqual(
            answer,
            {"fromAccountId": "h", "accountId": "j", "copied": dict(zip(ids, ids, strict=True)), "notCopied": None},
        )
        self.assertEqual([self.may(id, 9, access()) for id in ids], [True, True])

    def test_a_copy_is_an_upload_of_the_client(self) -> None:
        id, _ = self.held(SMALL)
        self.copy(id)
        self.assertFalse(self.may(id, 9, access(8)))
        self.assertEqual([self.may(id, 9, access(), NOW + age) for age in (3599, 3600)], [True, False])

    def test_a_section_becomes_a_blob_of_its_own(self) -> None:
        for section, content in (("-2-8-b", b"hello"), ("-2-4-n", b"aGVs")):
            id = self.uploaded(b"..aGVsbG8=..") + section
            copied = self.copy(id)["copied"][id]
            self.assertEqual(self.content(copied), content)
            self.assertFalse(self.may(id, 9, access()))

    def test_a_section_of_a_file(self) -> None:
        id = self.uploaded(LARGE) + "-10-90000-n"
        self.assertEqual(self.content(self.copy(id)["copied"][id]), LARGE[10:90010])

    def test_no_file_is_left_of_a_section_that_there_is_no_room_for(self) -> None:
        id = self.uploaded(LARGE)
        sections = [f"{id}-{offset}-90000-n" for offset in range(3)]
        self.settings.change(Jmap={"uploadQuota": 100_000})
        answer = self.copy(*sections)
        self.assertEqual(list(answer["copied"]), sections[:1])
        self.assertEqual({each["type"] for each in answer["notCopied"].values()}, {"overQuota"})
        self.assertEqual(len(self.store.blob_files.names("")), 2)
        self.assertEqual(self.content(answer["copied"][sections[0]]), LARGE[:90_000])

    def test_a_section_that_is_too_large(self) -> None:
        self.settings.change(Jmap={"maxUploadSize": 10})
        id = self.uploaded(LARGE) + "-0-11-n"
        self.assertEqual(self.copy(id)["notCopied"][id]["type"], "tooLarge")

    def test_blobs_that_are_not_there(self) -> None:
        foreign = self.uploaded(SMALL, account_id=8, by=8)
        answer = self.copy("f-nonexistent", foreign)
        self.assertIsNone(answer["copied"])
        self.assertEqual(
            {id: each["type"] for id, each in answer["notCopied"].items()},
            {"f-nonexistent": "notFound", foreign: "notFound"},
        )

    def test_the_quota_is_the_one_in_the_other_account(self) -> None:
        self.settings.change(Jmap={"uploadQuota": 20})
        ids = [self.held(SMALL)[0], self.held(SMALL[::-1])[0]]
        answer = self.copy(*ids)
        self.assertEqual((list(answer["copied"]), answer["notCopied"][ids[1]]["type"]), (ids[:1], "overQuota"))

    def test_what_goes_meanwhile_is_not_found(self) -> None:
        id = self.uploaded(LARGE)
        self.store.blob_files.remove(self.store.blob_files.names("")[0], NOW + 1)
        self.assertEqual(self.copy(id)["notCopied"][id]["type"], "notFound")

    def test_creation_references(self) -> None:
        id = self.uploaded(SMALL)
        arguments = {"fromAccountId": "h", "accountId": "j", "blobIds": ["#a"]}
        self.assertEqual(self.call(copy, arguments, created_ids={"a": id})["copied"], {id: id})

    def test_accounts(self) -> None:
        for source, target, who, expected in (
            ("h", "h", None, "invalidArguments"),
            ("i", "h", None, "fromAccountNotFound"),
            ("h", "i", None, "accountNotFound"),
            ("zz", "h", access(7, "impersonate"), "fromAccountNotFound"),
            ("h", "zz", access(7, "impersonate"), "accountNotFound"),
            (None, "h", None, "invalidArguments"),
        ):
            arguments = {"fromAccountId": source, "accountId": target, "blobIds": []}
            self.assertEqual(self.refused(copy, arguments, who), expected)

    def test_arguments(self) -> None:
        for ids, expected in ((None, "invalidArguments"), ("B", "invalidArguments"), (["B"] * 501, "requestTooLarge")):
            arguments = {"fromAccountId": "h", "accountId": "j", "blobIds": ids}
            self.assertEqual(self.refused(copy, arguments), expected)
