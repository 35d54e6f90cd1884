"""textBody, htmlBody, attachments: the example of RFC 8621 4.1.4 and what must hold of any tree."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.body_lists import body_lists
from stalwart.codec.mime.part import Part, walk
from stalwart.codec.mime.scanner import scan
from tests.codec.mime.corpus import multipart, part

LEAVES = ("text/plain", "text/html", "image/png", "application/pdf", "text/calendar", "message/rfc822")


def leaf(kind: str, name: str, disposition: str = "", *fields: str) -> bytes:
    """A part that is known by its body."""
    shown = [f"Content-Disposition: {disposition}"] if disposition else []
    return part(kind, name.encode(), *shown, *fields)


def bodies(data: bytes, parts: tuple[Part, ...]) -> str:
    """What the parts hold, joined."""
    return "".join(data[each.body_begin : each.body_end].decode() for each in parts)


class ExampleTests(SynchronousTestCase):
    def test_example_of_the_standard(self) -> None:
        # RFC 8621 4.1.4: the tree with parts A to K
        related = multipart("related", leaf("text/html", "E"), leaf("image/jpeg", "F"), boundary="r")
        inner = multipart("mixed", leaf("text/plain", "B", "inline"), leaf("image/jpeg", "C", "inline"),
                          leaf("text/plain", "D", "inline"), boundary="i")  # fmt: skip
        data = multipart(
            "mixed",
            leaf("text/plain", "A", "inline"),
            multipart(
                "mixed",
                multipart("alternative", inner, related, boundary="a"),
                leaf("image/jpeg", "G", "attachment"),
                leaf("application/x-excel", "H"),
                leaf("message/rfc822", "J"),
                boundary="m",
            ),
            leaf("text/plain", "K", "inline"),
            boundary="o",
        )
        found = body_lists(scan(data))
        self.assertEqual(bodies(data, found.text), "ABCDK")
        self.assertEqual(bodies(data, found.html), "AEK")
        self.assertEqual(bodies(data, found.attachments), "CFGHJ")
        self.assertTrue(found.has_attachment)

    def test_text_of_one_kind_is_in_both_lists(self) -> None:
        for kind in ("text/plain", "text/html"):
            data = multipart("alternative", leaf(kind, "A"))
            found = body_lists(scan(data))
            self.assertEqual((bodies(data, found.text), bodies(data, found.html)), ("A", "A"))

    def test_what_counts_as_an_attachment(self) -> None:
        for expected, data in (
            (False, leaf("text/plain", "A")),
            (True, leaf("application/pdf", "A")),
            (True, leaf("text/plain", "A", "attachment")),
            (False, multipart("mixed", leaf("text/plain", "A"), leaf("image/png", "B", "inline"))),
            (
                False,
                multipart("related", leaf("text/html", "A"), leaf("image/png", "B", "attachment", "Content-ID: <x>")),
            ),
            (True, multipart("related", leaf("text/html", "A"), leaf("image/png", "B", "attachment"))),
            (True, multipart("related", leaf("text/html", "A"), leaf("x/pdf", "B", "attachment", "Content-ID: <x>"))),
            (False, multipart("related", leaf("text/html", "A"), leaf("text/css", "B", "", "Content-ID: <x>"))),
            (False, multipart("mixed", leaf("text/html", "A"), leaf("image/png", "B", "", "Content-ID: <x>"))),
            (
                True,
                multipart("mixed", leaf("text/plain", "A"), leaf("image/png", "B", "attachment", "Content-ID: <x>")),
            ),
            (False, multipart("signed", leaf("text/plain", "A"), leaf("application/pgp-signature", "B"))),
        ):
            self.assertEqual(body_lists(scan(data)).has_attachment, expected, data)


TREES = st.recursive(
    st.tuples(st.sampled_from(LEAVES), st.sampled_from(["", "inline", "attachment"])),
    lambda below: st.tuples(
        st.sampled_from(["mixed", "alternative", "related"]), st.lists(below, min_size=1, max_size=4)
    ),
    max_leaves=10,
)


class TreeTests(SynchronousTestCase):
    @settings(max_examples=300)
    @given(TREES)
    def test_no_text_is_lost(self, tree: tuple[str, object]) -> None:
        def build(node: tuple[str, object], path: str) -> bytes:
            kind, rest = node
            if isinstance(rest, str):
                return leaf(kind, path, rest)
            assert isinstance(rest, list)
            return multipart(
                kind, *(build(below, f"{path}{place}") for place, below in enumerate(rest)), boundary=f"b{path}"
            )

        root = scan(build(tree, "0"))
        found = body_lists(root)
        leaves = [each for each in walk(root) if not each.is_multipart]
        listed = {each.number for each in (*found.text, *found.html, *found.attachments)}
        alternative = any(each.type == "multipart/alternative" for each in walk(root))
        if not alternative:
            self.assertEqual(listed, {each.number for each in leaves})
            self.assertEqual(found.text, found.html)
        self.assertTrue(listed <= {each.number for each in leaves})
        self.assertTrue(all(each.disposition != "attachment" for each in (*found.text, *found.html)))
