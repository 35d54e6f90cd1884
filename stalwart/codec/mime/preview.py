"""The begin of a message in a line of plain text (RFC 8621 4.1.4, ``preview``)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stalwart.codec.mime import html_text
from stalwart.codec.mime.body_values import beginning
from stalwart.codec.mime.part import Part

LONGEST = 256
_READ = 4096
_READ_MARKUP = 65536
_FILLER = re.compile("[\\s\\x00-\\x20\\x7f\\u00a0\\u00ad\\u034f\\u200b-\\u200f\\u2028-\\u202f\\u2060-\\u206f\\ufeff]+")
_SHOWN_IN_WORDS = frozenset("\u200c\u200d")
_RULE = re.compile(r"([-_=*~#+.])\1{4,}")
_SIGNATURE = re.compile(r"^-- ?$", re.M)


def preview(data: bytes, parts: Sequence[Part]) -> str:
    """At most 256 characters of the first of ``parts`` (the textBody) that says something; "" if none does."""
    for part in parts:
        if part.type == "text/plain":
            shown = of_text(beginning(data, part, _READ))
        elif part.type == "text/html":
            shown = of_html(beginning(data, part, _READ_MARKUP))
        else:
            continue
        if shown:
            return shown
    return ""


def of_text(text: str) -> str:
    """Of plain text: quoted lines and the signature only if there is nothing else."""
    own = _SIGNATURE.split(text, maxsplit=1)[0]
    lines = [line for line in own.split("\n") if not line.startswith(">")]
    return _line(" ".join(lines)) or _line(text)


def of_html(document: str) -> str:
    """Of HTML: what is left without markup."""
    return _line(html_text.text_of(document, 4 * LONGEST))


def _line(text: str) -> str:
    line = _RULE.sub(" ", " ".join(text.split())[: 8 * LONGEST])
    if not (line.isascii() and line.isprintable()):
        line = _FILLER.sub(_blank, line)
    line = " ".join(line.split())
    if len(line) <= LONGEST:
        return line
    return line[: LONGEST - 1].rstrip() + "…"


def _blank(match: re.Match[str]) -> str:
    """Marks that join letters stay where they do so."""
    run = match[0]
    return run if run in _SHOWN_IN_WORDS else "" if run in ("\u00ad", "\u200b", "\ufeff", "\u2060") else " "
