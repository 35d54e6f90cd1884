"""How figures are written for Prometheus (telemetry 1): the text format, and OpenMetrics when asked for.

Naming ``stalwart`` has the reference's bare names for what the reference counts and ``stalwart_...`` for the rest,
``openmetrics`` the latter for all. prometheus_client is imported when figures are first asked for; its global registry
is not used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal

from attrs import evolve

from stalwart.telemetry.figures.families import Buckets, Family
from stalwart.telemetry.spans import trace_id

Naming = Literal["stalwart", "openmetrics"]

TEXT_TYPE = "text/plain; version=0.0.4"
"""Of both namings."""
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)  # RFC 9110 12.4.2
_OPENMETRICS = "application/openmetrics-text"
_VERSIONS = ("", "1.0.0", "0.0.1")
_EXACT = 2.0**53
_AT_ONCE = 6  # series; those of a histogram are more than a dozen lines each
_HEAD = re.compile(rb"^#.*\n", re.MULTILINE)
_END = b"# EOF\n"


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
    return b"".join(pieces(found, naming, openmetrics))


def pieces(found: Iterable[Family], naming: Naming, openmetrics: bool) -> Iterator[bytes]:
    """What ``written`` writes, in pieces of a millisecond or two each, so that others can have a turn in between."""
    for family in found:
        for first in range(0, max(len(family.samples), 1), _AT_ONCE):
            part = evolve(family, samples=family.samples[first : first + _AT_ONCE])
            text = _piece(_metric(part, family.bare if naming == "stalwart" else None), naming, openmetrics)
            yield text if first == 0 else _HEAD.sub(b"", text)
    if openmetrics:
        yield _END


def _piece(metric: Any, naming: Naming, openmetrics: bool) -> bytes:
    from prometheus_client.exposition import generate_latest
    from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

    alone: Any = _Collected((metric,))
    if openmetrics:
        if metric.type == "counter" and metric.samples and metric.samples[0].name == metric.name:
            metric.type = "unknown"  # counters end in _total there; names must not depend on who asks
        return generate_openmetrics(alone).removesuffix(_END)
    return generate_latest(alone) if naming == "openmetrics" else _text(metric).encode()


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
    scale = family.scale if bare is not None else 1.0
    suffix = "_total" if family.kind == "counter" and bare is None else ""
    for labels, value in family.samples:
        if isinstance(value, Buckets):
            _add_buckets(metric, labels, value, scale)
        else:
            metric.add_sample(metric.name + suffix, dict(labels), value * scale)
    return metric


def _add_buckets(metric: Any, labels: Mapping[str, str], value: Buckets, scale: float) -> None:
    """Cumulative buckets, then count and sum."""
    bounds = (*(_number(bound * scale) for bound in value.bounds), "+Inf")
    exemplars = value.exemplars or (None,) * len(bounds)
    total = 0
    for bound, total, exemplar in zip(bounds, accumulate(value.counts), exemplars, strict=True):
        metric.add_sample(f"{metric.name}_bucket", {**labels, "le": bound}, total, exemplar=_exemplar(exemplar, scale))
    metric.add_sample(f"{metric.name}_count", dict(labels), total)
    metric.add_sample(f"{metric.name}_sum", dict(labels), value.sum * scale)


def _exemplar(exemplar: tuple[int, float, float] | None, scale: float) -> Any:
    from prometheus_client.samples import Exemplar

    if exemplar is None:
        return None
    span, value, moment = exemplar
    return Exemplar({"trace_id": trace_id(span)}, value * scale, round(moment, 3))


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
