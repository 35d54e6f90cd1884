"""Hashes of bodies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dkim.body import BodyForm, body_hashes

PARTS = st.lists(st.sampled_from([b"a", b"b c", b" ", b"\t", b"\r\n", b"\r\n\r\n", b"  \r\n"]), max_size=12)


def plain(body: bytes, relaxed: bool) -> bytes:
    """The form by the words of RFC 6376, for bodies that end with CRLF or are empty."""
    lines = body.split(b"\r\n")[:-1] if body else []
    if relaxed:
        lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b"" if relaxed else b"\r\n"
    return b"".join(line + b"\r\n" for line in lines)


def digest(body: bytes, form: BodyForm) -> bytes:
    """The hash of a body in one piece."""
    return body_hashes([body], [form])[form].digest


class Bodies(SynchronousTestCase):
    def assert_form(self, body: bytes, relaxed: bool, wanted: bytes) -> None:
        self.assertEqual(digest(body, BodyForm(relaxed)), hashlib.sha256(wanted).digest())

    def test_examples_of_the_standard(self) -> None:
        body = b" C \r\nD \t E\r\n\r\n\r\n"  # RFC 6376 3.4.5
        self.assert_form(body, True, b" C\r\nD E\r\n")
        self.assert_form(body, False, b" C \r\nD \t E\r\n")

    def test_empty_bodies(self) -> None:
        for body in (b"", b"\r\n", b"\r\n\r\n"):
            self.assert_form(body, True, b"")
            self.assert_form(body, False, b"\r\n")

    def test_line_end_that_is_missing(self) -> None:
        self.assert_form(b"a", True, b"a\r\n")
        self.assert_form(b"a", False, b"a\r\n")

    @given(PARTS, st.integers(1, 7), st.booleans())
    def test_pieces_make_no_difference(self, parts: list[bytes], size: int, relaxed: bool) -> None:
        body = b"".join(parts) + b"\r\n"
        form = BodyForm(relaxed)
        found = body_hashes(_cut(body, size), [form])[form].digest
        self.assertEqual(found, hashlib.sha256(plain(body, relaxed)).digest())

    def test_many_empty_lines_are_not_held(self) -> None:
        piece = b"\r\n" * 30_000
        found = body_hashes([b"a"] + [piece] * 20 + [b"b"], [BodyForm(True), BodyForm(False)])
        wanted = hashlib.sha256(b"a" + piece * 20 + b"b\r\n").digest()
        self.assertEqual({each.digest for each in found.values()}, {wanted})

    def test_white_space_without_end_is_not_held(self) -> None:
        found = body_hashes([b"a"] + [b" \t" * 30_000] * 20 + [b"b"], [BodyForm(True)])
        self.assertEqual(found[BodyForm(True)].digest, hashlib.sha256(b"a b\r\n").digest())

    def test_part_of_a_body(self) -> None:
        found = body_hashes([b"abc", b"def\r\n"], [BodyForm(False, 4), BodyForm(False, 0), BodyForm(False, 9)])
        self.assertEqual(found[BodyForm(False, 4)].digest, hashlib.sha256(b"abcd").digest())
        self.assertEqual(found[BodyForm(False, 0)].digest, hashlib.sha256(b"").digest())
        self.assertEqual([each.complete for each in found.values()], [True, True, False])


def _cut(body: bytes, size: int) -> Iterator[bytes]:
    """Pieces that split no CRLF."""
    while body:
        end = size
        if body[end - 1 : end + 1] == b"\r\n":
            end += 1
        yield body[:end]
        body = body[end:]
