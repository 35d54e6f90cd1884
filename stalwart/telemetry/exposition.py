"""The figures that Prometheus fetches, and how they are written (telemetry 1).

``COLLECTORS`` are all there are: each makes families of what ``Parts`` hold, at the moment of the scrape; a new figure
is a function there, and a member of ``Parts`` if it comes from elsewhere. Naming ``stalwart`` has the reference's bare
names for what the reference counts and ``stalwart_...`` for the rest, ``openmetrics`` the latter for all. Of several
workers the sum is told, and of their memory, time and descriptors those of each, with the label ``worker``.

prometheus_client is imported here and nowhere else, with the first scrape; its global registry is not used.
"""

from __future__ import annotations

import math
import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, Protocol

from attrs import Factory, frozen

import stalwart
import twisted
from stalwart.telemetry.events import TELEMETRY_PROMETHEUS_ERROR, declared_events
from stalwart.telemetry.gauges import BETWEEN
from stalwart.telemetry.stream import Telemetry

Naming = Literal["stalwart", "openmetrics"]

TEXT_TYPE = "text/plain; version=0.0.4"
"""Of both namings."""
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

COUNTED = {"domain.count": "Domains", "user.count": "Accounts of people and groups"}
"""What ``Parts.counts`` can tell, by the reference's name (telemetry 1.3)."""

_ODD = re.compile(r"[^A-Za-z0-9]")
_PREFIX = "stalwart_"
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)  # RFC 9110 12.4.2
_OPENMETRICS = "application/openmetrics-text"
_VERSIONS = ("", "1.0.0", "0.0.1")
_EXACT = 2.0**53


@frozen
class Family:
    """Figures under one name: ``name`` begins with ``stalwart_`` or ``process_``, says the unit, and has no ``_total``.

    ``id`` is what x:Metrics and the reference call it, None for what the reference does not have. ``samples`` are
    pairs of labels and value.
    """

    name: str
    kind: Literal["counter", "gauge"]
    doc: str
    samples: Sequence[tuple[Mapping[str, str], float]]
    id: str | None = None

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


def counts(parts: Parts) -> Iterator[Family]:
    """How many accounts and domains there are."""
    for id, count in sorted(parts.counts.items()):
        yield Family(_PREFIX + bare_name(id), "gauge", COUNTED[id], (({}, float(count)),), id)


def processes(parts: Parts) -> Iterator[Family]:
    """What the system knows about the processes of this server; nothing where there is no /proc."""
    from prometheus_client import ProcessCollector

    found: dict[str, Any] = {}
    samples: dict[str, list[tuple[Mapping[str, str], float]]] = {}
    for called, pid in (parts.telemetry.processes() or {"": os.getpid()}).items():
        labels = {"worker": called} if called else {}
        for metric in ProcessCollector(pid=partial(int, pid), registry=None).collect():
            found.setdefault(metric.name, metric)
            samples.setdefault(metric.name, []).extend((labels, sample.value) for sample in metric.samples)
    memory = sum(value for _, value in samples.get("process_resident_memory_bytes", ()))
    if memory:
        doc = "Memory that the server occupies, in bytes"
        yield Family(f"{_PREFIX}server_memory_bytes", "gauge", doc, (({}, memory),), "server.memory")
    for name, metric in found.items():
        yield Family(name, metric.type, metric.documentation, samples[name])


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


COLLECTORS: tuple[Collector, ...] = (event_counters, levels, counts, certificate_expiries, build_info, processes)


def families(parts: Parts, collectors: Sequence[Collector] = COLLECTORS) -> Iterator[Family]:
    """All figures; a collector that fails is passed over and told of."""
    for collector in collectors:
        try:
            yield from list(collector(parts))
        except Exception as problem:
            parts.telemetry.emit(
                TELEMETRY_PROMETHEUS_ERROR, reason=f"{collector.__name__}: {type(problem).__name__}: {problem}"
            )


def wants_openmetrics(accept: str | None) -> bool:
    """Whether Accept (RFC 9110 12.5.1) prefers OpenMetrics to the text format, or likes both as much."""
    weights: dict[str, float] = {}
    for member in (accept or "").lower().split(","):
        kind, *parameters = (part.strip() for part in member.split(";"))
        version = next((text[8:].strip('"') for text in parameters if text.startswith("version=")), "")
        if kind == _OPENMETRICS and version not in _VERSIONS:
            continue
        matches = [match for text in parameters if (match := _WEIGHT.fullmatch(text))]
        weights[kind] = max(weights.get(kind, 0.0), float(matches[0][1]) if matches else 1.0)
    plain = next((weights[kind] for kind in ("text/plain", "text/*", "*/*") if kind in weights), 0.0)
    return 0.0 < weights.get(_OPENMETRICS, 0.0) >= plain


def written(found: Iterable[Family], naming: Naming, openmetrics: bool) -> bytes:
    """``found`` in the format ``OPENMETRICS_TYPE`` or ``TEXT_TYPE``."""
    from prometheus_client.exposition import generate_latest
    from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

    made = [_metric(family, family.bare if naming == "stalwart" else None) for family in found]
    everything: Any = _Collected(made)
    if openmetrics:
        for metric in made:
            if metric.type == "counter" and metric.samples and metric.samples[0].name == metric.name:
                metric.type = "unknown"  # counters end in _total there; names must not depend on who asks
        return generate_openmetrics(everything)
    if naming == "openmetrics":
        return generate_latest(everything)
    return "".join(map(_text, made)).encode()


class _Collected:
    """Passes for a registry."""

    def __init__(self, metrics: Sequence[Any]) -> None:
        self._metrics = metrics

    def collect(self) -> Sequence[Any]:
        return self._metrics


def _metric(family: Family, bare: str | None) -> Any:
    """``family`` as the library has it, under its ``bare`` name if there is one."""
    from prometheus_client import Metric

    metric = Metric(bare or family.name, family.doc, family.kind)
    suffix = "_total" if family.kind == "counter" and bare is None else ""
    for labels, value in family.samples:
        metric.add_sample(metric.name + suffix, dict(labels), value)
    return metric


def _text(metric: Any) -> str:
    """The text format 0.0.4; the library's own writer adds ``_total`` to the type of every counter."""
    suffix = "_total" if metric.type == "counter" and any(s.name != metric.name for s in metric.samples) else ""
    doc = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
    lines = [f"# HELP {metric.name}{suffix} {doc}\n", f"# TYPE {metric.name}{suffix} {metric.type}\n"]
    lines += (f"{sample.name}{_labels(sample.labels)} {_number(sample.value)}\n" for sample in metric.samples)
    return "".join(lines)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items())) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    """The shortest decimal."""
    if value in (math.inf, -math.inf) or value != value:
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    return str(int(value)) if value == int(value) and abs(value) < _EXACT else repr(value)
