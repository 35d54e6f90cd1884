"""Who is who in an event: organizer, owners, oneself; and what those who take part may change (jmap.md 16.2).

Who organizes an event changes all of it. Who takes part changes his own answer, may take himself in where the organizer
lets him, and others where all may (draft-ietf-jmap-calendars 5.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stalwart.codec.jscalendar.patches import segments
from stalwart.codec.jscalendar.values import Json
from stalwart.groupware.event_private import per_user
from stalwart.jmap.standard.asking import Asking
from stalwart.store.store import Transaction

MAILTO: Final = "mailto:"
ORGANIZER: Final = "organizerCalendarAddress"
PARTICIPANTS: Final = "participants"
_ANSWER: Final = frozenset(
    (
        *("participationStatus", "participationComment", "expectReply", "scheduleAgent", "scheduleForceSend"),
        *("scheduleSequence", "scheduleStatus", "scheduleUpdated", "progress", "percentComplete", "attendance"),
        *("language", "sentBy", "delegatedTo"),
    )
)
"""What of a participant he himself may change."""
_STAMPED: Final = frozenset({"updated", "version"})


class Identities:
    """The addresses of an account, and of others that are asked for."""

    def __init__(self, tx: Transaction, asking: Asking, account_id: int) -> None:
        self._tx = tx
        self._own = asking.services["own_addresses"]
        self._account_id = account_id
        self.listed: tuple[str, ...] = self._own.listed(tx, account_id)
        self._known: dict[str, bool] = {}

    def has(self, address: Any) -> bool:
        """Whether a calendar address is one of the account."""
        if not isinstance(address, str) or address[: len(MAILTO)].lower() != MAILTO:
            return False
        bare = address[len(MAILTO) :].lower()
        if bare not in self._known:
            self._known[bare] = bare in self.listed or self._own.holder(self._tx, bare) == self._account_id
        return self._known[bare]

    def participant(self, event: Json) -> str | None:
        """The id of the participant that the account is."""
        for id, each in people(event).items():
            if self.has(each.get("calendarAddress")):
                return id
        return None

    def is_origin(self, event: Json) -> bool:
        """Whether an event is organized by the account, or by nobody."""
        organizer = event.get(ORGANIZER)
        return organizer is None or self.has(organizer)

    def owns(self, event: Json) -> bool:
        """Whether an event is the account's own, or nobody's (mayWriteOwn)."""
        owners = [each.get("calendarAddress") for each in people(event).values() if has_role(each, "owner")]
        if event.get(ORGANIZER) is not None:
            owners.append(event[ORGANIZER])
        return not owners or any(self.has(each) for each in owners)


def people(event: Json) -> dict[str, Json]:
    """The participants of an event that are objects."""
    found = event.get(PARTICIPANTS)
    return {id: each for id, each in found.items() if isinstance(each, dict)} if isinstance(found, dict) else {}


def has_role(participant: Mapping[str, Any], role: str) -> bool:
    """Whether a participant has a role."""
    roles = participant.get("roles")
    return isinstance(roles, dict) and bool(roles.get(role))


def is_only_answer(old: Json, new: Json, me: str | None, *, invites_self: Json | None = None) -> bool:
    """Whether an event differs from another only in what the participant ``me`` may say of himself; ``invites_self`` is
    the event whose organizer may let people take themselves in, and others.
    """
    for name in old.keys() | new.keys():
        if name in _STAMPED or old.get(name) == new.get(name):
            continue
        if name == PARTICIPANTS:
            if not _people_differ_little(old, new, me, invites_self):
                return False
        elif name == "recurrenceOverrides":
            if not _overrides_differ_little(old.get(name) or {}, new.get(name) or {}, me):
                return False
        else:
            return False
    return True


def _people_differ_little(old: Json, new: Json, me: str | None, rules: Json | None) -> bool:
    before, after = people(old), people(new)
    if before.keys() - after.keys():
        return False
    for id, each in after.items():
        former = before.get(id)
        if former is None:
            if rules is None or not _may_add(rules, each, takes_part=me in before):
                return False
        elif former != each and (id != me or _other_names(former, each) - _ANSWER):
            return False
    return True


def _may_add(rules: Json, participant: Json, *, takes_part: bool) -> bool:
    """Whether a new participant may be there by the word of the organizer: as attendee, nothing more."""
    roles = set(participant.get("roles") or {}) - {"attendee", "optional", "required"}
    if roles:
        return False
    return rules.get("mayInviteOthers") is True if takes_part else rules.get("mayInviteSelf") is True


def _other_names(old: Json, new: Json) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _overrides_differ_little(old: Json, new: Json, me: str | None) -> bool:
    """Whether instances differ only in the answer of one participant."""
    if me is None:
        return False
    for key in old.keys() | new.keys():
        before, after = old.get(key) or {}, new.get(key) or {}
        for pointer in before.keys() | after.keys():
            if before.get(pointer) == after.get(pointer):
                continue
            if not (_is_answer(pointer) and segments(pointer)[1] == me):
                return False
    return True


def _is_answer(pointer: str) -> bool:
    """Whether a patch of an instance is about an answer."""
    path = segments(pointer)
    return path[0] == PARTICIPANTS and len(path) > 2 and path[2] in _ANSWER


def told_overrides(event: Json) -> Json:
    """What single instances are otherwise, but for answers and what people have of their own: these start no revision
    (RFC 5546 2.1.4).
    """
    made, own = {}, per_user()
    for key, patch in (event.get("recurrenceOverrides") or {}).items():
        rest = {each: value for each, value in patch.items() if not (_is_answer(each) or segments(each)[0] in own)}
        if rest or not patch:
            made[key] = rest
    return made


def without_hidden(event: Json, identities: Identities) -> Json:
    """An event whose organizer hides who takes part, for who is not among its owners: he sees these and himself."""
    if event.get("hideAttendees") is not True or identities.owns(event):
        return event
    from stalwart.codec.jscalendar.occurrences import reduced

    return reduced(event, keeps=identities.has)
