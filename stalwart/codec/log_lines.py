"""Lines of log files: one event, written for people and read back again (settings C.10, telemetry 5).

``2026-11-21T09:30:00.125Z INFO Server started (server.startup) mode=normal listeners=2``

The time is RFC 3339 5.6 in UTC. Texts of strangers cannot forge a line or a pair: what is not printable is escaped,
what holds spaces or quotes is quoted. Spread over several lines, each pair has its own, indented. Colours are ANSI
escape codes, which reading ignores. Where lines are kept is the business of ``telemetry.logs.log_file``.

The other form is one JSON object (RFC 8259) a line, with the values of the event beside the four members of its head:

``{"timestamp":"2026-11-21T09:30:00.125Z","level":"info","event":"server.startup","message":"Server started",...}``
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from attrs import frozen

LEVELS = ("trace", "debug", "info", "warn", "error")
LONGEST_VALUE = 4096
"""Characters of a value that are shown."""

_COLOURS = {"trace": "35", "debug": "34", "info": "32", "warn": "33", "error": "31"}
_INDENT = "    "
_ESCAPE_CODE = re.compile(r"\x1b\[[0-9;]*m")
_HEAD = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z) (?P<level>TRACE|DEBUG|INFO|WARN|ERROR) +"
    r"(?P<sentence>.*?) ?\((?P<event>[a-z0-9-]+\.[a-z0-9-]+)\)(?: (?P<pairs>.*))?"
)
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z")
_EVENT = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+")
_JSON_HEAD = ("timestamp", "level", "event", "message")
_json_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
_SAMPLE = "2026-11-21T09:30:00.125Z "
_JSON_BEGIN = '{"timestamp":"'
_PAIR = re.compile(r"""[^\s=]+='(?:[^'\\]|\\.)*'(?!\S)|[^\s=]+="(?:[^"\\]|\\.)*"(?!\S)|\S+""")


@frozen
class LogLine:
    """One event: ``moment`` in milliseconds since the epoch, ``level`` of ``LEVELS``, ``pairs`` as ``pair`` writes."""

    moment: int
    level: str
    sentence: str
    event: str
    pairs: tuple[str, ...] = ()


def pair(key: str, value: Any) -> str:
    """``key=value``; a value that is not plain is quoted and escaped as in Python, a long one is cut."""
    text = str(value)
    if len(text) > LONGEST_VALUE:
        text = f"{text[:LONGEST_VALUE]}…"
    plain = text and text.isprintable() and not set(" '\"") & set(text)
    return f"{key}={text if plain else repr(text)}"


def written(line: LogLine, *, ansi: bool = False, multiline: bool = False) -> str:
    """The text of ``line`` with the line end; with ``ansi`` coloured, with ``multiline`` one pair a line."""
    level, event = line.level.upper(), f"({line.event})"
    if ansi:
        level, event = coloured(line.level, level), coloured_event(line.event)
    head = f"{_stamp(line.moment)} {level} {line.sentence} {event}"
    return (f"\n{_INDENT}" if multiline else " ").join((head, *line.pairs)) + "\n"


def coloured(level: str, text: str) -> str:
    """``text`` in the colour of a level."""
    return f"\x1b[{_COLOURS[level]}m{text}\x1b[0m"


def coloured_event(id: str) -> str:
    """The id of an event as lines show it, in its colour."""
    return f"\x1b[36m({id})\x1b[0m"


def json_line(
    moment: int, level: str, sentence: str, event: str | None, values: Mapping[str, Any] | None = None
) -> str:
    """An object with the line end; ``values`` are ready for JSON. ``event`` None: what is told has no id."""
    members: dict[str, Any] = {"timestamp": _stamp(moment), "level": level}
    if event is not None:
        members["event"] = event
    members["message"] = sentence
    if values:
        members |= {name: value for name, value in values.items() if name not in members}
    text = _json_text(members)
    return f"{text if text.isprintable() else _escaped(text)}\n"


def read(text: str) -> LogLine | None:
    """The event that ``text`` tells of, in one line or several; None if it is none."""
    if text.startswith("{"):
        return _read_json(text)
    head, *further = plain(text).rstrip("\n").split("\n")
    match = _HEAD.fullmatch(head)
    moment = _moment(match["stamp"]) if match is not None else None
    if match is None or moment is None:
        return None
    pairs = [*_PAIR.findall(match["pairs"] or ""), *(line.strip() for line in further)]
    return LogLine(moment, match["level"].lower(), match["sentence"], match["event"], tuple(pairs))


def shown(text: str) -> str:
    """``text`` as it is searched: that of JSON in the other form, so that a search finds what is shown."""
    line = _read_json(text) if text.startswith("{") else None
    return text if line is None else written(line)


def begins_log(beginning: bytes) -> bool:
    """Whether a file that begins so is a log, or empty. Its first line may have been cut off anywhere."""
    line, is_whole, _ = beginning.partition(b"\n")
    text = plain(line.decode("utf-8", "replace"))
    if not text:
        return not beginning
    if not is_whole:  # as if it went on as a log does
        text += (_JSON_BEGIN if text[0] == "{" else _SAMPLE)[len(text) :]
    return text.startswith(_JSON_BEGIN) or _STAMP.match(text) is not None


def plain(text: str) -> str:
    """``text`` without colours."""
    return _ESCAPE_CODE.sub("", text) if "\x1b" in text else text


def continues(line: bytes) -> bool:
    """Whether a line of a file belongs to the event of the line before."""
    return line[:1] in (b" ", b"\t")


def _read_json(text: str) -> LogLine | None:
    try:
        members = msgspec.json.decode(text.encode("utf-8", "backslashreplace"), type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return None
    stamp, level, event, sentence = (members.pop(name, None) for name in _JSON_HEAD)
    if not all(isinstance(each, str) for each in (stamp, level, event, sentence)):
        return None
    moment = _moment(stamp) if _STAMP.fullmatch(stamp) else None
    if moment is None or level not in LEVELS or not _EVENT.fullmatch(event):
        return None
    pairs = (pair(name, value) for name, value in members.items() if value is not None)
    return LogLine(moment, level, sentence, event, tuple(pairs))


def _escaped(text: str) -> str:
    """JSON in which nothing is left that moves a cursor, hides or turns around: it may be on a terminal.

    Half a surrogate pair is not for interchange (RFC 8259 8.2).
    """
    return "".join(sign if sign.isprintable() else _escape(sign) for sign in text)


def _escape(sign: str) -> str:
    return "\ufffd" if "\ud800" <= sign <= "\udfff" else json.dumps(sign)[1:-1]


def _stamp(moment: int) -> str:
    seconds, milliseconds = divmod(moment, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03d}Z"


def _moment(stamp: str) -> int | None:
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return int(found.replace(microsecond=0).timestamp()) * 1000 + found.microsecond // 1000
