"""Draws a Grafana dashboard without Grafana: its panels, with what Prometheus answers, as one page of HTML and SVG.

It knows what the dashboard of ``etc/grafana`` uses: rows, stats with thresholds, time series as lines, stacked areas or
bars. Colours are dark; times are UTC.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from attrs import frozen

from tests.etc.grafana import Panel

COLUMNS = 24
WIDTH, CELL, GAP = 1680, 32, 8
COLOURS = (
    *("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#37872d", "#e0b400", "#56a64b"),
    *("#c0d8ff", "#fa6400", "#e02f44", "#3274d9", "#a352cc", "#96d98d", "#ffee52", "#ffb357", "#ff7383", "#ca95e5"),
)
NAMED = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c", "text": "#ccccdc", "transparent": "none"}
CLOCK = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)
MOST_NAMES = 12  # in a legend
STYLE = """
body { margin: 0; background: #111217; color: #ccccdc; font: 12px/1.3 Inter, "DejaVu Sans", sans-serif; }
header { padding: 14px 16px 6px; display: flex; justify-content: space-between; align-items: baseline; }
h1 { font-size: 19px; font-weight: 500; margin: 0; }
header p { color: #8e8e9c; margin: 0; }
main { position: relative; margin: 8px 12px; }
section, h2 { position: absolute; box-sizing: border-box; margin: 0; }
section { background: #181b1f; border: 1px solid #2a2d33; border-radius: 3px; padding: 6px 8px; overflow: hidden; }
h2 { font-size: 15px; font-weight: 500; padding-top: 8px; }
h3 { font-size: 13px; font-weight: 500; margin: 0 0 2px; white-space: nowrap; }
svg { display: block; } text { fill: #9fa7b3; font-size: 10.5px; }
.big { font-size: 27px; text-align: center; line-height: 44px; white-space: nowrap; }
ul { margin: 2px 0 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap;
gap: 0 12px; height: 32px; overflow: hidden; }
li { white-space: nowrap; font-size: 11px; } li i { display: inline-block; width: 12px; height: 4px; border-radius: 2px;
margin-right: 5px; vertical-align: middle; }
.empty { color: #6b7280; text-align: center; padding-top: 20%; }
"""


@frozen
class Line:
    """A series: what the legend calls it, and its values by moment."""

    name: str
    values: Mapping[float, float]

    @property
    def last(self) -> float | None:
        """The newest."""
        return self.values[max(self.values)] if self.values else None


@frozen
class Span:
    """The time that is shown, and the step between two values."""

    start: float
    until: float
    step: float

    def moments(self) -> list[float]:
        """All that have values."""
        return [self.start + n * self.step for n in range(round((self.until - self.start) / self.step) + 1)]


def page(title: str, note: str, panels: Iterable[Panel], lines: Mapping[int, Sequence[Line]], span: Span) -> str:
    """HTML; ``lines`` has those of each panel by its place in ``panels``."""
    drawn, bottom = [], 0
    for number, panel in enumerate(panels):
        at = panel.place
        bottom = max(bottom, at["y"] + at["h"])
        width = at["w"] * (WIDTH - 2 * 12) / COLUMNS - GAP
        height = at["h"] * CELL - GAP
        place = f"left:{at['x'] * (WIDTH - 2 * 12) / COLUMNS:.0f}px;top:{at['y'] * CELL}px;width:{width:.0f}px"
        if panel.kind == "row":
            drawn.append(f'<h2 style="{place}">{escape(panel.title)}</h2>')
            continue
        draw = _stat if panel.kind == "stat" else _series
        inside = draw(panel, lines.get(number, ()), span, width - 18, height - 34)
        drawn.append(f'<section style="{place};height:{height}px"><h3>{escape(panel.title)}</h3>{inside}</section>')
    head = f"<header><h1>{escape(title)}</h1><p>{escape(note)}</p></header>"
    body = f'{head}<main style="height:{bottom * CELL}px">{"".join(drawn)}</main>'
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
        f'<body style="width:{WIDTH}px">{body}</body></html>'
    )


def shown(value: float, unit: str, decimals: int | None = None) -> str:
    """A value as people read it, with its unit as Grafana names it."""
    if math.isnan(value):
        return "-"
    if unit == "s":
        return _seconds(value)
    if unit == "d":
        return f"{value:.0f} d"
    if unit == "percentunit":
        return f"{value * 100:.{1 if decimals is None else decimals}f} %"
    if unit == "bytes":
        for size, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
            if abs(value) >= size:
                return f"{value / size:.{1 if value < 10 * size else 0}f} {name}"
        return f"{value:.0f} B"
    ending = {"reqps": " req/s", "ops": " /s", "cps": " /s"}.get(unit, "")
    for factor, name in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.1f} {name}{ending}"
    return f"{_plain(value)}{ending}"


def clock_ticks(span: Span, wanted: int = 6) -> list[float]:
    """Round moments in ``span``."""
    step = next((each for each in CLOCK if (span.until - span.start) / each <= wanted), CLOCK[-1])
    first = math.ceil(span.start / step)
    return [float(number * step) for number in range(first, int(span.until // step) + 1)]


def ticks(low: float, high: float, wanted: int = 4, base: float = 10.0) -> list[float]:
    """Round values between ``low`` and ``high``."""
    if high <= low:
        high = low + 1
    raw = (high - low) / wanted
    size = base ** math.floor(math.log(raw, base))
    step = next(size * factor for factor in (1, 2, 2.5, 5, base) if size * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _plain(value: float) -> str:
    return f"{value:.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.3g}"


def _seconds(value: float) -> str:
    for factor, name in ((86400 * 365, "years"), (86400 * 7, "weeks"), (86400, "days"), (3600, "h"), (60, "min")):
        if abs(value) >= 2 * factor:
            return f"{value / factor:.1f} {name}"
    if abs(value) >= 1 or value == 0:
        return f"{_plain(value)} s"
    return f"{_plain(value * 1e3)} ms" if abs(value) >= 1e-3 else f"{_plain(value * 1e6)} µs"


def _stat(panel: Panel, lines: Sequence[Line], span: Span, width: float, height: float) -> str:
    if not lines or lines[0].last is None:
        return '<div class="big">no data</div>'
    line, value = lines[0], lines[0].last
    text = line.name if panel.options.get("textMode") == "name" else None
    for mapping in panel.defaults.get("mappings", ()):
        text = mapping["options"].get(_plain(value), {}).get("text", text)
    colour = _threshold(panel, value)
    big = f'<div class="big" style="color:{colour}">'
    big += escape(text or shown(value, panel.unit, panel.defaults.get("decimals"))) + "</div>"
    if panel.options.get("graphMode") != "area":
        return big
    high = max(line.values.values()) or 1.0
    low = min(0.0, *line.values.values())
    tall = height - 48
    points = [
        (_across(moment, span, width), tall - (each - low) / ((high - low) or 1.0) * (tall - 2))
        for moment, each in sorted(line.values.items())
    ]
    shape = _path(points)
    area = f"{shape}L{points[-1][0]:.1f},{tall}L{points[0][0]:.1f},{tall}Z"
    return (
        f'{big}<svg width="{width:.0f}" height="{tall:.0f}"><path d="{area}" fill="{colour}" fill-opacity=".15"/>'
        f'<path d="{shape}" fill="none" stroke="{colour}" stroke-opacity=".8"/></svg>'
    )


def _threshold(panel: Panel, value: float) -> str:
    colour = "green"
    for step in panel.defaults.get("thresholds", {}).get("steps", ()):
        if step["value"] is None or value >= step["value"]:
            colour = step["color"]
    return NAMED.get(colour, colour)


def _series(panel: Panel, lines: Sequence[Line], span: Span, width: float, height: float) -> str:
    if not lines:
        return '<p class="empty">no data</p>'
    custom = panel.defaults.get("custom", {})
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    bars = custom.get("drawStyle") == "bars"
    left, tall = 62.0, height - 54
    layers = (
        _layers(lines, span) if stacked else [(dict.fromkeys(line.values, 0.0), dict(line.values)) for line in lines]
    )
    low, high = _bounds(panel, [top for _, top in layers])
    drawn = [f'<svg width="{width:.0f}" height="{tall + 18:.0f}">', *_axes(panel, span, left, width, tall, low, high)]

    def point(moment: float, value: float) -> tuple[float, float]:
        inside = (min(max(value, low), high) - low) / (high - low)
        return left + _across(moment, span, width - left - 4), tall - inside * (tall - 6)

    for (floor, top), colour in reversed(list(zip(layers, _colours(len(layers)), strict=True))):
        if bars:
            thick = max(1.0, (width - left) / len(span.moments()) * 0.7)
            for moment, value in top.items():
                (x, y), (_, under) = point(moment, value), point(moment, floor[moment])
                if under - y > 0.2:
                    size = f'width="{thick:.1f}" height="{under - y:.1f}"'
                    drawn.append(
                        f'<rect x="{x - thick / 2:.1f}" y="{y:.1f}" {size} fill="{colour}" fill-opacity=".75"/>'
                    )
            continue
        for part in _parts(sorted(top), span):
            above = [point(moment, top[moment]) for moment in part]
            below = [point(moment, floor[moment]) for moment in reversed(part)]
            area = _path(above) + "L" + _path(below)[1:] + "Z"
            opacity = custom.get("fillOpacity", 10) / 100
            drawn.append(f'<path d="{area}" fill="{colour}" fill-opacity="{opacity}"/>')
            drawn.append(f'<path d="{_path(above)}" fill="none" stroke="{colour}" stroke-width="1.3"/>')
    return "".join(drawn) + "</svg>" + _legend(panel, lines)


def _layers(lines: Sequence[Line], span: Span) -> list[tuple[dict[float, float], dict[float, float]]]:
    """Lower and upper edge of each line when all stand on each other."""
    height = dict.fromkeys((moment for line in lines for moment in line.values), 0.0)
    layers = []
    for line in lines:
        floor = dict(height)
        for moment, value in line.values.items():
            height[moment] += value
        layers.append((floor, dict(height)))
    return layers


def _bounds(panel: Panel, tops: Iterable[Mapping[float, float]]) -> tuple[float, float]:
    values = [value for top in tops for value in top.values() if not math.isnan(value)] or [0.0]
    low = float(panel.defaults.get("min", min(values)))
    high = float(panel.defaults.get("max", max(values) * 1.05))
    return low, high if high > low else low + 1


def _axes(panel: Panel, span: Span, left: float, width: float, tall: float, low: float, high: float) -> Iterable[str]:
    for value in ticks(low, high, base=2.0 if panel.unit == "bytes" else 10.0):
        y = tall - (value - low) / (high - low) * (tall - 6)
        yield f'<path d="M{left:.0f},{y:.1f}H{width:.0f}" stroke="#2a2d33"/>'
        yield f'<text x="{left - 5:.0f}" y="{y + 3.5:.1f}" text-anchor="end">{escape(shown(value, panel.unit))}</text>'
    for moment in clock_ticks(span):
        x = left + _across(moment, span, width - left - 4)
        clock = datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S" if span.until - span.start < 300 else "%H:%M")
        yield f'<path d="M{x:.1f},6V{tall:.0f}" stroke="#23262b"/>'
        if x < width - 20:
            yield f'<text x="{x:.1f}" y="{tall + 14:.0f}" text-anchor="middle">{clock}</text>'
    if panel.defaults.get("custom", {}).get("thresholdsStyle"):
        for step in panel.defaults["thresholds"]["steps"]:
            if step["value"] is not None and low <= step["value"] <= high:
                y = tall - (step["value"] - low) / (high - low) * (tall - 6)
                colour = NAMED[step["color"]]
                yield f'<path d="M{left:.0f},{y:.1f}H{width:.0f}" stroke="{colour}" stroke-dasharray="5 4"/>'


def _legend(panel: Panel, lines: Sequence[Line]) -> str:
    items = [
        f'<li><i style="background:{colour}"></i>{escape(line.name)}</li>'
        for line, colour in list(zip(lines, _colours(len(lines)), strict=True))[:MOST_NAMES]
    ]
    if len(lines) > MOST_NAMES:
        items.append(f"<li>and {len(lines) - MOST_NAMES} more</li>")
    return f"<ul>{''.join(items)}</ul>"


def _colours(number: int) -> list[str]:
    return [COLOURS[n % len(COLOURS)] for n in range(number)]


def _across(moment: float, span: Span, width: float) -> float:
    return (moment - span.start) / (span.until - span.start) * width


def _parts(moments: Sequence[float], span: Span) -> list[list[float]]:
    """Moments without a gap."""
    parts: list[list[float]] = []
    for moment in moments:
        if parts and moment - parts[-1][-1] < span.step * 1.5:
            parts[-1].append(moment)
        else:
            parts.append([moment])
    return parts


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
