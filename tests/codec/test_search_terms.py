"""What is found by what, in several languages, and against a plain reading of the same rules."""

from __future__ import annotations

import re
import time
import unicodedata

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec import search_terms
from stalwart.codec.search_terms import LONGEST, Row, fold, loose, matches, places, question, starts, terms
from stalwart.errors import Invalid

FOUND = (
    # text, questions that find it
    ("Die Größe der Tür", ("größe", "GRÖSSE", "grosse", "groesse", "tür", "tur", "tuer", '"der tür"', '"der tuer"')),
    ("Straße, STRASSE", ("strasse", "straße")),
    ("Hans Mueller", ("müller", "mueller", '"hans müller"')),
    ("Łódź and Søren and Þór and Ærø", ("lodz", "soren", "søren", "soeren", "thor", "aero")),
    ("Cafe\u0301 naïve ﬁne ＡＢＣ", ("café", "cafe", "naive", "fine", "abc")),
    ("東京都庁へ行く", ("東京", "京都", "都庁", "東京都庁", "庁", "く", "行く", '"都庁へ"')),
    ("本日は晴\r\n天なり", ("晴天", "晴", "天なり")),
    ("ｶﾞﾗｽの窓", ("ガラス", "ｶﾞﾗｽ", "ガラスの窓")),
    ("iPhone修理センターABC", ("iphone", "修理", "ンター", "iPhone修理", "センターABC", "abc")),
    ("我们明天开会。", ("明天", "开会", "天开")),
    ("한국어 회사는", ("한국", "국어", "회사", "회사는")),
    ("ที่ประชุมพรุ่งนี้", ("ประชุม", "พรุ่งนี้")),
    ("مُحَمَّدٌ كتـــاب أحمد إلى مدرسة", ("محمد", "كتاب", "احمد", "أحمد", "الي", "مدرسه")),
    ("قرأت الكتاب وبالمدرسة وللطلاب", ("كتاب", "الكتاب", "والكتاب", "مدرسة", "المدرسة", "طلاب", "للطلاب")),
    ("قرأت الكتاب", ("كتا*", "الكتا*", "قرأت كتاب")),
    ("كتاب جديد", ("الكتاب", "بالكتاب", "الجديد كتاب")),
    ("פָּגַשׁ", ("פגש",)),
    ("हिन्दी में", ("हिन्दी",)),
    ("Ёлка ΆΘΩ", ("елка", "αθω")),
    ("٣٤ ۵۶ ７８", ("34", "56", "78")),
    ("joe.bloggs+tag@mail.example.co.uk", ("joe.bloggs", "joe.bloggs+tag@mail.example.co.uk", "co.uk", "bloggs")),
    ("joe.bloggs+tag@mail.example.co.uk", ("@mail.example.co.uk", "<joe.bloggs+tag@mail.example.co.uk>", "tag")),
    ("It's rock 'n' roll", ("it's", "'rock n roll'", "n", "\"it's rock\"", "'n'")),
    ('say \\"hi\\" now', (r'"say \"hi\""', "hi now say")),
    ("party 🎉🎉 time", ("🎉", "party🎉")),
    ("soft\u00adhyphen and no\u200cjoin", ("softhyphen", "nojoin")),
    ("under_score", ("under", "score", "under_score")),
    ("invoices", ("inv*", "invoices*")),
    ("x" * 200, ("x" * 200,)),
)  # fmt: skip

MISSED = (
    ("Jahresrechnung", ("rechnung",)),
    ("business", ("bus",)),
    ("東京大阪", ("京東", "東大")),
    ("東、京", ("東京",)),
    ("joe.bloggs@example.com", ("joe@example.com", "example.net", "bloggs.joe", "jo.bloggs@example.com")),
    ("alpha beta gamma", ('"alpha gamma"', "alpha delta", '"beta alpha"')),
    ("Müller wohnt", ('"wohnt mueller"', "mull", "m*x")),
    ("がか", ("がが",)),
    ("الله الذي وزير", ("له", "زير", '"كتاب الذي"')),
)


