"""Small XML 1.0 documents as text: everything that is put into them is escaped, so no value can add an element.

Elements are values; a document is indented with tabs and ends with a line feed. Characters that XML does not allow are
replaced by U+FFFD. Name spaces are attributes; mixed content, comments and DTDs are left out. Reading is elsewhere.
"""

from __future__ import annotations

import re

from attrs import frozen

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what is not in XML 1.0 2.2
_IN_TEXT = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}
_IN_ATTRIBUTES = _IN_TEXT | {ord('"'): "&quot;", ord("\t"): "&#9;", ord("\n"): "&#10;"}


@frozen
class Element:
    """An element with text or with children; ``name`` and the names of ``attributes`` are written as they are."""

    name: str
    content: str | tuple[Element, ...] = ""
    attributes: tuple[tuple[str, str], ...] = ()


def document(root: Element) -> bytes:
    """``root`` as a document in UTF-8."""
    lines: list[str] = []
    _write(root, "", lines)
    return (_HEAD + "".join(lines)).encode()


def _write(element: Element, indent: str, lines: list[str]) -> None:
    attributes = "".join(f' {name}="{_escaped(value, _IN_ATTRIBUTES)}"' for name, value in element.attributes)
    opening, closing = f"{indent}<{element.name}{attributes}>", f"</{element.name}>\n"
    if isinstance(element.content, str):
        lines.append(opening + _escaped(element.content, _IN_TEXT) + closing)
        return
    lines.append(opening + "\n")
    for child in element.content:
        _write(child, indent + "\t", lines)
    lines.append(indent + closing)


def _escaped(text: str, marks: dict[int, str]) -> str:
    return _FORBIDDEN.sub("\ufffd", text).translate(marks)
