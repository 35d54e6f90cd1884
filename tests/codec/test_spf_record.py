"""SPF records as they are evaluated."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.spf_record import (
    Macros,
    MalformedSpf,
    find,
    is_explanation,
    needs_validated_name,
    read,
    shown,
)

MACROS = Macros(
    ip_address("192.0.2.3"),
    "strong-bad@email.example.com",
    "email.example.com",
    "mail.example.com",
    validated="mx.example.org",
    receiver="here.example",
    now=1000,
)
SIX = Macros(ip_address("2001:db8::cb01"), "strong-bad@email.example.com", "email.example.com", "x")


class Finding(SynchronousTestCase):
    def test_which_text_is_the_record(self) -> None:
        self.assertEqual(find(["v=spf10", "V=SPF1 -all", "x v=spf1"]), "V=SPF1 -all")
        self.assertEqual(find(["v=spf1"]), "v=spf1")
        self.assertIsNone(find(["v=spf1\t-all", ""]))

    def test_several_records(self) -> None:
        with self.assertRaises(MalformedSpf):
            find(["v=spf1 -all", "v=spf1 +all"])


class Reading(SynchronousTestCase):
    def test_terms(self) -> None:
        found = read("v=spf1  a:x.test/24//64 -mx ~ip4:192.0.2.0/24 ?IP6:2001:db8::/32 include:%{d}.x.test exp=e.test")
        terms = [(term.name, term.result, term.domain, term.four, term.six) for term in found.terms]
        self.assertEqual(
            terms,
            [
                ("a", "pass", "x.test", 24, 64),
                ("mx", "fail", None, 32, 128),
                ("ip4", "softfail", None, 32, 128),
                ("ip6", "neutral", None, 32, 128),
                ("include", "pass", "%{d}.x.test", 32, 128),
            ],
        )
        self.assertEqual([term.network for term in found.terms[2:4]], list(map(ip_network, NETWORKS)))
        self.assertEqual((found.explanation, found.redirect), ("e.test", None))

    def test_prefix_of_nothing(self) -> None:
        (term,) = read("v=spf1 a/0//0").terms
        self.assertEqual((term.four, term.six), (0, 0))

    def test_modifiers_that_nobody_knows(self) -> None:
        self.assertEqual(read("v=spf1 x-y=%{d} moo.cow= -all").terms[0].name, "all")

    @given(st.text(max_size=60))
    def test_anything_is_read_or_refused(self, text: str) -> None:
        try:
            read("v=spf1 " + text)
        except MalformedSpf as malformed:
            self.assertTrue(str(malformed).isprintable())

    def test_hostile_length_is_not_slow(self) -> None:
        for text in (
            "a:" + "%{d}" * 1500,
            "a:" + "a." * 3000 + "/",
            "exists:" + "%%" * 3000 + "(",
            "a:x." + "a" * 8000,
        ):
            with self.assertRaises(MalformedSpf):
                read("v=spf1 " + text + "\x7f")


NETWORKS = ("192.0.2.0/24", "2001:db8::/32")

MALFORMED = (
    *("moo", "all:x.test", "all/24", "-all.", "a:", "a:/24", "a/33", "a/024", "a//129", "a/ ", "mx:nodot"),
    *(
        "ip4:1.2.3",
        "ip4:1.2.3.4/33",
        "ip4",
        "ip4:1.2.3.4//32",
        "ip4:1.2.3.04",
        "ip6:::1/129",
        "ip6:1.2.3.4",
        "ip6:fe80::1%x",
    ),
    *(
        "include",
        "include:",
        "exists",
        "ptr:",
        "include:x.123",
        "include:-x",
        "redirect=",
        "redirect=a.test redirect=b.test",
    ),
    *("exp=", "exp=a.test exp=b.test", "a:%{z}.test", "a:%{d", "a:%d.test", "a:%{d0}.test", "a:%{c}.test", "x=%(d)"),
    *("a:é.test", "=x", "4=x"),
)


class Malformed(SynchronousTestCase):
    """RFC 7208 4.6: an error anywhere makes the record useless."""


def _refused(text: str) -> object:
    def test(self: Malformed) -> None:
        with self.assertRaises(MalformedSpf):
            read(f"v=spf1 {text} -all")

    return test


for _number, _text in enumerate(MALFORMED):
    setattr(Malformed, f"test_{_number:02}", _refused(_text))  # type: ignore[arg-type]


class MacroTests(SynchronousTestCase):
    """RFC 7208 7.4."""

    def test_examples(self) -> None:
        for spec, wanted in (
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{p}", "mx.example.org"),
            ("%{h}", "mail.example.com"),
            ("%{c} %{r} %{t}", "192.0.2.3 here.example 1000"),
            ("%%%_%-", "% %20"),
            ("%{S}", "strong-bad%40email.example.com"),
        ):
            self.assertEqual(MACROS.text(spec), wanted, spec)

    def test_address_of_version_six(self) -> None:
        wanted = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
        self.assertEqual(SIX.name("%{ir}.%{v}._spf.%{d2}").lower(), wanted)

    def test_long_names_lose_labels_on_the_left(self) -> None:
        long = Macros(ip_address("192.0.2.3"), "a@b.test", ".".join(["x" * 60] * 5), "h")
        name = long.name("%{d}.%{d}.end.test")
        self.assertTrue(name.endswith(".end.test"))
        self.assertLessEqual(len(name), 253)

    def test_when_the_name_of_the_address_is_needed(self) -> None:
        self.assertTrue(needs_validated_name("a.%{P2}.test"))
        self.assertFalse(needs_validated_name("a.%{d}p.test"))

    def test_explanations(self) -> None:
        self.assertTrue(is_explanation("See http://x.test/?i=%{i}&t=%{t} %%"))
        self.assertFalse(is_explanation("100% sure"))

    def test_what_strangers_write_is_shown_safely(self) -> None:
        self.assertEqual(shown("a\r\nb"), "a\ufffd\ufffdb")