class FindingTests(SynchronousTestCase):
    """Made of the tables above."""

    def test_folding_by_octets_says_the_same(self) -> None:
        for code in range(128, 256):
            for text in (chr(code), f"a{chr(code)}B"):
                quick = search_terms._western(text)
                self.assertIn(quick, (None, search_terms._folded(text)), hex(code))

    def test_words_are_unique_to_a_blank(self) -> None:
        """What is put between blanks stays what it is for an index that cuts at blanks."""
        for text, _ in FOUND:
            self.assertEqual(" ".join(terms(text)).split(" "), terms(text))

    def test_nothing_to_look_for(self) -> None:
        for text in ("", "  ", "!!!", "“”", '""', "* - ."):
            self.assertEqual(question(text), (), text)

    def test_long_questions_are_refused(self) -> None:
        question(" ".join(f"w{number}" for number in range(50)))
        with self.assertRaises(Invalid):
            question(" ".join(f"w{number}" for number in range(51)))
        with self.assertRaises(Invalid):
            question("x" * 2001)

    def test_a_unit_is_asked_once(self) -> None:
        self.assertEqual(question("one One ONE"), ((Row(("one",)),),))

    def test_long_words_are_several(self) -> None:
        self.assertEqual([len(word) for word in terms("y" * (2 * LONGEST + 3))], [LONGEST, LONGEST, 3])

    def test_places_tell_the_pieces_of_pairs(self) -> None:
        found = [(place.word, place.begin, place.end, place.reach) for place in places("ab 東\n京x")]
        self.assertEqual(found, [("ab", 0, 2, 2), ("東京", 3, 4, 6), ("京", 5, 6, 6), ("x", 6, 7, 7)])

    def test_umlauts_are_shown_where_they_are_written_out_in_the_question(self) -> None:
        self.assertFalse(starts(Row(("mueller",)), ["muller"]))
        self.assertTrue(matches(loose(question("mueller")), ["muller"]))

    def test_words_are_shown_with_their_article(self) -> None:
        for asked, text in (("كتاب", "الكتاب"), ("كتاب", "وبالكتاب"), ("الكتاب", "كتاب"), ("الكتاب", "للكتاب")):
            plain = [place.word for place in places(fold(text))]
            self.assertTrue(matches(loose(question(asked)), plain), (asked, text))

    def test_texts_made_to_be_slow_are_not(self) -> None:
        begun = time.process_time()
        for text in ("a" + "\u0301" * 100_000, "ab" * 60_000, "ä" * 100_000, "-" * 100_000, "\u0e38" * 100_000):
            terms(text)
        question("\u0316\u0301" * 1000)
        self.assertLess(time.process_time() - begun, 2.0)

    def test_folding_piece_by_piece_says_the_same(self) -> None:
        texts = [text for text, _ in FOUND]
        long = "\n".join(" ".join(texts[number % 7 :]) for number in range(20))
        self.assertGreater(len(long), 2 * search_terms._PIECE)
        self.assertEqual(fold(long), search_terms._folded_piece(long))
        self.assertEqual("".join(search_terms._in_pieces(long)), long)
        self.assertEqual(terms(long)[-1], terms(" ".join(texts))[-1])
        unbroken = "ﷺ" * 10_000
        self.assertEqual(list(map(len, search_terms._in_pieces(unbroken))), [4096, 4096, 1808])

    @settings(max_examples=300)
    @given(st.text(max_size=60))
    def test_places_are_those_of_the_words(self, text: str) -> None:
        words = terms(text)
        plain = words[: words.index("\ue000")] if "\ue000" in words else words
        folded = fold(text)
        found = list(places(folded))
        self.assertEqual([place.word for place in found], plain)
        for place in found:
            self.assertLess(place.begin, place.end)
            self.assertLessEqual(place.end, place.reach)
            self.assertEqual(folded[place.begin], place.word[0])

    @settings(max_examples=300)
    @given(st.text(max_size=60), st.data())
    def test_a_text_has_what_was_cut_out_of_it(self, text: str, data: st.DataObject) -> None:
        """Any blank-separated words of it, as they are; quotes and stars would say something else."""
        pieces = re.sub("[\"'*\\\\]", " ", text).split()
        assume(pieces)
        begin = data.draw(st.integers(0, len(pieces) - 1))
        end = data.draw(st.integers(begin, len(pieces) - 1))
        wanted = " ".join(pieces[begin : end + 1])
        words = terms(" ".join(pieces))
        self.assertTrue(matches(question(wanted)[:50], words))
        self.assertTrue(matches(question(f'"{wanted}"'), words))


def _add_tests() -> None:
    for name, table, expected in (("finds", FOUND, True), ("misses", MISSED, False)):
        for number, (text, questions) in enumerate(table):
            for place, asked in enumerate(questions):

                def test(self: FindingTests, text: str = text, asked: str = asked, expected: bool = expected) -> None:
                    units = question(asked)
                    self.assertTrue(units)
                    self.assertEqual(matches(units, terms(text)), expected, (text, asked, units, terms(text)))

                setattr(FindingTests, f"test_{name}_{number}_{place}", test)


_add_tests()

ALPHABETS = ("ab", "äou ", "東京都", "كتاب", "한국어", "のは")


def naive(text: str, asked: str) -> bool:
    """Whether all words of a question without quotes are in a text, found in the plainest way."""
    return all(any(_has(form, word) for form in (_plain(text), _plain(_spelt(text)))) for word in asked.split())


def _has(text: str, word: str) -> bool:
    for form in {_plain(word), _plain(_spelt(word))}:
        if _is_spaced(form[0]):
            if re.search(rf"(?<![a-z\u0600-\u06ff]){re.escape(form)}(?![a-z\u0600-\u06ff])", text):
                return True
        elif form in text:
            return True
    return False


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", apart))


def _spelt(text: str) -> str:
    return text.replace("ä", "ae")


def _is_spaced(character: str) -> bool:
    return character < "\u1100"


_word = st.sampled_from(ALPHABETS).flatmap(lambda letters: st.text(letters.strip(), min_size=1, max_size=4))


class ModelTests(SynchronousTestCase):
    @settings(max_examples=500)
    @given(st.lists(_word, max_size=8), st.lists(_word, min_size=1, max_size=2))
    def test_words_are_found_as_in_a_plain_search(self, text: list[str], asked: list[str]) -> None:
        wanted = " ".join(asked)
        self.assertEqual(
            matches(question(wanted), terms(" ".join(text))), naive(" ".join(text), wanted), (text, wanted)
        )
