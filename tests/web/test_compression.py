"""gzip of JSON answers."""

from __future__ import annotations

import gzip

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.answers import JSON, Answer
from stalwart.web.compression import LEAST, MOST, Compression, gzip_bytes

BODY = b'{"a":"' + b"x" * LEAST + b'"}'


class CompressionTests(SynchronousTestCase):
    """``Compression.applied``."""

    def setUp(self) -> None:
        self.compression = Compression()

    def applied(self, body: bytes = BODY, accepted: str | None = "gzip", content_type: str | None = JSON) -> Answer:
        return self.compression.applied(Answer(200, body, content_type), accepted)

    def test_json_is_compressed_for_who_takes_it(self) -> None:
        answer = self.applied()
        self.assertEqual(gzip.decompress(answer.body), BODY)
        self.assertEqual(answer.headers, (("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")))

    def test_others_learn_that_it_varies(self) -> None:
        for accepted in (None, "identity", "gzip;q=0", "br"):
            answer = self.applied(accepted=accepted)
            self.assertEqual((answer.body, answer.headers), (BODY, (("Vary", "Accept-Encoding"),)))

    def test_small_huge_and_foreign_bodies_stay(self) -> None:
        for body, kind in ((b"{}", JSON), (b"x" * (MOST + 1), JSON), (BODY, "image/png"), (BODY, None)):
            self.assertEqual(self.applied(body, content_type=kind), Answer(200, body, kind))

    def test_what_is_encoded_already_stays(self) -> None:
        answer = Answer(200, BODY, JSON, (("Content-Encoding", "gzip"),))
        self.assertIs(self.compression.applied(answer, "gzip"), answer)

    def test_the_same_body_is_compressed_once(self) -> None:
        self.assertIs(self.applied().body, self.applied(bytes(bytearray(BODY))).body)

    def test_kept_bodies_are_bounded(self) -> None:
        for number in range(200):
            self.applied(b"%060000d" % number)
        self.assertLess(self.compression._size, 5_000_000)
        self.assertEqual(sum(len(a) + len(b) for a, b in self.compression._kept.items()), self.compression._size)

    def test_equal_bytes_give_equal_bytes(self) -> None:
        self.assertEqual(gzip_bytes(BODY, 9), gzip_bytes(BODY, 9))
