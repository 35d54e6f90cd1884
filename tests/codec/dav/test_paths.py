"""URLs below /dav."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.errors import BadPath
from stalwart.codec.dav.paths import (
    LONGEST_PATH,
    LONGEST_SEGMENT,
    MOST_SEGMENTS,
    Target,
    decode_segment,
    encode_segment,
    href,
    parse_reference,
    parse_target,
    service_href,
)

JANE = "jane@example.test"

TARGETS: list[tuple[str | bytes, Target | None]] = [
    ("/dav", None),
    ("/dav/", None),
    ("/dav/unknown/a", None),
    ("/dav/CAL/a", None),
    ("/davcal/", None),
    ("/other/dav/cal/a", None),
    ("dav/cal/a", None),
    ("", None),
    ("*", None),
    ("/dav/cal", Target("cal")),
    ("/dav/cal/", Target("cal", has_slash=True)),
    ("/dav/cal/jane%40example.test/", Target("cal", JANE, has_slash=True)),
    ("/dav/cal/jane@example.test", Target("cal", JANE)),
    (b"/dav/file/jane@example.test/a/b", Target("file", JANE, ("a", "b"))),
    ("/dav/file/jane@example.test/a//b//", Target("file", JANE, ("a", "b"), True)),
    ("//dav//file//jane@example.test", Target("file", JANE)),
    ("/dav/card/_12/x", Target("card", "_12", ("x",))),
    ("/dav/file/a/%7e%7E~", Target("file", "a", ("~~~",))),
    ("/dav/file/a/b%20c?q=/dav/cal/", Target("file", "a", ("b c",))),
    ("/dav/file/a/%C3%84", Target("file", "a", ("Ä",))),
    ("/dav/file/a/A%CC%88", Target("file", "a", ("Ä",))),
    ("/dav/file/a/%c3%84", Target("file", "a", ("Ä",))),
    ("/dav/file/a/Ä".encode(), Target("file", "a", ("Ä",))),
    ("/dav/file/a/100%.txt", Target("file", "a", ("100%.txt",))),
    ("/dav/file/a/b:c#d", Target("file", "a", ("b:c#d",))),
    ("/dav/file/a/dav/cal/b", Target("file", "a", ("dav", "cal", "b"))),
    ("http://h.test/dav/cal/a", Target("cal", "a")),
    ("http://h.test", None),
]

REFERENCES: list[tuple[str, Target | None]] = [
    ("http://h.test:8080/dav/file/a/b/", Target("file", "a", ("b",), True)),
    ("https://h.test/behind/a/proxy/dav/file/a/b", Target("file", "a", ("b",))),
    (" /dav/file/a/b ", Target("file", "a", ("b",))),
    ("/dav/file/a/x/dav/cal/y", Target("file", "a", ("x", "dav", "cal", "y"))),
    ("//h.test/dav/file/a", Target("file", "a")),
    ("/dav/nothing", None),
    ("http://h.test/", None),
    ("urn:uuid:1", None),
    ("", None),
]

BAD: dict[str, str | bytes] = {
    "dot": "/dav/file/a/./b",
    "dots": "/dav/file/a/../b",
    "encoded_dots": "/dav/file/a/%2e%2E/b",
    "dots_as_account": "/dav/file/..",
    "encoded_slash": "/dav/file/a/b%2fc",
    "nul": "/dav/file/a/b%00",
    "control": "/dav/file/a/b%0a",
    "other_control": "/dav/file/a/%C2%85",
    "no_character": "/dav/file/a/%EF%BF%BF",
    "not_utf_8": "/dav/file/a/%ff",
    "surrogate": "/dav/file/a/%ED%A0%80",
    "raw_octets": b"/dav/file/a/\xff",
    "lone_surrogate": "/dav/file/a/\ud800",
    "too_long": "/dav/file/a/" + "b" * (LONGEST_SEGMENT + 1),
    "too_many_octets": "/dav/file/a/" + "%C3%84" * (LONGEST_SEGMENT // 2 + 1),
    "too_deep": "/dav/file/a" + "/b" * (MOST_SEGMENTS + 1),
    "too_long_altogether": "/dav/file/a/" + "/" * LONGEST_PATH,
}


class TargetTests(SynchronousTestCase):
    def test_the_longest_and_the_deepest(self) -> None:
        name = "Ä" * (LONGEST_SEGMENT // 2)
        target = parse_target(f"/dav/file/a/{name}")
        assert target is not None
        self.assertEqual(target.name, name)
        target = parse_target("/dav/file/a" + "/b" * MOST_SEGMENTS)
        assert target is not None
        self.assertEqual(len(target.segments), MOST_SEGMENTS)

    def test_numbers_of_accounts(self) -> None:
        for account, number in (("_12", 12), ("_0", 0), ("_", None), ("_01", None), ("12", None), ("_a", None)):
            self.assertEqual(Target("cal", account).account_id, number)
        self.assertIsNone(Target("cal").account_id)
        self.assertIsNone(Target("cal", "_" + "9" * 30).account_id)

    def test_parents(self) -> None:
        target = Target("file", "a", ("b", "c"))
        self.assertEqual((target.name, target.parent), ("c", Target("file", "a", ("b",), True)))
        self.assertEqual(target.parent.parent.parent, Target("file", has_slash=True))
        self.assertEqual(Target("file").parent, Target("file", has_slash=True))
        self.assertEqual(Target("file", "a").name, "")

    def test_what_is_below(self) -> None:
        folder = Target("file", "a", ("b",))
        for other, wanted in (
            (Target("file", "a", ("b",), True), True),
            (Target("file", "a", ("b", "c")), True),
            (Target("file", "a", ("bc",)), False),
            (Target("file", "a"), False),
            (Target("file", "x", ("b",)), False),
            (Target("cal", "a", ("b",)), False),
        ):
            self.assertIs(folder.holds(other), wanted)
        self.assertTrue(Target("file").holds(folder))

    def test_canonical_paths(self) -> None:
        self.assertEqual(href("cal", JANE), "/dav/cal/jane%40example.test/")
        self.assertEqual(href("cal", JANE, collection=False), "/dav/cal/jane%40example.test/")
        self.assertEqual(href("file", "a", "b c", "Ä~", collection=False), "/dav/file/a/b%20c/%C3%84~")
        self.assertEqual(service_href("pal"), "/dav/pal/")
        for written in ("/dav/file/a/b%20c", "/dav/file/a/b/", "/dav/cal/", "/dav/cal/a/"):
            target = parse_target(written)
            assert target is not None
            self.assertEqual(target.href(), written)
        self.assertEqual(Target("file", "a", ("b",)).href(collection=True), "/dav/file/a/b/")
        self.assertEqual(Target("file", "a", ("b",), True).href(collection=False), "/dav/file/a/b")

    @given(st.text(min_size=1, max_size=60).map(lambda text: unicodedata.normalize("NFC", text)))
    def test_names_come_back(self, segment: str) -> None:
        try:
            decoded = decode_segment(encode_segment(segment))
        except BadPath:
            odd = any(c in "/\ufffe\uffff" or unicodedata.category(c) in ("Cc", "Cs") for c in segment)
            self.assertTrue(odd or segment in (".", ".."))
        else:
            if not any(unicodedata.category(c) == "Cs" for c in segment):
                self.assertEqual(decoded, segment)

    @given(st.text("/.%2fFeEcC384a\u0308@?:", max_size=40) | st.binary(max_size=30))
    @settings(max_examples=150)
    def test_anything_is_canonical_after_one_turn(self, rest: str | bytes) -> None:
        path = f"/dav/file/{rest}" if isinstance(rest, str) else b"/dav/file/" + rest
        try:
            target = parse_target(path)
        except BadPath as error:
            self.assertTrue(str(error))
            return
        assert target is not None
        self.assertEqual(
            parse_target(target.href()),
            Target(target.service, target.account, target.segments, target.href().endswith("/")),
        )


def _parsed(path: str | bytes, wanted: Target | None) -> object:
    return lambda self: self.assertEqual(parse_target(path), wanted)


def _referred(path: str, wanted: Target | None) -> object:
    return lambda self: self.assertEqual(parse_reference(path), wanted)


def _bad(path: str | bytes) -> object:
    return lambda self: self.assertRaises(BadPath, parse_target, path)


for _number, _row in enumerate(TARGETS):
    setattr(TargetTests, f"test_target_{_number}", _parsed(*_row))
for _number, _reference in enumerate(REFERENCES):
    setattr(TargetTests, f"test_reference_{_number}", _referred(*_reference))
for _name, _path in BAD.items():
    setattr(TargetTests, f"test_bad_{_name}", _bad(_path))
