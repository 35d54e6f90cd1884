"""Scripts as objects whose blobs are their texts, and the one that is active (RFC 9661 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.jmap.sieve.content import Content
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.mail.sieve.scripts import ACTIVE, active_script
from stalwart.store.store import Transaction

TYPE: Final = "application/sieve"


def content_of(asking: Asking, change: Change) -> Content:
    """What was read for a change before the transaction."""
    found: Content = asking.prepared[prepared_key(change.key, is_new=change.id is None)]
    return found


def prepared_key(key: str, *, is_new: bool) -> str:
    """The key of what was read: creation ids and ids may be spelled alike."""
    return ("+" if is_new else "=") + key


@frozen
class ScriptSource(ObjectSource):
    """Keeps the blobs in step."""

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        content = content_of(asking, change)
        tx.blobs.put(content.octets, asking.now)
        made = tx.objects.insert(
            *(asking.account_id, self.number),
            now=asking.now,
            data=change.new,
            blob=content.hash,
            size=len(content.octets),
        )
        self._hold(tx, asking, made.id, content)
        return made.id

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        changed = change.changed
        if "blobId" not in changed:
            return super().update(tx, asking, change)
        object, content = self._object(tx, asking, change.id), content_of(asking, change)
        tx.blobs.unlink(asking.account_id, object.id, asking.now)
        tx.blobs.put(content.octets, asking.now)
        self._hold(tx, asking, object.id, content)
        tx.objects.update(
            *(asking.account_id, object.id),
            now=asking.now,
            data={**(object.data or {}), **changed},
            blob=content.hash,
            size=len(content.octets),
        )
        return None

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        object = self._object(tx, asking, change.id)
        tx.blobs.unlink(asking.account_id, object.id, asking.now)
        tx.objects.kill(asking.account_id, object.id, now=asking.now)

    def _hold(self, tx: Transaction, asking: Asking, id: int, content: Content) -> None:
        tx.blobs.link(content.hash, asking.account_id, id, type=TYPE)
        tx.blobs.use(content.hash, asking.account_id)


def switch(tx: Transaction, account_id: int, id: int | None, number: int, now: int) -> Mapping[int, bool]:
    """Make ``id`` the active script in place of another one, None makes none active; which scripts are others now, and
    whether they are active. Nothing happens if there is no such script.
    """
    wanted = None if id is None else tx.objects.get(account_id, id)
    if id is not None and (wanted is None or wanted.type != number):
        return {}
    former = active_script(tx, account_id)
    if former is not None and former.id == id:
        return {}
    changed = {}
    if former is not None:
        data = {**(former.data or {}), "isActive": False}
        tx.objects.update(account_id, former.id, now=now, uid=None, data=data)
        changed[former.id] = False
    if wanted is not None:
        data = {**(wanted.data or {}), "isActive": True}
        tx.objects.update(account_id, wanted.id, now=now, uid=ACTIVE, data=data)
        changed[wanted.id] = True
    return changed
