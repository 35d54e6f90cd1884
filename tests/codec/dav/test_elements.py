"""XML of request bodies: what is taken, what is refused, what comes back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.elements import DEEPEST, LONGEST_RUN, MOST, Element, Scope, read_document
from stalwart.codec.dav.errors import MalformedXml
from stalwart.codec.dav.names import CALENDARSERVER, Name, name

REFUSED: dict[str, bytes] = {
    "unclosed": b"<x",
    "empty": b"",
    "no_element": b'<?xml version="1.0"?>',
    "two_roots": b"<a/><b/>",
    "unbound_prefix": b"<x:a/>",
    "undeclared_prefix": b'<a xmlns:x=""/>',
    "not_utf_8": b"<a>\xff</a>",
    "nul": b"<a>\x00</a>",
    "control": b"<a>&#1;</a>",
    "unknown_encoding": b'<?xml version="1.0" encoding="zzz"?><a/>',
    "encoding_of_several_octets": b'<?xml version="1.0" encoding="shift_jis"?><a/>',
    "doctype": b"<!DOCTYPE a><a/>",
    "entity": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "external_entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "unknown_entity": b"<a>&nbsp;</a>",
    "instruction": b"<a><?php x?></a>",
    "too_deep": b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1),
    "never_closed": b"<a>" * 100_000,
    "too_many": b"<a>" + b"<b/>" * MOST + b"</a>",
    "too_many_attributes": b"<a>" + b'<b x="" y="" z=""/>' * (MOST // 4 + 1) + b"</a>",
    "too_many_declarations": b"<a>" + b'<b xmlns:x="u:1" xmlns:y="u:2"/>' * (MOST // 3 + 1) + b"</a>",
    "a_tag_too_long": b"<a " + b" ".join(b'a%d=">"' % number for number in range(40_000)) + b"/>",
    "a_tag_too_long_in_utf_16": f'<a b="{"㰼" * LONGEST_RUN}"/>'.encode("utf-16"),
    "half_of_utf_16": "<a/>".encode("utf-16")[:-1],
    "line_feed_in_name_space": b'<a xmlns:q="x&#10;y"><q:b/></a>',
}


class ReadTests(SynchronousTestCase):
    def test_names_have_their_name_space_whatever_the_prefix(self) -> None:
        for body in (b'<propfind xmlns="DAV:"/>', b'<D:propfind xmlns:D="DAV:"/>', b'<a:propfind xmlns:a="DAV:"/>'):
            self.assertEqual(read_document(body).name, name("D:propfind"))
        self.assertEqual(read_document(b"<a/>").name, Name("", "a"))

    def test_the_name_space_of_calendarserver_needs_no_slash(self) -> None:
        root = read_document(b'<getctag xmlns="http://calendarserver.org/ns"/>')
        self.assertEqual(root.name, Name(CALENDARSERVER, "getctag"))

    def test_name_spaces_turned_around(self) -> None:
        root = read_document(b'<D:a xmlns:D="u:1"><D:b xmlns:D="DAV:"><D:c/></D:b><D:d/></D:a>')
        self.assertEqual([str(element.name) for element in root.walk()], ["{u:1}a", "D:b", "D:c", "{u:1}d"])

    def test_texts_and_attributes(self) -> None:
        root = read_document(b'<a n="1" x:n="2" xmlns:x="u:x">one<b/><![CDATA[<two>]]>&#x33;<!-- no --></a>')
        self.assertEqual(root.text, "one<two>3")
        self.assertEqual(root.attribute("n"), "1")
        self.assertIsNone(root.attribute("m"))
        self.assertEqual(root.attributes, {Name("", "n"): "1", Name("u:x", "n"): "2"})
        first = root.first(Name("", "b"))
        assert first is not None
        self.assertEqual((root.children, root.all(Name("", "b"))), ([first], [first]))
        self.assertIsNone(root.first(Name("", "c")))

    def test_encodings(self) -> None:
        for body in (
            "<a>Ä</a>".encode(),
            b"\xef\xbb\xbf" + "<a>Ä</a>".encode(),
            '<?xml version="1.0" encoding="utf-16"?>\r\n<a>Ä</a>'.encode("utf-16"),
            "<a>Ä</a>".encode("utf-16"),
            "<a>Ä</a>".encode("utf-16-le"),
            "<a>Ä</a>".encode("utf-16-be"),
            b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xc4</a>',
            b'<?xml version="1.0" encoding="windows-1252"?><a>\xc4</a>',
        ):
            self.assertEqual(read_document(body).text, "Ä")

    def test_the_deepest_that_is_taken(self) -> None:
        self.assertEqual(len(list(read_document(b"<a>" * DEEPEST + b"</a>" * DEEPEST).walk())), DEEPEST)


def _refused(body: bytes) -> object:
    def test(self: ReadTests) -> None:
        self.assertRaises(MalformedXml, read_document, body)

    return test


for _name, _body in REFUSED.items():
    setattr(ReadTests, f"test_refused_{_name}", _refused(_body))


class VerbatimTests(SynchronousTestCase):
    def assertWritten(self, body: bytes, wanted: str, language: str | None = None) -> None:
        element = read_document(body).children[0]
        self.assertEqual(element.verbatim(language), wanted)

    def test_declarations_in_scope_come_along(self) -> None:
        self.assertWritten(b'<D:p xmlns:D="DAV:" xmlns:x="u:x"><x:c>red</x:c></D:p>', '<x:c xmlns:x="u:x">red</x:c>')
        self.assertWritten(b'<p xmlns="u:p"><c/></p>', '<c xmlns="u:p"/>')
        self.assertWritten(b"<p><c/></p>", '<c xmlns=""/>')

    def test_declarations_stand_where_they_are_needed(self) -> None:
        self.assertWritten(
            b'<p xmlns:x="u:x" xmlns:y="u:y"><x:c><y:d x:a="1"/><x:d xmlns:x="u:z"/></x:c></p>',
            '<x:c xmlns:x="u:x"><y:d x:a="1" xmlns:y="u:y"/><x:d xmlns:x="u:z"/></x:c>',
        )

    def test_names_in_values_and_texts_keep_their_prefix(self) -> None:
        self.assertWritten(
            b'<p xmlns:x="u:x" xmlns:s="u:s" xmlns:n="u:n"><c s:type="x:t">n:v not:known</c></p>',
            '<c s:type="x:t" xmlns="" xmlns:s="u:s" xmlns:x="u:x" xmlns:n="u:n">n:v not:known</c>',
        )

    def test_long_words_cost_little(self) -> None:
        body = b"<p><c>:" + b"a." * (LONGEST_RUN // 3) + b"</c></p>"
        self.assertWritten(body, body.decode()[3:-4].replace("<c>", '<c xmlns="">'))

    def test_marks_are_escaped(self) -> None:
        self.assertWritten(
            b'<p><c a="&lt;&quot;&#10;&amp;">a&lt;b&gt;&amp;&#13;</c></p>',
            '<c a="&lt;&quot;&#10;&amp;" xmlns="">a&lt;b&gt;&amp;&#13;</c>',
        )

    def test_the_language_around_comes_along(self) -> None:
        self.assertWritten(b"<p><c/></p>", '<c xml:lang="de" xmlns=""/>', "de")
        self.assertWritten(b'<p><c xml:lang="fr"/></p>', '<c xml:lang="fr" xmlns=""/>', "de")

    def test_what_stands_in_it(self) -> None:
        root = read_document(b'<D:owner xmlns:D="DAV:">a&amp;<D:href>b</D:href>c</D:owner>')
        self.assertEqual(root.inner(), 'a&amp;<D:href xmlns:D="DAV:">b</D:href>c')

    def test_size_counts_names_attributes_and_texts(self) -> None:
        self.assertEqual(read_document(b'<c xmlns="u:x" a="12">345<d/></c>').size(), 3 + 1 + 3 + 3 + 1)

    def test_scopes_find_what_is_declared_outside(self) -> None:
        scope = Scope({"a": "u:1"}, Scope({"b": "u:2"}))
        self.assertEqual([scope.namespace(prefix) for prefix in "abc"], ["u:1", "u:2", None])


_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20)
_names = st.sampled_from(["a", "x:a", "y:b", "é"])
_trees = st.recursive(
    _texts.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "")),
    lambda inner: st.builds(
        lambda called, extra, parts: f"<{called}{extra}>{''.join(parts)}</{called}>",
        _names,
        st.sampled_from(["", ' xmlns=""', ' xmlns="u:d"', ' xmlns:x="u:z"', ' y:q="x:1&#9;"', ' xml:lang="fr"']),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


def _shape(element: Element) -> object:
    """What must stay: names, attributes, texts and elements in order."""
    content: list[object] = []
    for part in element.content:
        if isinstance(part, str) and content and isinstance(content[-1], str):
            content[-1] += part
        else:
            content.append(part if isinstance(part, str) else _shape(part))
    return element.name, element.attributes, content


class PropertyTests(SynchronousTestCase):
    @given(_trees)
    @settings(max_examples=60)
    def test_what_is_written_in_another_document_is_what_was_read(self, inner: str) -> None:
        root = read_document(f'<p xmlns="u:p" xmlns:x="u:x" xmlns:y="u:y"><c>{inner}</c></p>'.encode())
        element = root.children[0]
        again = read_document(f'<x:w xmlns:x="u:other" xmlns="DAV:">{element.verbatim()}</x:w>'.encode()).children[0]
        self.assertEqual(_shape(again), _shape(element))
        self.assertEqual(again.verbatim(), element.verbatim())

    @given(st.binary(max_size=60) | st.text("<>/ax:='\"&;![]-? \n", max_size=60).map(str.encode))
    @settings(max_examples=150)
    def test_anything_is_read_or_refused(self, body: bytes) -> None:
        try:
            read_document(body).verbatim()
        except MalformedXml as error:
            self.assertTrue(str(error))
