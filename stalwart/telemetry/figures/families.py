"""Figures at a moment, under their names: what Prometheus fetches, streams show, history keeps and collectors are sent.

``COLLECTORS`` are all there are: each makes families of what ``Parts`` hold. What is counted or measured comes from
``events``, ``gauges`` and ``measures`` by itself; a figure that is found out when somebody asks is a function here, and
a member of ``Parts`` if it comes from elsewhere. Of several workers the sum is told, and of their memory, time and
descriptors those of each, with the label ``worker``.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, Protocol

from attrs import Factory, frozen

import stalwart
import twisted
from stalwart.telemetry.events import TELEMETRY_PROMETHEUS_ERROR, declared_events
from stalwart.telemetry.figures.gauges import BETWEEN
from stalwart.telemetry.figures.process_figures import ProcessFigure, figures_of
from stalwart.telemetry.measures import Measure, declared_measures
from stalwart.telemetry.series import Exemplar
from stalwart.telemetry.stream import Telemetry

COUNTED = {
    "domain.count": ("domains", "Domains"),
    "user.count": ("accounts", "Accounts of people and groups"),
    "queue.count": ("queue_messages", "Messages that wait in the queue of mail"),
}
"""What ``Parts.counts`` can tell, by the reference's name (telemetry 1.3): our name, and what it is."""

_ODD = re.compile(r"[^A-Za-z0-9]")
_PREFIX = "stalwart_"


@frozen
class Buckets:
    """A histogram: ``counts`` of values for each of ``bounds`` (upper, inclusive) and for what is above them all.

    ``exemplars`` has one or None for each of the counts, or is empty.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float
    exemplars: Sequence[Exemplar | None] = ()

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)


@frozen
class Family:
    """Figures under one name: ``name`` begins with ``stalwart_`` or ``process_``, says the unit, and has no ``_total``.

    ``id`` is what x:Metrics and the reference call it, None for what the reference does not have. ``samples`` are
    pairs of labels and value. ``scale`` turns the unit into that of the reference.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    doc: str
    samples: Sequence[tuple[Mapping[str, str], float | Buckets]]
    id: str | None = None
    scale: float = 1.0

    @property
    def bare(self) -> str | None:
        """The reference's name (telemetry 1.1)."""
        return bare_name(self.id) if self.id is not None else None


class Expiries(Protocol):
    """Who knows the certificates that are served."""

    def expiries(self) -> Mapping[str, float]:
        """When each expires (seconds since 1970), by the name that it is for."""


@frozen
class Parts:
    """Where figures come from; ``counts`` are those of accounts and domains, as far as they are known."""

    telemetry: Telemetry
    certificates: Expiries | None = None
    counts: Mapping[str, int] = Factory(dict)


Collector = Callable[[Parts], Iterable[Family]]


def bare_name(id: str) -> str:
    """``id`` as the reference names it."""
    return _ODD.sub("_", id)


def event_counters(parts: Parts) -> Iterator[Family]:
    """How often each declared event has happened, those that never did with 0: ``rate()`` needs a beginning."""
    for event in declared_events():
        count = float(parts.telemetry.total(event.id))
        yield Family(_PREFIX + bare_name(event.id), "counter", event.doc, (({}, count),), event.id)


def levels(parts: Parts) -> Iterator[Family]:
    """What has begun and not ended."""
    for id, (begin, end) in BETWEEN.items():
        present = max(0, parts.telemetry.total(begin.id) - parts.telemetry.total(end.id))
        yield Family(_PREFIX + bare_name(id), "gauge", f"{begin.doc} and not closed", (({}, float(present)),), id)


def measured(parts: Parts) -> Iterator[Family]:
    """What is measured beside events; what has no labels is there from the beginning."""
    book = parts.telemetry.book
    for measure, found in book.read(declared_measures()).items():
        if not measure.labels:
            found.setdefault((), [0.0] * measure.size)
        exemplars = book.exemplars(measure) if measure.bounds else {}
        samples = [
            (dict(zip(measure.labels, labels, strict=True)), _value(measure, numbers, exemplars.get(labels, ())))
            for labels, numbers in sorted(found.items())
        ]
        yield Family(_PREFIX + measure.name, measure.kind, measure.doc, samples, measure.id, measure.scale)


def _value(measure: Measure, numbers: Sequence[float], exemplars: Sequence[Exemplar | None]) -> float | Buckets:
    if measure.kind != "histogram":
        return numbers[0]
    return Buckets(measure.bounds, tuple(map(int, numbers[1:])), numbers[0], exemplars)


def counts(parts: Parts) -> Iterator[Family]:
    """How many accounts and domains there are."""
    for id, count in sorted(parts.counts.items()):
        name, doc = COUNTED[id]
        yield Family(_PREFIX + name, "gauge", doc, (({}, float(count)),), id)


def processes(parts: Parts) -> Iterator[Family]:
    """What the system knows about the processes of this server; nothing where there is no /proc."""
    found: dict[str, ProcessFigure] = {}
    samples: dict[str, list[tuple[Mapping[str, str], float]]] = {}
    for called, pid in (parts.telemetry.processes() or {"": os.getpid()}).items():
        labels = {"worker": called} if called else {}
        for figure in figures_of(pid):
            found.setdefault(figure.name, figure)
            samples.setdefault(figure.name, []).append((labels, figure.value))
    memory = sum(value for _, value in samples.get("process_resident_memory_bytes", ()))
    if memory:
        doc = "Memory that the server occupies, in bytes"
        yield Family(f"{_PREFIX}server_memory_bytes", "gauge", doc, (({}, memory),), "server.memory")
    for name, figure in found.items():
        yield Family(name, figure.type, figure.doc, samples[name])


def certificate_expiries(parts: Parts) -> Iterator[Family]:
    """When the certificates that are served expire."""
    if parts.certificates is not None:
        samples = [({"name": name}, moment) for name, moment in sorted(parts.certificates.expiries().items())]
        doc = "When the certificate for a name expires, in seconds since 1970"
        yield Family(f"{_PREFIX}acme_certificate_expiry_timestamp_seconds", "gauge", doc, samples)


def build_info(parts: Parts) -> Iterator[Family]:
    """Which versions run."""
    labels = {
        "version": stalwart.__version__,
        "python": platform.python_version(),
        "twisted": twisted.version.public(),
    }
    yield Family(f"{_PREFIX}build_info", "gauge", "Versions of this server and of what it runs on", ((labels, 1.0),))


COLLECTORS: tuple[Collector, ...] = (
    event_counters,
    levels,
    measured,
    counts,
    certificate_expiries,
    build_info,
    processes,
)


def families(parts: Parts, collectors: Sequence[Collector] = COLLECTORS) -> Iterator[Family]:
    """All figures; a collector that fails is passed over and told of."""
    for collector in collectors:
        try:
            yield from list(collector(parts))
        except Exception as problem:
            parts.telemetry.emit(
                TELEMETRY_PROMETHEUS_ERROR, reason=f"{collector.__name__}: {type(problem).__name__}: {problem}"
            )
