"""The words of an HTML document, to be searched and previewed. Nothing is executed, nothing is fetched.

A tokenizer made of possessive patterns, so that each character is read once whatever the document is. Nesting costs
nothing, because no tree is built.
"""

from __future__ import annotations

import html
import re

TOKEN = re.compile(
    r"""([^<]++)
    |<!--(?:[^-]++|-(?!->))*+(?:-->)?
    |<(/?)([A-Za-z][^\s/>]*+)(?:[^>=]++|=\s*+(?:"[^"]*+"?|'[^']*+'?)?+)*+>?
    |<[!?/][^>]*+>?
    |<""",
    re.X,
)
_HIDDEN = frozenset(
    {"script", "style", "title", "template", "noembed", "noframes", "object", "svg", "math", "select", "textarea"}
)
_SPECIAL = _HIDDEN | {"head"}
_END = {name: re.compile(rf"</{name}(?![A-Za-z0-9])[^>]*+>?", re.I | re.A) for name in _HIDDEN}
_END["head"] = re.compile(r"</head(?![A-Za-z0-9])[^>]*+>?|(?=<body[\s/>])", re.I | re.A)
_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr q s samp small span "
    "strike strong sub sup time tt u var wbr o:p"
)
_INLINE = frozenset(_INLINE_NAMES.split())
_LONG_NUMBER = re.compile(r"&#(?:[xX][0-9A-Fa-f]{8,}+|[0-9]{8,}+);?")


def text_of(document: str, most: int) -> str:
    """The text in ``document``, lines where blocks are, about ``most`` characters of it."""
    found: list[str] = []
    length = 0
    position: int | None = 0
    headed = False
    while position is not None:
        start, position = position, None
        for match in TOKEN.finditer(document, start):
            if match.lastindex == 1:
                words = match[1]
                found.append(words.replace("\n", " ") if "\n" in words else words)
                length += len(words.strip())
                if length >= most:
                    break
                continue
            name = match[3]
            if name is None:  # a comment, a declaration, or a sign that stands for itself
                if match[0] == "<":
                    found.append("<")
                continue
            name = name.lower()
            if name in _INLINE:
                continue
            found.append("\n")
            if name in _SPECIAL and not match[2] and not (name == "head" and headed):
                position = _behind(document, name, match)
                headed = headed or name == "head"
                break
    text = unescape("".join(found))
    return "\n".join(line for line in (" ".join(line.split()) for line in text.split("\n")) if line)


def _behind(document: str, name: str, match: re.Match[str]) -> int | None:
    """Where it goes on behind an element that is not shown; None if it never ends."""
    if name != "head" and match[0].endswith("/>"):
        return match.end()
    end = _END[name].search(document, match.end())
    if end is not None:
        return end.end()
    return match.end() if name == "head" else None


def unescape(text: str) -> str:
    """Character references resolved; numbers that no character has are replaced."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = _LONG_NUMBER.sub("\ufffd", text)
    return html.unescape(text)


def cut(document: str, length: int) -> str:
    """At most ``length`` characters from the begin, no tag and no reference cut apart (RFC 8621 4.2)."""
    if len(document) <= length:
        return document
    begin, last = 0, ""
    for match in TOKEN.finditer(document, 0, length):
        begin, last = match.start(), match[0]
    if last[:1] == "<" and not last.endswith("-->" if last.startswith("<!--") else ">"):
        return document[:begin]
    reference = document.rfind("&", max(0, length - 10), length)
    if reference >= 0 and ";" not in document[reference:length]:
        length = reference
    return document[:length]
