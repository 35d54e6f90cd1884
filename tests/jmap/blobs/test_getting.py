"""``Blob/get``."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stalwart.jmap.blobs.contents import Octets
from stalwart.jmap.blobs.getting import Wanted, blob_value, get
from stalwart.store.blob_files import MemoryBlobFiles
from tests.jmap.blobs.shelf import LARGE, SMALL, ShelfCase, access

FOX = b"The quick brown fox jumped over the lazy dog."
BINARY = b"\xff\xfe\x00"


class GetTests(ShelfCase):
    """RFC 9404 4.2."""

    def value(self, content: bytes, properties: list[str] | None = None, **arguments: Any) -> dict[str, Any]:
        """The one entry, without its id."""
        id = self.uploaded(content)
        answer = self.call(get, {"ids": [id], "properties": properties} | arguments)
        self.assertEqual((answer["accountId"], answer["notFound"], answer["list"][0]["id"]), ("h", [], id))
        return {name: each for name, each in answer["list"][0].items() if name != "id"}

    def test_default_properties(self) -> None:
        self.assertEqual(self.value(FOX), {"data:asText": FOX.decode(), "size": 45})

    def test_the_examples_of_the_rfc(self) -> None:
        sha = b64encode(hashlib.sha1(b"quick").digest()).decode()
        self.assertEqual(
            self.value(FOX, ["data:asText", "digest:sha", "size"], offset=4, length=5),
            {"data:asText": "quick", "digest:sha": sha, "size": 45},
        )
        self.assertEqual(
            self.value(FOX, ["data:asText"], offset=41, length=9), {"data:asText": "dog.", "isTruncated": True}
        )

    def test_binary_data(self) -> None:
        encoded = b64encode(BINARY).decode()
        self.assertEqual(self.value(BINARY, ["data"]), {"data:asBase64": encoded, "isEncodingProblem": True})
        self.assertEqual(self.value(BINARY, ["data:asBase64"]), {"data:asBase64": encoded})
        self.assertEqual(self.value(BINARY, ["data:asText"]), {"data:asText": None, "isEncodingProblem": True})
        both = {"data:asText": None, "data:asBase64": encoded, "isEncodingProblem": True}
        self.assertEqual(self.value(BINARY, ["data:asText", "data:asBase64"]), both)

    def test_only_the_range_has_to_be_text(self) -> None:
        content = BINARY + b"text" + BINARY
        self.assertEqual(self.value(content, ["data"], offset=3, length=4), {"data:asText": "text"})
        value = self.value("\u00e4".encode(), ["data"], length=1)
        self.assertEqual(value, {"data:asBase64": "ww==", "isEncodingProblem": True})

    def test_ranges_that_are_not_all_there(self) -> None:
        for arguments, text, truncated in (
            ({"offset": 19}, "", False),
            ({"offset": 20}, "", True),
            ({"offset": 19, "length": 0}, "", False),
            ({"offset": 18, "length": 1}, "?", False),
            ({"offset": 18, "length": 2}, "?", True),
            ({"length": None, "offset": None}, SMALL.decode(), False),
        ):
            value = self.value(SMALL, ["data:asText", "isTruncated"], **arguments)
            self.assertEqual(value, {"data:asText": text, "isTruncated": truncated})

    def test_flags_are_there_when_asked_for_or_true(self) -> None:
        value = self.value(SMALL, ["isEncodingProblem", "isTruncated"], offset=99)
        self.assertEqual(value, {"isEncodingProblem": False, "isTruncated": True})

    def test_all_digests_of_small_and_large_content(self) -> None:
        for content in (SMALL, LARGE):
            value = self.value(content, ["digest:sha", "digest:sha-256", "digest:sha-512"], offset=3, length=10)
            hashes = [getattr(hashlib, name)(content[3:13]).digest() for name in ("sha1", "sha256", "sha512")]
            self.assertEqual(list(value.values()), [b64encode(each).decode() for each in hashes])

    def test_large_content(self) -> None:
        self.assertEqual(self.value(LARGE, ["data", "size"])["data:asBase64"], b64encode(LARGE).decode())
        self.assertEqual(self.value(b"a" * 70_000, ["data"], offset=69_998), {"data:asText": "aa"})
        self.assertEqual(self.value(LARGE, ["size"]), {"size": len(LARGE)})

    def test_empty_content(self) -> None:
        digest = b64encode(hashlib.sha256().digest()).decode()
        value = self.value(b"", ["data", "size", "digest:sha-256"])
        self.assertEqual(value, {"data:asText": "", "size": 0, "digest:sha-256": digest})

    def test_no_properties_but_the_id(self) -> None:
        self.assertEqual(self.value(SMALL, []), {})

    def test_decoded_sections_have_the_size_of_what_is_decoded(self) -> None:
        id = self.uploaded(b"..aGVsbG8=..") + "-2-8-b"
        answer = self.call(get, {"ids": [id], "offset": 1, "length": 3})
        self.assertEqual(answer["list"], [{"id": id, "data:asText": "ell", "size": 5}])

    def test_what_is_not_there_is_said_as_it_was_asked(self) -> None:
        id = self.uploaded(SMALL)
        foreign = self.uploaded(FOX, account_id=8, by=8)
        answer = self.call(get, {"ids": ["nonsense", id, foreign, id, "nonsense"], "properties": ["size"]})
        self.assertEqual(answer["list"], [{"id": id, "size": 19}])
        self.assertEqual(answer["notFound"], ["nonsense", foreign])

    def test_all_blobs_cannot_be_listed(self) -> None:
        self.uploaded(SMALL)
        for ids in (None, []):
            self.assertEqual(self.call(get, {"ids": ids}), {"accountId": "h", "list": [], "notFound": []})

    def test_creation_references(self) -> None:
        id = self.uploaded(SMALL)
        answer = self.call(get, {"ids": ["#a"], "properties": ["size"]}, created_ids={"a": id})
        self.assertEqual(answer["list"], [{"id": id, "size": 19}])

    def test_arguments(self) -> None:
        id = self.uploaded(SMALL)
        for arguments in (
            *(
                {"properties": ["name"]},
                {"properties": ["digest:md5"]},
                {"properties": ["sha"]},
                {"properties": "data"},
            ),
            *({"offset": -1}, {"length": -1}, {"offset": "1"}, {"length": 1.5}, {"properties": ["digest:"]}),
        ):
            self.assertEqual(self.refused(get, {"ids": [id]} | arguments), "invalidArguments", arguments)

    def test_more_ids_than_allowed(self) -> None:
        self.assertEqual(self.refused(get, {"ids": [str(number) for number in range(501)]}), "requestTooLarge")

    def test_more_content_than_one_call_gives(self) -> None:
        self.settings.change(Jmap={"maxRequestSize": 100})
        ids = [self.uploaded(bytes([65 + number]) * 60) for number in range(2)]
        self.assertEqual(self.refused(get, {"ids": ids}), "requestTooLarge")
        self.assertEqual(len(self.call(get, {"ids": ids, "length": 50})["list"]), 2)
        self.assertEqual(len(self.call(get, {"ids": ids, "properties": ["size", "digest:sha"]})["list"]), 2)

    def test_more_content_than_one_call_hashes(self) -> None:
        self.settings.change(Jmap={"maxUploadSize": 10})
        ids = [self.uploaded(SMALL * 3)]
        self.assertEqual(self.refused(get, {"ids": ids, "properties": ["digest:sha"]}), "requestTooLarge")

    def test_accounts_that_are_not_there(self) -> None:
        arguments = {"ids": [], "accountId": "zz"}
        self.assertEqual(self.refused(get, arguments, access(7, "impersonate")), "accountNotFound")


class BlobValueTests(ShelfCase):
    """Pure but for the file."""

    @given(st.binary(max_size=30), st.integers(0, 40), st.none() | st.integers(0, 40))
    def test_it_is_what_slicing_gives(self, content: bytes, offset: int, length: int | None) -> None:
        wanted = Wanted(frozenset(("data:asBase64", "digest:sha-256", "isTruncated")), offset, length)
        value = blob_value("B", Octets(len(content), content, b""), wanted, MemoryBlobFiles())
        end = len(content) if length is None else offset + length
        part = content[offset:end]
        self.assertEqual(value["data:asBase64"], b64encode(part).decode())
        self.assertEqual(value["digest:sha-256"], b64encode(hashlib.sha256(part).digest()).decode())
        self.assertEqual(value["isTruncated"], max(end, offset) > len(content))
