"""Fields to a request: what is one, what is malformed, what is refused with an answer."""

from __future__ import annotations

from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.head import MAX_HEAD, MAX_HEADERS, HeadRefused, RequestHead
from stalwart.web.http2.request_head import HeadReader, Malformed, check_trailers, request_head

GET = {":method": "GET", ":scheme": "https", ":authority": "mail.example.test", ":path": "/a?b=c"}


def fields(*more: tuple[str, str], **pseudo: str | None) -> list[tuple[bytes, bytes]]:
    """A request, with other values for pseudo-header fields (None: without it), and more fields."""
    chosen = GET | {f":{name}": value for name, value in pseudo.items()}
    found = [(name, value) for name, value in chosen.items() if value is not None]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*found, *more)]


class HeadCase(SynchronousTestCase):
    """Shorthands."""

    def head(self, *more: tuple[str, str], ended: bool = True, **pseudo: str | None) -> RequestHead:
        return request_head(fields(*more, **pseudo), ended)

    def malformed(self, *more: tuple[str, str], ended: bool = True, **pseudo: str | None) -> None:
        self.assertRaises(Malformed, request_head, fields(*more, **pseudo), ended)

    def refused(self, status: int, *more: tuple[str, str], **pseudo: str | None) -> None:
        self.assertEqual(self.assertRaises(HeadRefused, request_head, fields(*more, **pseudo), True).status, status)


class RequestTests(HeadCase):
    """RFC 9113 8.3.1."""

    def test_a_request(self) -> None:
        head = self.head(("accept", "*/*"))
        self.assertEqual((head.method, head.target, head.path, head.query_string), ("GET", "/a?b=c", "/a", "b=c"))
        self.assertEqual(head.fields, {"host": "mail.example.test", "accept": "*/*"})
        self.assertEqual((head.version, head.length, head.persistent), ("HTTP/2", 0, True))
        self.assertEqual(head.lines, ["host: mail.example.test", "accept: */*"])

    def test_repeated_fields_are_joined(self) -> None:
        head = self.head(("x-a", "1"), ("x-a", "2"), ("cookie", "a=1"), ("cookie", "b=2"))
        self.assertEqual((head.fields["x-a"], head.fields["cookie"]), ("1, 2", "a=1; b=2"))

    def test_the_first_authorization_counts(self) -> None:
        head = self.head(("authorization", "Basic YQ=="), ("authorization", "Bearer b"))
        self.assertEqual(head.fields["authorization"], "Basic YQ==")

    def test_the_asterisk(self) -> None:
        self.assertEqual(self.head(method="OPTIONS", path="*").path, "*")
        self.refused(400, path="*")

    def test_pseudo_header_fields_must_be_there_once_and_first(self) -> None:
        for name in ("method", "scheme", "path"):
            self.malformed(**{name: None})
            self.malformed((f":{name}", "GET"))
        self.malformed(path="")
        self.malformed((":status", "200"))
        self.malformed(("x-a", "b"), (":authority", "c"), authority=None)

    def test_what_is_not_served(self) -> None:
        self.refused(400, method="CONNECT", scheme=None, path=None)
        self.refused(400, scheme="ftp")
        self.refused(400, method="GE T")
        self.refused(400, path="a")
        self.refused(400, path="/a#b")
        self.refused(400, path="/a b")

    def test_the_authority_and_host(self) -> None:
        self.assertEqual(self.head(("host", "other.test"), authority=None).fields["host"], "other.test")
        self.assertEqual(self.head(("host", "MAIL.example.test")).fields["host"], "mail.example.test")
        self.malformed(("host", "other.test"))
        self.malformed(("host", "mail.example.test"), ("host", "mail.example.test"))
        self.refused(400, authority=None)
        self.refused(400, authority="")
        self.refused(400, authority="user@host")


