"""Conditions of Email/query that look for text, over an index, against a plain look at the messages."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Sequence

from twisted.internet.defer import Deferred

from stalwart.errors import Invalid
from stalwart.mail.search import finding
from stalwart.mail.search.finding import Finder, Patience
from stalwart.store import Transaction
from tests.mail.search.archive import ACCOUNT, ArchiveCase, message

VOCABULARIES = (
    "meeting tomorrow invoice invoices order the a of re: 2026 v1.2 don't e-mail",
    "Größe Straße Rechnung Rechnungen Müller über Tür fährt Öl mueller",
    "東京 京都 会議 明日 東京都庁 の件 について",
    "我们 明天 开会 会议 北京",
    "كتاب مُحَمَّد اجتماع غداً أحمد",
    "회의 내일 회사는 회사",
    "joe@example.com jane.doe@mail.example.org doe@example.org example.com",
)


class FindingCase(ArchiveCase):
    def indexed(self, *messages: bytes) -> list[int]:
        """Their ids, all of them indexed."""
        ids = [self.put(data) for data in messages]
        self.settle()
        return ids

    def settle(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.search.ready(ACCOUNT)))
        self.assertEqual(self.waiting(), 0)


class ConditionTests(FindingCase):
    def test_each_condition_looks_into_its_field(self) -> None:
        (one,) = self.indexed(
            message(
                "inbody",
                From="insender <s@x>",
                To="into <t@x>",
                Cc="incopy <c@x>",
                Bcc="inblind <b@x>",
                Subject="inline",
            )
        )
        words = {
            "from": "insender",
            "to": "into",
            "cc": "incopy",
            "bcc": "inblind",
            "subject": "inline",
            "body": "inbody",
        }
        for test in words:
            for other, word in words.items():
                self.assertEqual(self.find(test, word), {one} if test == other else set(), (test, word))
        for word in words.values():
            self.assertEqual(self.find("text", word), {one})
        self.assertEqual(self.find("text", "inbody insender s@x"), {one})
        self.assertEqual(self.find("text", "inbody nowhere"), set())

    def test_a_blank_text_is_everywhere(self) -> None:
        ids = self.indexed(message("one"), message("two"))
        for test in ("text", "from", "body", "cc"):
            self.assertEqual(self.find(test, " "), set(ids))
        self.assertEqual(self.find("text", "?!"), set())
        self.assertEqual(self.find("text", " ", account_id=9), set())

    def test_values_of_another_kind_are_refused(self) -> None:
        for value in (["a"], "x" * 3000):
            self.read_refused("text", value)

    def read_refused(self, test: str, value: str | list[str]) -> None:
        self.failureResultOf(self.store.read(lambda tx: Finder(tx, ACCOUNT).find(test, value)), Invalid)

    def test_fields_by_name(self) -> None:
        one, two = self.indexed(message(List_Id="<a.example>"), message(X_Empty=" "))
        self.assertEqual(self.find("header", ["list-id"]), {one})
        self.assertEqual(self.find("header", ["X-EMPTY"]), {two})
        self.assertEqual(self.find("header", ["Subject"]), {one, two})
        self.assertEqual(self.find("header", ["List"]), set())
        self.assertEqual(self.find("header", ["Subject", ""]), {one, two})

    def test_fields_by_name_and_text(self) -> None:
        one, two, three = self.indexed(
            message(
                List_Id="Große Liste <liste.example.org>", X_A="needle", Message_ID="<a.1@x>", References="<r@x> <s@x>"
            ),
            message(List_Id="<other.example.org>", X_B="needle", Received="from mx3.example.org by needle; x"),
            message(X_Note="東京都", In_Reply_To="<a.1@x>"),
        )
        for name, text, expected in (
            ("List-Id", "example.org", {one, two}),
            ("List-Id", "LISTE", {one}),
            ("List-Id", "grosse", {one}),
            ("List-Id", '"liste example"', {one}),
            ("List-Id", "lis*", {one}),
            ("List-Id", "needle", set()),
            ("X-A", "needle", {one}),
            ("X-B", "needle", {two}),
            ("Received", "mx3", {two}),
            ("Received", "mx3.example.org needle", {two}),
            ("Received", "nee*", {two}),
            ("Received", "mx*", {two}),
            ("X-Note", "京都", {three}),
            ("X-Note", "都", {three}),
            ("Message-ID", "<a.1@x>", {one}),
            ("Message-ID", "a.1@x", {one}),
            ("Message-ID", "1@x", set()),
            ("In-Reply-To", "a.1@x", {three}),
            ("References", "<s@x>", {one}),
            ("From", "bob@example.test", {one, two, three}),
            ("X-A", "!!", set()),
            ("X-None", "x", set()),
        ):
            self.assertEqual(self.find("header", [name, text]), expected, (name, text))

    def test_headers_that_the_index_does_not_hold_are_read(self) -> None:
        many = {f"X-N{number}": f"v{number}" for number in range(700)}
        (one, two) = self.indexed(message(**many), message())
        self.assertEqual(self.find("header", ["X-N699"]), {one})
        self.assertEqual(self.find("header", ["X-N699", "v699"]), {one})
        self.assertEqual(self.find("header", ["X-N699", "v698"]), set())
        self.assertEqual(self.find("header", ["X-N700"]), set())
        self.assertEqual(self.find("header", ["From"]), {one, two})

    def test_too_many_headers_are_refused(self) -> None:
        self.indexed(message(), message())
        self.patch(finding, "MOST_READ", 1)
        self.read_refused("header", ["From", "bob"])
        self.assertEqual(len(self.find("header", ["From"])), 2)

    def test_what_one_search_costs_is_bounded(self) -> None:
        self.indexed(message(), message(), message())

        def search(*conditions: tuple[str, str | list[str]]) -> Deferred[None]:
            def work(tx: Transaction) -> None:
                finder = Finder(tx, ACCOUNT)
                for test, value in conditions:
                    finder.find(test, value)

            return self.store.read(work)

        many = [("text", f"w{number}") for number in range(finding.MOST_WORDS)]
        self.successResultOf(search(*many, *many))
        self.failureResultOf(search(*many, ("body", "w")), Invalid)
        short = [("text", f"{letter}*") for letter in "abcdefghijklmnopqrstu"]
        self.successResultOf(search(*short[:20]))
        self.failureResultOf(search(*short), Invalid)


class CostTests(FindingCase):
    """What one search may cost, of fields whose headers are read."""

    def setUp(self) -> None:
        super().setUp()
        self.ids = self.indexed(*(message(X_Note=f"common n{number}") for number in range(250)))

    def finder(self, tx: Transaction, *conditions: Sequence[str], patience: Patience | None = None) -> Finder:
        return Finder(tx, ACCOUNT, [("header", each) for each in conditions], patience)

    def asked(self, *conditions: Sequence[str], patience: Patience | None = None) -> Deferred[list[frozenset[int]]]:
        def work(tx: Transaction) -> list[frozenset[int]]:
            finder = self.finder(tx, *conditions, patience=patience)
            return [finder.find("header", each) for each in conditions]

        return self.store.read(work)

    def test_each_header_is_read_once_for_all_conditions(self) -> None:
        patience = Patience()
        conditions = [["X-Note", f"common n{number}"] for number in range(20)]
        conditions += [["X-Note", "common"], ["x-note", "n3"], ["From", "bob"], ["X-None", "common"], ["X-Note"]]
        found = self.successResultOf(self.asked(*conditions, *conditions, patience=patience))
        expected = [{id} for id in self.ids[:20]]
        expected += [set(self.ids), {self.ids[3]}, set(self.ids), set(), set(self.ids)]
        self.assertEqual([set(each) for each in found], expected * 2)
        self.assertEqual(finding.MOST_READ - patience.headers, 250)

    def test_conditions_that_were_not_told_of_are_answered_too(self) -> None:
        def work(tx: Transaction) -> list[frozenset[int]]:
            finder = self.finder(tx, ["X-Note", "n1"])
            return [finder.find("header", ["X-Note", f"n{number}"]) for number in range(3)]

        found = self.successResultOf(self.store.read(work))
        self.assertEqual(found, [frozenset((id,)) for id in self.ids[:3]])

    def test_headers_are_counted_once_in_a_search(self) -> None:
        self.patch(finding, "MOST_READ", 250)
        self.successResultOf(self.asked(["X-Note", "common"], ["From", "bob"], ["Subject", "hello"]))
        self.patch(finding, "MOST_READ", 249)
        problem = self.failureResultOf(self.asked(["X-Note", "common"], ["From", "bob"]), Invalid).value
        self.assertIn("Too many messages to look for the field X-Note, From in", problem.detail)

    def test_octets_are_bounded(self) -> None:
        self.patch(finding, "MOST_OCTETS", 250 * 200)
        self.successResultOf(self.asked(["X-Note", "common"]))
        self.patch(finding, "MOST_OCTETS", 250 * 20)
        problem = self.failureResultOf(self.asked(["X-Note", "common"]), Invalid).value
        self.assertIn("Too long headers to look for the field X-Note in", problem.detail)

    def test_the_first_part_of_a_long_header_counts(self) -> None:
        (long,) = self.indexed(
            message(X_First="within", X_Long="begin " + "x" * finding.LONGEST_HEADER, X_Last="after")
        )
        patience = Patience()
        asked = (["X-First", "within"], ["X-Long", "begin"], ["X-Long"], ["X-Last", "after"], ["X-Last"])
        found = self.successResultOf(self.asked(*asked, patience=patience))
        self.assertEqual([long in each for each in found], [True, True, True, False, False])
        self.assertEqual(finding.MOST_OCTETS - patience.octets, finding.LONGEST_HEADER)

    def test_time_is_bounded(self) -> None:
        spent = iter(range(1000))
        self.patch(finding, "thread_time", lambda: next(spent))
        problem = self.failureResultOf(self.asked(["X-Note", "common"]), Invalid).value
        self.assertIn("takes too long", problem.detail)
        self.assertLess(next(spent), 10)

    def test_what_nobody_waits_for_ends(self) -> None:
        self.failureResultOf(self.asked(["X-Note", "common"], patience=Patience(is_over=True)), Invalid)


class ModelTests(FindingCase):
    """Random mail in several languages."""

    def test_find_is_what_a_plain_look_finds(self) -> None:
        chance = random.Random(8621)
        words = [vocabulary.split(" ") for vocabulary in VOCABULARIES]

        def text(count: int) -> str:
            return " ".join(chance.choice(chance.choice(words)) for _ in range(chance.randint(0, count)))

        fields = [{"Subject": text(4), "body": text(12)} for _ in range(80)]
        ids = self.indexed(*(message(each["body"], Subject=each["Subject"]) for each in fields))
        found = 0
        for _ in range(150):
            asked = " ".join(self.question(chance, words) for _ in range(chance.choice((1, 1, 1, 2))))
            for test, names in (("subject", ("Subject",)), ("body", ("body",))):
                expected = {
                    id for id, each in zip(ids, fields, strict=True) if naive([each[name] for name in names], asked)
                }
                self.assertEqual(self.find(test, asked), expected, asked)
                found += len(expected)
        self.assertGreater(found, 300)

    def question(self, chance: random.Random, words: Sequence[Sequence[str]]) -> str:
        word = chance.choice(chance.choice(words))
        kind = chance.randrange(4)
        if kind == 0 and word[0] > "\u2e00":
            begin = chance.randrange(len(word))
            return word[begin : begin + chance.randint(1, 3)]
        if kind == 1:
            return word.upper()
        if kind == 2:
            return "".join(each for each in unicodedata.normalize("NFD", word) if not unicodedata.combining(each))
        return word


def naive(texts: Sequence[str], asked: str) -> bool:
    """Whether all words are in the texts: whole ones, or pieces in languages without blanks."""
    return all(
        any(_has(_plain(form), word) for text in texts for form in (text, _spelt(text))) for word in asked.split()
    )


def _has(text: str, word: str) -> bool:
    for form in {_plain(word), _plain(_spelt(word))}:
        if form[0] >= "\u2e00":
            if form in text:
                return True
            continue
        between = r"[^\w]+".join(map(re.escape, re.findall(r"\w+", form)))
        if re.search(rf"(?<!\w){between}(?!\w)", text):
            return True
    return False


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f\u0610-\u061a\u064b-\u065f]", "", apart))


def _spelt(text: str) -> str:
    return "".join({"ä": "ae", "ö": "oe", "ü": "ue"}.get(each, each) for each in text.casefold())
