"""Request heads: what is read, and every shape that is refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.head import MAX_HEAD, HeadRefused, RequestHead, check_partial, parse_head

HOST = b"\r\nHost: example.test"

# name: (head without its empty line, status)
REFUSED: dict[str, tuple[bytes, int]] = {
    "two_words": (b"GET /", 400),
    "four_words": (b"GET / x HTTP/1.1" + HOST, 400),
    "a_method_that_is_no_token": (b"GE(T / HTTP/1.1" + HOST, 400),
    "a_tab_in_the_target": (b"GET /a\tb HTTP/1.1" + HOST, 400),
    "eight_bit_characters_in_the_target": (b"GET /\xe4 HTTP/1.1" + HOST, 400),
    "a_fragment": (b"GET /#x HTTP/1.1" + HOST, 400),
    "an_empty_target": (b"GET  HTTP/1.1" + HOST, 400),
    "a_relative_target": (b"GET a HTTP/1.1" + HOST, 400),
    "an_asterisk_for_get": (b"GET * HTTP/1.1" + HOST, 400),
    "connect": (b"CONNECT example.test:443 HTTP/1.1" + HOST, 400),
    "userinfo": (b"GET http://a@example.test/ HTTP/1.1" + HOST, 400),
    "another_protocol": (b"GET / ICAP/1.0" + HOST, 400),
    "lower_case_protocol": (b"GET / http/1.1" + HOST, 400),
    "http_2": (b"GET / HTTP/2.0" + HOST, 505),
    "http_1_2": (b"GET / HTTP/1.2" + HOST, 505),
    "no_host": (b"GET / HTTP/1.1", 400),
    "two_hosts": (b"GET / HTTP/1.1" + HOST + HOST, 400),
    "a_host_with_a_space": (b"GET / HTTP/1.1\r\nHost: a b", 400),
    "a_host_with_a_path": (b"GET / HTTP/1.1\r\nHost: a/b", 400),
    "no_colon": (b"GET / HTTP/1.1" + HOST + b"\r\nX", 400),
    "no_name": (b"GET / HTTP/1.1" + HOST + b"\r\n: x", 400),
    "a_space_before_the_colon": (b"GET / HTTP/1.1" + HOST + b"\r\nContent-Length : 5", 400),
    "a_folded_line": (b"GET / HTTP/1.1" + HOST + b"\r\nX: a\r\n b", 400),
    "a_fold_at_the_first_field": (b"GET / HTTP/1.1\r\n Host: a" + HOST, 400),
    "a_bare_line_feed": (b"GET / HTTP/1.1" + HOST + b"\r\nX: a\nY: b", 400),
    "a_bare_carriage_return": (b"GET / HTTP/1.1" + HOST + b"\r\nX: a\rY: b", 400),
    "a_bare_pair_apart": (b"GET / HTTP/1.1" + HOST + b"\r\nX: a\rb\nc", 400),
    "nul": (b"GET / HTTP/1.1" + HOST + b"\r\nX: \0", 400),
    "delete": (b"GET / HTTP/1.1" + HOST + b"\r\nX: \x7f", 400),
    "101_fields": (b"GET / HTTP/1.1" + HOST + b"\r\nX: y" * 100, 431),
    "a_long_field": (b"GET / HTTP/1.1" + HOST + b"\r\nX: " + b"y" * MAX_HEAD, 431),
    "a_long_target": (b"GET /" + b"y" * MAX_HEAD + b" HTTP/1.1" + HOST, 414),
    "both_framings": (b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400),
    "both_framings_turned": (b"POST / HTTP/1.1" + HOST + b"\r\nTransfer-Encoding: chunked\r\nContent-Length: 1", 400),
    "two_lengths": (b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: 1\r\nContent-Length: 1", 400),
    "a_list_of_lengths": (b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: 1, 1", 400),
    "a_signed_length": (b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: +1", 400),
    "a_negative_length": (b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: -1", 400),
    "a_hexadecimal_length": (b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: 0x1", 400),
    "a_length_in_other_digits": (b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: \xb2", 400),
    "an_empty_length": (b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length:", 400),
    "an_endless_length": (b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: " + b"9" * 19, 400),
    "two_codings": (b"POST / HTTP/1.1" + HOST + b"\r\nTransfer-Encoding: chunked" * 2, 400),
    "chunked_twice": (b"POST / HTTP/1.1" + HOST + b"\r\nTransfer-Encoding: chunked, chunked", 400),
    "chunked_not_last": (b"POST / HTTP/1.1" + HOST + b"\r\nTransfer-Encoding: chunked, identity", 400),
    "identity": (b"POST / HTTP/1.1" + HOST + b"\r\nTransfer-Encoding: identity", 400),
    "a_hidden_chunked": (b"POST / HTTP/1.1" + HOST + b"\r\nTransfer-Encoding: \x0bchunked", 400),
    "a_quoted_chunked": (b"POST / HTTP/1.1" + HOST + b'\r\nTransfer-Encoding: "chunked"', 400),
    "an_unknown_coding": (b"POST / HTTP/1.1" + HOST + b"\r\nTransfer-Encoding: gzip, chunked", 501),
    "chunked_in_http_1_0": (b"POST / HTTP/1.0" + HOST + b"\r\nTransfer-Encoding: chunked", 400),
    "an_unknown_expectation": (b"POST / HTTP/1.1" + HOST + b"\r\nExpect: pony", 417),
}

# name: (what has arrived, status)
HOPELESS: dict[str, tuple[bytes, int]] = {
    "a_tls_hello": (b"\x16\x03\x01\x02\x00", 400),
    "a_space": (b" GET", 400),
    "lines_without_cr": (b"GET / HTTP/1.0\n\n", 400),
    "an_endless_line": (b"G" * (MAX_HEAD + 1), 414),
    "endless_fields": (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * MAX_HEAD, 431),
}


class RefusedTests(SynchronousTestCase):
    """Heads that no request begins with."""


class HopelessTests(SynchronousTestCase):
    """Beginnings that cannot become a head."""


def _expand() -> None:
    for name, (head, status) in REFUSED.items():

        def test(self: SynchronousTestCase, head: bytes = head, status: int = status) -> None:
            self.assertEqual(self.assertRaises(HeadRefused, parse_head, head).status, status)

        setattr(RefusedTests, f"test_{name}_is_refused", test)
    for name, (data, status) in HOPELESS.items():

        def early(self: SynchronousTestCase, data: bytes = data, status: int = status) -> None:
            self.assertEqual(self.assertRaises(HeadRefused, check_partial, data).status, status)

        setattr(HopelessTests, f"test_{name}_is_refused_early", early)


_expand()


class ReadTests(SynchronousTestCase):
    """What a proper head says."""

    def _head(self, line: bytes = b"GET / HTTP/1.1", *fields: bytes) -> RequestHead:
        return parse_head(b"\r\n".join((line, b"Host: Example.test", *fields)))

    def test_path_and_query_stay_raw(self) -> None:
        head = self._head(b"GET /a%2Fb//..?x=%20&y HTTP/1.1")
        self.assertEqual((head.path, head.query_string), ("/a%2Fb//..", "x=%20&y"))

    def test_absolute_form_gives_path_and_host(self) -> None:
        head = self._head(b"GET HTTP://other.test:8080/a?b=c HTTP/1.1")
        self.assertEqual((head.path, head.query_string, head.fields["host"]), ("/a", "b=c", "other.test:8080"))

    def test_absolute_form_without_a_path_is_the_root(self) -> None:
        head = self._head(b"GET http://other.test?b HTTP/1.1")
        self.assertEqual((head.path, head.query_string), ("/", "b"))

    def test_asterisk_form_is_for_options(self) -> None:
        self.assertEqual(self._head(b"OPTIONS * HTTP/1.1").path, "*")

    def test_names_are_lower_case_and_values_trimmed(self) -> None:
        self.assertEqual(self._head(b"GET / HTTP/1.1", b"X-Some: \t a b \t").fields["x-some"], "a b")

    def test_repeated_fields_are_joined(self) -> None:
        self.assertEqual(self._head(b"GET / HTTP/1.1", b"X: a", b"x: b").fields["x"], "a, b")

    def test_the_first_authorization_counts(self) -> None:
        head = self._head(b"GET / HTTP/1.1", b"Authorization: Basic a", b"Authorization: Basic b")
        self.assertEqual(head.fields["authorization"], "Basic a")

    def test_unknown_methods_are_tokens(self) -> None:
        self.assertEqual(self._head(b"MKCALENDAR / HTTP/1.1").method, "MKCALENDAR")

    def test_no_framing_is_no_body(self) -> None:
        self.assertEqual(self._head().length, 0)

    def test_content_length_is_the_length(self) -> None:
        self.assertEqual(self._head(b"PUT / HTTP/1.1", b"Content-Length: 0012").length, 12)

    def test_chunked_has_no_length(self) -> None:
        self.assertIsNone(self._head(b"PUT / HTTP/1.1", b"Transfer-Encoding: Chunked").length)

    def test_http_1_1_is_persistent_until_close(self) -> None:
        self.assertTrue(self._head().persistent)
        self.assertFalse(self._head(b"GET / HTTP/1.1", b"Connection: TE, Close").persistent)

    def test_http_1_0_is_persistent_if_asked(self) -> None:
        self.assertFalse(self._head(b"GET / HTTP/1.0").persistent)
        self.assertTrue(self._head(b"GET / HTTP/1.0", b"Connection: Keep-Alive").persistent)

    def test_http_1_0_needs_no_host(self) -> None:
        self.assertEqual(parse_head(b"GET / HTTP/1.0").fields, {})

    def test_an_expectation_of_http_1_0_is_ignored(self) -> None:
        self.assertFalse(self._head(b"PUT / HTTP/1.0", b"Expect: 100-continue").expects_continue)
        self.assertTrue(self._head(b"PUT / HTTP/1.1", b"Expect: 100-Continue").expects_continue)

    def test_beginnings_of_heads_are_waited_for(self) -> None:
        for beginning in (b"", b"\r", b"G", b"GET / HTTP/1.1\r", b"GET / HTTP/1.1\r\nHost: x\r\n\r"):
            check_partial(beginning)

    @given(st.binary(max_size=300))
    def test_any_bytes_are_a_head_or_refused(self, data: bytes) -> None:
        for block in (data, b"GET / HTTP/1.1\r\nHost: x\r\n" + data):
            try:
                head = parse_head(block)
            except HeadRefused as refused:
                self.assertIn(refused.status, (400, 414, 417, 431, 501, 505))
            else:
                self.assertTrue(head.path.startswith("/") or head.path == "*")
