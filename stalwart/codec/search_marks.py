"""Shows where a text has what was looked for (RFC 8621 5): escaped as HTML, with ``<mark>`` around what was found.

What is found in the folded text is marked in the original. A long text is looked through piece by piece, and nothing is
kept of a piece in which nothing can be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from stalwart.codec.search_terms import Unit, fold, loose, places, starts

LONGEST: Final = 255
"""Octets of a preview."""

_OPEN, _CLOSE = "<mark>", "</mark>"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_PIECE = 1000
_OVERLAP = 400
_BEFORE = 60
_COMBINING = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u0730-\u074a"
    "\u08d3-\u0903\u093a-\u0963\u09bc-\u09d7\u0abc-\u0acd\u0b3c-\u0b57\u0bbe-\u0bd7\u0c3c-\u0c56\u0cbc-\u0cd6"
    "\u0d3b-\u0d57\u0dca-\u0ddf\u0f71-\u0fbc\u102b-\u103e\u1160-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f"
    "\u20d0-\u20ff\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f\uff9e\uff9f"
)
_CLUSTER = re.compile(f"(?s:.)[{_COMBINING}]*")

Span = tuple[int, int]
"""Where something that was found begins and ends in the original text."""


def marked(text: str, units: Iterable[Unit]) -> str | None:
    """The whole text with marks; None if nothing is found."""
    spans = _spans(text, loose(units))
    return _shown(text, spans) if spans else None


def preview(text: str, units: Iterable[Unit]) -> str | None:
    """What is around the first thing found, at most ``LONGEST`` octets; None if nothing is found."""
    wanted = loose(units)
    rows = {row for unit in wanted for row in unit}
    longest = max((_OVERLAP, *(2 * sum(map(len, row.words)) for row in rows)))
    for begin, end in _windows(text):
        piece = text[begin : end + longest]
        folded = fold(piece)
        possible = [row for row in rows if all(word in folded for word in row.words)]
        if not possible:
            continue
        words = [place.word for place in places(folded)]
        if not any(starts(row, words) for row in possible):
            continue
        spans = _spans(piece, wanted)
        if spans and spans[0][0] < end - begin:
            return _around(text, begin + spans[0][0], longest, wanted)
    return None


def _windows(text: str) -> Iterator[Span]:
    """Pieces of the text that begin and end between words where there are blanks."""
    begin = 0
    while begin < len(text):
        end = begin + _PIECE
        if end < len(text):
            cut = max(text.rfind(" ", begin + 1, end), text.rfind("\n", begin + 1, end))
            end = cut if cut > 0 else end
        yield begin, end
        begin = end


def _aligned(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its positions, the end included, where that is in the original."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    folded: list[str] = []
    origins: list[int] = []
    for match in _CLUSTER.finditer(text):
        form = fold(match[0])
        folded.append(form)
        origins += [match.start()] * len(form)
    return "".join(folded), [*origins, len(text)]


def _spans(text: str, units: Iterable[Unit]) -> list[Span]:
    """What is found, in order and without overlaps."""
    folded, origins = _aligned(text)
    found = list(places(folded))
    words = [place.word for place in found]
    spans: set[Span] = set()
    for row in {row for unit in units for row in unit}:
        for at in starts(row, words):
            last = found[at + len(row.words) - 1]
            end = last.reach if len(row.words[-1]) > 1 else last.end
            spans.add((origins[found[at].begin], _end(origins, end)))
    return _joined(sorted(spans))


def _end(origins: Sequence[int], end: int) -> int:
    """Where the original of what ends at ``end`` ends: with the character whose part is there."""
    place, last = end, origins[end - 1]
    while place < len(origins) - 1 and origins[place] == last:
        place += 1
    return origins[place]


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _shown(text: str, spans: Iterable[Span]) -> str:
    shown: list[str] = []
    at = 0
    for begin, end in spans:
        shown += [_escaped(text[at:begin]), _OPEN, _escaped(text[begin:end]), _CLOSE]
        at = end
    return "".join([*shown, _escaped(text[at:])])


def _around(text: str, first: int, longest: int, units: Iterable[Unit]) -> str:
    """The preview that begins a little before ``first``; nothing that is found has more than ``longest`` characters."""
    begin = max(0, first - _BEFORE)
    line = text.rfind("\n\n", begin, first)
    blank = text.find(" ", begin, first) if begin else -1
    begin = line + 2 if line >= 0 else blank + 1 if blank >= 0 else begin
    piece = " ".join(text[begin : first + longest].split())
    spans = _spans(piece, units)
    if not spans:  # what was found goes on beyond the piece
        spans = [(0, len(piece))]
    return _cut(piece, spans)


def _cut(text: str, spans: Iterable[Span]) -> str:
    """As ``_shown``, as far as it fits."""
    left = LONGEST
    shown: list[str] = []
    at = 0
    for begin, end in spans:
        before = _fitting(text[at:begin], left)
        if len(before) < begin - at:
            break
        size = _size(before)
        inner = _fitting(text[begin:end], left - size - len(_OPEN) - len(_CLOSE))
        if not inner or (shown and len(inner) < end - begin):
            break
        shown += [_escaped(before), _OPEN, _escaped(inner), _CLOSE]
        left -= size + _size(inner) + len(_OPEN) + len(_CLOSE)
        at = begin + len(inner)
        if len(inner) < end - begin:
            return "".join(shown)
    return "".join([*shown, _escaped(_fitting(text[at:], left))])


def _fitting(text: str, octets: int) -> str:
    """The beginning of a text that takes at most so many octets when it is shown."""
    size = 0
    for at, character in enumerate(text):
        size += _size(character)
        if size > octets:
            return text[:at]
    return text


def _size(text: str) -> int:
    return len(_escaped(text).encode("utf-8", "replace"))


def _escaped(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in text)
