"""What ``/parse`` methods answer of blobs: read, not to be read, not there."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.jmap.blobs.parsing import parse_answer


class AnswerTests(SynchronousTestCase):
    def test_each_blob_is_told_of_once(self) -> None:
        answer = parse_answer(7, ["a", "b", "c"], {"a": 1, "b": 2}, {"a": {"x": 1}})
        wanted = {"accountId": encode_id(7), "parsed": {"a": {"x": 1}}, "notParsable": ["b"], "notFound": ["c"]}
        self.assertEqual(answer, wanted)

    def test_what_there_is_none_of_is_null(self) -> None:
        answer = parse_answer(7, [], {}, {})
        self.assertEqual(answer, {"accountId": encode_id(7), "parsed": None, "notParsable": None, "notFound": None})