class FieldTests(HeadCase):
    """RFC 9113 8.2."""

    def test_names(self) -> None:
        for name in ("X-Upper", "", "a b", "a:b", "a\0", "caf\xe9"):
            self.malformed((name, "x"))

    def test_values(self) -> None:
        for value in (" a", "a ", "\ta", "a\r\nb", "a\0", "\x7f", "a\n"):
            self.malformed(("x-a", value))
        for value in ("", "a b", "a\tb", "caf\xe9", "\x80", "\xa0"):
            self.assertEqual(self.head(("x-a", value)).fields["x-a"], value)

    def test_fields_of_connections(self) -> None:
        for name in ("connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"):
            self.malformed((name, "x"))
        self.malformed(("te", "gzip"))
        self.head(("te", "trailers"))

    def test_too_much(self) -> None:
        self.refused(431, ("x-a", "b" * MAX_HEAD))
        self.refused(431, *[(f"x-{number}", "") for number in range(MAX_HEADERS + 1)])
        self.refused(414, path="/" + "a" * MAX_HEAD)
        self.head(*[(f"x-{number}", "") for number in range(MAX_HEADERS)])

    def test_trailers(self) -> None:
        check_trailers([(b"x-checksum", b"1")])
        for name, value in ((b":path", b"/"), (b"X-A", b"1"), (b"x-a", b" 1"), (b"connection", b"x")):
            self.assertRaises(Malformed, check_trailers, [(name, value)])


class FramingTests(HeadCase):
    """RFC 9113 8.1.1."""

    def test_lengths(self) -> None:
        self.assertIsNone(self.head(ended=False).length)
        self.assertEqual(self.head(("content-length", "7"), ended=False).length, 7)
        self.assertEqual(self.head(("content-length", "0")).length, 0)
        self.malformed(("content-length", "7"))
        self.malformed(("content-length", "-1"), ended=False)
        self.malformed(("content-length", "1"), ("content-length", "1"), ended=False)

    def test_expectations(self) -> None:
        self.assertTrue(self.head(("expect", "100-Continue"), ended=False).expects_continue)
        self.assertFalse(self.head(("expect", "100-continue")).expects_continue)
        self.refused(417, ("expect", "miracles"))


class ReaderTests(SynchronousTestCase):
    """Heads of one connection."""

    def test_the_same_block_is_read_once_while_it_means_the_same(self) -> None:
        reader, encoder = HeadReader(), Encoder()
        first = reader.request(encoder.encode(fields()), True)
        block = encoder.encode(fields())  # indexes only
        second = reader.request(block, True)
        self.assertIsNot(first, second)
        self.assertIs(reader.request(block, True), second)
        self.assertIsNone(reader.request(block, False).length)

    def test_another_table_gives_the_same_block_another_meaning(self) -> None:
        reader, encoder = HeadReader(), Encoder()
        reader.request(encoder.encode(fields(path="/one")), True)
        block = encoder.encode(fields(path="/one"))
        self.assertEqual(reader.request(block, True).path, "/one")
        size = len(b":authoritymail.example.test:path/one") + 64
        reader.trailers(bytes((0x20 | 31, size - 31)))  # room for what is there, so that the next replaces the oldest
        reader.trailers(b"\x40\x03x-a\x01b")
        self.assertNotEqual(self._path(reader, block), "/one")

    def _path(self, reader: HeadReader, block: bytes) -> str | None:
        try:
            return reader.request(block, True).path
        except (Malformed, HeadRefused):
            return None

    def test_malformed_requests_change_the_table_too(self) -> None:
        reader, encoder = HeadReader(), Encoder()
        self.assertRaises(Malformed, reader.request, encoder.encode(fields(("x-a", " b"))), True)
        self.assertEqual(reader.request(encoder.encode(fields()), True).path, "/a")

    def test_memory_is_bounded(self) -> None:
        reader, encoder = HeadReader(), Encoder()
        encoder.header_table_size = 0
        for number in range(100):
            reader.request(encoder.encode(fields(path=f"/{number}")), True)
        self.assertLessEqual(len(reader._known), 16)


class AnythingTests(SynchronousTestCase):
    """Whatever comes."""

    NAMES = st.one_of(
        st.sampled_from([name.encode() for name in (*GET, "host", "te", "expect")]), st.binary(max_size=5)
    )
    VALUES = st.one_of(st.sampled_from([value.encode() for value in GET.values()]), st.binary(max_size=8))

    @given(st.lists(st.tuples(NAMES, VALUES), max_size=8), st.booleans(), st.booleans())
    @settings(max_examples=300)
    def test_fields(self, more: list[tuple[bytes, bytes]], ended: bool, whole: bool) -> None:
        try:
            head = request_head([*fields(), *more] if whole else more, ended)
        except (Malformed, HeadRefused):
            return
        self.assertTrue(head.path[0] == "/" or head.method == "OPTIONS")
        self.assertTrue(head.fields["host"])
