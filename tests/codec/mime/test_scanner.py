"""The scanner: against a second opinion, on whatever comes, and on large mail. Single cases are in the corpus."""

from __future__ import annotations

import email
import email.policy
import time
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import part, scanner, transfer
from stalwart.codec.mime.scanner import Limits, scan
from tests.codec.mime.corpus import TEXT, attached, lines, multipart, samples, single
from tests.codec.mime.corpus import part as entity

NESTED = b"Content-Type: multipart/alternative; boundary=bb\r\n\r\n"
DELIMITERS = [
    b"--b",
    b"--bb",
    b"--b--",
    b"\r\n",
    b"\n",
    b"\n\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    NESTED,
]
OTHERS = [b"text", b" ", b"Content-Type: text/html\r\n\r\n", b"\r", b"\0", b"A: b\n"]
PIECES = st.lists(st.sampled_from([*DELIMITERS, *OTHERS]), max_size=30)


class ScanningTests(SynchronousTestCase):
    @settings(max_examples=500)
    @given(PIECES)
    def test_any_octets_are_a_message(self, pieces: list[bytes]) -> None:
        data = b"".join(pieces)
        root = scan(data, Limits(parts=10, depth=3))
        self.assertEqual((root.header_begin, root.body_end), (0, len(data)))
        everything = list(part.walk(root))
        self.assertLessEqual(len(everything), 13)
        for each in everything:
            self.assertEqual([below for below in each.parts if below.header_begin < each.body_begin], [])
            for first, second in zip(each.parts, each.parts[1:], strict=False):
                self.assertLessEqual(first.body_end, second.header_begin)

    @given(st.recursive(st.just(TEXT), lambda below: st.lists(below, min_size=1, max_size=3).map(tuple), max_leaves=12))
    def test_trees_are_found_as_they_were_made(self, tree: object) -> None:
        def build(node: object, path: str) -> bytes:
            if isinstance(node, bytes):
                return node
            assert isinstance(node, tuple)
            parts = [build(below, f"{path}{place}") for place, below in enumerate(node)]
            return multipart("mixed", *parts, boundary=f"b{path}")

        def shape(found: part.Part) -> object:
            return tuple(shape(below) for below in found.parts) if found.is_multipart else TEXT

        self.assertEqual(shape(scan(build(tree, "0"))), tree)

    def test_second_opinion_on_the_corpus(self) -> None:
        # where mail is sound, the standard library finds the same parts; where it is broken both may do as they like
        for sample in samples():
            if not sample.name.startswith(("structure: ", "charset ")) or len(sample.raw) > 100_000:
                continue
            theirs = list(email.message_from_bytes(sample.raw, policy=email.policy.compat32).walk())
            if any(each.defects or each.get_content_maintype() == "message" for each in theirs):
                continue
            ours = [each for each in part.walk(scan(sample.raw)) if "type that" not in sample.name]
            if ours and "two types" not in sample.name and "comments" not in sample.name:
                self.assertEqual(
                    [each.type for each in ours], [each.get_content_type() for each in theirs], sample.name
                )

    def test_message_within_is_scanned_by_its_offsets(self) -> None:
        inner = lines("Subject: inner") + multipart("mixed", TEXT, attached("a/b", "x"), boundary="in")
        data = multipart("mixed", TEXT, entity("message/rfc822", inner))
        outer = scan(data).parts[1]
        self.assertEqual(outer.type, "message/rfc822")
        found = scan(data, begin=outer.body_begin, end=outer.body_end)
        self.assertEqual(data[found.header_begin : found.body_end], inner)
        self.assertEqual([each.type for each in found.parts], ["text/plain", "a/b"])

    def test_too_many_parts_and_too_deep_are_opaque(self) -> None:
        data = multipart("mixed", TEXT, TEXT, TEXT, TEXT)
        found = scan(data, Limits(parts=3))
        self.assertEqual([each.type for each in found.parts], ["text/plain", "text/plain", scanner.OPAQUE])
        self.assertIn(TEXT, data[found.parts[2].body_begin : found.parts[2].body_end])
        nested = multipart("mixed", multipart("mixed", TEXT, boundary="in"), boundary="out")
        self.assertEqual([each.type for each in scan(nested, Limits(depth=1)).parts], [scanner.OPAQUE])

    def test_fields_of_a_leaf(self) -> None:
        data = lines(
            "Content-Type: Image/PNG; name=a.png",
            "Content-Disposition: INLINE; filename*=utf-8''%C3%BC.png",
            "Content-ID: <x@y>",
            "Content-Transfer-Encoding: BASE64",
            "Content-Language: de",
            "",
            "QUJD",
        )
        found = scan(data)
        self.assertEqual(
            (
                found.type,
                found.disposition,
                found.filename,
                found.cid,
                found.encoding,
                found.language,
                found.size,
                found.charset,
            ),
            ("image/png", "inline", "ü.png", "x@y", "base64", ("de",), 3, None),
        )


class LargeTests(SynchronousTestCase):
    def test_50_mb_take_little_time_and_no_memory(self) -> None:
        body = (b"QUJD" * 19 + b"\r\n") * (50 * 1024 * 1024 // 78)
        data = multipart("mixed", TEXT, entity("application/pdf", body, "Content-Transfer-Encoding: base64"))
        tracemalloc.start()
        try:
            found = scan(data[: len(data)])
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.assertLess(peak, 4 * transfer.PIECE + (1 << 20))
        self.assertEqual(found.parts[1].size, body.count(b"Q") * 3)
        began = time.process_time()
        scan(data)
        self.assertLess(time.process_time() - began, 2.0)

    def test_ordinary_message_is_quick(self) -> None:
        data = single(lines("Subject: x"), b"an ordinary line of text\r\n" * 300)
        began = time.process_time()
        for _ in range(200):
            scan(data)
        self.assertLess((time.process_time() - began) / 200, 0.002)
