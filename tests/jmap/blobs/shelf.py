"""A store with the accounts of three people and a group, and everything that blobs are handled with, in memory.

Alice is account 7 (``h``), bob 8 (``i``), both belong to the group 9 (``j``).
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import Access
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.call import Call, Request
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import Method
from stalwart.store import MemoryStore
from tests.web.fakes import EPOCH, FakeSettings

T = TypeVar("T")

NOW = int(EPOCH)
ALICE, BOB, GROUP = "h", "i", "j"
SMALL = b"How quick was that?"
LARGE = bytes(range(256)) * 400
BLOB_PERMISSIONS = frozenset(("authenticate", "jmapBlobGet", "jmapBlobUpload", "jmapBlobLookup", "jmapBlobCopy"))


def access(account_id: int = 7, *permissions: str, **members: Any) -> Access:
    """Somebody who may do what users may, and ``permissions``; a member of the group."""
    given: dict[str, Any] = {"group_ids": frozenset((9,)), "name": None, "login": f"{account_id}@example.test"}
    return Access(account_id=account_id, permissions=BLOB_PERMISSIONS | set(permissions), **given | members)


class ShelfCase(SynchronousTestCase):
    """``jmap`` are members of x:Jmap."""

    jmap: dict[str, Any] = {}

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(EPOCH)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.settings = FakeSettings(Jmap=dict(self.jmap))
        for id, kind in ((7, "user"), (8, "user"), (9, "group")):
            self.write(lambda tx, id=id, kind=kind: tx.accounts.create(id, f"{id}@example.test", kind))

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def read(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(work))

    def settle(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of something that needs no time to pass."""
        result: T = self.successResultOf(Deferred.fromCoroutine(work))
        return result

    def uploaded(self, content: bytes, account_id: int = 7, by: int = 7, ttl: int = 3600) -> str:
        """The id of what ``by`` has uploaded into the account."""
        blob = self.write(lambda tx: tx.blobs.put(content, NOW))
        self.write(lambda tx: tx.blobs.link(blob.hash, account_id, uploader(by), expires_at=NOW + ttl))
        return str(BlobId(blob.hash))

    def held(self, content: bytes, account_id: int = 7, type: int = 1) -> tuple[str, int]:
        """The id of what an object of the account holds, and that object."""
        blob = self.write(lambda tx: tx.blobs.put(content, NOW))
        row = self.write(lambda tx: tx.objects.insert(account_id, type, now=NOW, blob=blob.hash))
        self.write(lambda tx: tx.blobs.link(blob.hash, account_id, row.id))
        return str(BlobId(blob.hash)), row.id

    def call(self, method: Method, arguments: dict[str, Any], who: Access | None = None, **request: Any) -> Any:
        """What ``method`` answers; the account is alice's if none is given."""
        services = {"store": self.store, "settings": self.settings, "clock": self.clock}
        given = {"accountId": ALICE} | arguments
        made = Call(method.name, given, "0", Request(who or access(), **request))
        return self.settle(method.handler(made, **{name: services[name] for name in method.services}))

    def refused(self, method: Method, arguments: dict[str, Any], who: Access | None = None, **request: Any) -> str:
        """The type of the error of a call."""
        services = {"store": self.store, "settings": self.settings, "clock": self.clock}
        made = Call(method.name, {"accountId": ALICE} | arguments, "0", Request(who or access(), **request))
        running = Deferred.fromCoroutine(method.handler(made, **{name: services[name] for name in method.services}))
        return str(self.failureResultOf(running, MethodError).value.type)

    def content(self, id: str) -> bytes:
        """The stored bytes of a whole blob."""
        from stalwart.jmap.blobs.ids import parse_blob_id

        return bytes(self.read(lambda tx: tx.blobs.get(parse_blob_id(id).hash)))
