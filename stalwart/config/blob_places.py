"""From ``x:BlobStore`` to the files of blobs (settings C.11)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from stalwart.config.kept_text import text_of
from stalwart.config.storage.blob_store import S3, CustomRegion, FileSystem, region_code
from stalwart.errors import Invalid
from stalwart.store.blob_files import BlobFiles, DiskBlobFiles
from stalwart.store.s3.blob_files import S3BlobFiles
from stalwart.store.s3.bucket import Bucket, Place

_text = partial(text_of, "x:BlobStore")


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
