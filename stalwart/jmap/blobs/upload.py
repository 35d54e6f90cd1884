"""Uploads over HTTP: streamed to disk while they are hashed, durable before the answer (RFC 8620 6.1, jmap.md 8).

Everything that can be refused is refused before the body is read. A client that leaves, or a crash, leaves no more than
an unfinished file, which the store sweeps.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.jmap import Jmap
from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.errors import Forbidden, LimitExceeded, NotFound, TooLarge
from stalwart.jmap.accounts import may_use, require_changeable
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.blobs.quota import Uploader, UploadQuota, UploadQuotaExceeded, pending_uploads
from stalwart.jmap.blobs.running import RunningUploads
from stalwart.jmap.capabilities import SHARED_TYPES
from stalwart.jmap.standard.asking import number_of
from stalwart.store import Blob, PendingUploads, Store, Transaction
from stalwart.store.blob_files import LARGE, Stored
from stalwart.store.incoming import Incoming
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import LIMIT_BLOB_QUOTA, LIMIT_CONCURRENT_UPLOAD, LIMIT_SIZE_UPLOAD, Event
from stalwart.web.answers import Answer, json_answer
from stalwart.web.body import Body
from stalwart.web.clock import Clock
from stalwart.web.exchange import Exchange
from stalwart.web.problems import of_error
from stalwart.web.routes import route

ANY_SIZE = 1 << 40
MAX_SIZE = "maxSizeUpload"
DEFAULT_TYPE = "application/octet-stream"

_TOO_LARGE = "The uploaded file is larger than the server is willing to process."
_NO_ACCOUNT = (
    "The recovery administrator has no account to upload into. Sign in as a user, or name the account of a user."
)


@frozen
class _Upload:
    """One upload, as far as its head tells."""

    by: Uploader
    type: str
    most: int

    def check(self, tx: Transaction, announced: int) -> PendingUploads:
        """What the body need not be read to know.

        :raises NotFound: there is no such account.
        :raises UploadQuotaExceeded: there is no room.
        """
        by = self.by
        if tx.accounts.get(by.account_id) is None:
            raise NotFound
        pending = pending_uploads(tx, by.access, by.account_id, by.now)
        by.quota.check(pending, announced, by.now)
        return pending

    def keep(self, tx: Transaction, content: bytes | Stored, now: int) -> Blob:
        """Store what has arrived by ``now``, from when its lifetime counts (RFC 8620 6). Raises as ``check``."""
        if tx.accounts.get(self.by.account_id) is None:
            raise NotFound
        return evolve(self.by, now=now).keep(tx, content, self.type)


@route("POST", "/jmap/upload/<account_id>", needs="jmapBlobUpload", body_limit=ANY_SIZE, spec="jmap 8; RFC 8620 6.1")
async def upload(
    exchange: Exchange, *, store: Store, settings: Any, uploads: RunningUploads, telemetry: Telemetry, clock: Clock
) -> Answer:
    """Takes a file; what is not used expires (x:Jmap uploadTtl)."""
    jmap = settings.of(Jmap)
    begun = _begun(exchange, jmap, int(clock.seconds()))
    try:
        with uploads.place(begun.by.access, jmap.max_concurrent_uploads):
            blob = await _received(exchange.body_stream, store, begun, clock)
    except TooLarge:
        return _refused(exchange, telemetry, LIMIT_SIZE_UPLOAD, LimitExceeded(MAX_SIZE, _TOO_LARGE))
    except LimitExceeded as refused:
        return _refused(exchange, telemetry, LIMIT_CONCURRENT_UPLOAD, refused)
    except UploadQuotaExceeded as refused:
        return _refused(exchange, telemetry, LIMIT_BLOB_QUOTA, refused)
    members = {"accountId": encode_id(begun.by.account_id), "blobId": str(BlobId(blob.hash))}
    return json_answer(members | {"type": begun.type, "size": blob.size})


def _begun(exchange: Exchange, jmap: Jmap, now: int) -> _Upload:
    access = exchange.access
    assert access is not None  # the route says so
    account_id = number_of(exchange.raw_path_value("account_id"))
    if account_id is None or not may_use(access, account_id, SHARED_TYPES):
        raise NotFound
    require_changeable(access, account_id)
    if account_id == RECOVERY_ACCOUNT:
        raise Forbidden(_NO_ACCOUNT)
    by = Uploader(access, account_id, UploadQuota.of(jmap, access), now)
    return _Upload(by, exchange.header("content-type") or DEFAULT_TYPE, jmap.max_upload_size)


async def _received(body: Body | None, store: Store, begun: _Upload, clock: Clock) -> Blob:
    """The stored blob; nothing is left of one that does not arrive."""
    incoming = Incoming(store)
    try:
        if body is not None:
            await _arrived(body, incoming, store, begun)
        content = await incoming.finish()
        now = int(clock.seconds())
        return await store.write(lambda tx: begun.keep(tx, content, now))
    except BaseException:
        incoming.abandon()
        raise


async def _arrived(body: Body, incoming: Incoming, store: Store, begun: _Upload) -> None:
    announced = body.announced or 0
    if announced > begun.most:
        raise TooLarge
    pending = None
    if body.announced is None or announced >= LARGE:  # a small one is looked at once, when it is stored
        pending = await store.read(lambda tx: begun.check(tx, announced))
    arrived = 0
    while piece := await body.piece(begun.most):
        arrived += len(piece)
        if pending is not None:
            begun.by.quota.check(pending, arrived, begun.by.now)
        await incoming.add(piece)


def _refused(
    exchange: Exchange, telemetry: Telemetry, event: Event, refused: LimitExceeded | UploadQuotaExceeded
) -> Answer:
    telemetry.emit(event, remoteIp=exchange.client_ip, path=exchange.path, reason=refused.detail)
    return of_error(refused)
