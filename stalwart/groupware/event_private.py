"""What each user of a shared calendar has of his own in an event (draft-ietf-jmap-calendars 5.2).

The owner's stands in the event itself; what a sharee says is in his preferences, with what he says of single instances.
His colours, keywords and whether it takes up time begin with the owner's; alerts do not. Of events that are private
a sharee sees when they are, of secret ones nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stalwart.codec.jscalendar.patches import segments
from stalwart.codec.jscalendar.values import Json

OVERRIDES: Final = "recurrenceOverrides"
_INHERITED: Final = ("keywords", "color", "freeBusyStatus")
_OF_PRIVATE: Final = frozenset(
    (
        *("@type", "created", "due", "duration", "estimatedDuration", "freeBusyStatus", "privacy", "recurrenceRule"),
        *("sequence", "showWithoutTime", "start", "timeZone", "endTimeZone", "timeZones", "uid", "updated", "version"),
        *("recurrenceId", "recurrenceIdTimeZone", "status"),
    )
)
"""What is seen of private events (draft-ietf-jmap-calendars 5.1.1)."""


def per_user() -> frozenset[str]:
    """The members that each user has of his own."""
    from stalwart.codec.jscalendar.series import PER_USER

    return PER_USER


def shared_part(event: Json, former: Json | None = None) -> Json:
    """An event without what its users have of their own. Overrides of which nothing is left then stay only where the
    event as all see it had them before, if ``former`` says how that was.
    """
    own = per_user()
    made = {name: value for name, value in event.items() if name not in own and name != OVERRIDES}
    overrides: Json = {}
    known = None if former is None else former.get(OVERRIDES) or {}
    for key, patch in (event.get(OVERRIDES) or {}).items():
        rest = patch
        if isinstance(patch, dict):
            rest = {pointer: value for pointer, value in patch.items() if segments(pointer)[0] not in own}
        if rest or not patch or known is None or key in known:
            overrides[key] = rest
    if overrides:
        made[OVERRIDES] = overrides
    return made


def own_part(event: Json) -> Json:
    """What of an event its user has of his own; for instances whole members or parts of them."""
    own = per_user()
    made = {name: value for name, value in event.items() if name in own}
    overrides = dict(_own_overrides(event, own))
    return {**made, OVERRIDES: overrides} if overrides else made


def _own_overrides(event: Json, own: frozenset[str]) -> Iterator[tuple[str, Json]]:
    for key, patch in (event.get(OVERRIDES) or {}).items():
        if isinstance(patch, dict):
            found = {pointer: value for pointer, value in patch.items() if segments(pointer)[0] in own}
            if found:
                yield key, found


def joined(shared: Json, own: Mapping[str, Any]) -> Json:
    """An event with what its user has of his own; nothing is said of instances that are not there any more."""
    made = {**shared, **{name: value for name, value in own.items() if name != OVERRIDES and value is not None}}
    patches = own.get(OVERRIDES) or {}
    if patches and (shared.get("recurrenceRule") is not None or OVERRIDES in shared):
        overrides = dict(shared.get(OVERRIDES) or {})
        for key, patch in patches.items():
            if overrides.get(key, {}).get("excluded"):
                continue
            overrides[key] = {**overrides.get(key, {}), **patch}
        if overrides:
            made[OVERRIDES] = overrides
    return made


def seen_by_sharee(event: Json, own: Mapping[str, Any], *, is_private: bool = False) -> Json | None:
    """An event as somebody sees it to whom it is shared; None if it is secret. It may be known that it ``is_private``,
    whatever it says itself; values that nobody knows mean that too.
    """
    if event.get("privacy") == "secret":
        return None
    is_private = is_private or event.get("privacy", "public") != "public"
    shared = shared_part(event)
    inherited = {name: event[name] for name in _INHERITED if event.get(name) is not None}
    if is_private:
        shared = {name: value for name, value in shared.items() if name in _OF_PRIVATE or name == OVERRIDES}
        inherited.pop("keywords", None)
        inherited.pop("color", None)
        if OVERRIDES in shared:
            shared[OVERRIDES] = {key: _private_patch(patch) for key, patch in shared[OVERRIDES].items()}
    return joined(shared, {**inherited, **own})


def _private_patch(patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    return {name: value for name, value in patch.items() if name in _OF_PRIVATE or name == "excluded"}


def said_by_sharee(event: Json, stored: Json) -> Json:
    """What a sharee has of his own, if he sees an event like this; what he has not changed stays the owner's."""
    own = own_part(event)
    return {name: value for name, value in own.items() if name not in _INHERITED or value != stored.get(name)} | {
        name: None for name in _INHERITED if name not in own and stored.get(name) is not None
    }
