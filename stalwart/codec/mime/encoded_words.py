"""Encoded words in header fields (RFC 2047, RFC 2231 5), read and written.

Strictly read, as RFC 8621 4.1.2.2 demands, a word counts only where white space or the end stands on both sides. The
lenient way takes words wherever they stand, with blanks in them too, for parameters and for search.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata

from stalwart.codec.mime import charsets, transfer

_STRICT = re.compile(r"(?<![^ \t\r\n])=\?([!-)+->@-~]{1,60})(?:\*[!->@-~]*+)?\?([bBqQ])\?([!->@-~]*+)\?=(?![^ \t\r\n])")
_LENIENT = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]*+)?\?([bBqQ])\?([^?]*+)\?=")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BREAKS = " \t\r\n"
_LONGEST_NORMALIZED = 1000
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")  # RFC 2047 5 (3)
_WORD = 75
_ENVELOPE = len("=?utf-8?q??=")


def decode(text: str, lenient: bool = False) -> str:
    """``text`` with its encoded words decoded. What cannot be decoded stays as it is."""
    if "=?" not in text:
        return text
    decoded: list[str] = []
    run: list[bytes] = []
    charset = ""
    position = 0
    for match in (_LENIENT if lenient else _STRICT).finditer(text):
        octets = _octets(match[1], match[2], match[3])
        if octets is None:
            continue
        gap = text[position : match.start()]
        position = match.end()
        if run and not gap.strip(_BREAKS):  # white space between words is not shown
            if match[1].lower() != charset:
                decoded.append(_text(run, charset))
                run = []
        else:
            if run:
                decoded.append(_text(run, charset))
                run = []
            decoded.append(gap)
        charset = match[1].lower()
        run.append(octets)
    if run:
        decoded.append(_text(run, charset))
    decoded.append(text[position:])
    return "".join(decoded)


def _octets(charset: str, encoding: str, content: str) -> bytes | None:
    """What the word holds; None if its character set is unknown or nothing can be made of it."""
    if charsets.codec(charset) is None:
        return None
    raw = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    octets = transfer.decode(raw, "base64")
    return octets if octets or not raw else None


def _text(run: list[bytes], charset: str) -> str:
    """Words side by side are read together, since many senders cut characters in two."""
    return _CONTROLS.sub("", charsets.decode(b"".join(run), charset)[0])


def unfold(text: str) -> str:
    """RFC 5322 2.2.3."""
    return _FOLD.sub("", text) if "\n" in text else text


def composed(text: str) -> str:
    """``text`` in NFC. Long texts are normalized in pieces, since ordering endless runs of marks is quadratic."""
    if text.isascii() or len(text) <= _LONGEST_NORMALIZED:
        return unicodedata.normalize("NFC", text)
    done = []
    position = 0
    while position < len(text):
        stop = position + _LONGEST_NORMALIZED
        for earlier in range(stop, max(position, stop - 64), -1):
            if text[earlier - 1 : earlier].isascii() and text[earlier : earlier + 1].isascii():
                stop = earlier
                break
        done.append(unicodedata.normalize("NFC", text[position:stop]))
        position = stop
    return "".join(done)


def needs_encoding(text: str) -> bool:
    """Whether ``text`` cannot stand in a field as it is."""
    return not (text.isascii() and text.isprintable()) or "=?" in text


def encode(text: str, first: int = 0) -> list[str]:
    """``text`` as encoded words, none longer than 75 characters and the first shorter by ``first`` (RFC 2047 2).

    Characters are never cut apart (RFC 2047 5).
    """
    quoted = [_quoted(character.encode("utf-8", "surrogatepass")) for character in text]
    if sum(map(len, quoted)) > (len(text.encode("utf-8", "replace")) + 2) // 3 * 4 + 4:
        return _pack([character.encode("utf-8", "replace") for character in text], first)
    words: list[str] = []
    room = _WORD - _ENVELOPE - first
    current: list[str] = []
    used = 0
    for each in quoted:
        if used + len(each) > room and current:
            words.append(f"=?utf-8?q?{''.join(current)}?=")
            current, used, room = [], 0, _WORD - _ENVELOPE
        current.append(each)
        used += len(each)
    return [*words, f"=?utf-8?q?{''.join(current)}?="]


def _quoted(octets: bytes) -> str:
    return "".join("_" if octet == 32 else chr(octet) if octet in _SAFE else f"={octet:02X}" for octet in octets)


def _pack(characters: list[bytes], first: int) -> list[str]:
    words: list[str] = []
    room = (_WORD - _ENVELOPE - first) // 4 * 3
    current: list[bytes] = []
    used = 0
    for each in characters:
        if used + len(each) > room and current:
            words.append(_base64_word(current))
            current, used, room = [], 0, (_WORD - _ENVELOPE) // 4 * 3
        current.append(each)
        used += len(each)
    return [*words, _base64_word(current)]


def _base64_word(characters: list[bytes]) -> str:
    return f"=?utf-8?b?{base64.b64encode(b''.join(characters)).decode()}?="
