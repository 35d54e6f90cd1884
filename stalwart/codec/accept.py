"""Whether a client would rather have a page than data, by its Accept field (RFC 9110 12.5.1)."""

from __future__ import annotations

import re

_LONGEST = 1000
_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)
_HTML = ("text/html", "text/*", "*/*")
_JSON = ("application/json", "application/*", "*/*")


def prefers_html(field: str | None) -> bool:
    """Whether HTML is named, and liked more than JSON: ``*/*`` alone asks for nothing."""
    weights: dict[str, float] = {}
    for member in (field or "")[:_LONGEST].lower().split(","):
        kind, *parameters = (part.strip() for part in member.split(";"))
        given = next((match for text in parameters if (match := _WEIGHT.fullmatch(text))), None)
        weights[kind] = float(given[1]) if given else 1.0
    if not {"text/html", "application/xhtml+xml"} & weights.keys():
        return False
    html = weights.get("application/xhtml+xml", 0.0) if "text/html" not in weights else _weight(weights, _HTML)
    return html > _weight(weights, _JSON)


def _weight(weights: dict[str, float], kinds: tuple[str, ...]) -> float:
    """The weight of the most exact range (RFC 9110 12.5.1)."""
    return next((weights[kind] for kind in kinds if kind in weights), 0.0)
