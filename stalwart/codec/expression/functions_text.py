"""Functions of expressions over text: trimming, cutting, counting, hashing.

Functions that look at one text work on each element when they are given an array; the others see an array as
text. Lengths are in bytes where they say so, positions in characters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from stalwart.codec.expression.functions import Function
from stalwart.codec.expression.operators import equal
from stalwart.codec.expression.values import Value, array_of, bounded, integer_of, text_of

_DIGIT = re.compile(r"[0-9]")
_HASHES = frozenset({"md5", "sha1", "sha256", "sha512"})


def each(work: Callable[[str], Value]) -> Callable[[Value], Value]:
    """The function over one text, or over every element of an array."""

    def over(value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple(over(item) for item in value)
        return work(text_of(value))

    return over


def each_with(work: Callable[[str, str], Value]) -> Callable[[Value, Value], Value]:
    """The same for a function with a second text, which stays one."""

    def over(value: Value, other: Value) -> Value:
        second = text_of(other)
        return each(lambda text: work(text, second))(value)

    return over


def texts(work: Callable[[str, str], Value]) -> Callable[[Value, Value], Value]:
    """The function over two texts."""
    return lambda a, b: work(text_of(a), text_of(b))


def _is_uppercase(text: str) -> Value:
    return int(all(character.isupper() for character in text if character.isalpha()))


def _is_lowercase(text: str) -> Value:
    return int(all(character.islower() for character in text if character.isalpha()))


def _length(value: Value) -> Value:
    return len(value) if isinstance(value, tuple) else len(text_of(value).encode("utf-8", "surrogatepass"))


def _counting(test: Callable[[str], bool]) -> Callable[[Value], Value]:
    return lambda value: sum(map(test, text_of(value)))


def _contains(value: Value, part: Value) -> Value:
    if isinstance(value, tuple):
        return int(any(equal(item, part) for item in value))
    return int(text_of(part) in text_of(value))


def _contains_ignore_case(value: Value, part: Value) -> Value:
    wanted = text_of(part).lower()
    if isinstance(value, tuple):
        return int(any(text_of(item).lower() == wanted for item in value))
    return int(wanted in text_of(value).lower())


def _equal_ignore_case(a: str, b: str) -> Value:
    return int(_ascii_lower(a) == _ascii_lower(b))


def _ascii_lower(text: str) -> str:
    return text.lower() if text.isascii() else re.sub("[A-Z]+", lambda match: match[0].lower(), text)


def _substring(value: Value, start: Value, length: Value) -> Value:
    first = max(0, integer_of(start))
    return text_of(value)[first : first + max(0, integer_of(length))]


def _strip_prefix(text: str, prefix: str) -> Value:
    return text[len(prefix) :] if text.startswith(prefix) else ""


def _strip_suffix(text: str, suffix: str) -> Value:
    return text[: len(text) - len(suffix)] if text.endswith(suffix) else ""


def _lines(value: Value) -> Value:
    lines = text_of(value).split("\n")
    if not lines[-1]:
        lines.pop()
    return array_of(line.removesuffix("\r") for line in lines)


def _split(text: str, separator: str) -> Value:
    return array_of(text.split(separator)) if separator else (text,)


def _rsplit(text: str, separator: str) -> Value:
    return array_of(reversed(text.split(separator))) if separator else (text,)


def _split_once(text: str, separator: str) -> Value:
    before, found, after = text.partition(separator) if separator else ("", "", "")
    return (before, after) if found else ""


def _rsplit_once(text: str, separator: str) -> Value:
    before, found, after = text.rpartition(separator) if separator else ("", "", "")
    return (before, after) if found else ""


def _split_n(value: Value, separator: Value, count: Value) -> Value:
    text, between, times = text_of(value), text_of(separator), integer_of(count)
    return array_of(text.split(between, times)) if between and times > 0 else (text,)


def _split_words(value: Value) -> Value:
    return array_of(word for word in text_of(value).split() if word.isalnum())


def _hash(text: str, algorithm: str) -> Value:
    if algorithm not in _HASHES:
        return ""
    content = text.encode("utf-8", "surrogatepass")
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()


TEXT_FUNCTIONS = (
    Function("trim", 1, each(str.strip)),
    Function("trim_start", 1, each(str.lstrip)),
    Function("trim_end", 1, each(str.rstrip)),
    Function("to_lowercase", 1, each(lambda text: bounded(text.lower()))),
    Function("to_uppercase", 1, each(lambda text: bounded(text.upper()))),
    Function("is_lowercase", 1, each(_is_lowercase)),
    Function("is_uppercase", 1, each(_is_uppercase)),
    Function("has_digits", 1, each(lambda text: int(_DIGIT.search(text) is not None))),
    Function("strip_prefix", 2, each_with(_strip_prefix)),
    Function("strip_suffix", 2, each_with(_strip_suffix)),
    Function("len", 1, _length),
    Function("count_chars", 1, _counting(lambda character: True)),
    Function("count_spaces", 1, _counting(str.isspace)),
    Function("count_uppercase", 1, _counting(lambda character: character.isalpha() and character.isupper())),
    Function("count_lowercase", 1, _counting(lambda character: character.isalpha() and character.islower())),
    Function("contains", 2, _contains),
    Function("contains_ignore_case", 2, _contains_ignore_case),
    Function("eq_ignore_case", 2, texts(_equal_ignore_case)),
    Function("starts_with", 2, texts(lambda text, prefix: int(text.startswith(prefix)))),
    Function("ends_with", 2, texts(lambda text, suffix: int(text.endswith(suffix)))),
    Function("substring", 3, _substring),
    Function("lines", 1, _lines),
    Function("split", 2, texts(_split)),
    Function("rsplit", 2, texts(_rsplit)),
    Function("split_once", 2, texts(_split_once)),
    Function("rsplit_once", 2, texts(_rsplit_once)),
    Function("split_n", 3, _split_n),
    Function("split_words", 1, _split_words),
    Function("hash", 2, texts(_hash)),
)
