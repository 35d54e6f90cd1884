"""Texts of the schema document in other languages: files of English texts and what they are there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

ENGLISH = "en"
LANGUAGES = (ENGLISH, "de")


def language_of(wanted: str) -> str:
    """The language of a tag such as ``de-AT`` (RFC 5646 2.1), English where there is none for it."""
    primary = wanted[:8].replace("_", "-").partition("-")[0].lower()
    return primary if primary in LANGUAGES else ENGLISH


@cache
def words_of(language: str) -> Mapping[str, str]:
    """What English texts are in a language; none are where it is English."""
    return {} if language == ENGLISH else read_texts(files(__package__), language)


def read_texts(package: Traversable, language: str) -> dict[str, str]:
    """What is in the files of a package's folder ``texts`` for a language."""
    found: dict[str, str] = {}
    for file in sorted(package.joinpath("texts", language).iterdir(), key=lambda one: one.name):
        if file.name.endswith(".json"):
            found |= msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    return found
