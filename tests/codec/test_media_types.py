"""Which texts are media types."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.media_types import LONGEST, is_media_type


class MediaTypeTests(SynchronousTestCase):
    """RFC 9110 8.3.1."""

    def test_types_with_and_without_parameters(self) -> None:
        texts = (
            "text/plain",
            "image/svg+xml",
            "TEXT/HTML;Charset=utf-8",
            'multipart/mixed; boundary="a b; \\" c"',
            "text/plain ; charset=utf-8 ;",
            "application/vnd.oasis.opendocument.text",
        )
        self.assertEqual([text for text in texts if not is_media_type(text)], [])

    def test_what_is_none(self) -> None:
        texts = (
            "",
            "text",
            "text/",
            "/plain",
            "*/*",
            "text/plain, text/html",
            "text/plain\r\nSet-Cookie: a",
            "text/pl\u00e4in",
            "text/plain; charset",
            'text/plain; a="\r\n"',
            "a/" + "b" * LONGEST,
        )
        self.assertEqual([text for text in texts if is_media_type(text)], [])

    @given(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=30))
    def test_no_media_type_can_end_a_header_line(self, text: str) -> None:
        for each in (f"text/plain{text}", f"text/plain; a={text}", f'text/plain; a="{text}"'):
            if is_media_type(each):
                self.assertTrue(each.isascii() and each.replace("\t", " ").isprintable())
