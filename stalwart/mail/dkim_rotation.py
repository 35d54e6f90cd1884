"""How the DKIM keys of a domain follow each other (settings C.6): pending, active, retiring, retired, gone.

Pure: what is to be made and which key takes which step, from what is stored and what was seen in DNS. Every step is
counted from the moment when it is taken, so a server that was off, or a clock that jumps, leaves out none and shortens
none. A key without a date for its next stage is somebody else's and is left as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from stalwart.config.domains.domain import AutomaticKeys
from stalwart.mail.dkim_keys import missing

SHORTEST_USE = 3600.0
"""Seconds for which a key is in use at least, however soon the settings want another."""
MOST_HELD = 50
"""Keys of a domain, retired ones included, beyond which none is made."""

_LAST = 32_503_680_000.0  # the beginning of the year 3000, up to which dates are read


@frozen
class Held:
    """A signature that a domain has. ``due`` is when its next stage may begin, None if that is not planned."""

    id: int
    type: str
    stage: str
    due: float | None = None

    @classmethod
    def of(cls, id: int, data: Mapping[str, Any]) -> Held:
        """From what is stored."""
        due = data.get("nextTransitionAt")
        moment = None if due is None else datetime.fromisoformat(due).timestamp()
        return cls(id, str(data.get("@type")), str(data.get("stage", "active")), moment)

    def is_due(self, now: float) -> bool:
        """Whether the time of its stage is over."""
        return self.due is not None and self.due <= now


@frozen
class Step:
    """The next ``stage`` of a key, which lasts until ``due`` at least; None is its end."""

    id: int
    stage: str | None
    due: float = 0.0


def end_of(stage: str, rules: AutomaticKeys, now: float) -> float:
    """When a ``stage`` that begins now may be over. A pending key waits for its record, not for a time."""
    lasting = {
        "active": max(rules.rotate_after / 1000, SHORTEST_USE),
        "retiring": rules.retire_after / 1000,
        "retired": rules.delete_after / 1000,
    }
    return min(now + lasting.get(stage, 0.0), _LAST)


def lacking(rules: AutomaticKeys, held: Collection[Held], now: float) -> list[str]:
    """The kinds of signatures of which a key has to be made: there is none, or its time is over."""
    wanted = missing(rules.algorithms, [{"@type": each.type, "stage": each.stage} for each in held])
    for type in rules.algorithms:
        of_kind = [each for each in held if each.type == type and each.due is not None]
        in_use = [each for each in of_kind if each.stage == "active"]
        has_next = any(each.stage == "pending" for each in of_kind)
        if in_use and not has_next and all(each.is_due(now) for each in in_use):
            wanted.append(type)
    return sorted(set(wanted))


def is_full(held: Collection[Held]) -> bool:
    """Whether no more keys may be made."""
    return len(held) >= MOST_HELD


def first_stage(held: Collection[Held]) -> str:
    """In which stage a new key begins: only those of a domain that never had any sign before their records are out."""
    return "pending" if held else "active"


def awaited(held: Collection[Held]) -> list[Held]:
    """Keys whose records have to be seen before they are used."""
    return [each for each in held if each.stage == "pending" and each.due is not None]


def leaving(held: Collection[Held], now: float) -> list[Held]:
    """Retired keys that are to be removed."""
    return [each for each in held if each.stage == "retired" and each.is_due(now)]


def steps(
    rules: AutomaticKeys, held: Sequence[Held], seen: Collection[int], withdrawn: Collection[int], now: float
) -> list[Step]:
    """The steps that are to be taken together. ``seen`` are the ids of pending keys whose records are in DNS,
    ``withdrawn`` those of retired ones whose records are not, or need not be looked for.
    """
    found: list[Step] = []

    def take(each: Held, stage: str) -> None:
        found.append(Step(each.id, stage, end_of(stage, rules, now)))

    new = [each for each in awaited(held) if each.id in seen and each.type in rules.algorithms]
    for each in held:
        if each.due is None:
            continue
        if each.stage == "pending" and each.type not in rules.algorithms:
            take(each, "retired")
        elif each in new:
            take(each, "active")
        elif each.stage == "active" and _is_followed(each, rules, held, new, now):
            take(each, "retiring")
        elif each.stage == "retiring" and each.is_due(now):
            take(each, "retired")
        elif each.stage == "retired" and each.is_due(now) and each.id in withdrawn:
            found.append(Step(each.id, None))
    return found


def _is_followed(key: Held, rules: AutomaticKeys, held: Sequence[Held], new: Collection[Held], now: float) -> bool:
    """Whether an active key is needed no more: others sign, of its own kind or, if that is not wanted, of another."""
    if any(each.type == key.type for each in new):
        return True
    if not key.is_due(now):
        return False
    others = [*new, *(each for each in held if each.stage == "active" and each.id != key.id)]
    if key.type not in rules.algorithms:
        return any(each.type in rules.algorithms for each in others)
    return any(each.type == key.type and each.due is not None and not each.is_due(now) for each in others)


def next_due(held: Collection[Held]) -> float | None:
    """When the next stage of any key that waits for its time may begin."""
    return min((each.due for each in held if each.due is not None and each.stage != "pending"), default=None)
