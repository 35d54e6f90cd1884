"""Who reads the live trace, and what waits for each reader (telemetry 2).

Events are watched only while somebody reads, at the lowest level that anybody has asked for. Readers with the same
query share one matching and one log of matches, in which each has its own place; whoever falls behind by more than the
log holds loses events, which are counted. A reader is woken at most once a second, each at another moment of it, so
that many of them do not stop the reactor together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.trace_query import Subject, TraceQuery
from stalwart.telemetry.events import Event, Level
from stalwart.telemetry.stream import Telemetry
from stalwart.telemetry.tracing.wire import Recorder, Traced, batch

MOST_EVENTS = 10_000
MOST_BYTES = 4 << 20
MOST_SPANS = 10_000
_BLOCK = 100  # events that are given up at once
_TURN = 1.0
_GOLDEN = 0.6180339887  # multiples of it lie evenly between 0 and 1, however many there are
_SOONEST = 0.9

Tap = Callable[[Traced], object]


class Subscriptions:
    """The readers in this process. ``changed(level)`` is called when the lowest level that they ask for is another one,
    None for nobody."""

    def __init__(self, telemetry: Telemetry, clock: Any) -> None:
        self.clock = clock
        self.changed: Callable[[Level | None], object] = lambda level: None
        self._telemetry = telemetry
        self._recorder = Recorder()
        self._groups: dict[TraceQuery, _Group] = {}
        self._taps: list[tuple[Level, Tap]] = []
        self._starts: dict[int, Traced] = {}
        self._serial = 0
        self._quiet = 0
        self._is_searching = False
        self._wanted: Level | None = None  # by readers
        self._watched: Level | None = None  # by readers and taps
        self._leave: Callable[[], None] = lambda: None

    def subscribe(self, query: TraceQuery) -> Subscription:
        """A reader of what ``query`` asks for from now on, until it is closed."""
        group = self._groups.get(query)
        if group is None:
            group = self._groups[query] = _Group(query)
        self._serial += 1
        subscription = Subscription(self, group, self._serial * _GOLDEN % _TURN)
        group.members.add(subscription)
        self._watch()
        return subscription

    def leave(self, subscription: Subscription, group: _Group) -> None:
        """``subscription`` is closed."""
        group.members.discard(subscription)
        group.asleep.discard(subscription)
        if not group.members:
            self._groups.pop(group.query, None)
        else:
            group.trim()
        self._watch()

    def tap(self, least: Level, take: Tap) -> Callable[[], None]:
        """Give ``take`` every event of this process from a level on; the result ends that."""
        entry = (least, take)
        self._taps.append(entry)
        self._watch()

        def leave() -> None:
            if entry in self._taps:
                self._taps.remove(entry)
                self._watch()

        return leave

    def receive(self, events: Iterable[Traced], dropped: int = 0) -> None:
        """Events of another process, of which ``dropped`` more were lost."""
        for event in events:
            self._distribute(event)
        if dropped:
            for group in tuple(self._groups.values()):
                group.lost(dropped)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """What happens here is shown to nobody: it comes of showing."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    def _watch(self) -> None:
        """Observe at the lowest level that is asked for, or not at all."""
        wanted = min((group.watched for group in self._groups.values()), default=None)
        levels = [level for level in (wanted, *(least for least, _ in self._taps)) if level is not None]
        watched = min(levels, default=None)
        if watched != self._watched:
            self._leave()
            self._watched = watched
            self._leave = (lambda: None) if watched is None else self._telemetry.observe(self._observe, watched)
        self._is_searching = any(query.is_searching for query in self._groups)
        if wanted is None:
            self._starts.clear()
        if wanted != self._wanted:
            self._wanted = wanted
            self.changed(wanted)

    def _observe(self, event: Event, values: dict[str, Any]) -> None:
        if self._quiet:
            return
        traced = self._recorder.traced(event, values, self.clock.seconds())
        for least, take in self._taps:
            if event.level >= least:
                take(traced)
        if self._groups:
            self._distribute(traced)

    def _distribute(self, event: Traced) -> None:
        span = event.span
        start = None
        if span is not None:
            if event.begins_span:
                self._starts[span] = event
                if len(self._starts) > MOST_SPANS:
                    del self._starts[next(iter(self._starts))]
            else:
                start = self._starts.pop(span, None) if event.ends_span else self._starts.get(span)
        subjects: tuple[Subject, ...] = ()
        if self._is_searching:
            subjects = (event.subject,) if start is None else (event.subject, start.subject)
        for group in self._groups.values():
            group.offer(event, subjects)


