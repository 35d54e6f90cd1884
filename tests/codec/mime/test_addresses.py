"""Address lists: the examples of RFC 5322 and RFC 8621, and that nothing fails."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import addresses
from stalwart.codec.mime.addresses import Address, Group, mailboxes, parse

PIECES = st.lists(
    st.sampled_from(
        [
            '"',
            "<",
            ">",
            "(",
            ")",
            ",",
            ";",
            ":",
            "@",
            ".",
            "\\",
            "[",
            "]",
            " ",
            "a",
            "b@c",
            "=?utf-8?q?x?=",
            "\r\n ",
            "ü",
        ]
    )
)


class ExampleTests(SynchronousTestCase):
    def test_list_of_the_standard(self) -> None:
        # RFC 5322 A.1.2
        value = "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>, <boss@nil.test>"
        value += ', "Giant; \\"Big\\" Box" <x@e.test>'
        self.assertEqual(
            mailboxes(parse(value)),
            [
                Address("Mary Smith", "mary@x.test"),
                Address(None, "jdoe@example.org"),
                Address("Who?", "one@y.test"),
                Address(None, "boss@nil.test"),
                Address('Giant; "Big" Box', "x@e.test"),
            ],
        )

    def test_groups_of_the_standard(self) -> None:
        # RFC 5322 A.1.3
        found = parse("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;")
        self.assertEqual(found[0].name, "A Group")
        self.assertEqual([each.email for each in found[0].addresses], ["c@a.test", "joe@where.test", "jdoe@one.test"])
        self.assertEqual(parse("Undisclosed recipients:;"), (Group("Undisclosed recipients", ()),))

    def test_comments_and_blanks_of_the_standard(self) -> None:
        # RFC 5322 A.5
        value = "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"
        self.assertEqual(mailboxes(parse(value)), [Address("Pete", "pete@silly.test")])
        value = (
            "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n  joe@example.org,\r\n"
            "  John <jdoe@one.test> (my dear friend); (the end of the group)"
        )
        found = parse(value)
        self.assertEqual(len(found), 1)
        self.assertEqual(
            found[0].addresses,
            (
                Address("Chris Jones", "c@public.example"),
                Address(None, "joe@example.org"),
                Address("John", "jdoe@one.test"),
            ),
        )
        self.assertEqual(parse("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;")[0].addresses, ())

    def test_obsolete_forms_of_the_standard(self) -> None:
        # RFC 5322 A.6.1, A.6.3
        value = "Joe Q. Public <john.q.public@example.com>, Mary Smith <@node.test:mary@example.net>, , "
        value += "jdoe@test  . example"
        self.assertEqual(
            mailboxes(parse(value)),
            [
                Address("Joe Q. Public", "john.q.public@example.com"),
                Address("Mary Smith", "mary@example.net"),
                Address(None, "jdoe@test.example"),
            ],
        )
        self.assertEqual(
            mailboxes(parse("John Doe <jdoe@machine(comment).  example>"))[0].email, "jdoe@machine.example"
        )

    def test_example_of_jmap(self) -> None:
        # RFC 8621 4.1.2.3, 4.1.2.4
        value = (
            '"  James Smythe" <james@example.com>, Friends:\r\n  jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?=\r\n'
            "    <john@example.com>;"
        )
        self.assertEqual(
            parse(value),
            (
                Group(None, (Address("James Smythe", "james@example.com"),)),
                Group("Friends", (Address(None, "jane@example.com"), Address("John Smîth", "john@example.com"))),
            ),
        )

    def test_members_behind_a_group_belong_to_none(self) -> None:
        found = parse("a@x, G: b@x;, c@x, d@x, H:;")
        self.assertEqual(
            [(each.name, len(each.addresses)) for each in found], [(None, 1), ("G", 1), (None, 2), ("H", 0)]
        )

    def test_encoded_words_of_the_standard(self) -> None:
        # RFC 2047 8
        for value, address in {
            "=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>": Address("Keith Moore", "moore@cs.utk.edu"),
            "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>": Address("Keld Jørn Simonsen", "keld@dkuug.dk"),
            "=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>": Address("André Pirard", "PIRARD@vm1.ulg.ac.be"),
            "=?ISO-8859-1?Q?Olle_J=E4rnefors?= <ojarnef@admin.kth.se>": Address(
                "Olle Järnefors", "ojarnef@admin.kth.se"
            ),
            "nsb@thumper.bellcore.com (=?iso-8859-8?b?7eXs+SDv4SDs6Pj08A==?=)": Address(
                "םולש ןב לטרפנ", "nsb@thumper.bellcore.com"
            ),
            "a@b (=?ISO-8859-1?Q?a?=)": Address("a", "a@b"),
            "a@b (=?ISO-8859-1?Q?a?= b)": Address("a b", "a@b"),
            "a@b (=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)": Address("ab", "a@b"),
            "a@b (=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)": Address("a b", "a@b"),
        }.items():
            self.assertEqual(mailboxes(parse(value)), [address])

    def test_words_in_quotes_are_decoded_if_asked(self) -> None:
        value = '"=?utf-8?q?J=C3=BCrgen?=" <a@b>'
        self.assertEqual(mailboxes(parse(value))[0].name, "=?utf-8?q?J=C3=BCrgen?=")
        self.assertEqual(mailboxes(parse(value, lenient=True))[0].name, "Jürgen")


class RobustnessTests(SynchronousTestCase):
    @settings(max_examples=300)
    @given(
        st.lists(st.sampled_from(["a", "B1", "-", "'", ".", " ", "  ", "<", ">", "a@b", "@", ", ", ",", "\r\n ", "="]))
    )
    def test_plain_lists_are_read_as_others_are(self, pieces: list[str]) -> None:
        value = "".join(pieces)
        for each in (value, f"Ann Lee <a@b.c>,{value}<x@y.z>", f" {value} <x.1@y-z>, q@r"):
            self.assertEqual(parse(each), addresses._parse(each, False))

    def test_no_more_of_a_list_is_read_than_anybody_writes(self) -> None:
        self.patch(addresses, "MOST", 3)
        expected = [Address(None, f"{letter}@b.test") for letter in "abc"]
        members = ["a@b.test", "b@b.test", "c@b.test", "d@b.test", "e@b.test"]
        for value in (",".join(members), ";".join(members), "<" + ">,<".join(members), "(x)," + ",".join(members)):
            self.assertEqual(mailboxes(parse(value)), expected[: 2 if value.startswith("(") else 3], value)
        self.assertEqual(parse("a:;b:;c:;d:;"), tuple(Group(letter, ()) for letter in "abc"))

    def test_a_list_of_plain_members(self) -> None:
        value = " Ann Lee <ann@a.test>,\r\n bob@b.test ,<c@c.test>"
        wanted = [Address("Ann Lee", "ann@a.test"), Address(None, "bob@b.test"), Address(None, "c@c.test")]
        self.assertEqual(parse(value), (Group(None, tuple(wanted)),))

    @settings(max_examples=500)
    @given(PIECES, st.booleans())
    def test_any_value_is_read(self, pieces: list[str], lenient: bool) -> None:
        for group in parse("".join(pieces), lenient):
            for address in group.addresses:
                self.assertTrue(address.name or address.email)
                self.assertNotIn("\n", f"{address.name}{address.email}")
