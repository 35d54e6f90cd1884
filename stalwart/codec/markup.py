"""HTML by functions: every text is escaped, because what is not made here is not markup.

``tag("p", name, role="alert")`` is ``<p role="alert">`` with ``name`` escaped. Left out: elements whose text is no text
(``script``, ``style``): the pages load both from files. Names from outside are cleaned by ``plain`` first.
"""

from __future__ import annotations

import unicodedata
from html import escape

_EMPTY = frozenset(("input", "link", "meta", "br", "img"))
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_LONGEST_NAME = 80


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | None


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Markup:
    """An element. Children that are no `Markup` are escaped, None is nothing.

    An attribute that is True stands alone, one that is False or None is left out. A final underscore is dropped
    (``class_``), others become hyphens.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    opening = f"<{name}{written}>"
    return Markup(opening if name in _EMPTY else f"{opening}{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Several pieces as one."""
    return Markup("".join(_piece(child) for child in children if child is not None))


def filled(template: str, /, **values: Markup) -> Markup:
    """A text of ours with elements in its braces: ``filled("from {host}", host=tag("bdi", host))``."""
    return Markup(escape(template).format(**values))


def plain(name: str, longest: int = _LONGEST_NAME) -> str:
    """A name as it may be shown: one line, no control characters, nothing that turns the direction of writing."""
    shown = "".join(" " if letter.isspace() else letter for letter in name[: 8 * longest])
    shown = "".join(letter for letter in shown if unicodedata.category(letter) not in _INVISIBLE)
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"


def _piece(child: str) -> str:
    return child if isinstance(child, Markup) else escape(child)


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
