"""Content-Type and Content-Disposition: a value and its parameters (RFC 2045 5.1, RFC 2183).

Parameters may be continued, have a character set and a language (RFC 2231), and hold what senders put there instead:
encoded words (RFC 2047), raw octets, blanks without quotes, backslashes, missing quotes.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from stalwart.codec.mime import charsets
from stalwart.codec.mime.encoded_words import composed, decode

MOST = 1000

_MAIN = re.compile(r"\s*+(?:\([^()]*+\)\s*+)*+([^;(\s]*+)")
_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?[^;]*+|([^;]*+))', re.S)
_COMMENT = re.compile(r"(?:^|\s)\((?:[^()\\]|\\.)*+\)\s*+$", re.S)
_PAIR = re.compile(r"\\(.)", re.S)
_FOLD = re.compile(r"\r?\n[ \t]?")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_SECTION = re.compile(r"([^*]++)\*(?:(\d{1,4})(\*?)|)\Z")


class Parameters:
    """The parameters of one field. Raw values are kept octet by octet as Latin-1 until they are asked for."""

    __slots__ = ("_raw", "main")

    def __init__(self, main: str, raw: dict[str, str]) -> None:
        self.main = main
        self._raw = raw

    def octets(self, name: str) -> bytes | None:
        """The value as it was sent, for boundaries."""
        raw = self._raw.get(name)
        if raw is not None:
            return raw.encode("latin-1")
        if f"{name}*" in self._raw:
            return _extended(self._raw[f"{name}*"])[0]
        return self._continued(name)[0] or None

    def text(self, name: str) -> str | None:
        """The value as it was meant; what RFC 2231 says goes before what stands there plainly."""
        if f"{name}*" in self._raw:
            octets, charset = _extended(self._raw[f"{name}*"])
            return _clean(charsets.decode(octets, charset or "utf-8")[0])
        if f"{name}*0" in self._raw or f"{name}*0*" in self._raw:
            octets, charset = self._continued(name)
            text = charsets.decode(octets, charset or "utf-8")[0]
            return _clean(text if charset else decode(text, lenient=True))
        raw = self._raw.get(name)
        if raw is None:
            return None
        if raw.isascii() and "=?" not in raw:
            return _clean(raw)
        return _clean(decode(raw.encode("latin-1").decode("utf-8", "replace"), lenient=True))

    def _continued(self, name: str) -> tuple[bytes, str]:
        """RFC 2231 3, 4.1: sections in the order of their numbers; only those marked so are percent-encoded."""
        collected = []
        charset = ""
        for number in range(MOST):
            value = self._raw.get(f"{name}*{number}*")
            if value is None:
                value = self._raw.get(f"{name}*{number}")
                if value is None:
                    break
                collected.append(value.encode("latin-1"))
                continue
            octets, named = _extended(value) if number == 0 else (unquote_to_bytes(value.encode("latin-1")), "")
            charset = charset or named
            collected.append(octets)
        return b"".join(collected), charset


def parse(value: bytes) -> Parameters:
    """The parts of a value; what makes no sense is passed over."""
    text = value.decode("latin-1")
    if "\n" in text:
        text = _FOLD.sub(" ", text)
    match = _MAIN.match(text)
    main = match[1] if match else ""
    if "=" in main and "/" not in main:  # the value itself is missing
        text, main, match = f";{text}", "", None
    raw: dict[str, str] = {}
    for found in _PARAMETER.finditer(text, match.end() if match else 0):
        name = found[1].lower()
        if found[2] is not None:
            content = _PAIR.sub(r"\1", found[2]) if "\\" in found[2] else found[2]
        else:
            content = found[3].strip()
            if content.endswith(")"):
                content = _COMMENT.sub("", content)
        if "*" in name:
            section = _SECTION.match(name)
            if section is not None and section[2]:
                name = f"{section[1]}*{int(section[2])}{section[3]}"
        raw.setdefault(name, content)
        if len(raw) >= MOST:
            break
    return Parameters(main, raw)


def _extended(value: str) -> tuple[bytes, str]:
    """RFC 2231 4: charset'language'percent-encoded."""
    charset = ""
    if value.count("'") >= 2:
        charset, _, value = value.split("'", 2)
    return unquote_to_bytes(value.encode("latin-1")), charset


def _clean(text: str) -> str:
    return composed(_CONTROLS.sub("", text))
