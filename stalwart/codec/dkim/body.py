"""Hashes of a body in the two uniform forms of RFC 6376 3.4.3 and 3.4.4, in one pass over its pieces.

However long the body is and whatever it is made of, no more than a piece of it is held.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

_SPACES = re.compile(rb" {2,}")
_CRLF = b"\r\n"
_MOST_LINES = 4096


@frozen
class BodyForm:
    """What is hashed: the relaxed or the simple form, and how much of it (l=); None is all."""

    relaxed: bool
    length: int | None = None


@frozen
class BodyHash:
    """``digest`` is SHA-256; ``complete`` is False if the body is shorter than what was to be hashed."""

    digest: bytes
    complete: bool


def body_hashes(pieces: Iterable[bytes], forms: Iterable[BodyForm]) -> Mapping[BodyForm, BodyHash]:
    """The hash of each of the ``forms``. ``pieces`` have CRLF as their only line ends, none of them split."""
    wanted = tuple(dict.fromkeys(forms))
    passes = [
        (_Uniform(relaxed), tuple(_Counted(form) for form in wanted if form.relaxed is relaxed))
        for relaxed in (True, False)
    ]
    passes = [each for each in passes if each[1]]
    for piece in pieces:
        for uniform, hashes in passes:
            for part in uniform.feed(piece):
                for each in hashes:
                    each.update(part)
    for uniform, hashes in passes:
        for each in hashes:
            each.update(uniform.end())
    return {each.form: each.result() for _, hashes in passes for each in hashes}


class _Uniform:
    """Makes a body uniform. Empty lines at the end are left out, so they wait until something follows."""

    def __init__(self, relaxed: bool) -> None:
        self._relaxed = relaxed
        self._space = b""
        self._line_ends = 0
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What is certain now."""
        data = self._reduced(piece) if self._relaxed else piece
        text = data.rstrip(_CRLF)
        if text:
            while self._line_ends > _MOST_LINES:
                yield _CRLF * _MOST_LINES
                self._line_ends -= _MOST_LINES
            yield _CRLF * self._line_ends + text
            self._begun, self._line_ends = True, 0
        self._line_ends += (len(data) - len(text)) // 2

    def end(self) -> bytes:
        """What comes last."""
        return _CRLF if self._begun or not self._relaxed else b""

    def _reduced(self, piece: bytes) -> bytes:
        """White space within lines is one space, at their end none; what the piece ends with may go on in the next."""
        data = self._space + piece
        kept = data.rstrip(b" \t")
        self._space = b" " if len(kept) < len(data) else b""
        kept = kept.replace(b"\t", b" ")
        if b"  " in kept:
            kept = _SPACES.sub(b" ", kept)
        return kept.replace(b" \r\n", _CRLF)


class _Counted:
    """A hash of the first octets."""

    def __init__(self, form: BodyForm) -> None:
        self.form = form
        self._hash = hashlib.sha256()
        self._left = form.length

    def update(self, data: bytes) -> None:
        """Hash as much of it as is wanted."""
        if self._left is None:
            self._hash.update(data)
        elif self._left:
            part = data[: self._left]
            self._hash.update(part)
            self._left -= len(part)

    def result(self) -> BodyHash:
        """The hash."""
        return BodyHash(self._hash.digest(), not self._left)
