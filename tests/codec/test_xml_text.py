"""XML that is written: whatever is put in comes out as text, never as an element."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.xml_text import Element, document


class DocumentTests(SynchronousTestCase):
    def test_layout(self) -> None:
        made = document(Element("a", (Element("b", "x"), Element("c", attributes=(("d", "y"),))), (("e", "z"),)))
        self.assertEqual(
            made, b'<?xml version="1.0" encoding="UTF-8"?>\n<a e="z">\n\t<b>x</b>\n\t<c d="y"></c>\n</a>\n'
        )

    def test_marks_are_escaped(self) -> None:
        made = document(Element("a", "<&>]]>\r", (("b", '"<&\t\n'),)))
        self.assertIn(b'<a b="&quot;&lt;&amp;&#9;&#10;">&lt;&amp;&gt;]]&gt;&#13;</a>', made)

    def test_what_xml_does_not_allow_is_replaced(self) -> None:
        for character in ("\x00", "\x08", "\x1f", "\ud800", "\ufffe", "\uffff"):
            self.assertIn("<a>x\ufffdy</a>".encode(), document(Element("a", f"x{character}y")), repr(character))

    @settings(max_examples=200)
    @given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=40))
    def test_any_text_comes_back(self, text: str, value: str) -> None:
        root = ElementTree.fromstring(document(Element("a", (Element("b", text, (("c", value),)),))))
        self.assertEqual([each.tag for each in root.iter()], ["a", "b"])
        self.assertEqual((root[0].text or "", root[0].get("c")), (allowed(text), allowed(value)))


def allowed(text: str) -> str:
    """The text with U+FFFD for what XML 1.0 2.2 does not allow, written another way than the code does."""

    def is_allowed(code: int) -> bool:
        return code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF

    return "".join(each if is_allowed(ord(each)) else "\ufffd" for each in text)
