"""Grafana dashboards as far as ours need it: panels, what they ask Prometheus for, and the variables filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

ETC = Path(__file__).resolve().parents[2] / "etc"
DASHBOARD = ETC / "grafana" / "stalwart.json"
RULES = ETC / "prometheus" / "stalwart.rules.yml"
NAME = re.compile(r"\b(?:stalwart|process|python)_[a-z0-9_]+\b|\bup\b")


@frozen
class Target:
    """An expression, and how each series of its result is called: ``{{label}}`` stands for the value of a label."""

    expression: str
    legend: str

    def named(self, labels: Mapping[str, str]) -> str:
        """What the legend says of a series."""
        text = re.sub(r"{{\s*(\w+)\s*}}", lambda found: labels.get(found[1], ""), self.legend)
        return text.strip() or "value"


@frozen
class Panel:
    """``kind`` is ``row``, ``stat`` or ``timeseries``; the rest as in its JSON."""

    kind: str
    title: str
    description: str
    place: Mapping[str, int]
    targets: tuple[Target, ...]
    defaults: Mapping[str, Any]
    options: Mapping[str, Any]

    @property
    def unit(self) -> str:
        """Grafana's name of it."""
        return str(self.defaults.get("unit", "none"))


def dashboard(path: Path = DASHBOARD) -> dict[str, Any]:
    """The document."""
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def panels(path: Path = DASHBOARD) -> Iterator[Panel]:
    """All panels, rows too, in their order."""
    for each in dashboard(path)["panels"]:
        targets = tuple(Target(target["expr"], target.get("legendFormat", "")) for target in each.get("targets", ()))
        field = each.get("fieldConfig", {}).get("defaults", {})
        yield Panel(
            each["type"],
            each["title"],
            each.get("description", ""),
            each["gridPos"],
            targets,
            field,
            each.get("options", {}),
        )


def filled(expression: str, *, step: str = "1m", job: str = ".+", instance: str = ".+") -> str:
    """An expression with its variables replaced, as Grafana does before it asks."""
    for name, value in {
        "$__rate_interval": step,
        "$__interval": step,
        "$job": job,
        "$instance": instance,
    }.items():
        expression = expression.replace(name, value)
    return expression


def metrics_in(expression: str) -> set[str]:
    """The names of metrics in an expression."""
    without_texts = re.sub(r'"[^"]*"', '""', expression)
    return set(NAME.findall(without_texts))
