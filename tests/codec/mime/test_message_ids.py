"""Message identifiers, and those that make threads."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.headers import fields
from stalwart.codec.mime.message_ids import MOST, as_message_ids, reference_ids


def references(data: bytes) -> tuple[str, ...]:
    """Of a header."""
    return reference_ids(data, fields(data, 0, len(data)))


class IdentifierTests(SynchronousTestCase):
    def test_lists(self) -> None:
        # RFC 5322 A.2
        self.assertEqual(as_message_ids(" <1234@local.machine.example>\r\n <3456@example.net>"), [
            "1234@local.machine.example", "3456@example.net",
        ])  # fmt: skip

    def test_obsolete_phrases_are_passed_over(self) -> None:
        # RFC 5322 4.5.4
        self.assertEqual(as_message_ids('Your message of "Mon <x@y>" <a@b> (was <c@d>)'), ["a@b"])

    def test_no_id_is_none(self) -> None:
        for value in ("", "words", "<>", "<a", "a@b c", "a@b@c"):
            self.assertIsNone(as_message_ids(value), value)

    @settings(max_examples=200)
    @given(st.text(st.sampled_from('<>@()" \\a.\r\n,'), max_size=40))
    def test_any_text_is_read(self, text: str) -> None:
        found = as_message_ids(text)
        self.assertTrue(found is None or all(found))


class ReferenceTests(SynchronousTestCase):
    def test_all_fields_count_and_each_id_once(self) -> None:
        data = b"References: <a@x> <b@x>\r\nMessage-ID: <c@x>\r\nIn-Reply-To: <b@x>\r\n"
        data += b"Resent-Message-ID: <d@x>\r\nX: <e@x>\r\n"
        self.assertEqual(references(data), ("c@x", "b@x", "a@x", "d@x"))

    def test_of_too_many_the_own_and_the_last_are_kept(self) -> None:
        many = b" ".join(b"<%d@x>" % number for number in range(MOST * 2))
        found = references(b"Message-ID: <own@x>\r\nReferences: " + many + b"\r\n")
        self.assertEqual((len(found), found[0], found[-1]), (MOST, "own@x", f"{MOST * 2 - 1}@x"))

    def test_long_ids_are_cut(self) -> None:
        self.assertEqual(len(references(b"Message-ID: <" + b"a" * 5000 + b"@x>\r\n")[0]), 998)
