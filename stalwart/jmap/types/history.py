"""x:Trace and x:Metric: what happened, and figures over time, as the server has kept them (settings C.10, design 8).

Read only. An id grows with time, so sorting by ``timestamp`` is sorting by id, and a range of time is a range of ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from stalwart.codec.ids import decode_id, encode_id, snowflake
from stalwart.jmap.errors import MethodError
from stalwart.jmap.registry.filters import MOST_CONDITIONS, Condition, sort_name, text_of, unsupported_filter, words_of
from stalwart.jmap.registry.handler import Asking, handles
from stalwart.jmap.registry.read_only import ReadOnlyHandler
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Results
from stalwart.schema import UtcDateTime
from stalwart.schema.violations import FAILED, Reading
from stalwart.store import MetricSample, MetricSearch, TraceRow, TraceSearch, Transaction
from stalwart.store.rows import LARGEST_ID
from stalwart.telemetry.fields import moment_text
from stalwart.telemetry.spans import moment_of
from stalwart.telemetry.tracing.record import mark, unpacked, wire_events

MOST_BYTES = 1 << 20
"""Events that one x:Trace/get answers, in bytes as they are stored."""
_LAST_MOMENT = int(moment_of(LARGEST_ID))


class Rows(Protocol):
    """``store.MetricSamples`` or ``store.Traces``."""

    def many(self, ids: Iterable[int]) -> Mapping[int, Any]: ...
    def search(self, search: Any, *, descending: bool, offset: int, limit: int) -> list[int]: ...
    def count(self, search: Any) -> int: ...
    def position(self, search: Any, id: int, *, descending: bool) -> int | None: ...


@frozen
class Kept:
    """``window.Results`` of a search."""

    rows: Rows
    search: Any
    descending: bool

    def count(self) -> int:
        return self.rows.count(self.search)

    def place(self, id: int) -> int | None:
        return self.rows.position(self.search, id, descending=self.descending)

    def page(self, offset: int, limit: int) -> list[int]:
        return self.rows.search(self.search, descending=self.descending, offset=offset, limit=limit)


@frozen
class Period:
    """A range of ids that conditions on ``timestamp`` narrow; both ends are included."""

    first: int = 0
    last: int = LARGEST_ID

    def narrowed(self, condition: Condition) -> Period:
        """Raises ``MethodError`` ``unsupportedFilter``."""
        moment = UtcDateTime().read(condition.value, (), Reading())
        if moment is FAILED or moment is None:
            raise unsupported_filter(condition.name)
        begins, ends = _first_id(moment), _first_id(moment + 1) - 1
        first = {"=": begins, ">=": begins, ">": ends + 1}.get(condition.comparison, 0)
        last = {"=": ends, "<=": ends, "<": begins - 1}.get(condition.comparison, LARGEST_ID)
        return Period(max(self.first, first), min(self.last, last))


class HistoryHandler(ReadOnlyHandler):
    """What both have in common."""

    refusal = "The history is written by the server only."

    def rows(self, tx: Transaction) -> Rows:
        """Where they are kept."""
        raise NotImplementedError

    def is_there(self, tx: Transaction, id: int) -> bool:
        """Whether it is kept still."""
        return bool(self.rows(tx).many([id]))


@handles("Metric")
class MetricHandler(HistoryHandler):
    """Filters: ``timestamp`` with comparisons, ``metric``, ``@type``."""

    def rows(self, tx: Transaction) -> Rows:
        """Where they are kept."""
        return tx.metric_samples

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The figures that there are among ``ids``, None for the newest."""
        if ids is None:
            ids = tx.metric_samples.search(MetricSearch(), descending=True, offset=0, limit=limit)
        return [_metric_wire(sample) for sample in tx.metric_samples.many(ids).values()]

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """See ``Handler.matching``."""
        period, wanted = _read(conditions, {"metric": text_of, "@type": text_of})
        metric, kind = (_one_of(wanted.get(name, [])) for name in ("metric", "@type"))
        by_metric = sort_name(comparator, ("metric", "timestamp")) == "metric"
        search = MetricSearch(period.first, period.last, metric, kind, by_metric)
        return Kept(tx.metric_samples, search, _descending(comparator))


