"""Which of several languages somebody reads, by Accept-Language (RFC 9110 12.5.4). Only the language counts, not the
country.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

_MOST = 32


def choose_language(ui_locales: str | None, accepted: str | None, known: Collection[str], default: str) -> str:
    """One of ``known``; ``default`` where nothing fits."""
    wanted = [*(ui_locales or "").split()[:_MOST], *_by_preference(accepted or "")]
    primary = (tag.partition("-")[0].lower() for tag in wanted)
    return next((name for name in primary if name in known), default)


def _by_preference(accepted: str) -> Iterable[str]:
    """Language tags, best first; those with weight 0 are not wanted."""
    weighted = []
    for item in accepted.split(",")[:_MOST]:
        tag, _, parameter = item.partition(";")
        weight = _weight(parameter)
        if weight > 0:
            weighted.append((-weight, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
