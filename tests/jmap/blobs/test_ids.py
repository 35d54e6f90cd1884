"""Blob ids as text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.blobs.ids import BlobId, NotABlobId, Section, parse_blob_id

HASHES = st.binary(min_size=32, max_size=32)
SECTIONS = st.builds(Section, st.integers(0, 10**15), st.integers(0, 10**15), st.sampled_from("nqb"))
BLOB_IDS = st.builds(BlobId, HASHES, st.none() | SECTIONS)
PLAIN = "B" + "a" * 52


class BlobIdTests(SynchronousTestCase):
    """jmap.md 21.4 rule 8, RFC 8620 1.2."""

    @given(BLOB_IDS)
    def test_what_is_written_is_read_back_and_is_an_id(self, blob_id: BlobId) -> None:
        text = str(blob_id)
        self.assertEqual(parse_blob_id(text), blob_id)
        self.assertTrue(re.fullmatch("B[a-z2-7]{52}[-0-9nqb]*", text) and len(text) <= 255)

    @given(st.text(max_size=60) | st.from_regex(r"B[a-z2-7]{52}(-[0-9]+-[0-9]+-[nqbx])?", fullmatch=True))
    def test_one_blob_has_one_spelling(self, text: str) -> None:
        try:
            found = parse_blob_id(text)
        except NotABlobId:
            return
        self.assertEqual(str(found), text)

    def test_all_and_a_section(self) -> None:
        self.assertEqual(parse_blob_id(PLAIN), BlobId(bytes(32)))
        self.assertEqual(parse_blob_id(PLAIN + "-10-200-q"), BlobId(bytes(32), Section(10, 200, "q")))

    def test_what_is_no_id(self) -> None:
        texts = (
            *("", "B", "f-nonexistent", PLAIN[1:], PLAIN + "a", PLAIN.upper(), "B" + "a" * 51 + "b", "C" + PLAIN[1:]),
            *(
                PLAIN + rest
                for rest in ("-", "-1-2", "-01-2-n", "-1-2-x", "-1-2-n-", "--1-2-n", "-1-+2-n", "-1-\u0662-n")
            ),
            *(PLAIN + "\n", PLAIN + "-1-" + "9" * 17 + "-n"),
        )
        for text in texts:
            self.assertRaises(NotABlobId, parse_blob_id, text)
