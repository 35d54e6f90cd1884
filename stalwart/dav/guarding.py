"""Whether a request may change a resource: locks first, then what its conditional fields say (spec/dav.md 2.1, 4.12).

A lock guards what it is on, with infinite depth all that is below, and the names in a collection: who adds or removes
a member of a locked collection shows its token (RFC 4918 7.4). Only who has made a lock can show its token.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from stalwart.codec.dav.conditions import ABSENT, ResourceState, Verdict
from stalwart.codec.dav.errors import BadPath
from stalwart.codec.dav.fragments import lock_token_submitted
from stalwart.codec.dav.paths import href, parse_reference
from stalwart.codec.dav.request_fields import schedule_tag
from stalwart.codec.dav.rights import Rights
from stalwart.codec.dav.tokens import SyncToken, lock_token
from stalwart.dav.asking import Asking
from stalwart.dav.refusals import Refused
from stalwart.groupware.locking import Touch, locks_touched
from stalwart.groupware.resources import Resource
from stalwart.groupware.traits import SCHEDULE_TAG
from stalwart.store import Transaction
from stalwart.store.collection_rows import Lock


def guard(tx: Transaction, asking: Asking, found: Resource, touch: Touch) -> None:
    """Refuse with 423 what is locked against who asks."""
    locks = asking.locks(tx, found.account_id, found.kind)
    if not locks:
        return
    shown = asking.preconditions.tokens
    blocking = [
        lock.path
        for group in locks_touched(locks, found.path, touch)
        if not any(_is_shown(asking, lock, shown) for lock in group)
        for lock in group
    ]
    if blocking:
        raise locked(found, blocking)


def locked(found: Resource, paths: Iterable[str]) -> Refused:
    """The refusal that names the roots of the locks that stand in the way."""
    return Refused(423, lock_token_submitted(lock_root(found, path) for path in dict.fromkeys(paths)))


def lock_root(found: Resource, path: str) -> str:
    """The URL that a lock is on, in the home of ``found``."""
    return href(found.kind.service, found.home.address, *path.split("/")[1:], collection=False)


def _is_shown(asking: Asking, lock: Lock, shown: frozenset[str]) -> bool:
    holds = lock.user_id == asking.viewer.account_id or asking.viewer.may_be_anybody
    return holds and lock_token(lock.token) in shown


def judge(tx: Transaction, asking: Asking, found: Resource, *, reading: bool = False, is_variant: bool = False) -> None:
    """Refuse with 412, or 304 when reading, what the conditional fields do not let through. Where what is given
    ``is_variant``, the entity tag does not tell which one the client has: it gets it anew.
    """
    conditions = asking.preconditions
    if is_variant:
        conditions = evolve(conditions, if_none_match=None)
    if not conditions.any:
        return
    verdict = conditions.verdict(
        state_of(tx, asking, found), lambda written: _state_named(tx, asking, written), reading=reading
    )
    etag = (("ETag", found.member.etag),) if found.member is not None else ()
    if verdict is Verdict.NOT_MODIFIED:
        raise Refused(304, headers=etag)
    if verdict is Verdict.FAILED:
        raise Refused(412)


def check_schedule_tag(tx: Transaction, asking: Asking, found: Resource) -> None:
    """Refuse with 412 where the tag of an event is not the one that is wanted (RFC 6638 8.3)."""
    wanted = schedule_tag(asking.field("if-schedule-tag-match"))
    if wanted is None:
        return
    row = tx.objects.get(found.account_id, found.member.item_id) if found.member is not None else None
    if row is None or (row.data or {}).get(SCHEDULE_TAG) != wanted:
        raise Refused(412)


def state_of(tx: Transaction, asking: Asking, found: Resource) -> ResourceState:
    """A resource as conditions see it; locks may be where nothing is. Tokens are looked for where If may name them."""
    member = found.member
    is_there = member is not None or not found.segments
    etag, modified_at = (None, None) if member is None else (member.etag, member.modified_at)
    if asking.preconditions.if_field is None:
        return ResourceState(is_there, etag, modified_at=modified_at)
    locks = asking.locks(tx, found.account_id, found.kind)
    tokens = {
        lock_token(lock.token)
        for lock in locks
        if lock.path == found.path or (lock.is_deep and found.path.startswith(f"{lock.path}/"))
    }
    tokens.update(str(SyncToken(number)) for number in _sync_numbers(tx, found))
    return ResourceState(is_there, etag, frozenset(tokens), modified_at)


def _sync_numbers(tx: Transaction, found: Resource) -> set[int]:
    """The states of synchronisation that are those of now: of the home, and of the collection that it is or is in."""
    types = (found.kind.type, found.kind.item_type)
    numbers = {max(tx.objects.state(found.account_id, type) for type in types)}
    for id in (found.place, found.inside):
        collection = tx.collections.get(found.account_id, id) if id > 0 else None
        if collection is not None:
            numbers.add(collection.seq)
    return numbers


def _state_named(tx: Transaction, asking: Asking, written: str) -> ResourceState:
    """The state of another resource that If names; of those that nobody may see nothing is known."""
    try:
        target = parse_reference(written)
        if target is None or target.account is None:
            return ABSENT
        found = asking.resource(tx, target)
        is_open = found.is_own or bool(found.rights & (Rights.READ | Rights.READ_ITEMS))
        return state_of(tx, asking, found) if is_open else ABSENT
    except (BadPath, Refused):
        return ABSENT
