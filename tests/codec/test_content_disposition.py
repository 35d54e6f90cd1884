"""Names of downloads."""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.content_disposition import attachment


class AttachmentTests(SynchronousTestCase):
    """RFC 6266 4, RFC 8187 3.2."""

    def test_a_plain_name_stands_alone(self) -> None:
        self.assertEqual(attachment("my mail.eml"), 'attachment; filename="my mail.eml"')

    def test_quotes_are_escaped_and_said_exactly(self) -> None:
        expected = 'attachment; filename="a\\"b"; filename*=UTF-8\'\'a%22b'
        self.assertEqual(attachment('a"b'), expected)

    def test_no_name_leads_to_another_folder(self) -> None:
        self.assertEqual(attachment("../../etc/passwd"), 'attachment; filename=".._.._etc_passwd"')
        self.assertEqual(attachment("C:\\x"), 'attachment; filename="C:_x"')
        self.assertEqual((attachment(".."), attachment(" . ")), ("attachment", "attachment"))

    def test_no_name_turns_the_direction_of_writing(self) -> None:
        self.assertEqual(attachment("\u202egpj.exe\u202c\u2066\u200f\u2028"), 'attachment; filename="gpj.exe"')
        self.assertIn("%D7%A9%D7%9C", attachment("\u05e9\u05dc.txt"))

    def test_other_scripts_have_an_exact_name_and_a_close_one(self) -> None:
        expected = "attachment; filename=\"Gr__e.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt"
        self.assertEqual(attachment("Gr\u00fc\u00dfe.txt"), expected)

    def test_line_ends_and_other_controls_are_left_out(self) -> None:
        self.assertEqual(attachment("a\r\nSet-Cookie: b\x00\x7f\x85"), 'attachment; filename="aSet-Cookie: b"')

    def test_without_a_name_it_is_only_an_attachment(self) -> None:
        self.assertEqual({attachment(""), attachment("\r\n"), attachment("  ")}, {"attachment"})

    def test_long_names_are_cut(self) -> None:
        self.assertEqual(attachment("n" * 5000), f'attachment; filename="{"n" * 255}"')

    @given(st.text(max_size=40))
    def test_the_field_is_printable_ascii_and_the_exact_name_can_be_read_back(self, name: str) -> None:
        field = attachment(name)
        self.assertTrue(field.isascii() and field.isprintable())
        exact = field.partition("filename*=UTF-8''")[2]
        if exact:
            self.assertTrue(set(unquote(exact)) <= {*name, "_"})
