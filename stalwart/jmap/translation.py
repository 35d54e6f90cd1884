"""Descriptions of errors in the language that somebody reads (RFC 8620 3.8): the sentences that people meet, as files
of English ones and what they are there.

The server speaks English inside. A response is looked through only where another language is asked for, and what has no
translation stays English. ``{name}`` in a sentence is whatever stands there, and stands in the translation too: in that
language itself, where it is a sentence that is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import frozen

from stalwart.codec.accept_language import choose_language
from stalwart.config.schema_document.languages import ENGLISH, LANGUAGES, read_texts
from stalwart.web.exchange import Exchange

LONGEST = 2000
"""Characters of a description that is looked up."""

_REFUSALS = ("notCreated", "notUpdated", "notDestroyed")
_VALIDATED = "SieveScript/validate"
_ACTION = "x:Action/set"
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
                return there.format_map({mark: self.translated(held) for mark, held in match.groupdict().items()})
        return text

    def lines(self, text: str) -> str:
        """The same line by line, for texts that have sentences and records on lines of their own."""
        return "\n".join(map(self.translated, text.split("\n")))


@cache
def catalogue(language: str) -> Catalogue:
    """The sentences of a language."""
    known = read_texts(files("stalwart.jmap"), language)
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
    told: dict[str, Any] = {}
    for kind in _REFUSALS:
        if isinstance(arguments.get(kind), dict):
            told[kind] = {id: _error(words, error) for id, error in arguments[kind].items()}
    if isinstance(arguments.get("notices"), list):
        told["notices"] = [words.translated(notice) for notice in arguments["notices"]]
    if name == _VALIDATED and arguments.get("error"):
        told["error"] = _error(words, arguments["error"])
    if name == _ACTION and isinstance(arguments.get("created"), dict):
        told["created"] = {id: _outcome(words, found) for id, found in arguments["created"].items()}
    return {**arguments, **told}


def _error(words: Catalogue, error: Any) -> Any:
    """A SetError or MethodError, with the reasons that stand at single values (settings A.8)."""
    if not isinstance(error, dict):
        return error
    faults = error.get("validationErrors")
    told: dict[str, Any] = {}
    if isinstance(error.get("description"), str):
        told["description"] = words.translated(error["description"])
    if isinstance(faults, list):
        told["validationErrors"] = [_with(fault, "value", words.translated) for fault in faults]
    return {**error, **told}


def _outcome(words: Catalogue, found: dict[str, Any]) -> dict[str, Any]:
    """What an action says: why an expression is wrong, what to do about the records of a domain."""
    told = _with(found, "problem", words.translated)
    if isinstance(found.get("records"), dict):
        told["records"] = {key: _advised(words, record) for key, record in found["records"].items()}
    return told


def _advised(words: Catalogue, record: dict[str, Any]) -> dict[str, Any]:
    """A record that was looked up; what is expected is a record too, or says in words what it is."""
    told = _with(record, "advice", words.lines)
    return _with(told, "expected", lambda text: words.fixed.get(text, text))


def _with(entry: dict[str, Any], name: str, change: Callable[[str], str]) -> dict[str, Any]:
    held = entry.get(name)
    return {**entry, name: change(held)} if isinstance(held, str) else dict(entry)


def _pattern(text: str) -> re.Pattern[str]:
    most = 1500 if text.count("{") == 1 else 300  # two of them are tried in every combination
    return re.compile(_MARK.sub(rf"(?P<\1>.{{1,{most}}}?)", re.escape(text)), re.DOTALL)
