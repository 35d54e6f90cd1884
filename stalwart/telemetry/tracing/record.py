"""How a trace is kept: its events as compressed JSON, beside them what it is found by (x:Trace, settings C.10).

Pure: events as ``collector.record_of`` writes them in, and out again as x:Trace shows them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from attrs import frozen

from stalwart.telemetry.fields import moment_text
from stalwart.telemetry.tracing.typed_values import key_values, numbered

MOST_WORDS = 16 << 10
"""Characters of a trace that are searched."""
MOST_LETTERS = 100
"""Letters of the queue that a trace is found by."""
MOST_BYTES = 4 << 20
"""What is read of one trace at most, uncompressed."""

Told = tuple[str, int, dict[str, Any]]

_decode = msgspec.json.Decoder(list[Told]).decode


@frozen
class Summary:
    """What a trace is found and listed by: ``kinds`` are the ids of its events, and those of letters (``mark``)."""

    sender: str | None
    recipients: str | None
    size: int | None
    kinds: str
    words: str


def mark(letter: str) -> str:
    """How a trace is found that tells of a letter in the queue, by its id: it stands among the kinds of its events."""
    return f"queueId={letter}"


def packed(events: Iterable[bytes]) -> bytes:
    """Events as they are stored."""
    return zlib.compress(b"[" + b",".join(events) + b"]", 1)


def unpacked(stored: bytes) -> list[Told]:
    """The events of a stored trace; of one that cannot be read none."""
    reader = zlib.decompressobj()
    try:
        return _decode(reader.decompress(stored, MOST_BYTES))
    except (zlib.error, msgspec.DecodeError):
        return []


def joined(stored: bytes, events: Sequence[bytes], most: int) -> bytes:
    """``stored`` with ``events``, those that it has already left out, ``most`` at most."""
    together = dict.fromkeys(msgspec.json.encode(each) for each in unpacked(stored)) | dict.fromkeys(events)
    return packed(list(together)[:most])


def summary(events: Iterable[Told]) -> Summary:
    """What ``events`` tell. A diagnosis, which has no message, goes to the domain that it is about."""
    people: dict[str, str] = {}
    domain = size = None
    kinds: dict[str, None] = {}
    letters: dict[str, None] = {}
    words: dict[str, None] = {}
    for kind, _, values in events:
        kinds[kind] = None
        letter = values.get("queueId")
        if isinstance(letter, str) and len(letters) < MOST_LETTERS:
            letters[mark(letter)] = None
        words.update(dict.fromkeys(_texts(values)))
        people = {name: _text(values[name]) for name in ("from", "to") if values.get(name)} | people
        told = values.get("size")
        if "from" in values and isinstance(told, int) and 0 <= told < 1 << 63:
            size = told
        if domain is None and kind.startswith("delivery."):
            domain = values.get("domain")
    return Summary(
        people.get("from"),
        people.get("to") or (_text(domain) if domain else None),
        size,
        f" {' '.join((*kinds, *letters))} ",
        "\n".join(words).lower()[:MOST_WORDS],
    )


def wire_events(events: Iterable[Told]) -> dict[str, Any]:
    """The events as x:Trace has them."""
    return numbered(
        {"event": kind, "timestamp": moment_text(moment / 1000), "keyValues": key_values(values)}
        for kind, moment, values in events
    )


def _texts(values: Mapping[str, Any]) -> Iterable[str]:
    return (_text(value) for value in values.values())


def _text(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.replace("\0", " ")  # which databases do not take
