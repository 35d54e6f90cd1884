"""String formats: what is cleaned up, what is refused (settings A.5)."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema.formats import FORMATS

CLEANED = {
    "string": [(" a ", "a"), ("a\tb", "a\tb")],
    "domainName": [
        ("Example.ORG", "example.org"),
        (" example.org. ", "example.org"),
        ("exam ple.org", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("test", "test"),
    ],
    "hostName": [("192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1"), ("Mail", "mail"), ("a.b", "a.b")],
    "localPart": [("Alice", "alice"), ("a.b+c", "a.b+c"), ("jörg", "jörg")],
    "emailAddress": [("Alice@Example.ORG", "alice@example.org"), ("a@bücher.example", "a@xn--bcher-kva.example")],
    "uri": [("https://example.org/", "https://example.org/"), ("mailto:a@b.c", "mailto:a@b.c")],
    "color": [("#fff", "#fff"), ("red", "red")],
    "ipAddress": [(" 192.0.2.1 ", "192.0.2.1"), ("2001:db8:0::1", "2001:db8::1")],
    "ipNetwork": [
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::ffff:192.0.2.9/120", "192.0.2.0/24"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("192.0.2.1/32", "192.0.2.1"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
    "socketAddress": [("[::]:443", "[::]:443"), ("0.0.0.0:25", "0.0.0.0:25"), ("127.0.0.1:0", "127.0.0.1:0")],
    "headerName": [("X-Foo", "X-Foo")],
    "headerValue": [(" noindex ", "noindex")],
    "text": [(" two\nlines ", " two\nlines ")],
}

REFUSED = {
    "string": ["a\nb", "a\x1fb", "\x7f"],
    "domainName": [
        *("not a domain", "example", "a..b", "-a.b", "a-.b", "a_b.c", "192.0.2.1", "a." + "b" * 64),
        *("a." * 127 + "b", ".", "xn--a.b", "ü" * 2000 + ".b"),
    ],
    "hostName": ["a b!", "mail_1", "::g", "256.1.1.1"],
    "localPart": ["", "a%b", "a@b", ".a", "a.", "a..b", '"a"', "a" * 65],
    "emailAddress": ["alice", "@b.c", "a@", "a@b@", "a@b"],
    "uri": ["example.org", "//example.org", "http:", "http://a b"],
    "color": ["#ff", "#ggg", "rgb(1,2,3)"],
    "ipAddress": ["192.0.2", "fe80::1%eth0", "a"],
    "ipNetwork": ["10.0.0.0/33", "10.0.0.0/", "x", "fe80::%1/64"],
    "socketAddress": [
        *("x", "[::]", "::1:80", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:-1", "[127.0.0.1]:1"),
        *("127.0.0.1:", "127.0.0.1:٣", "localhost:80"),
    ],
    "headerName": ["X Foo", "X:", "ü"],
    "headerValue": ["a\r\nSet-Cookie: b", "€"],
}


class FormatTests(SynchronousTestCase):
    """One method a row of the tables, and what holds for every input."""

    @given(st.sampled_from(sorted(FORMATS)), st.text())
    def test_cleaning_twice_changes_nothing(self, name: str, text: str) -> None:
        try:
            once = FORMATS[name].clean(text)
        except ValueError:
            return
        self.assertEqual(FORMATS[name].clean(once), once)


def _cleans(name: str, given: str, wanted: str) -> Callable[[FormatTests], None]:
    return lambda self: self.assertEqual(FORMATS[name].clean(given), wanted)


def _refuses(name: str, given: str) -> Callable[[FormatTests], None]:
    return lambda self: self.assertRaises(ValueError, FORMATS[name].clean, given) and None


for _name, _rows in CLEANED.items():
    for _number, (_given, _wanted) in enumerate(_rows):
        setattr(FormatTests, f"test_{_name}_{_number}_is_cleaned", _cleans(_name, _given, _wanted))
for _name, _texts in REFUSED.items():
    for _number, _given in enumerate(_texts):
        setattr(FormatTests, f"test_{_name}_{_number}_is_refused", _refuses(_name, _given))
