"""The words of a text and of a question, so that a search finds what people mean (RFC 8621 4.4.1).

Case, width, diacritics and vowel points do not matter. What is written with blanks is cut into whole words; what is
written without (Chinese, Japanese, Thai and their like, and Korean, which joins particles to words) becomes pairs of
neighbouring characters, so that any piece of it is found. An address or a number is a row of words. A question has to
find all of its words; what stands in quotes, and whatever one word is cut into, has to follow one another. Arabic words
are found without the article that is written into them. No stems.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from stalwart.codec.later_pattern import compiled_later
from stalwart.errors import Invalid

FORM: Final = "1"
"""Says how words are made: an index with another one has to be made anew. Newer versions of Unicode do not change it:
what they do to characters that there were before is nothing.
"""

LONGEST: Final = 64
"""Characters of a word; what is longer counts as several."""
MOST_WORDS: Final = 50
"""Words and phrases that a question may have."""
LONGEST_QUESTION: Final = 2000
_MOST_FOLDED = 256 << 10
_PIECE = 4096

_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u103f\u1050-\u108f\u1100-\u11ff\u1780-\u17d3\u2e80-\u2fdf"
    "\u3005-\u3007\u3021-\u3029\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7a3\ud7b0-\ud7ff\uf900-\ufaff"
    "\U00020000-\U000323af"
)
# vowels and the like of scripts in which they are no letters of their own
_VOWELS = "\u07a6-\u07b0\u0900-\u0963\u0971-\u0dff\u0f71-\u0f84\u0f8d-\u0fbc"
_PICTURES = "\u2600-\u27bf\U0001f000-\U0001faff"
_LETTER = rf"[^\W_{_UNSPACED}]"
_WORD = rf"{_LETTER}+(?:[{_VOWELS}]+{_LETTER}*)*"

_PLAIN = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128))
_WORDS = compiled_later(rf"{_WORD}|[{_PICTURES}]")
_RUNS = compiled_later(rf"([{_UNSPACED}]+(?:\r?\n[{_UNSPACED}]+)*)|({_WORD}|[{_PICTURES}])")
_ANY_UNSPACED = compiled_later(f"[{_UNSPACED}]")
_LETTERS_ALONE = compiled_later(rf"[^_{_UNSPACED}{_VOWELS}{_PICTURES}]*\Z")
_ALPHABETIC = re.compile(r"\w+")
_BREAKS = re.compile(r"[\r\n]+")

# joiners, direction marks, soft hyphen, and the line that stretches Arabic words
_UNSEEN = compiled_later("[\u00ad\u034f\u061c\u0640\u180e\u200c-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_ENDLESS = re.compile(r"[^\w\s\0-\x7f]{64,}")
_MARKS = compiled_later(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0730-\u074a\u08d3-\u08e1\u08e3-\u08ff\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_ALIKE = {
    **dict.fromkeys("\u0671\u0672\u0673\u0675", "\u0627"),
    **dict(
        zip("\u0649\u06cc\u06d2\u06a9\u0629\u06c1\u06c0", "\u064a\u064a\u064a\u0643\u0647\u0647\u0647", strict=True)
    ),
    **dict(zip("\u00f8\u0142\u0111\u00f0\u0127\u0131\u014b\u0167\u0138", "oldd\u0068in\u0074k", strict=True)),
    "\u00e6": "ae",
    "\u0153": "oe",
    "\u00fe": "th",
}
_OTHER_DIGITS = "".join(
    chr(zero + digit)
    for zero in (0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0)
    for digit in range(10)
)
_ALIKE_TABLE = str.maketrans({**_ALIKE, **{digit: str(place % 10) for place, digit in enumerate(_OTHER_DIGITS)}})
_ANY_ALIKE = compiled_later(f"[{''.join(_ALIKE)}{_OTHER_DIGITS}]")

# How those write who have no such keys: both forms are found by either.
_SPELT = {"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00e5": "aa", "\u00f8": "oe"}
_SPELT_TABLE = str.maketrans(_SPELT)
_SPELT_LETTERS = "".join(_SPELT)
_SPELT_WORD = compiled_later(rf"(?<!{_LETTER})[^\W_{_UNSPACED}{_SPELT_LETTERS}]*+[{_SPELT_LETTERS}]{_LETTER}*+")
_MAY_BE_SPELT = compiled_later(f"[{_SPELT_LETTERS}{_SPELT_LETTERS.upper()}\u0308\u030a\u212b]")
_SHORT_FORMS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))

# What Arabic writes before a word without a blank: the article, and short words before it.
_BEFORE_ARTICLE = ("", "\u0648", "\u0641")
_ARTICLES = ("\u0627\u0644", "\u0628\u0627\u0644", "\u0643\u0627\u0644", "\u0644\u0644")
_WITH_ARTICLE = re.compile(rf"(?:{'|'.join(_BEFORE_ARTICLE)})(?:{'|'.join(_ARTICLES)})(?=[\u0620-\u064a]{{3}})")
_IN_EACH_ARTICLE = "\u0644"
_ARABIC = re.compile("[\u0620-\u064a]{3,}")

_APART: Final = "\ue000"
"""Stands between the text and other spellings, so that no phrase reaches across; in no question."""

_BLANKS = re.compile(r"\s+")
_NAMES = re.compile(r"(?:[^\W\d_]|[\s'-])+")
_ESCAPED = re.compile(r"\\(.)", re.S)


class Row(NamedTuple):
    """Words that follow one another; with ``begins`` the last is only how a word begins."""

    words: tuple[str, ...]
    begins: bool = False


Unit = tuple[Row, ...]
"""What has to be found: one of some rows, the usual one first."""


class Place(NamedTuple):
    """A word, and where it stands in the folded text. ``reach`` is where it ends, ``end`` where its first character
    does if it is a pair.
    """

    word: str
    begin: int
    end: int
    reach: int


def fold(text: str) -> str:
    """The text with what does not matter taken away; positions change."""
    if text.isascii():
        return text.lower()
    western = _western(text)
    if western is not None:
        return western
    return _folded(text)


def _folded(text: str) -> str:
    return _folded_piece(text) if len(text) <= _PIECE else "".join(map(_folded_piece, _in_pieces(text)))


def _in_pieces(text: str) -> Iterator[str]:
    """The same text, so that no other thread waits for long; cut before blanks, where nothing joins."""
    begin = 0
    while begin < len(text):
        end = begin + _PIECE
        if end < len(text):
            blank = max(text.rfind(" ", begin + 1, end), text.rfind("\n", begin + 1, end))
            end = blank if blank > 0 else end
        yield text[begin:end]
        begin = end


def _folded_piece(text: str) -> str:
    # Ordering endless runs of marks is quadratic; whatever is so long and has no letter is no word.
    text = unicodedata.normalize("NFKC", _ENDLESS.sub(" ", text))
    if _UNSEEN.search(text):
        text = _UNSEEN.sub("", text)
    text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text.casefold())))
    return text.translate(_ALIKE_TABLE) if _ANY_ALIKE.search(text) else text


def _western(text: str) -> str | None:
    """The same for what can be written in ISO 8859-1, some rare characters left out; much faster."""
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        return None
    if _RARE.search(octets):
        return None
    octets = octets.translate(_WESTERN, b"\xad")
    return octets.replace(b"\xdf", b"ss").replace(b"\xe6", b"ae").replace(b"\xfe", b"th").decode("latin-1")


def terms(text: str) -> list[str]:
    """The words of a text in order, then other spellings of some of them."""
    folded = fold(text)[:_MOST_FOLDED]
    if folded.isascii():
        found = folded.translate(_PLAIN).split()
    elif _LETTERS_ALONE.match(folded):
        found = _ALPHABETIC.findall(folded)
    elif _ANY_UNSPACED.search(folded) is None:
        found = _WORDS.findall(folded)
    else:
        found = []
        for run, word in _RUNS.findall(folded):
            if word:
                found.append(word)
            else:
                found += _pairs(_BREAKS.sub("", run))
    if found and len(max(found, key=len)) > LONGEST:
        found = [piece for word in found for piece in _pieces(word)]
    if text.isascii():
        return found
    others = _other_spellings(text) if _MAY_BE_SPELT.search(text) else []
    if _IN_EACH_ARTICLE in folded:
        others += sorted({bare for word in found if (bare := _without_article(word)) != word})
    return [*found, _APART, *others] if others else found


def places(folded: str) -> Iterator[Place]:
    """The words of a folded text, other spellings left out, with their places."""
    for match in _RUNS.finditer(folded):
        begin = match.start()
        if match[2] is not None:
            for piece in _pieces(match[2]):
                yield Place(piece, begin, begin + len(piece), begin + len(piece))
                begin += len(piece)
            continue
        at = [place for place in range(begin, match.end()) if folded[place] not in "\r\n"]
        pairs = _pairs("".join(folded[place] for place in at))
        for pair, place, following in zip(pairs, at, [*at[1:], at[-1]], strict=True):
            yield Place(pair, place, place + 1, following + 1)


def question(text: str) -> tuple[Unit, ...]:
    """What a text to look for asks for; nothing if it has no words. Raises Invalid if it is too long."""
    if len(text) > LONGEST_QUESTION:
        raise Invalid(f"A text to look for may have {LONGEST_QUESTION} characters at most.", ("filter",))
    units = [unit for piece, begins in _quoted(text) if (unit := _unit(piece, begins))]
    if len(units) > MOST_WORDS:
        raise Invalid(f"A text to look for may have {MOST_WORDS} words at most.", ("filter",))
    return tuple(dict.fromkeys(units))


def matches(units: Iterable[Unit], words: Sequence[str]) -> bool:
    """Whether all units are in a text with these ``terms``."""
    return all(any(starts(row, words) for row in unit) for unit in units)


def loose(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """The same with umlauts found where they are written out in the question, and words with and without an article,
    for showing what was found.
    """
    return tuple(tuple(dict.fromkeys(shown for row in unit for shown in _shown_for(row))) for unit in units)


def starts(row: Row, words: Sequence[str]) -> list[int]:
    """Where in ``words`` a row begins."""
    first, length = row.words[0], len(row.words)
    if length == 1:
        return [at for at, word in enumerate(words) if word == first or (row.begins and word.startswith(first))]
    exact = row.words[:-1] if row.begins else row.words
    found = []
    for at in range(len(words) - length + 1):
        same = words[at] == first and tuple(words[at : at + len(exact)]) == exact
        if same and (not row.begins or words[at + length - 1].startswith(row.words[-1])):
            found.append(at)
    return found


def _western_table() -> bytes:
    """What each octet of ISO 8859-1 folds to; what takes two letters is replaced after that."""
    table = bytearray(range(256))
    for octet in range(256):
        folded = _folded(chr(octet))
        table[octet] = ord(folded) if len(folded) == 1 and ord(folded) < 256 else octet
    for pair in (b"\xa0 ", b"\xa8 ", b"\xaf ", b"\xb4 ", b"\xb8 ", b"\xc6\xe6", b"\xde\xfe"):
        table[pair[0]] = pair[1]
    return bytes(table)


def _pairs(run: str) -> list[str]:
    """Neighbours, and the last character alone: what follows the run comes after that."""
    return [run[at : at + 2] for at in range(len(run))]


def _pieces(word: str) -> Iterator[str]:
    return (word[at : at + LONGEST] for at in range(0, len(word), LONGEST))


def _composed(text: str) -> str:
    pieces = _in_pieces(text) if len(text) > _PIECE else (text,)
    return "".join(unicodedata.normalize("NFKC", _ENDLESS.sub(" ", piece)).casefold() for piece in pieces)


def _spelt(text: str) -> str:
    return _composed(text).translate(_SPELT_TABLE)


def _other_spellings(text: str) -> list[str]:
    """Words with umlauts as they are written without."""
    around = " ".join(piece for piece in set(_composed(text).split()) if not piece.isascii())
    spelt = (word.translate(_SPELT_TABLE) for word in _SPELT_WORD.findall(around))
    found = {fold(word) for word in spelt}
    return sorted(piece for word in found for each in _WORDS.findall(word) for piece in _pieces(each))


def _quoted(text: str) -> Iterator[tuple[str, bool]]:
    """The words and phrases of a question, and whether a star follows (RFC 8621 4.4.1)."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        end = _closing(text, at) if text[at] in "\"'" else -1
        if end >= 0:
            yield _ESCAPED.sub(r"\1", text[at + 1 : end]), False
            at = end + 1
            continue
        blank = _BLANKS.search(text, at)
        stop = blank.start() if blank else len(text)
        word = text[at:stop]
        yield word, len(word) > 1 and word.endswith("*")
        at = stop


