"""No input takes more than linear time. What is quadratic takes minutes at these sizes, so generous bounds will do."""

from __future__ import annotations

import time
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import (
    addresses,
    base_subject,
    charsets,
    encoded_words,
    header_forms,
    headers,
    html_text,
    parameters,
    part,
    preview,
    scanner,
    transfer,
)

LENGTH = 200_000
LENGTH_OF_FIELDS = 30_000
SECONDS = 2.0

TEXTS = (
    "=?a?q?", "=?utf-8?q?a?=", "=?utf-8?q?a?= ", "=?", "=", '"', '"a', "\\", "(", "()", "( a", "<", "<a>", ",", "a@b,",
    ":", "a:;",
    "[", " ", " .", " a", "@",
    "\u0300\u0327", ";", ";a", ';a="', "'", ";a*=%", "re:", "[a]", "(fwd)", "[fwd:", "1", "\r\n ", "; a='",
)  # fmt: skip
DOCUMENTS = (
    "<", "<a ", '<a b="', "<!--", "<!-- - ", "<script>", "<script></script>", "<head>", "<style></styl",
    "&", "&#9",
    "&aaaaaaaaaaaaaaaa",
    "<div>", "<a =", "= ", " ", "<b> </b>", "<a b='", "</", "<title>", "<svg/>", "]]>",
)  # fmt: skip
OCTETS = (
    b"=",
    b"A",
    b"A=",
    b"==\r",
    b"=\r",
    b" ",
    b" \n",
    b"\n",
    b"=4",
    b"AAAA=",
    b"begin 644 a\n",
    b"\xff",
    b"= \n",
    b" \t",
)
BLOCKS = (
    b"\n",
    b":",
    b"a:\n",
    b"a:\n ",
    b"a",
    b" ",
    b"a b\n",
    b"content-",
    b"content-type:a\n",
    b"\r",
    b"From a\n",
    b"\n ",
    b"\t:",
)
MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


class LinearTests(SynchronousTestCase):
    def quick(self, what: object, call: Callable[..., object], *arguments: object) -> None:
        """Fail where ``call`` takes long."""
        began = time.process_time()
        call(*arguments)
        took = time.process_time() - began
        self.assertLess(took, SECONDS, what)

    def test_fields(self) -> None:
        for piece in TEXTS:
            text = piece * (LENGTH_OF_FIELDS // len(piece))
            for read in (
                header_forms.as_text,
                header_forms.as_addresses,
                header_forms.as_message_ids,
                header_forms.as_date,
                header_forms.as_urls,
                base_subject.base_subject,
                lambda text: encoded_words.decode(text, lenient=True),
                lambda text: addresses.parse(text, lenient=True),
                lambda text: parameters.parse(b"a/b" + text.encode()).text("a"),
            ):
                self.quick((piece, read), read, text)

    def test_documents(self) -> None:
        for piece in DOCUMENTS:
            document = piece * (LENGTH // len(piece))
            self.quick(piece, html_text.text_of, document, LENGTH)
            self.quick(piece, html_text.cut, document, LENGTH - 5)
            self.quick(piece, preview.of_html, document)
            self.quick(piece, preview.of_text, document)

    def test_deep_documents(self) -> None:
        self.quick("deep", lambda: self.assertEqual(html_text.text_of("<div>" * 100_000 + "x", 100), "x"))

    def test_transfer_encodings(self) -> None:
        for piece in OCTETS:
            for encoding in ("base64", "quoted-printable", "x-uuencode"):
                data = b"begin 644 x\n" + piece * (2 * LENGTH // len(piece))
                self.quick((piece, encoding), transfer.decode, data, encoding)

    def test_character_sets(self) -> None:
        for label in (
            "utf-8",
            "utf-7",
            "utf-16",
            "iso-2022-jp",
            "iso-2022-kr",
            "hz-gb-2312",
            "gb18030",
            "big5",
            "euc-jp",
        ):
            for piece in (b"\xff", b"\x1b$B", b"+", b"\x81", b"~{", b"\x00\xd8", b"+2AA-"):
                data = piece * (LENGTH // len(piece))
                self.quick((label, piece), charsets.decode, data, label)

    def test_headers(self) -> None:
        for piece in BLOCKS:
            data = piece * (4 * LENGTH // len(piece))
            self.quick(piece, scanner.scan, data)
            self.quick(piece, headers.fields, data, 0, len(data))

    def test_boundaries(self) -> None:
        levels = [
            b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n" % ((b"b" * n,) * 2) for n in range(1, 60)
        ]
        for data in (
            MULTIPART + b"--b\n" * LENGTH,
            MULTIPART + b"--b\n\n\n" * LENGTH,
            MULTIPART + b"\n--bb" * LENGTH,
            MULTIPART + b"--b" + b" " * LENGTH,
            MULTIPART + b"--b   x\n" * LENGTH,
            (MULTIPART + b"--b\r\n") * 10_000,
            b"".join(levels) + b"a line of text\r\n" * LENGTH,
            b"".join(levels) + (b"--" + b"b" * 60 + b"\r\n") * 10_000,
        ):
            found = []
            self.quick(data[:200], found.append, scanner.scan(data))
            self.assertLessEqual(sum(1 for _ in part.walk(found[0])), scanner.USUAL.parts + scanner.USUAL.depth + 1)
