"""Lines of log files: one event, written for people and read back again (settings C.10, telemetry 5).

``2026-11-21T09:30:00.125Z INFO Server started (server.startup) mode=normal listeners=2``

The time is RFC 3339 5.6 in UTC. Texts of strangers cannot forge a line or a pair: what is not printable is escaped,
what holds spaces or quotes is quoted. Spread over several lines, each pair has its own, indented. Colours are ANSI
escape codes, which reading ignores. Where lines are kept is the business of ``telemetry.log_file``.
"""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

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
        level, event = f"\x1b[{_COLOURS[line.level]}m{level}\x1b[0m", f"\x1b[36m{event}\x1b[0m"
    head = f"{_stamp(line.moment)} {level} {line.sentence} {event}"
    return (f"\n{_INDENT}" if multiline else " ").join((head, *line.pairs)) + "\n"


def read(text: str) -> LogLine | None:
    """The event that ``text`` tells of, in one line or several; None if it is none."""
    head, *further = plain(text).rstrip("\n").split("\n")
    match = _HEAD.fullmatch(head)
    moment = _moment(match["stamp"]) if match is not None else None
    if match is None or moment is None:
        return None
    pairs = [*_PAIR.findall(match["pairs"] or ""), *(line.strip() for line in further)]
    return LogLine(moment, match["level"].lower(), match["sentence"], match["event"], tuple(pairs))


def plain(text: str) -> str:
    """``text`` without colours."""
    return _ESCAPE_CODE.sub("", text) if "\x1b" in text else text


def continues(line: bytes) -> bool:
    """Whether a line of a file belongs to the event of the line before."""
    return line[:1] in (b" ", b"\t")


def _stamp(moment: int) -> str:
    seconds, milliseconds = divmod(moment, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03d}Z"


def _moment(stamp: str) -> int | None:
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return int(found.replace(microsecond=0).timestamp()) * 1000 + found.microsecond // 1000
