"""From ``x:BlobStore`` to the files of blobs, and where they were kept before (settings C.11)."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from stalwart.codec.ids import SINGLETON
from stalwart.config.kept_text import text_of
from stalwart.config.storage.blob_store import S3, BlobStore, CustomRegion, Default, FileSystem, region_code
from stalwart.errors import Invalid, Unavailable
from stalwart.store import Transaction
from stalwart.store.blob_files import BlobFiles, DiskBlobFiles
from stalwart.store.s3.blob_files import S3BlobFiles
from stalwart.store.s3.bucket import Bucket, Place

FORMER = "FormerBlobStore"
"""The type of the one row that remembers the places of before; no settings type, so clients do not see it."""
MOST = 50

_text = partial(text_of, "x:BlobStore")


def former_places(tx: Transaction) -> list[Any]:
    """The x:BlobStore objects that were chosen before the one of now, each place once, the latest first."""
    row = tx.registry.get(FORMER, SINGLETON)
    return [BlobStore.from_stored(each) for each in row.data["places"]] if row is not None else []


def remember(tx: Transaction, former: Any, chosen: Any) -> bool:
    """Note that ``chosen`` takes the place of ``former``, where blobs are still read; False if it is the same place.

    The folder beside the data store is always looked into, so it is never noted. Raises Invalid.
    """
    if _whereabouts(former) == _whereabouts(chosen):
        return False
    others = [former, *former_places(tx)]
    others = [each for each in others if not isinstance(each, Default) and _whereabouts(each) != _whereabouts(chosen)]
    if len(others) > MOST:
        raise Invalid(f"Large values are in {MOST} places already; have them in one first, with store copy --blobs.")
    _write(tx, others)
    return True


def forget(tx: Transaction) -> None:
    """Note that everything is in the place of now."""
    _write(tx, [])


def _write(tx: Transaction, places: Sequence[Any]) -> None:
    row = tx.registry.get(FORMER, SINGLETON)
    data = {"places": [each.to_stored() for each in places]}
    if row is not None:
        tx.registry.update(FORMER, SINGLETON, data, revision=row.revision, keys=(), links=())
    elif places:
        tx.registry.insert(FORMER, data, id=SINGLETON)


def _whereabouts(chosen: Any) -> tuple[Any, ...]:
    """What tells two places apart; keys and time-outs do not."""
    if isinstance(chosen, FileSystem):
        return "FileSystem", Path(chosen.path), chosen.depth
    if isinstance(chosen, S3):
        region = chosen.region
        server = region.custom_endpoint if isinstance(region, CustomRegion) else region.tag
        return "S3", server, chosen.bucket, chosen.key_prefix or ""
    return ("Default",)


def prove(chosen: Any, spool: Path) -> None:
    """Write a small value where ``chosen`` says, read it and remove it. For threads. Raises Invalid, Unavailable."""
    files = blob_files_of(chosen, spool)
    if files is None:
        return
    content = secrets.token_bytes(32)
    with files.begin() as writer:
        writer.write(content)
        stored = writer.commit()
    found = files.read(stored.hash)
    if not files.remove(stored.hash, math.inf) or found != content:
        raise Unavailable("What was written for a trial was not there afterwards, or could not be removed.")


def blob_files_of(chosen: Any, spool: Path) -> BlobFiles | None:
    """The place that ``chosen`` means, None for the data store's own; ``spool`` is a folder for what is on its way.

    For threads: keys may be in files. Raises Invalid, in a sentence that tells no secret.
    """
    if isinstance(chosen, FileSystem):
        path = Path(chosen.path)
        if not path.is_absolute() or "\0" in chosen.path:
            raise Invalid("The folder of x:BlobStore must be an absolute path.", ("path",))
        return DiskBlobFiles(path, chosen.depth)
    if isinstance(chosen, S3):
        return S3BlobFiles(Bucket(_place(chosen)), spool)
    return None


def _place(chosen: S3) -> Place:
    region = chosen.region
    own = region if isinstance(region, CustomRegion) else None
    access, secret = _text(chosen.access_key, "accessKey"), _text(chosen.secret_key, "secretKey")
    if bool(access) != bool(secret):
        raise Invalid("x:BlobStore needs both accessKey and secretKey, or neither.", ("secretKey",))
    return Place(
        bucket=chosen.bucket,
        region=own.custom_region if own else region_code(region.tag),
        endpoint=own.custom_endpoint if own else None,
        prefix=chosen.key_prefix or "",
        profile=chosen.profile,
        access_key=access,
        secret_key=secret,
        session_token=_text(chosen.session_token, "sessionToken") or _text(chosen.security_token, "securityToken"),
        timeout=chosen.timeout / 1000,
        retries=chosen.max_retries,
        verify_after_write=chosen.verify_after_write,
        allow_invalid_certificates=chosen.allow_invalid_certs,
    )
