"""Text functions, one row per meaning."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression.functions_text import TEXT_FUNCTIONS

from .asking import expand

ROWS = [
    ("trim('  a b \\r\\n')", "a b"),
    ("trim([' a', 'b '])", ("a", "b")),
    ("trim_start('  a ')", "a "),
    ("trim_end('  a ')", "  a"),
    ("to_lowercase('AbÄ')", "abä"),
    ("to_lowercase(['A', ['B']])", ("a", ("b",))),
    ("to_uppercase('abc')", "ABC"),
    ("is_lowercase('example.org 1')", 1),
    ("is_lowercase('Example')", 0),
    ("is_uppercase('HELO 1')", 1),
    ("is_uppercase('HELo')", 0),
    ("is_uppercase(['A', 'b'])", (1, 0)),
    ("has_digits('user1')", 1),
    ("has_digits('user')", 0),
    ("has_digits('user\u0661')", 0),
    ("len('h\u00e9')", 3),
    ("len([1, 2])", 2),
    ("len('')", 0),
    ("len(1234)", 4),
    ("count_chars('h\u00e9llo')", 5),
    ("count_spaces('one two three')", 2),
    ("count_uppercase('User@Example.ORG')", 5),
    ("count_lowercase('User@Example.ORG')", 9),
    ("contains('user+tag', '+')", 1),
    ("contains('user', '+')", 0),
    ("contains(['a', 'b'], 'b')", 1),
    ("contains(['ab'], 'b')", 0),
    ("contains([25, 465], '465')", 1),
    ("contains_ignore_case('EXAMPLE.org', 'example')", 1),
    ("contains_ignore_case(['A'], 'a')", 1),
    ("contains_ignore_case(['AB'], 'a')", 0),
    ("eq_ignore_case('smtp', 'SMTP')", 1),
    ("eq_ignore_case('\u00e4', '\u00c4')", 0),
    ("eq_ignore_case('a', 'b')", 0),
    ("starts_with('svc-a', 'svc-')", 1),
    ("starts_with('a-svc-', 'svc-')", 0),
    ("ends_with('mx.example.org', '.example.org')", 1),
    ("ends_with('example.org.', '.example.org')", 0),
    ("strip_prefix('svc-backup', 'svc-')", "backup"),
    ("strip_prefix('backup', 'svc-')", ""),
    ("strip_prefix(['xa', 'b'], 'x')", ("a", "")),
    ("strip_suffix('a.example.org', '.example.org')", "a"),
    ("strip_suffix('a', '')", "a"),
    ("strip_suffix('a', 'b')", ""),
    ("substring('192.0.2.1', 0, 3)", "192"),
    ("substring('h\u00e9llo', 1, 2)", "\u00e9l"),
    ("substring('abc', 2, 10)", "c"),
    ("substring('abc', 9, 1)", ""),
    ("substring('abc', -1, 2)", "ab"),
    ("substring('abc', 0, -1)", ""),
    ("lines('a\\nb\\r\\nc\\n')", ("a", "b", "c")),
    ("lines('')", ()),
    ("lines(['a', 'b'])", ("a", "b")),
    ("split('a,b,,c', ',')", ("a", "b", "", "c")),
    ("split('abc', '')", ("abc",)),
    ("rsplit('mx1.example.org', '.')", ("org", "example", "mx1")),
    ("split_once('a=b=c', '=')", ("a", "b=c")),
    ("split_once('abc', '=')", ""),
    ("rsplit_once('user+tag@example.org', '@')", ("user+tag", "example.org")),
    ("rsplit_once('a=b=c', '=')", ("a=b", "c")),
    ("rsplit_once('abc', '=')", ""),
    ("rsplit_once('abc', '')", ""),
    ("split_n('a,b,c,d', ',', 2)", ("a", "b", "c,d")),
    ("split_n('a,b', ',', 9)", ("a", "b")),
    ("split_n('a,b', ',', 0)", ("a,b",)),
    ("split_words('Hello, world! 42')", ("42",)),
    ("hash('a', 'md5')", "0cc175b9c0f1b6a831c399e269772661"),
    ("hash('a', 'sha1')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ("len(hash('a', 'sha256'))", 64),
    ("len(hash('a', 'sha512'))", 128),
    ("hash('a', 'crc32')", ""),
]


@expand(ROWS)
class TextFunctionTests(SynchronousTestCase):
    def test_every_function_has_a_row(self) -> None:
        tried = " ".join(expression for expression, _ in ROWS)
        self.assertEqual([f.name for f in TEXT_FUNCTIONS if f"{f.name}(" not in tried], [])
