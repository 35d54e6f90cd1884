"""What blobs are to be made of."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.blobs.data_sources import Given, Part, UploadObject, mentioned_creations, read_upload_object
from stalwart.jmap.errors import SetRefused

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("data", "type", "data:asText", "data:asBase64", "blobId", "offset", "length", "x")), inner
        )
    ),
    max_leaves=12,
)


class UploadObjectTests(SynchronousTestCase):
    """RFC 9404 4.1."""

    def read(self, *sources: Any, **members: Any) -> UploadObject:
        return read_upload_object({"data": list(sources)} | members, 4)

    def refusal(self, value: dict[str, Any], most: int = 4) -> SetRefused:
        with self.assertRaises(SetRefused) as caught:
            read_upload_object(value, most)
        return caught.exception

    def test_all_kinds_of_sources(self) -> None:
        found = self.read(
            {"data:asText": "gr\u00fcn"},
            {"data:asBase64": "/w=="},
            {"blobId": "B1", "offset": 3, "length": 0},
            {"blobId": "#cid", "data:asText": None, "offset": None, "length": None},
            type="text/plain",
        )
        expected = (Given("gr\u00fcn".encode()), Given(b"\xff"), Part("B1", 3, 0), Part("#cid"))
        self.assertEqual(found, UploadObject(expected, "text/plain"))

    def test_no_sources_and_no_type(self) -> None:
        self.assertEqual(self.read(type=None), UploadObject((), None))

    def test_sources_that_are_refused(self) -> None:
        for source in (
            *(None, "text", {}, {"blobId": 5}, {"data:asText": 5}, {"data:asText": "a", "blobId": "B"}),
            *({"data:asText": "a", "offset": 1}, {"blobId": "B", "size": 1}, {"text": "a"}),
            *({"blobId": "B", "offset": -1}, {"blobId": "B", "length": 1.5}, {"blobId": "B", "offset": True}),
            *({"blobId": "B", "length": 1 << 53}, {"data:asText": "\ud800"}),
            *({"data:asBase64": text} for text in ("YQ", "Y Q=", "YQ=\n=", "_-==", "\u00e4", "YQ==YQ==")),
        ):
            problem = self.refusal({"data": [{"data:asText": "fine"}, source]})
            self.assertEqual((problem.type, problem.properties), ("invalidProperties", ("data",)), source)

    def test_members_that_are_refused(self) -> None:
        for value, named in (
            ({}, ("data",)),
            ({"data": None}, ("data",)),
            ({"data": {}}, ("data",)),
            ({"data": [], "type": 5}, ("type",)),
            ({"data": [], "size": 1, "name": "x"}, ("name", "size")),
        ):
            problem = self.refusal(value)  # type: ignore[arg-type]  # the point
            self.assertEqual((problem.type, problem.properties), ("invalidProperties", named))

    def test_too_many_sources(self) -> None:
        self.assertEqual(self.refusal({"data": [{"data:asText": ""}] * 5}).type, "tooLarge")

    def test_creations_that_are_mentioned(self) -> None:
        value = {"data": [{"blobId": "#a"}, {"blobId": "B"}, {"data:asText": "#b"}, 5, {"blobId": 5}]}
        self.assertEqual(list(mentioned_creations(value)), ["a"])
        self.assertEqual(list(mentioned_creations({"data": 5})), [])

    @given(st.binary(max_size=50))
    def test_bytes_come_through(self, content: bytes) -> None:
        self.assertEqual(self.read({"data:asBase64": b64encode(content).decode()}).sources, (Given(content),))

    @given(JSON)
    def test_whatever_is_sent_is_read_or_refused(self, value: Any) -> None:
        if not isinstance(value, dict):
            value = {"data": value}
        list(mentioned_creations(value))
        try:
            self.assertIsInstance(read_upload_object(value, 4), UploadObject)
        except SetRefused as problem:
            self.assertIn(problem.type, ("invalidProperties", "tooLarge"))
