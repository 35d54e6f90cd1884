"""LOCK and UNLOCK: write locks, exclusive or shared, on what is there or is to come (RFC 4918 6, 7, 9.10, 9.11,
spec/dav.md 4.12).

A lock is on a path; it does not make a resource. It stays when the resource goes, until it is given back or is over.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from stalwart.codec.dav.bodies import LockRequest, read_lock
from stalwart.codec.dav.fragments import ActiveLock, lock_document
from stalwart.codec.dav.multistatus import CONTENT_TYPE
from stalwart.codec.dav.request_fields import Depth, lock_timeout
from stalwart.codec.dav.tokens import lock_token, parse_lock_token
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import method
from stalwart.dav.guarding import judge, lock_root, locked
from stalwart.dav.refusals import Refused, refused
from stalwart.errors import TooLarge, TooMany
from stalwart.groupware.resources import Level, Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Lock
from stalwart.web.answers import Answer

_OWNER_SIZE: Final = 1024  # where dead properties are refused


@method("LOCK")
async def lock(asking: Asking) -> Answer:
    """A new lock, or a new end for one whose token is shown."""
    asking.require("Lock")
    body = await asking.document()
    asked = read_lock(body) if body.strip() else None
    if asked is not None and asked.owner_size > (limits(asking).dead_property_max_size or _OWNER_SIZE):
        raise TooLarge
    if asked is None and asking.field("if") is None:
        raise Refused(400)
    lasts = lock_timeout(asking.field("timeout"), max(1, limits(asking).max_lock_timeout // 1000))

    def work(tx: Transaction) -> tuple[Resource, Lock]:
        found = _lockable(asking, tx)
        judge(tx, asking, found)
        return found, _refresh(tx, asking, found, lasts) if asked is None else _take(tx, asking, found, asked, lasts)

    found, held = await asking.write(work)
    written = lock_document(active_lock(held, asking.now, lambda path: lock_root(found, path)))
    headers = (("Lock-Token", f"<{lock_token(held.token)}>"),) if asked is not None else ()
    is_new = asked is not None and found.level is Level.ABSENT
    return Answer(201 if is_new else 200, written, CONTENT_TYPE, headers)


@method("UNLOCK")
async def unlock(asking: Asking) -> Answer:
    """Ends a lock of who asks."""
    asking.require("Lock")
    await asking.write(lambda tx: _end(tx, asking))
    return Answer(204)


def active_lock(held: Lock, now: int, root: Callable[[str], str]) -> ActiveLock:
    """A lock as it is shown; ``root`` makes a URL of its path."""
    left = held.expires_at - now
    return ActiveLock(held.token, not held.is_shared, held.is_deep, root(held.path), left, held.owner)


def limits(asking: Asking) -> WebDav:
    """What the settings say of locks."""
    return asking.tools.settings.of(WebDav)


def _lockable(asking: Asking, tx: Transaction) -> Resource:
    found = asking.resource(tx)
    if found.level is Level.HOME or found.level is Level.ORPHAN:
        raise Refused(409)
    if not found.is_own:
        raise Refused(403)
    return found


def _take(tx: Transaction, asking: Asking, found: Resource, asked: LockRequest, lasts: int) -> Lock:
    locks = tx.locks.of_account(found.account_id, found.kind.type, asking.now)
    is_deep, path = asking.depth is Depth.INFINITY, found.path
    in_the_way = [
        each.path
        for each in locks
        if (asked.exclusive or not each.is_shared)
        and (
            each.path == path
            or (each.is_deep and path.startswith(f"{each.path}/"))
            or (is_deep and each.path.startswith(f"{path}/"))
        )
    ]
    if in_the_way:
        raise locked(found, in_the_way)
    most, user = limits(asking).max_locks, asking.viewer.account_id
    if most and sum(each.user_id == user for each in locks) >= most:
        raise TooMany
    held = Lock(
        *(secrets.randbits(62) + 1, found.account_id, found.kind.type, path, user, is_deep, not asked.exclusive),
        *(asked.owner_xml, asking.now + lasts),
    )
    tx.locks.add(held)
    return held


def _refresh(tx: Transaction, asking: Asking, found: Resource, lasts: int) -> Lock:
    shown = asking.preconditions.tokens
    for each in tx.locks.of_account(found.account_id, found.kind.type, asking.now):
        is_held = each.user_id == asking.viewer.account_id and lock_token(each.token) in shown
        if is_held and _holds(each, found.path):
            tx.locks.refresh(each.token, asking.now + lasts)
            return msgspec.structs.replace(each, expires_at=asking.now + lasts)
    raise Refused(412)


def _end(tx: Transaction, asking: Asking) -> None:
    found = _lockable(asking, tx)
    token = parse_lock_token(asking.field("lock-token") or "")
    locks = tx.locks.of_account(found.account_id, found.kind.type, asking.now)
    if token is None and locks:
        raise Refused(400)
    for each in locks:
        if each.token == token and _holds(each, found.path):
            if each.user_id != asking.viewer.account_id and not asking.viewer.may_be_anybody:
                raise Refused(403)
            tx.locks.remove(each.token)
            return
    raise refused(409, "D:lock-token-matches-request-uri")


def _holds(held: Lock, path: str) -> bool:
    return held.path == path or (held.is_deep and path.startswith(f"{held.path}/"))