class Subscription:
    """One reader. ``phase`` is its moment in each second."""

    def __init__(self, subscriptions: Subscriptions, group: _Group, phase: float) -> None:
        self._subscriptions = subscriptions
        self._clock = subscriptions.clock
        self._group = group
        self._phase = phase
        self.place = group.end
        self._dropped = 0
        self._told = 0
        self._last = float("-inf")
        self._call: Any = None
        self._waiting: Deferred[None] | None = None

    @property
    def dropped(self) -> int:
        """Events that it has lost so far."""
        missed = self._group.begin - self.place
        if missed > 0:
            self._dropped += missed
            self.place = self._group.begin
        return self._dropped

    @property
    def end(self) -> int:
        """The place after the last event that there is."""
        return self._group.end

    @property
    def has_lost(self) -> bool:
        """Whether it has lost events that the reader was not told of."""
        return self.dropped > self._told

    @property
    def is_due(self) -> bool:
        """Whether there is something to tell."""
        return self.has_lost or self.place < self._group.end

    def wait(self, patience: float) -> Deferred[None]:
        """Fires at its next moment when there is something to tell, and after ``patience`` seconds in any case."""
        waiting = self._waiting = Deferred(lambda _: self._end_wait())
        delay = patience
        if self.is_due:
            delay = self._until_turn()
        else:
            self._group.asleep.add(self)
        self._call = self._clock.callLater(delay, self._wake)
        return waiting

    def rouse(self) -> None:
        """There is something to tell."""
        if self._call is not None:
            left = self._call.getTime() - self._clock.seconds()
            self._call.reset(max(0.0, min(left, self._until_turn())))

    def told(self) -> int:
        """How many it has lost: the reader is told of that now."""
        self._told = self.dropped
        return self._told

    def take(self, size: int, end: int) -> bytes:
        """The data of one frame: the next events before the place ``end``, about ``size`` bytes; empty if there are
        none."""
        if self.has_lost:
            return b""
        found = self._group.slice(self.place, end, size)
        self.place += len(found)
        if found:
            self._group.trim()
        return batch(found) if found else b""

    def lost(self, count: int) -> None:
        """So many events were lost on the way to this process."""
        self._dropped += count

    def close(self) -> None:
        """Nobody reads any more."""
        self._end_wait()
        self._subscriptions.leave(self, self._group)

    def _until_turn(self) -> float:
        now = self._clock.seconds()
        delay: float = (self._phase - now) % _TURN
        return delay if now + delay - self._last >= _SOONEST else delay + _TURN

    def _wake(self) -> None:
        waiting = self._waiting
        self._last = self._clock.seconds()
        self._end_wait()
        if waiting is not None:
            waiting.callback(None)

    def _end_wait(self) -> None:
        self._group.asleep.discard(self)
        self._waiting = None
        call, self._call = self._call, None
        if call is not None and call.active():
            call.cancel()


class _Group:
    """The readers with one query, and what they have not read yet: the events from place ``begin`` to ``end``."""

    def __init__(self, query: TraceQuery) -> None:
        self.query = query
        self.members: set[Subscription] = set()
        self.asleep: set[Subscription] = set()
        self.begin = 0
        self._least = Level.DEBUG if query.level is None else Level(query.level)
        self._is_searching = query.is_searching
        self._log: list[bytes] = []
        self._size = 0
        self._matched: dict[int, None] = {}
        self._named: dict[str, bool] = {}
        self._alone = 0  # events without a span are sampled one by one

    @property
    def watched(self) -> Level:
        """The level that must be watched: needles may be in the start of a span, which is of level debug."""
        return min(self._least, Level.DEBUG) if self._is_searching else self._least

    @property
    def end(self) -> int:
        """The place after the last event."""
        return self.begin + len(self._log)

    def offer(self, event: Traced, subjects: Sequence[Subject]) -> None:
        """Keep ``event`` if it is asked for; ``subjects`` are its values and those of the start of its span."""
        if event.level < self._least:
            return
        if self.query.sample < 1 and not self._samples(event.span):
            return
        if self._is_searching and not self._finds(event, subjects):
            return
        named = self._named.get(event.id)
        if named is None:
            named = self._named[event.id] = self.query.names(event.id)
        if named:
            self._keep(event.encoded)

    def lost(self, count: int) -> None:
        """All readers have lost so many."""
        for member in self.members:
            member.lost(count)
        self._rouse()

    def slice(self, begin: int, end: int, size: int) -> list[bytes]:
        """Events from ``begin`` on and before ``end``, as many as fit into ``size`` bytes, but at least one."""
        found: list[bytes] = []
        for place in range(begin - self.begin, min(end, self.end) - self.begin):
            event = self._log[place]
            size -= len(event) + 1
            if size < 0 and found:
                break
            found.append(event)
        return found

    def trim(self) -> None:
        """Forget what everybody has read."""
        self._forget(min(member.place for member in self.members) - self.begin)

    def _samples(self, span: int | None) -> bool:
        if span is None:
            self._alone += 1
            span = self._alone
        return self.query.samples(span)

    def _finds(self, event: Traced, subjects: Sequence[Subject]) -> bool:
        span = event.span
        if span is not None and span in self._matched:
            if event.ends_span:
                del self._matched[span]
            return True
        if not self.query.finds(subjects):
            return False
        if span is not None and not event.ends_span:
            self._matched[span] = None
            if len(self._matched) > MOST_SPANS:
                del self._matched[next(iter(self._matched))]
        return True

    def _keep(self, encoded: bytes) -> None:
        self._log.append(encoded)
        self._size += len(encoded)
        if len(self._log) > MOST_EVENTS or self._size > MOST_BYTES:
            self._forget(_BLOCK)
        if self.asleep:
            self._rouse()

    def _forget(self, count: int) -> None:
        if count > 0:
            self._size -= sum(map(len, self._log[:count]))
            self.begin += len(self._log[:count])
            del self._log[:count]

    def _rouse(self) -> None:
        asleep, self.asleep = self.asleep, set()
        for member in asleep:
            member.rouse()
