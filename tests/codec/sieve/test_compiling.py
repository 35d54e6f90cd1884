"""What is wrong with scripts, each with its line and what to do."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sieve.compiling import compiled, is_address
from stalwart.codec.sieve.grammar import EXTENSIONS, RULES
from stalwart.codec.sieve.syntax import SieveError
from tests.codec.sieve.scripts import ALL, rows

WRONG = {
    "unknown command": ("keep;\nregexp;", 3, "is no command"),
    "test as a command": ("true;", 2, "is a test"),
    "command as a test": ("if keep {}", 2, "is no test"),
    "unknown test": ("if x {}", 2, "is no test"),
    "no semicolon": ("keep\nkeep;", 2, "is a semicolon missing"),
    "no block": ("if true;", 2, "needs a block"),
    "block of an action": ("keep {}", 2, "has no block"),
    "open block": ("if true {\nkeep;", 4, None),
    "closed twice": ("}", 2, "closes nothing"),
    "else alone": ("else {}", 2, "has to follow"),
    "else after else": ("if true {} else {} else {}", 2, "has to follow"),
    "elsif after keep": ("if true {} keep; elsif true {}", 2, "has to follow"),
    "late require": ('keep; require "fileinto";', 2, "before everything else"),
    "unknown extension": ('require "foo";', 2, "not available"),
    "unknown tag": ("keep :create;", 2, "has no :create"),
    "tag twice": ('fileinto :copy :copy "a";', 2, "is there twice"),
    "two match types": ('if header :is :matches "a" "b" {}', 2, "exclude each other"),
    "tag behind": ('if header "a" :is "b" {}', 2, "has to stand before"),
    "tag without its value": ("fileinto :specialuse;", 2, "needs one string"),
    "list for a string": ('redirect ["a@b.example"];', 2, "takes one string"),
    "number for a string": ("redirect 1;", 2, "takes one string"),
    "string for a number": ('if size :over "1" {}', 2, "takes a number"),
    "too many arguments": ('discard "a";', 2, "takes nothing"),
    "too few arguments": ('if header "a" {}', 2, "takes strings, then strings"),
    "empty list": ('if header [] "a" {}', 2, "empty list"),
    "not without a test": ("if not {}", 2, "takes one test"),
    "several tests for not": ("if not (true, false) {}", 2, "takes one test"),
    "size without a limit": ("if size {}", 2, ":over or :under"),
    "no field": ('if header "a b" "c" {}', 2, "no name of a header field"),
    "no address": ('redirect "somebody";', 2, "no address"),
    "address literal": ('redirect "a@[192.0.2.1]";', 2, "no address"),
    "unknown comparator": ('if header :comparator "i;x" "a" "b" {}', 2, ":comparator is one of"),
    "comparator that contains nothing": (
        'if header :contains :comparator "i;ascii-numeric" "a" "1" {}',
        2,
        "compares numbers",
    ),
    "unknown relation": ('if header :value "x" "a" "1" {}', 2, ":value is one of"),
    "unknown part of an envelope": ('if envelope "auth" "a" {}', 2, "no part of an envelope"),
    "unknown part of a date": ('if currentdate "era" "a" {}', 2, "no part of a date"),
    "no zone": ('if currentdate :zone "CET" "hour" "1" {}', 2, ":zone"),
    "last alone": ('if header :last "a" "1" {}', 2, ":last needs :index"),
    "index 0": ('if header :index 0 "a" "1" {}', 2, "counts from 1"),
    "no variable": ('set "a b" "c";', 2, "no name of a variable"),
    "number as a variable": ('set "1" "c";', 2, "no name of a variable"),
    "long variable": (f'set "{"a" * 33}" "c";', 2, "at most 32"),
    "name space": ('keep :flags "${a.b}";', 2, "name space"),
    "too many matches": ('keep :flags "${31}";', 2, "30 match variables"),
    "modifiers": ('set :lower :upper "a" "b";', 2, "exclude each other"),
    "no character": ('fileinto "${unicode: d800}";', 2, "no character"),
    "octets that are no text": ('fileinto "${hex: ff}";', 2, "not UTF-8"),
    "no flag": (r'setflag "\\Foo";', 2, "is no flag"),
    "no folder": ('fileinto " ";', 2, "names no folder"),
    "both ways to a folder": (r'fileinto :mailboxid "a" :specialuse "\\Junk" "b";', 2, "choose"),
    "vacation from nowhere": ('vacation :from "me" "text";', 2, ":from is no address"),
    "days and seconds": ('vacation :days 1 :seconds 1 "text";', 2, "exclude each other"),
    "not UTF-8": (b"keep;\n# \xff", 3, "not UTF-8"),
    "NUL": ("keep;\n\0", 3, "NUL"),
}


@rows(WRONG)
class WrongTests(SynchronousTestCase):
    """Tables; the first line requires all extensions."""

    def check(self, script: str | bytes, line: int, text: str | None) -> None:
        source = ALL.encode() + (script if isinstance(script, bytes) else script.encode())
        problem = self.assertRaises(SieveError, compiled, source)
        if text is not None:
            self.assertIn(text, problem.text)
            self.assertEqual(problem.line, line)


class RequireTests(SynchronousTestCase):
    """Extensions."""

    def test_everything_that_can_be_required(self) -> None:
        self.assertEqual(
            compiled(ALL.encode()).extensions | {"comparator-i;octet", "comparator-i;ascii-casemap"}, EXTENSIONS
        )

    def test_each_extension_has_to_be_required(self) -> None:
        for script, extension in {
            'fileinto "a";': "fileinto",
            'vacation "a";': "vacation",
            'if envelope "from" "a" {}': "envelope",
            'if header :count "eq" "a" "1" {}': "relational",
            'if address :user "to" "a" {}': "subaddress",
            'keep :flags "a";': "imap4flags",
            'redirect :copy "a@b.example";': "copy",
            'if header :comparator "i;ascii-numeric" "a" "1" {}': "comparator-i;ascii-numeric",
        }.items():
            problem = self.assertRaises(SieveError, compiled, script.encode())
            self.assertIn(f'require "{extension}"', problem.text)
            compiled(f'require "{extension}"; {script}'.encode())

    def test_an_extension_can_be_switched_off(self) -> None:
        problem = self.assertRaises(SieveError, compiled, b'require "reject";', EXTENSIONS - {"reject"})
        self.assertIn("not available", problem.text)

    def test_variables_mean_nothing_unless_they_are_required(self) -> None:
        made = compiled(b'require "fileinto"; fileinto "${a.b}${hex:ff}";')
        self.assertEqual(made.instructions[0].values, ("${a.b}${hex:ff}",))

    def test_rules_name_what_they_need(self) -> None:
        self.assertLessEqual({rule.needs for rule in RULES.values() if rule.needs}, EXTENSIONS)


class BoundTests(SynchronousTestCase):
    """Scripts that are too much."""

    def test_depth(self) -> None:
        compiled(b"if true {" * 15 + b"}" * 15)
        self.assertRaises(SieveError, compiled, b"if true {" * 16 + b"}" * 16)
        compiled(b"if " + b"not " * 14 + b"true {}")
        self.assertRaises(SieveError, compiled, b"if " + b"not " * 15 + b"true {}")
        self.assertRaises(SieveError, compiled, b"if true {" * 100_000)

    def test_numbers_and_lists(self) -> None:
        self.assertRaises(SieveError, compiled, b"if size :over 99999999999G {}")
        self.assertRaises(SieveError, compiled, b"if size :over " + b"9" * 5000 + b" {}")
        self.assertRaises(SieveError, compiled, b"if exists [" + b'"a",' * 5001 + b'"a"] {}')

    def test_commands(self) -> None:
        self.assertRaises(SieveError, compiled, b"keep;" * 10_001)

    def test_addresses(self) -> None:
        for text, expected in {"a@b.example": True, "a@b": True, "ä@ö.example": True, "a": False, "": False}.items():
            self.assertEqual(is_address(text), expected, text)
        self.assertFalse(is_address("a@b.example\r\nX: y"))
        self.assertFalse(is_address(f"{'a' * 600}@b.example"))
