"""Words, numbers and strings of scripts (RFC 5228 2)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sieve.syntax import Command, Number, SieveError, Strings, Tag, parse


class SyntaxTests(SynchronousTestCase):
    """The tree."""

    def strings(self, text: str) -> tuple[str, ...]:
        (command,) = parse(f"x {text};".encode())
        (argument,) = command.arguments
        assert isinstance(argument, Strings)
        return argument.values

    def test_a_tree(self) -> None:
        found = parse(b'If Not a (b "c") {\r\n x :Tag 1K ["d",\n"e"];\n}\n')
        inner = Command("x", 2, (Tag("tag", 2), Number(1024, 2), Strings(("d", "e"), 2, True)))
        test = Command("not", 1, (), (Command("a", 1, (), (Command("b", 1, (Strings(("c",), 1),)),)),))
        self.assertEqual(found, (Command("if", 1, (), (test,), (inner,)),))

    def test_strings(self) -> None:
        for written, meant in {
            '""': "",
            r'"a\"b\\c\d"': 'a"b\\cd',
            '"a\r\nb"': "a\nb",
            '"/* # */"': "/* # */",
            "text:\nline\n.\n": "line\n",
            "TEXT: # remark\r\nline\r\n..dot\r\n.\r\n": "line\n.dot\n",
            "text:\n.\n": "",
            "text:\n.x\n.\n": ".x\n",
        }.items():
            self.assertEqual(self.strings(written), (meant,), written)

    def test_numbers(self) -> None:
        for written, meant in {
            "0": 0,
            "10": 10,
            "2k": 2048,
            "3M": 3 << 20,
            "1G": 1 << 30,
            "2147483647": 2147483647,
        }.items():
            (command,) = parse(f"x {written};".encode())
            self.assertEqual(command.arguments, (Number(meant, 1),))

    def test_lines_are_counted(self) -> None:
        for before in ("\n\n", "# a\n#b\n", "/* \n\n */", 'x "\n\n";', "x text:\n.\n;", "\r\n\r\n"):
            found = parse(f"{before}y;".encode())
            self.assertEqual(found[-1].line, 3, before)

    def test_what_cannot_be_read(self) -> None:
        for text, line in {
            '\n"': 2,
            "\n/* ": 2,
            "x text:\nno end": 1,
            "\n\n?": 3,
            "x 1x;": 1,
            'x ["a" "b"];': 1,
            'x ["a",];': 1,
            "x (": 1,
            "x (a;": 1,
            "x;\n1;": 2,
            "x {": 1,
        }.items():
            problem = self.assertRaises(SieveError, parse, text.encode())
            self.assertEqual(problem.line, line, text)

    def test_a_mark_of_order_is_no_text(self) -> None:
        self.assertEqual(parse(b"\xef\xbb\xbfx;"), (Command("x", 1),))

    def test_long_scripts_take_linear_time(self) -> None:
        for text in (
            '"' + "\\" * 100_000,
            "/*" + "*" * 100_000,
            "a" * 100_000,
            "text:\n" + ".\\\n" * 50_000,
            ":" * 100_000,
        ):
            self.assertRaises(SieveError, parse, text.encode())