def _closing(text: str, at: int) -> int:
    """Where the phrase ends that the quote at ``at`` begins; -1 if that is no matching quote."""
    quote, place = text[at], at + 1
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == quote and (quote == '"' or place + 1 == len(text) or text[place + 1].isspace()):
            return place
        place += 1
    return -1


def _unit(piece: str, begins: bool) -> Unit:
    folded = fold(piece)
    rows = [_row(folded, begins), _row(fold(_spelt(piece)), begins)]
    if len(rows[0].words) > 1 and _NAMES.fullmatch(folded):  # other spellings are not in their places there
        rows.append(_row(_shortened(folded), begins))
    if len(rows[0].words) == 1:
        rows.append(Row((_without_article(rows[0].words[0]),), rows[0].begins))
    return tuple(dict.fromkeys(row for row in rows if row.words))


def _shown_for(row: Row) -> Iterator[Row]:
    yield row
    yield Row(tuple(map(_shortened, row.words)), row.begins)
    if len(row.words) == 1 and _ARABIC.match(row.words[0]):
        for before in _BEFORE_ARTICLE:
            for article in _ARTICLES:
                yield Row((before + article + row.words[0],), row.begins)


def _without_article(word: str) -> str:
    found = _WITH_ARTICLE.match(word)
    return word[found.end() :] if found else word


def _shortened(folded: str) -> str:
    for long, short in _SHORT_FORMS:
        folded = folded.replace(long, short)
    return folded


def _row(folded: str, begins: bool) -> Row:
    words: list[str] = []
    last = 0
    for run, word in _RUNS.findall(folded):
        if word:
            words += _pieces(word)
            last = 0
        else:
            characters = _BREAKS.sub("", run)
            words += _pairs(characters)
            last = len(characters)
    if last == 0:
        return Row(tuple(words), begins and bool(words))
    # Anything may follow the last character: it is half of the last pair, or how a pair begins.
    return Row(tuple(words), True) if last == 1 else Row(tuple(words[:-1]))


_WESTERN = _western_table()
_RARE = re.compile(rb"[\xb5\xbc-\xbe]")
