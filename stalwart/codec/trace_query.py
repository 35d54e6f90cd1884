"""What a live trace shall show: the query parameters of ``/api/live/tracing`` (telemetry 2) and their meaning.

Needles are literal text. ``filter`` is looked for in every value of an event and of its span, ``<key>`` in the values
of that key; with both, one match of either is enough. ``events``, ``level`` and ``sample`` hold in any case. Values are
texts that contain a needle, or truths that equal it; numbers, durations and lists match nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from stalwart.codec.globs import GlobSet
from stalwart.errors import Invalid

LEVELS = ("trace", "debug", "info", "warn", "error")
"""Ascending; the place of a level is its number."""
LONGEST_NEEDLE = 1000
MOST_GLOBS = 100

_SHARE = re.compile(r"[01]|[01]?\.[0-9]{1,9}|[01]\.")
_MIX, _WORD = 0x9E3779B97F4A7C15, (1 << 64) - 1  # neighbouring numbers end up far apart
_BETWEEN = "\0"
_CONTAIN = ("String", "UTCDateTime", "IpAddr")


class Subject:
    """The values of an event, or of the start of its span, as needles are looked for in them."""

    __slots__ = ("_equal", "_joined", "_texts")

    def __init__(self, texts: Mapping[str, str], truths: Mapping[str, bool] | None = None) -> None:
        self._texts = texts
        self._equal = {key: "true" if value else "false" for key, value in (truths or {}).items()}
        self._joined = _BETWEEN.join(texts.values())

    @classmethod
    def of(cls, key_values: Mapping[str, Any]) -> Subject:
        """From ``keyValues`` as they are on the wire."""
        pairs = [(each["key"], each["value"]) for each in key_values.values()]
        texts = {key: value["value"] for key, value in pairs if value["@type"] in _CONTAIN}
        return cls(texts, {key: value["value"] for key, value in pairs if value["@type"] == "Boolean"})

    def has(self, needle: str) -> bool:
        """Whether some value matches."""
        return needle in self._joined or needle in self._equal.values()

    def has_at(self, key: str, needle: str) -> bool:
        """Whether the value of ``key`` matches."""
        return needle in self._texts.get(key, "") or self._equal.get(key) == needle

    def has_either(self, needle: str, needles: Mapping[str, str]) -> bool:
        """Whether a value matches the needle of its key, or ``needle`` where its key has none."""
        return any(needles.get(key, needle) in text for key, text in self._texts.items()) or any(
            needles.get(key, needle) == text for key, text in self._equal.items()
        )


@frozen
class TraceQuery:
    """``level`` is a number of ``LEVELS``, None where nobody has asked; ``events`` are globs over event ids, none for
    all; ``sample`` is the share of spans."""

    filter: str | None = None
    keys: tuple[tuple[str, str], ...] = ()
    events: tuple[str, ...] = ()
    level: int | None = None
    sample: float = 1.0
    _needles: Mapping[str, str] = field(init=False, eq=False, repr=False)
    _globs: GlobSet | None = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_needles", dict(self.keys))
        object.__setattr__(self, "_globs", GlobSet(self.events) if self.events else None)

    @property
    def is_searching(self) -> bool:
        """Whether there are needles."""
        return self.filter is not None or bool(self.keys)

    def finds(self, subjects: Sequence[Subject]) -> bool:
        """Whether what is looked for is in an event and the start of its span together."""
        if self.filter is None:
            return all(_is_at(subjects, key, needle) for key, needle in self.keys)
        if not self.keys:
            return any(each.has(self.filter) for each in subjects)
        return any(each.has_either(self.filter, self._needles) for each in subjects)

    def names(self, id: str) -> bool:
        """Whether events of this id are asked for."""
        return self._globs is None or self._globs.matches(id)

    def samples(self, number: int) -> bool:
        """Whether the span of this number belongs to the sample; the same in every process."""
        return (number * _MIX & _WORD) >> 11 < self.sample * (1 << 53)


def trace_query(parameters: Mapping[str, str], keys: Mapping[str, str]) -> TraceQuery:
    """The query of a request; ``keys`` are the names that exist, by their lower-case form.

    Names count in any case; of several that differ in case alone the last. What is no name is ignored.

    :raises Invalid: a value cannot be meant; names the parameter.
    """
    given = {name.lower(): value for name, value in parameters.items() if value}
    needles = {keys[name]: _needle(keys[name], value) for name, value in given.items() if name in keys}
    for name in ("filter", "events", "level", "sample"):
        if name in given:
            needles.pop(keys.get(name, ""), None)
    return TraceQuery(
        filter=_needle("filter", given["filter"]) if "filter" in given else None,
        keys=tuple(sorted(needles.items())),
        events=_globs(given.get("events", "")),
        level=_level(given.get("level")),
        sample=_share(given.get("sample")),
    )


def _is_at(subjects: Sequence[Subject], key: str, needle: str) -> bool:
    for each in subjects:  # noqa: SIM110  # asked for each event and reader, and twice as fast
        if each.has_at(key, needle):
            return True
    return False


def _needle(name: str, text: str) -> str:
    if len(text) > LONGEST_NEEDLE:
        raise Invalid(f"The parameter {name} may have {LONGEST_NEEDLE} characters.", (name,))
    if _BETWEEN in text:
        raise Invalid(f"The parameter {name} must not contain NUL.", (name,))
    return text


def _globs(text: str) -> tuple[str, ...]:
    globs = sorted({glob for part in text.split(",") if (glob := part.strip().lower())})
    if len(globs) > MOST_GLOBS or any(len(glob) > LONGEST_NEEDLE for glob in globs):
        raise Invalid(f"The parameter events names at most {MOST_GLOBS} events or patterns.", ("events",))
    return tuple(globs)


def _level(text: str | None) -> int | None:
    if text is None:
        return None
    if text.lower() not in LEVELS:
        raise Invalid(f"The level is one of {', '.join(LEVELS)}.", ("level",))
    return LEVELS.index(text.lower())


def _share(text: str | None) -> float:
    if text is None:
        return 1.0
    if not _SHARE.fullmatch(text) or float(text) > 1:
        raise Invalid("The parameter sample is a number from 0 to 1.", ("sample",))
    return float(text)