@handles("Trace")
class TraceHandler(HistoryHandler):
    """Filters: ``timestamp`` with comparisons, ``event``, ``text`` (words anywhere in what is told), ``queueId``."""

    def rows(self, tx: Transaction) -> Rows:
        """Where they are kept."""
        return tx.traces

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The traces that there are among ``ids``, None for the newest."""
        newest = ids is None
        if ids is None:
            ids = tx.traces.search(TraceSearch(), descending=True, offset=0, limit=limit)
        found: list[dict[str, Any]] = []
        size = 0
        with_events = asking.wants("events")
        for id in ids:
            for row in tx.traces.many([id]).values():
                size += len(row.events) if with_events else 0
                if size > MOST_BYTES and found:
                    if newest:
                        return found
                    raise MethodError("requestTooLarge", "Ask for fewer traces at once, or for traces without events.")
                found.append(_trace_wire(row, with_events))
        return found

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """See ``Handler.matching``."""
        readers = {"event": text_of, "text": _words_value, "queueId": _letter_mark}
        period, wanted = _read(conditions, readers)
        words = [word for text in wanted.get("text", []) for word in text.lower().split()]
        if len(words) > MOST_CONDITIONS:
            raise MethodError("unsupportedFilter", f"At most {MOST_CONDITIONS} words are supported.")
        kinds = tuple(dict.fromkeys((*wanted.get("event", []), *wanted.get("queueId", []))))
        sort_name(comparator, ("timestamp",))
        search = TraceSearch(period.first, period.last, kinds, tuple(dict.fromkeys(words)))
        return Kept(tx.traces, search, _descending(comparator))


def _first_id(moment: int) -> int:
    """The least id of a moment, in seconds since 1970; ids end in the year 2089."""
    return snowflake(moment * 1000, 0) if moment < _LAST_MOMENT else LARGEST_ID


def _metric_wire(sample: MetricSample) -> dict[str, Any]:
    wire: dict[str, Any] = {"metric": sample.metric, "count": sample.count}
    if sample.kind == "Histogram":
        wire["sum"] = sample.sum
    timestamp = moment_text(moment_of(sample.id))
    return {**wire, "timestamp": timestamp, "@type": sample.kind, "id": encode_id(sample.id)}


def _trace_wire(row: TraceRow, with_events: bool) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "timestamp": moment_text(moment_of(row.id)),
        "from": row.sender,
        "to": row.recipients,
        "size": row.size,
    }
    if with_events:
        wire["events"] = wire_events(unpacked(row.events))
    return {**wire, "id": encode_id(row.id)}


def _read(
    conditions: Iterable[Condition], readers: Mapping[str, Callable[[Condition], str]]
) -> tuple[Period, dict[str, list[str]]]:
    """The period, and the values that other conditions ask for; raises ``MethodError`` ``unsupportedFilter``."""
    period = Period()
    wanted: dict[str, list[str]] = {}
    for condition in conditions:
        if condition.property == "timestamp":
            period = period.narrowed(condition)
        elif condition.property in readers and condition.comparison == "=":
            wanted.setdefault(condition.property, []).append(readers[condition.property](condition))
        else:
            raise unsupported_filter(condition.name, ("timestamp", *readers))
    return period, wanted


def _words_value(condition: Condition) -> str:
    return " ".join(words_of(condition))


def _letter_mark(condition: Condition) -> str:
    """A letter by its id, or by the number behind it."""
    value = condition.value
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return mark(encode_id(value))
        text = text_of(condition)
        if text.isascii() and text.isdigit() and len(text) < 20:
            return mark(encode_id(int(text)))
        return mark(encode_id(decode_id(text)))
    except ValueError:
        return mark("-")  # no letter has that id


def _one_of(values: Sequence[str]) -> str | None:
    """The value that all conditions ask for; what no row can have if they differ."""
    if not values:
        return None
    return values[0] if len(set(values)) == 1 else ""


def _descending(comparator: Comparator | None) -> bool:
    return comparator is None or not comparator.is_ascending
