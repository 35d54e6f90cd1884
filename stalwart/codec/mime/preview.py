"""The begin of a message in a line of plain text (RFC 8621 4.1.4, ``preview``)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stalwart.codec.mime import html_text
from stalwart.codec.mime.body_values import beginning
from stalwart.codec.mime.part import Part

LONGEST = 256
_READ_FIRST = 1024
_READ = 4096
_READ_MARKUP = 65536
_FILLER = re.compile("[\\x00-\\x1f\\x7f\\u00ad\\u034f\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]+")
_LOOSE_JOINER = re.compile("(?<!\\S)[\\u200c\\u200d]++|[\\u200c\\u200d]++(?!\\S)")  # within words they have a meaning
_MORE = "…"
_RULE = re.compile(r"([-_=*~#+.])\1{4,}")
_RULES = tuple(5 * character for character in "-_=*~#+.")
_SIGNATURE = re.compile(r"\n-- ?\n")


def preview(data: bytes, parts: Sequence[Part]) -> str:
    """At most 256 characters of the first of ``parts`` (the textBody) that says something; "" if none does."""
    for part in parts:
        if part.type == "text/plain":
            shown = of_text(beginning(data, part, _READ_FIRST))
            if part.size > _READ_FIRST and not shown.endswith(_MORE):  # the rest may say something too
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
    text = html_text.text_of(document, 2 * LONGEST)
    line = _line(text)
    if len(line) < LONGEST <= len(text):  # much of it is not seen
        line = _line(html_text.text_of(document, 16 * LONGEST))
    return line


def _line(text: str) -> str:
    line = " ".join(text.split())[: 16 * LONGEST]
    if any(rule in line for rule in _RULES):
        line = _RULE.sub(" ", line)
    if not line.isprintable() or "\u034f" in line:
        line = _LOOSE_JOINER.sub("", _FILLER.sub("", line))
    line = " ".join(line.split())
    if len(line) <= LONGEST:
        return line
    return line[: LONGEST - 1].rstrip() + _MORE
