"""Descriptions of errors in the language that somebody reads (RFC 8620 3.8): the sentences that people meet, as files
of English ones and what they are there.

The server speaks English inside. A response is looked through only where another language is asked for, and what has no
translation stays English. ``{name}`` in a sentence is whatever stands there, and stands in the translation too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from attrs import frozen

from stalwart.codec.accept_language import choose_language
from stalwart.web.exchange import Exchange

ENGLISH = "en"
LANGUAGES = (ENGLISH, "de")
LONGEST = 2000
"""Characters of a description that is looked up."""

_REFUSALS = ("notCreated", "notUpdated", "notDestroyed")
_MARK = re.compile(r"\\\{(\w+)\\\}")


@frozen
class Catalogue:
    """Sentences of a language: those that are always the same, and those with something in them."""

    fixed: Mapping[str, str]
    patterns: Sequence[tuple[re.Pattern[str], str]]

    def translated(self, text: str) -> str:
        """``text`` in this language, or as it is."""
        found = self.fixed.get(text)
        if found is not None or len(text) > LONGEST:
            return found or text
        for pattern, there in self.patterns:
            match = pattern.fullmatch(text)
            if match is not None:
                return there.format_map(match.groupdict())
        return text


@cache
def catalogue(language: str) -> Catalogue:
    """The sentences of a language."""
    body = files("stalwart.jmap").joinpath("texts", f"{language}.json").read_bytes()
    known = msgspec.json.decode(body, type=dict[str, str])
    patterns = [(_pattern(text), there) for text, there in known.items() if "{" in text]
    return Catalogue({text: there for text, there in known.items() if "{" not in text}, patterns)


def language_of(exchange: Exchange) -> str:
    """What the client reads best of what there is; English where it says nothing."""
    return choose_language(None, exchange.header("accept-language"), LANGUAGES, ENGLISH)


def in_language(language: str, responses: Sequence[tuple[str, Any, str]]) -> list[tuple[str, Any, str]]:
    """Responses (name, arguments, call id) with the descriptions of their errors in ``language``, as far as known."""
    if language == ENGLISH:
        return list(responses)
    return [(name, _arguments(catalogue(language), name, arguments), id) for name, arguments, id in responses]


def _arguments(words: Catalogue, name: str, arguments: Any) -> Any:
    if name == "error":
        return _error(words, arguments)
    if not isinstance(arguments, dict):
        return arguments
    refused = {kind: arguments[kind] for kind in _REFUSALS if isinstance(arguments.get(kind), dict)}
    if not any(refused.values()):
        return arguments
    told = {kind: {id: _error(words, error) for id, error in errors.items()} for kind, errors in refused.items()}
    return {**arguments, **told}


def _error(words: Catalogue, error: Any) -> Any:
    description = error.get("description") if isinstance(error, dict) else None
    return {**error, "description": words.translated(description)} if isinstance(description, str) else error


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_MARK.sub(r"(?P<\1>.{1,1500}?)", re.escape(text)), re.DOTALL)
