"""x:Log: the events of the newest log file, newest first (settings A.6, C.10).

Of the file that the first tracer of the kind Log writes which is enabled. An id is a place in it, so ids hold as long
as no new file is begun. Pages go on from an anchor: how far down a page is nobody knows without reading everything, so
``position`` is not used and answered as 0. Files are read off the reactor and not without end: a search that has taken
two seconds or 64 MiB answers what it has, with ``limit`` to say that there may be more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from stalwart.codec import log_lines
from stalwart.codec.ids import encode_id
from stalwart.config.monitoring.log import Log
from stalwart.config.monitoring.tracer import Tracer
from stalwart.config.settings import Settings
from stalwart.directory.hashing import Hashing
from stalwart.errors import Unavailable
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import NO_CAPABILITY, method
from stalwart.jmap.registry.asked import asking_of
from stalwart.jmap.registry.filters import MOST_CONDITIONS, read_filter, sort_name, unsupported_filter, words_of
from stalwart.jmap.registry.handler import Asking, handles
from stalwart.jmap.registry.read_only import ReadOnlyHandler
from stalwart.jmap.registry.verbs import needed
from stalwart.jmap.standard.arguments import QueryArguments
from stalwart.jmap.standard.asking import number_of
from stalwart.store import Transaction
from stalwart.telemetry.logs.log_file import newest_file, reason_of
from stalwart.telemetry.logs.log_reader import LogReader
from stalwart.telemetry.logs.log_search import LogSearch, Page

T = TypeVar("T")

USUAL_LIMIT = 500
TOO_FAR = "The newest part of the log, as far as one search goes, has no such event. Search in the file itself."
NO_FILE = "No log file is written. Create a Tracer of the kind Log, or enable one."


@handles("Log")
class LogHandler(ReadOnlyHandler):
    """``x:Log/query`` is ``log_query``."""

    refusal = "The log is written by the server only."

    functions = ("get", "set")

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The events at these places; in a thread of the store."""

        def work(reader: LogReader) -> list[dict[str, Any]]:
            texts = reader.newest_first() if ids is None else ((place, reader.at(place)) for place in ids)
            read = ((place, log_lines.read(text)) for place, text in texts if text is not None)
            return list(islice((_wire(place, line) for place, line in read if line is not None), limit))

        return _with_file(self.settings, work, [])

    def is_there(self, tx: Transaction, id: int) -> bool:
        """Nobody looks into the file for that."""
        return True


@method("x:Log/query", capability=NO_CAPABILITY, needs=needed(Log, "Query"))
async def log_query(call: Call, *, settings: Settings, hashing: Hashing, clock: Any) -> dict[str, Any]:
    """The places of events with all words of ``text`` (any part of the line, in any case); sort by ``id`` only."""
    arguments = QueryArguments.read(call)
    asking = asking_of(call, clock)
    if arguments.position < 0:
        raise MethodError("invalidArguments", "Pages of the log go on from an anchor, not from a position.")
    search = _search(call, arguments)
    page = await hashing.run(lambda: _with_file(settings, lambda reader: _page(reader, search), Page([], total=0)))
    answer: dict[str, Any] = {
        "accountId": encode_id(asking.account_id),
        "queryState": "n",
        "canCalculateChanges": False,
        "position": 0,
        "ids": [encode_id(place) for place in page.places],
    }
    if search.counts and page.total is not None:
        answer["total"] = page.total
    if page.is_cut:
        answer["limit"] = len(page.places)
    return answer


def _search(call: Call, arguments: QueryArguments) -> LogSearch:
    """Raises ``MethodError`` ``unsupportedFilter``, ``unsupportedSort``, ``anchorNotFound``."""
    most = call.request.limits.query_max_results
    anchor = number_of(arguments.anchor) if arguments.anchor is not None else None
    if arguments.anchor is not None and anchor is None:
        raise _anchor_not_found()
    comparator = arguments.sort[0] if arguments.sort else None
    sort_name(comparator, ())
    return LogSearch(
        words=_words(call, arguments),
        anchor=anchor,
        offset=arguments.anchor_offset,
        limit=min(most, USUAL_LIMIT if arguments.limit is None else arguments.limit),
        ascending=comparator is not None and comparator.is_ascending,
        counts=arguments.calculate_total,
    )


def _words(call: Call, arguments: QueryArguments) -> tuple[str, ...]:
    found: list[str] = []
    for condition in read_filter(arguments.filter, call.request):
        if condition.name != "text":
            raise unsupported_filter(condition.name)
        found += (word.lower() for word in words_of(condition))
    if len(found) > MOST_CONDITIONS:
        raise MethodError("unsupportedFilter", f"At most {MOST_CONDITIONS} words are supported.")
    return tuple(dict.fromkeys(found))


def _page(reader: LogReader, search: LogSearch) -> Page:
    try:
        page = search.page(reader)
    except LookupError:
        raise _anchor_not_found() from None
    if reader.is_spent and not page.places and search.limit:
        raise MethodError("unsupportedFilter", TOO_FAR)
    return page


def _with_file(settings: Settings, work: Callable[[LogReader], T], nothing: T) -> T:
    """What ``work`` makes of the newest file, ``nothing`` if there is none yet. Blocks.

    Raises ``MethodError`` ``invalidArguments`` if none is meant to be, and Unavailable.
    """
    tracer = next((each for _, each in settings.all(Tracer) if each.tag == "Log" and each.enable), None)
    if tracer is None:
        raise MethodError("invalidArguments", NO_FILE)
    try:
        path = newest_file(Path(tracer.path), tracer.prefix)
        if path is None:
            return nothing
        with LogReader(path) as reader:
            return work(reader)
    except OSError as problem:
        raise Unavailable(f"The log file cannot be read: {reason_of(problem)}.") from problem


def _wire(place: int, line: log_lines.LogLine) -> dict[str, Any]:
    details = " ".join((line.sentence, *line.pairs))
    told = Log(timestamp=line.moment // 1000, level=line.level, event=line.event, details=details)
    return {**told.to_wire(), "id": encode_id(place)}


def _anchor_not_found() -> MethodError:
    return MethodError("anchorNotFound", "There is no event at the anchor.")
