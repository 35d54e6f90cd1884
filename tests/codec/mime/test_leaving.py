"""The copy of a message that leaves."""

from __future__ import annotations

from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as some

from stalwart.codec.mime.leaving import Passing, read_head


def leaving(content: bytes, size: int = 1 << 20, added: tuple[bytes, ...] = ()) -> bytes:
    """All of what leaves, the body passed in pieces of ``size``."""
    head = read_head(content)
    body = content[head.body_begin :]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return head.written(added) + b"".join(Passing().passed(pieces))


class HeadTests(TestCase):
    def test_nothing_changes_that_is_fine(self) -> None:
        content = b"From: a@b.test\r\nSubject:  odd\r\n\tfold\r\nX:\r\n\r\nText\r\n.\r\n"
        self.assertEqual(leaving(content), content)

    def test_every_bcc_goes(self) -> None:
        content = (
            b"Bcc: x@y.test\r\nTo: a@b.test\r\nBCC: z@y.test,\r\n q@y.test\r\nResent-Bcc: w@y.test\r\n\r\nBcc: text\r\n"
        )
        self.assertEqual(leaving(content), b"To: a@b.test\r\n\r\nBcc: text\r\n")
        self.assertEqual(
            leaving(b"Bcc : x@y.test\r\nReturn-Path: <a@b>\r\nTo: a@b.test\r\n\r\n"), b"To: a@b.test\r\n\r\n"
        )

    def test_added_fields_come_first(self) -> None:
        self.assertEqual(leaving(b"To: a@b\r\n\r\nx", added=(b"Date: now\r\n",)), b"Date: now\r\nTo: a@b\r\n\r\nx\r\n")

    def test_addresses(self) -> None:
        head = read_head(
            b"From: A <a@b.test>\r\nTo: c@d.test, E <c@d.test>\r\nCc: g: h@i.test;\r\nBcc: j@k.test\r\n"
            b"Bcc: l@m.test\r\nTo: n@o.test\r\n\r\n"
        )
        self.assertEqual(head.senders, ("a@b.test",))
        self.assertEqual(head.recipients, ("c@d.test", "n@o.test", "h@i.test", "j@k.test", "l@m.test"))
        self.assertTrue(head.has("bcc") and head.has("from"))
        self.assertFalse(head.has("date"))

    def test_no_header(self) -> None:
        head = read_head(b"Just text.\r\n")
        self.assertEqual((head.lines, head.senders, head.recipients), ((), (), ()))

    def test_header_beyond_ascii(self) -> None:
        self.assertFalse(read_head("Subject: ä\r\n\r\n".encode()).is_ascii)
        self.assertTrue(read_head("Bcc: ä@b.test\r\nTo: a@b.test\r\n\r\n".encode()).is_ascii)

    def test_stray_ends_of_lines_do_not_end_the_header(self) -> None:
        for content in (b"To: a@b\r\r\nX: y\r\n\r\n", b"To: a@b\nX: y\n\n", b"To: a\r@b\r\nX: y\r\n\r\n"):
            written = read_head(content).written()
            self.assertEqual(written.split(b"\r\n"), [b"To: a@b", b"X: y", b"", b""], content)


class PassingTests(TestCase):
    def test_ends_of_lines(self) -> None:
        for body, made in (
            (b"a\nb\n", b"a\r\nb\r\n"),
            (b"a\rb\r\n", b"a\r\nb\r\n"),
            (b"a\r", b"a\r\n"),
            (b"a", b"a\r\n"),
            (b"", b""),
            (b"\n\r\n\r", b"\r\n\r\n\r\n"),
        ):
            for size in (1, 2, 100):
                passing = Passing()
                pieces = [body[at : at + size] for at in range(0, len(body), size)]
                self.assertEqual(b"".join(passing.passed(pieces)), made, (body, size))
                self.assertEqual((passing.is_clean, passing.size), (body == made, len(made)), (body, size))

    def test_ascii(self) -> None:
        passing = Passing()
        b"".join(passing.passed([b"abc", "ä\r\n".encode()]))
        self.assertFalse(passing.is_ascii)

    @given(some.lists(some.binary(max_size=8).map(lambda octets: octets.translate(_FEW))))
    def test_every_line_ends_well(self, pieces: list[bytes]) -> None:
        passing = Passing()
        made = b"".join(passing.passed(pieces))
        self.assertEqual(made.count(b"\r\n"), made.count(b"\n"))
        self.assertEqual(made.count(b"\r\n"), made.count(b"\r"))
        self.assertEqual(made.replace(b"\r\n", b""), b"".join(pieces).replace(b"\r", b"").replace(b"\n", b""))
        self.assertTrue(made == b"" or made.endswith(b"\r\n"))
        self.assertEqual(passing.is_clean, made == b"".join(pieces))

    @given(some.binary(max_size=200).map(lambda octets: octets.translate(_FEW)))
    def test_no_bcc_whatever_comes(self, content: bytes) -> None:
        head = read_head(content)
        again = read_head(head.written())
        self.assertFalse(again.has("bcc"))
        self.assertEqual(again.written(), head.written())


_FEW = bytes(b"\r\n \t:aBcCbx-"[number % 12] for number in range(256))
